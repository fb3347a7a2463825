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
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 33, Cols: 77})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	seen := make(chan string, 100)
	go func() {
		var all strings.Builder
		p := make([]byte, 4096)
		for {
			n, err := terminal.Read(p)
			all.Write(p[:n])
			seen <- all.String()
			if err != nil {
				close(seen)
				return
			}
		}
	}()
	last := ""
	wait := func(text string) {
		t.Helper()
		deadline := time.After(20 * time.Second)
		for !strings.Contains(last, text) {
			select {
			case s, ok := <-seen:
				if !ok {
					t.Fatalf("it ended without %q: %q", text, last)
				}
				last = s
			case <-deadline:
				t.Fatalf("%q does not come: %q", text, last)
			}
		}
	}
	wait("name? ")
	_, _ = io.WriteString(terminal, "Ada\r")
	wait("the command has ended")
	_, _ = io.WriteString(terminal, "next\r")
	wait("exit 3")
	for _, want := range []string{"33 77", "exit 3 error <nil>", `after "next"`, "hello Ada"} {
		if !strings.Contains(last, want) {
			t.Errorf("%q is missing in %q", want, last)
		}
	}
}
