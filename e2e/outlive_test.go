package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// outliveBook has one long command, which says how often it was run, and prints what no terminal should be asked to show.
const outliveBook = `apiVersion: spraydeck/v1
kind: Runbook
name: outlive
version: 1.0.0
title: One long command
system: os
phases:
  - title: All of it
    steps:
      - id: long
        title: Long
        danger: changes
        command:
          tty: %t
          run: 'echo run >> runs; i=0; while [ $i -lt 300 ]; do i=$((i+1)); printf "%%d \033[2J\377\0 %%0300d\n" $i $i; sleep 0.01; done'
`

// TestOutlive: the console is killed, hung up, ended, closed, or its terminal goes away, all in the middle of a command. The
// command never stops; resume has all of its output, byte for byte, and goes on in the same transcript, which says who ended
// the console and nothing of a command that was stopped.
func TestOutlive(t *testing.T) {
	told := map[string]string{"hung up": "SIGHUP", "terminal": "SIGHUP", "ended": "SIGTERM", "screen ended": "SIGTERM"}
	for name, lose := range map[string]func(c *lost){
		"killed":  func(c *lost) { c.signal(syscall.SIGKILL) },
		"hung up": func(c *lost) { c.signal(syscall.SIGHUP) },
		"ended":   func(c *lost) { c.signal(syscall.SIGTERM) },
		"screen ended": func(c *lost) {
			if err := syscall.Kill(c.screen.pid(), syscall.SIGTERM); err != nil {
				c.t.Fatal(err)
			}
			wait(c.t, "the console has gone", func() bool { _, gone := c.screen.ended(); return gone })
			if code, _ := c.screen.ended(); code != "143" {
				c.t.Errorf("exit code %s", code)
			}
		},
		"terminal": func(c *lost) { exec.Command("tmux", "-S", c.screen.socket, "kill-server").Run() },
		"closed": func(c *lost) {
			c.screen.press("q")
			wait(c.t, "the question", func() bool { return strings.Contains(c.screen.screen(), "leave it running") })
			c.screen.press("d")
			wait(c.t, "the console has gone", func() bool { return !transcript.Live(newestDir(c.t, c.state)) })
		},
	} {
		for _, tty := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/tty=%v", name, tty), func(t *testing.T) {
				t.Parallel()
				state := outlive(t, tty, !slices.Contains([]string{"killed", "hung up", "ended"}, name), lose)
				if said, want := remarks(t, state), told[name]; !strings.Contains(said, "the console was ended by "+want) != (want == "") {
					t.Errorf("the record says %q, want %q", said, want)
				}
			})
		}
	}
}

// lost is a console that is about to be.
type lost struct {
	t      *testing.T
	cmd    *exec.Cmd
	screen *console
	state  string
}

func (c *lost) signal(s os.Signal) {
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
	c.cmd.Wait()
}

// remarks is what the record of the only run in a state directory remarks. A command that was stopped fails the test.
func remarks(t *testing.T, state string) (said string) {
	for _, e := range eventsOf(t, newestDir(t, state)) {
		switch d := e.Data.(type) {
		case event.Remark:
			said += d.Text.En + "\n"
		case event.CommandEnded:
			if d.Outcome == event.Stopped {
				t.Errorf("the record says that command %d was stopped by the operator", d.Number)
			}
		}
	}
	return said
}

