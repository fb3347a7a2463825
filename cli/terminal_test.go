package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// takeOverInChild is the other side of TestTakeOver: a process with a terminal of its own.
func takeOverInChild(line string) {
	var recorded strings.Builder
	exit, err := takeOver(context.Background(), line, ".", func(_ string, p []byte) { recorded.Write(p) })
	fmt.Println("the command has ended")
	var after string
	_, _ = fmt.Scanln(&after) // what is typed afterwards is not eaten
	fmt.Printf("exit %d error %v after %q recorded %q\n", exit, err, after, recorded.String())
	os.Exit(0)
}

// TestTakeOver: the command has the terminal, with its size and its keys; what it shows is recorded; the next line that is
// typed is not its own.
func TestTakeOver(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), `TAKE_OVER=test -t 0 && test -t 1 && stty size; printf 'name? '; read name; echo "hello $name"; exit 3`)
	screen := inTerminal(t, cmd)
	wait, terminal := screen.wait, screen.terminal
	wait("name? ")
	_, _ = io.WriteString(terminal, "Ada\r")
	wait("the command has ended")
	_, _ = io.WriteString(terminal, "next\r")
	wait("exit 3")
	for _, want := range []string{"33 77", "exit 3 error <nil>", `after "next"`, "hello Ada"} {
		if !strings.Contains(screen.last, want) {
			t.Errorf("%q is missing in %q", want, screen.last)
		}
	}
}

// screen is a process with a terminal of its own.
type screen struct {
	t        *testing.T
	terminal *os.File
	seen     chan string
	last     string // all that was shown
	read     int    // of it, by wait
}

func inTerminal(t *testing.T, cmd *exec.Cmd) *screen {
	t.Helper()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 33, Cols: 77})
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, terminal: terminal, seen: make(chan string, 1000)}
	t.Cleanup(func() { terminal.Close() })
	go func() {
		defer close(s.seen)
		var all strings.Builder
		p := make([]byte, 4096)
		for {
			n, err := terminal.Read(p)
			all.Write(p[:n])
			s.seen <- all.String()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// wait waits for a text, after the one it was last called for.
func (s *screen) wait(text string) {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for !strings.Contains(s.last[s.read:], text) {
		select {
		case all, ok := <-s.seen:
			if !ok {
				s.t.Fatalf("it ended without %q: %q", text, s.last)
			}
			s.last = all
		case <-deadline:
			s.t.Fatalf("%q does not come: %q", text, s.last)
		}
	}
	s.read += strings.Index(s.last[s.read:], text) + len(text)
}

func (s *screen) typed(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.terminal, line+"\r"); err != nil {
		s.t.Fatal(err)
	}
}
