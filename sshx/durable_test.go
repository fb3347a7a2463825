package sshx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// keeper is a client whose node has a home of its own.
type keeper struct {
	*Client
	*server
	home string
	n    int
}

func startKeeper(t testing.TB, lines ...string) *keeper {
	t.Helper()
	home := t.TempDir()
	s := startServer(t, "SetEnv HOME="+home+" LOGNAME="+filepath.Base(home))
	return &keeper{Client: s.client(lines...), server: s, home: home}
}

func (k *keeper) cache() string { return filepath.Join(k.home, ".cache/spraydeck") }

// left is what is kept on the node.
func (k *keeper) left() []string {
	got, _ := filepath.Glob(k.cache() + "/*")
	return got
}

func (k *keeper) keep(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	k.n++
	return k.Keep(ctx, "node", fmt.Sprintf("run.%d", k.n), command, stdin, stdout, stderr)
}

// shells are those that a node may have, each with the tools that come with it.
func shells(t *testing.T) map[string]string {
	all := map[string]string{"sh": "/bin/sh"}
	for _, name := range []string{"dash", "bash"} {
		if path, err := exec.LookPath(name); err == nil {
			all[name] = path
		} else if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing", name)
		}
	}
	needTool(t, "busybox", "busybox")
	dir := t.TempDir()
	if out, err := exec.Command("busybox", "--install", "-s", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all["busybox"] = "env PATH=" + dir + " " + dir + "/sh"
	bare := t.TempDir()
	for _, tool := range []string{"mkdir", "mkfifo", "rm", "rmdir", "cat", "tee", "tail", "sleep", "base64", "id", "seq", "head", "touch", "yes", "printf", "sh", "od", "env"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bare, tool)); err != nil {
			t.Fatal(err)
		}
	}
	all["without setsid"] = "env PATH=" + bare + " " + bare + "/sh"
	return all
}

func TestKeep(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			k := startKeeper(t)
			k.shell = shell
			for _, tt := range []struct {
				command        string
				stdin          io.Reader
				exit           int
				stdout, stderr string
			}{
				{"true", nil, 0, "", ""},
				{"exit 2", nil, 2, "", ""},
				{"exit 255", nil, 255, "", ""},
				{"echo out; echo err >&2; exit 3", nil, 3, "out\n", "err\n"},
				{"echo out; sleep 0.5; echo more; echo err >&2", nil, 0, "out\nmore\n", "err\n"},
				{"printf out; printf err >&2", nil, 0, "out", "err"},
				{"kill -TERM $$", nil, 128 + 15, "", ""},
				{"no-such-command-here 2>/dev/null", nil, 127, "", ""},
				{`printf '%s' 'a  b"$x\ ünï 日本' "$(printf '\001\377')"`, nil, 0, "a  b\"$x\\ ünï 日本\x01\xff", ""},
				{"cat", nil, 0, "", ""},
				{"cat; exit 4", strings.NewReader(""), 4, "", ""},
				{"cat; cat >&2", bytes.NewReader(every), 0, string(every), ""},
				{"cat >&2", bytes.NewReader(every), 0, "", string(every)},
				{"exit 5", strings.NewReader("not read"), 5, "", ""},
				{"echo a; echo b >/dev/stderr; echo c >/dev/stdout; echo d", nil, 0, "a\nc\nd\n", "b\n"},
				{"for i in 1 2\ndo echo $i\ndone", nil, 0, "1\n2\n", ""},
				{"umask; pwd", nil, 0, "0022\n" + home() + "\n", ""},
			} {
				var stdout, stderr bytes.Buffer
				exit, err := k.keep(context.Background(), tt.command, tt.stdin, &stdout, &stderr)
				if exit != tt.exit || err != nil || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
					t.Errorf("%s: exit %d, %v, stdout %q, stderr %q", tt.command, exit, err, &stdout, &stderr)
				}
			}
			if len(k.left()) == 0 {
				t.Error("nothing was kept")
			}
			k.Close()
			if _, err := os.Stat(k.cache()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("left on the node: %v", k.left())
			}
		})
	}
}