func outlive(t *testing.T, tty, screen bool, lose func(*lost)) (state string) {
	dir, state := t.TempDir(), t.TempDir()
	book := filepath.Join(dir, "outlive.yaml")
	if err := os.WriteFile(book, fmt.Appendf(nil, outliveBook, tty), 0o600); err != nil {
		t.Fatal(err)
	}
	answers := write(t, "answers.yaml", "start: continue\nlong/approve: continue\n")
	env := plainEnv(state)
	args := []string{"run", book, "--checkout", dir, "--answers", answers}
	c := &lost{t: t, state: state}
	if screen {
		c.screen = open(t, env, state, 100, 30, args...)
		c.screen.press("Enter")
	} else {
		c.cmd = exec.Command(spraydeck, append(args, "--plain")...)
		c.cmd.Env = env
		if err := c.cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	spool := ""
	wait(t, "output", func() bool {
		if files, _ := filepath.Glob(filepath.Join(state, "spraydeck/sessions/*/spool/*.out")); len(files) == 1 {
			spool = files[0]
			info, err := os.Stat(spool)
			return err == nil && info.Size() > 10_000
		}
		if screen {
			c.screen.press("Enter") // the plan is read, the run is started
		}
		return false
	})
	lose(c)
	before, _ := os.Stat(spool)
	time.Sleep(200 * time.Millisecond)
	if after, _ := os.Stat(spool); after.Size() <= before.Size() {
		t.Errorf("the command has stopped at %d bytes", after.Size())
	}

	r := command(t, env, spraydeck, "resume", "--plain", "--answers", answers)
	if r.exit != 0 {
		t.Fatalf("resume: %s", tail(r.String(), 30))
	}
	var want strings.Builder
	eol := "\n"
	if tty {
		eol = "\r\n"
	}
	for i := 1; i <= 300; i++ {
		fmt.Fprintf(&want, "%d \x1b[2J\xff\x00 %0300d%s", i, i, eol)
	}
	if got, err := os.ReadFile(spool); err != nil || string(got) != want.String() {
		t.Errorf("spool: %d bytes, want %d, %v", len(got), want.Len(), err)
	}
	if runs, _ := os.ReadFile(filepath.Join(dir, "runs")); string(runs) != "run\n" {
		t.Errorf("it ran %q", runs)
	}
	if r := command(t, env, spraydeck, "verify"); r.exit != 0 {
		t.Errorf("verify: %s", r)
	}
	if sessions, _ := filepath.Glob(filepath.Join(state, "spraydeck/sessions/*")); len(sessions) != 1 {
		t.Errorf("sessions %v", sessions)
	}
	return state
}

// TestSuspended: the console is suspended for more than a minute, in the middle of a command that has ended when it goes on, and
// of one that has not. It goes on by itself, with all of the output, to the end of the run.
func TestSuspended(t *testing.T) {
	t.Parallel()
	for name, pace := range map[string]string{"the command ends meanwhile": "0.01", "the command goes on": "0.25"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, state := t.TempDir(), t.TempDir()
			book := filepath.Join(dir, "outlive.yaml")
			text := strings.Replace(fmt.Sprintf(outliveBook, true), "sleep 0.01", "sleep "+pace, 1)
			if err := os.WriteFile(book, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			answers := write(t, "answers.yaml", "start: continue\nlong/approve: continue\n")
			var out bytes.Buffer
			console := exec.Command(spraydeck, "run", book, "--checkout", dir, "--answers", answers, "--plain")
			console.Env, console.Stdout, console.Stderr = plainEnv(state), &out, &out
			if err := console.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = console.Process.Kill(); _ = console.Wait() })
			spool := ""
			wait(t, "output", func() bool {
				files, _ := filepath.Glob(filepath.Join(state, "spraydeck/sessions/*/spool/*.out"))
				if len(files) != 1 {
					return false
				}
				spool = files[0]
				info, err := os.Stat(spool)
				return err == nil && info.Size() > 1000
			})
			if err := console.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(61 * time.Second)
			_, err := os.Stat(strings.TrimSuffix(spool, ".out") + ".exit")
			if ended := err == nil; ended != (pace == "0.01") {
				t.Errorf("while the console was suspended: ended %v", ended)
			}
			if err := console.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			if err := console.Wait(); err != nil {
				t.Errorf("%v\n%s", err, tail(out.String(), 20))
			}
			if got, err := os.ReadFile(spool); err != nil || strings.Count(string(got), "\n") != 300 {
				t.Errorf("spool: %d bytes, %v", len(got), err)
			}
			if n := strings.Count(out.String(), strings.Repeat("0", 200)); n != 300 {
				t.Errorf("%d of 300 lines were shown", n)
			}
			if runs, _ := os.ReadFile(filepath.Join(dir, "runs")); string(runs) != "run\n" {
				t.Errorf("it ran %q", runs)
			}
			if r := command(t, plainEnv(state), spraydeck, "verify"); r.exit != 0 {
				t.Errorf("verify: %s", r)
			}
		})
	}
}

// wait waits for something that is to come soon.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begun := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatal("never: " + what)
		}
	}
}
