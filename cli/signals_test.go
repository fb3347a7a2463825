package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownBinary starts this program in a directory of its own, which is also its home.
func ownBinary(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+dir+"/state", "XDG_CONFIG_HOME="+dir, "HOME="+dir, "LANG=C.UTF-8")
	return cmd
}

// TestWaitsAreInterrupted: a read that nothing answers does not hold a program that a signal has ended.
func TestWaitsAreInterrupted(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close() // open and silent
		cmd := ownBinary(t, t.TempDir(), "diagnose", "/dev/fd/3")
		cmd.ExtraFiles = []*os.File{r}
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.Close()
		time.Sleep(time.Second)
		_ = cmd.Process.Signal(s)
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitCancelled {
			t.Errorf("%s: %v: %s", s, err, &said)
		}
	}
}

const removedBook = `apiVersion: spraydeck/v1
kind: Runbook
name: removed
version: 1.0.0
title: Two changes
system: os
phases:
  - title: All
    steps:
      - {id: a, title: A, danger: changes, command: "echo begun >> effects; while ! [ -e go ]; do sleep 0.05; done; echo a >> effects"}
      - {id: b, title: B, danger: changes, command: "echo b >> effects"}
`

// TestRecordRemoved: a state directory that is removed while the run writes it is noticed. What runs goes on, nothing more is
// started, and no transcript or command to resume is named.
func TestRecordRemoved(t *testing.T) {
	for _, how := range []string{"removed", "moved"} {
		dir := t.TempDir()
		for name, text := range map[string]string{"book.yaml": removedBook, "answers.yaml": killedAnswers} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := ownBinary(t, dir, "run", "book.yaml", "--checkout", dir, "--plain", "--answers", "answers.yaml")
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return effects(dir) == "begun\n" })
		state := filepath.Join(dir, "state", "spraydeck")
		var err error
		if how == "removed" {
			err = os.RemoveAll(state)
		} else {
			err = os.Rename(state, state+"-moved")
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
			t.Errorf("%s: %v", how, err)
		}
		waitFor(t, func() bool { return effects(dir) == "begun\na\n" })
		for _, want := range []string{"it was removed or moved while the run was writing it", "how the command ended is unknown"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("%s: %q is not said:\n%s", how, want, &said)
			}
		}
		if strings.Contains(said.String(), "go on with") || strings.Contains(said.String(), "\ntranscript") {
			t.Errorf("%s: it names what is gone:\n%s", how, &said)
		}
		if left, err := filepath.Glob(state + "/sessions/*"); err != nil || len(left) > 0 {
			t.Errorf("%s: it was made again: %v, %v", how, left, err)
		}
	}
}

func effects(dir string) string {
	b, _ := os.ReadFile(filepath.Join(dir, "effects"))
	return string(b)
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for range 1200 {
		if done() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it did not happen in a minute")
}
