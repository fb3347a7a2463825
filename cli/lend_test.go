package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// lendBook has what takes over the terminal, and a question after it.
const lendBook = `apiVersion: spraydeck/v1
kind: Runbook
name: lend
version: 1.0.0
title: Hand the terminal over
system: os
phases:
  - title: All of it
    steps:
      - {id: settings, title: Settings, undo: there is none, edit: settings.yml}
      - {id: look, title: Look, danger: none, shell: 'test -t 0 && stty size; until stty size | grep -q "20 60"; do sleep 0.05; done; printf "who? "; read who; echo "hello, $who"'}
      - {id: after, title: After, danger: changes, command: 'echo after >> did'}
`

// TestLinePrinterLends: the line printer of a run in a terminal hands it to the editor and to a command, prints nothing of its
// own into it, and asks and hears its next question as before. What was shown is in the transcript, and on the screen once.
func TestLinePrinterLends(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	book := write("lend.yaml", lendBook, 0o600)
	editor := write("editor", "#!/bin/sh\ntest -t 1 || exit 9\nprintf 'size? '\nread size\necho size: $size >\"$1\"\n", 0o700)
	cmd := exec.CommandContext(t.Context(), self, "run", book, "--plain", "--checkout", dir)
	cmd.Env = append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+dir, "XDG_CONFIG_HOME="+dir, "VISUAL=", "EDITOR="+editor, "LANG=C.UTF-8")
	s := inTerminal(t, cmd)
	choose := func(question string) {
		t.Helper()
		s.wait(question)
		s.wait("choice, 1 to ")
		s.typed("1")
	}
	choose("Start lend?")
	choose("(settings/approve)")
	s.wait("size? ")
	if err := pty.Setsize(s.terminal, &pty.Winsize{Rows: 30, Cols: 70}); err != nil {
		t.Fatal(err)
	}
	s.typed("24")
	s.wait("30 70")
	if err := pty.Setsize(s.terminal, &pty.Winsize{Rows: 20, Cols: 60}); err != nil { // the window is made smaller
		t.Fatal(err)
	}
	s.wait("who? ")
	s.typed("Ada")
	s.wait("hello, Ada")
	choose("(after/approve)")
	s.wait("3 steps: 3 passed")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, s.last)
	}
	if n := strings.Count(s.last, "hello, Ada"); n != 1 {
		t.Errorf("what the command printed is shown %d times:\n%s", n, s.last)
	}
	for file, want := range map[string]string{"settings.yml": "size: 24\n", "did": "after\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	record, _ := filepath.Glob(filepath.Join(dir, "spraydeck/sessions/*/transcript.jsonl"))
	if len(record) != 1 {
		t.Fatal(record)
	}
	if b, err := os.ReadFile(record[0]); err != nil || !strings.Contains(string(b), "hello, Ada") {
		t.Errorf("the transcript has no word of it: %v\n%s", err, b)
	}
	// a rehearsal opens no editor
	again := exec.CommandContext(t.Context(), self, "rehearse", record[0], book, "--auto", "--plain", "--speed", "max")
	again.Env = cmd.Env
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("rehearse: %v\n%s", err, out)
	}
}