// A connection that is cut, again and again, in the middle of the output: the command is run once, and every byte comes once.
func TestKeepThroughCuts(t *testing.T) {
	k := startKeeper(t)
	line := startBlackHole(t, k.addr())
	k.Client = newClient(t, k.config(k.known(), fmt.Sprintf("Host node\n Port %d\n HostKeyAlias [127.0.0.1]:%d", line.port, k.port)), nil)
	ran := filepath.Join(t.TempDir(), "ran")
	var stdout, stderr syncBuffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 4 {
			time.Sleep(400 * time.Millisecond)
			line.cut()
		}
	}()
	exit, err := k.keep(context.Background(), "echo x >>"+ran+"; seq 200000; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.25; seq $i 20000; echo err $i >&2; done; exit 9", nil, &stdout, &stderr)
	<-done
	if exit != 9 || err != nil {
		t.Errorf("exit %d, %v", exit, err)
	}
	want, _ := exec.Command("sh", "-c", "seq 200000; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do seq $i 20000; done").Output()
	if stdout.String() != string(want) {
		t.Errorf("%d bytes instead of %d", len(stdout.String()), len(want))
	}
	if n := strings.Count(stderr.String(), "err"); n != 12 {
		t.Errorf("stderr: %q", stderr.String())
	}
	if got, _ := os.ReadFile(ran); string(got) != "x\n" {
		t.Errorf("it ran %d times", len(got)/2)
	}
	if n := k.logins(); n < 3 {
		t.Errorf("logged in only %d times", n)
	}
}

// A command that says nothing for longer than a lost one is looked for, and whose connection is cut more than once: each cut
// has all of that time.
func TestKeepSilent(t *testing.T) {
	k := startKeeper(t)
	line := startBlackHole(t, k.addr())
	k.Client = newClient(t, k.config(k.known(), fmt.Sprintf("Host node\n Port %d\n HostKeyAlias [127.0.0.1]:%d", line.port, k.port)), nil)
	k.reconnectFor = time.Second
	out := newAwait("begun")
	go func() {
		out.wait(t)
		for range 2 {
			line.cut()
			time.Sleep(2 * time.Second)
		}
	}()
	if exit, err := k.keep(context.Background(), "echo begun; sleep 5; echo over; exit 9", nil, out, nil); exit != 9 || err != nil || out.String() != "begun\nover\n" {
		t.Errorf("exit %d, %v, %q", exit, err, out.String())
	}
}

