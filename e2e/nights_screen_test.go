package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"spraydeck/runbook"
)

// longestQuiet is how long a night may print nothing: whatever waits longer here is stuck.
const longestQuiet = 150 * time.Second

var errQuiet = errors.New("nothing new on the screen for " + longestQuiet.String())

// screen keeps what a night prints, answers [yN] with the lines it was given, one after the other, and knows when it
// last printed something.
type screen struct {
	mu       sync.Mutex
	text     bytes.Buffer
	answered int // bytes of text in which every question has its answer
	last     time.Time
	lines    []string
	asked    int
	keys     io.Writer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	s.text.Write(p)
	for len(s.lines) > 0 {
		i := bytes.Index(s.text.Bytes()[s.answered:], []byte("[yN]"))
		if i < 0 {
			break
		}
		s.answered += i + len("[yN]")
		io.WriteString(s.keys, s.lines[s.asked%len(s.lines)]+"\n")
		s.asked++
	}
	return len(p), nil
}

func (s *screen) quiet() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.last)
}

// sitting runs the binary as an operator sits through it, on a terminal where lines are typed, and fails the test with the end of the
// screen where nothing moves any more.
func sitting(t *testing.T, env, lines []string, name string, args ...string) result {
	t.Helper()
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	cmd := exec.CommandContext(ctx, name, args...)
	if lines != nil {
		words := []string{runbook.Quote(name)}
		for _, a := range args {
			words = append(words, runbook.Quote(a))
		}
		cmd = exec.CommandContext(ctx, "script", "-qec", "stty cols 200; "+strings.Join(words, " "), "/dev/null")
	}
	s := &screen{lines: lines, last: time.Now()}
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = env, s, s, 10*time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if lines != nil {
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		s.keys = in
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for ctx.Err() == nil {
			if s.quiet() > longestQuiet {
				stop(errQuiet)
			}
			time.Sleep(time.Second)
		}
	}()
	cmd.Wait()
	if errors.Is(context.Cause(ctx), errQuiet) {
		t.Fatalf("%v\n%s", errQuiet, tail(s.text.String(), 40))
	}
	return result{out: s.text.String(), exit: cmd.ProcessState.ExitCode()}
}