// A cut in the middle of much output, taken slowly.
func TestKeepCutInFlight(t *testing.T) {
	k := startKeeper(t)
	line := startBlackHole(t, k.addr())
	k.Client = newClient(t, k.config(k.known(), fmt.Sprintf("Host node\n Port %d\n HostKeyAlias [127.0.0.1]:%d", line.port, k.port)), nil)
	var got bytes.Buffer
	cuts := 0
	exit, err := k.keep(context.Background(), "head -c 30000000 /dev/zero | tr '\\0' 'x'; echo end", nil, writerFunc(func(p []byte) (int, error) {
		got.Write(p)
		if got.Len() > (cuts+1)*7_000_000 {
			cuts++
			line.cut()
		}
		return len(p), nil
	}), nil)
	if exit != 0 || err != nil || got.Len() != 30000004 || !strings.HasSuffix(got.String(), "xend\n") || cuts < 3 {
		t.Errorf("exit %d, %v, %d bytes, %d cuts", exit, err, got.Len(), cuts)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// sshd is restarted, with all its sessions, as an upgrade of it does.
func TestKeepThroughRestart(t *testing.T) {
	k := startKeeper(t)
	out := newAwait("begun")
	back := make(chan struct{})
	go func() {
		defer close(back)
		out.wait(t)
		k.server.stop()
		k.killSession()
		time.Sleep(700 * time.Millisecond)
		k.server.start()
	}()
	exit, err := k.keep(context.Background(), "echo begun; sleep 2; echo over; exit 6", nil, out, nil)
	<-back
	if exit != 6 || err != nil || out.String() != "begun\nover\n" {
		t.Errorf("exit %d, %v, %q", exit, err, out.String())
	}
}

// runner returns the process that runs a command on the node.
func (k *keeper) runner() int {
	k.t.Helper()
	files, _ := filepath.Glob(k.cache() + "/*.run")
	if len(files) != 1 {
		k.t.Fatalf("%d commands on the node", len(files))
	}
	var pid int
	if _, err := fmt.Sscan(read(k.t, files[0]), &pid); err != nil {
		k.t.Fatal(err)
	}
	return pid
}

// killSession kills the process of sshd that serves the session of the only command.
func (k *keeper) killSession() {
	k.t.Helper()
	k.killParent(k.runner())
}

func read(t testing.TB, file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// A console that is killed and another process that takes the command up where the transcript of the first one ends.
func TestAttachFromAnotherProcess(t *testing.T) {
	if config := os.Getenv("SSHX_CONSOLE"); config != "" {
		// the console: it writes what it saw to its standard output
		New(config, nil).Keep(context.Background(), "node", "run.1", os.Getenv("SSHX_COMMAND"), nil, os.Stdout, os.Stderr)
		return
	}
	ran := filepath.Join(t.TempDir(), "ran")
	for name, wait := range map[string]time.Duration{"while it runs": 0, "after its end": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			k := startKeeper(t)
			config := k.config(k.known())
			os.Remove(ran)
			console := exec.Command(os.Args[0], "-test.run", "^TestAttachFromAnotherProcess$")
			console.Env = append(os.Environ(), "SSHX_CONSOLE="+config, "SSHX_COMMAND=echo x >>"+ran+"; seq 1000; echo err >&2; sleep 1; seq 1000 2000; sleep 1; exit 7")
			stdout, stderr := newAwait("1000\n"), newAwait("err\n")
			console.Stdout, console.Stderr = stdout, stderr
			if err := console.Start(); err != nil {
				t.Fatal(err)
			}
			stdout.wait(t)
			stderr.wait(t)
			console.Process.Kill()
			console.Wait()
			time.Sleep(wait)
			var more, moreErr bytes.Buffer
			exit, err := newClient(t, config, nil).Attach(context.Background(), "node", "run.1",
				int64(len(stdout.String())), int64(len(stderr.String())), &more, &moreErr)
			want, _ := exec.Command("sh", "-c", "seq 1000; seq 1000 2000").Output()
			if got := stdout.String() + more.String(); exit != 7 || err != nil || got != string(want) || stderr.String()+moreErr.String() != "err\n" {
				t.Errorf("exit %d, %v, %d bytes instead of %d, %q", exit, err, len(got), len(want), stderr.String()+moreErr.String())
			}
			if got := read(t, ran); got != "x\n" {
				t.Errorf("it ran %d times", len(got)/2)
			}
		})
	}
}

// What cannot be known is never taken for an end.
func TestStateUnknown(t *testing.T) {
	unknown := func(t *testing.T, exit int, err error, says string) {
		t.Helper()
		var lost *LostError
		if exit != -1 || !errors.As(err, &lost) || !strings.Contains(err.Error(), says) {
			t.Errorf("exit %d, %v", exit, err)
		}
	}
	// cut runs a command and does something to the node before the connection breaks.
	cut := func(t *testing.T, k *keeper, harm func()) (int, error) {
		t.Helper()
		k.reconnectFor = 3 * time.Second
		out := newAwait("begun")
		go func() {
			out.wait(t)
			session := k.killSession
			if harm != nil {
				run := k.runner()
				session = func() { k.killParent(run) }
				harm()
			}
			session()
		}()
		return k.keep(context.Background(), "echo begun; sleep 2; echo over", nil, out, nil)
	}
	t.Run("directory removed", func(t *testing.T) {
		k := startKeeper(t)
		exit, err := cut(t, k, func() { os.RemoveAll(k.cache()) })
		unknown(t, exit, err, "nothing of it is left")
	})
	t.Run("restarted", func(t *testing.T) {
		k := startKeeper(t)
		exit, err := cut(t, k, func() {
			file := k.left()[4]
			if !strings.HasSuffix(file, ".run") {
				t.Errorf("%v", k.left())
			}
			write(t, file, "1 1 another-boot\n")
		})
		unknown(t, exit, err, "restarted")
	})
	t.Run("killed", func(t *testing.T) {
		k := startKeeper(t)
		out := newAwait("begun")
		go func() {
			out.wait(t)
			syscall.Kill(k.runner(), syscall.SIGKILL)
		}()
		exit, err := k.keep(context.Background(), "echo begun; sleep 2", nil, out, nil)
		unknown(t, exit, err, "killed")
	})
	t.Run("gone", func(t *testing.T) {
		k := startKeeper(t)
		exit, err := cut(t, k, k.server.stop)
		unknown(t, exit, err, "connect")
	})
	t.Run("no directory", func(t *testing.T) {
		k := startKeeper(t)
		k.shell = "env HOME=/proc LOGNAME=none/of-these /bin/sh"
		var stdout, stderr bytes.Buffer
		exit, err := k.keep(context.Background(), "cat; echo err >&2; exit 3", strings.NewReader("in"), &stdout, &stderr)
		if exit != 3 || err != nil || stdout.String() != "in" || stderr.String() != "err\n" {
			t.Errorf("exit %d, %v, %q, %q", exit, err, &stdout, &stderr)
		}
		out := newAwait("begun")
		exit, err = k.keep(context.Background(), "echo begun; sleep 0.5; kill -9 $PPID; sleep 1", nil, out, nil)
		unknown(t, exit, err, "no directory")
	})
	t.Run("never sent", func(t *testing.T) {
		k := startKeeper(t)
		k.Record(filepath.Join(t.TempDir(), "sent"))
		_, err := k.Attach(context.Background(), "node", "run.9", 0, 0, nil, nil)
		var never *NeverStartedError
		if !errors.As(err, &never) || !never.NeverStarted() {
			t.Error(err)
		}
		k.keep(context.Background(), "true", nil, nil, nil)
		k.clean("node")
		exit, err := k.Attach(context.Background(), "node", "run.1", 0, 0, nil, nil)
		unknown(t, exit, err, "nothing of it is left")
	})
	t.Run("twice", func(t *testing.T) {
		k := startKeeper(t)
		k.Keep(context.Background(), "node", "run.1", "true", nil, nil, nil)
		exit, err := k.Keep(context.Background(), "node", "run.1", "touch "+k.home+"/twice", nil, nil, nil)
		unknown(t, exit, err, "started there before")
		if _, err := os.Stat(k.home + "/twice"); err == nil {
			t.Error("it ran")
		}
	})
}

// killParent kills the process of sshd above one that it runs.
func (k *keeper) killParent(pid int) {
	_, rest, _ := strings.Cut(read(k.t, fmt.Sprintf("/proc/%d/stat", pid)), ") ")
	if parent, _ := strconv.Atoi(strings.Fields(rest)[1]); parent > 1 {
		syscall.Kill(parent, syscall.SIGKILL)
	}
}

func TestCancelKept(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, tt := range map[string]struct {
				command string
				signal  string
			}{
				"obeys":        {"trap 'echo INT; exit 9' INT; echo begun; while :; do sleep 0.1; done", "INT"},
				"children":     {"echo begun; sleep 1000 | sleep 1000", ""},
				"ignores one":  {"trap '' INT; trap 'echo TERM; exit 9' TERM; echo begun; while :; do sleep 0.1; done", "TERM"},
				"ignores both": {"trap '' INT TERM; echo begun; while :; do sleep 0.1; done", ""},
				"after a cut":  {"trap 'echo INT; exit 9' INT; echo begun; while :; do sleep 0.1; done", "INT"},
			} {
				if name != "sh" && what != "obeys" && what != "ignores both" {
					continue
				}
				t.Run(what, func(t *testing.T) {
					t.Parallel()
					k := startKeeper(t)
					k.shell = shell
					k.stopTimeouts = [3]time.Duration{2 * time.Second, time.Second, time.Second}
					ctx, cancel := context.WithCancel(context.Background())
					out := newAwait("begun")
					go func() {
						out.wait(t)
						if what == "after a cut" {
							k.killSession()
							time.Sleep(time.Second)
						}
						cancel()
					}()
					id := fmt.Sprintf("SSHX=%d ", time.Now().UnixNano())
					_, err := k.keep(ctx, "export "+id+"; "+tt.command, nil, out, nil)
					var stopped *CancelledError
					if !errors.As(err, &stopped) || !errors.Is(err, context.Canceled) || !stopped.Ended {
						t.Errorf("%v", err)
					}
					if tt.signal != "" && !strings.Contains(out.String(), tt.signal) {
						t.Errorf("%q", out.String())
					}
					environs, _ := filepath.Glob("/proc/[0-9]*/environ")
					for _, f := range environs {
						if b, _ := os.ReadFile(f); strings.Contains(string(b), strings.TrimSpace(id)) {
							t.Errorf("%s is still there", f)
						}
					}
				})
			}
		})
	}
}
