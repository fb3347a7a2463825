package plain

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/event/eventtest"
)

// prompted starts a question that changes something, and gives what is typed into it, what it shows, and its answer. The
// keyboard has been quiet, and lines are held for ever unless free is closed.
func prompted(t *testing.T, ctx context.Context) (typed *io.PipeWriter, shown chan string, free chan time.Time, done chan answered) {
	t.Helper()
	r, w := io.Pipe()
	free, shown, done = make(chan time.Time), make(chan string, 100), make(chan answered, 1)
	p := New(io.Discard, Options{Prompts: told(shown), Brackets: true, pause: func(d time.Duration) <-chan time.Time {
		switch d {
		case holdLine:
			return free
		case pauseChanges:
			return time.After(time.Millisecond)
		}
		t.Errorf("waits %v", d)
		return nil
	}})
	ask := p.Ask(r)
	go func() {
		a, err := ask(ctx, eventtest.GateQuestion())
		done <- answered{a, err}
	}()
	return w, shown, free, done
}

type answered struct {
	event.Answer
	err error
}

type told chan string

func (c told) Write(p []byte) (int, error) { c <- string(p); return len(p), nil }

// until waits until a text is shown.
func until(t *testing.T, shown chan string, text string) {
	t.Helper()
	for s := range shown {
		if strings.Contains(s, text) {
			return
		}
	}
}

// TestPastedLinesApproveNothing: at the line prompt, what is pasted, typed while the console was stopped, or followed by the end
// of the input decides nothing that changes something; the same line, typed alone, does.
func TestPastedLinesApproveNothing(t *testing.T) {
	for name, c := range map[string]struct {
		typed string
		do    func(w *io.PipeWriter)
		says  string // then the question stands again
		err   error
	}{
		"typed":                      {typed: "2\n"},
		"two lines at once":          {typed: "2\nls\n", says: "pasted"},
		"the same line twice":        {typed: "2\n2\n", says: "pasted"},
		"pasted, with brackets":      {typed: "\x1b[200~2\n", says: "pasted"},
		"the end of such a paste":    {typed: "\x1b[201~2\n", says: "pasted"},
		"typed while it was stopped": {typed: "2\n", do: func(*io.PipeWriter) { _ = syscall.Kill(syscall.Getpid(), syscall.SIGCONT) }, says: "stopped"},
		"then the terminal is lost":  {typed: "2\n", do: func(w *io.PipeWriter) { w.Close() }, err: event.ErrUnanswered},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, shown, free, done := prompted(t, ctx)
			until(t, shown, bracketsOn)
			_, _ = io.WriteString(w, c.typed)
			if c.do != nil {
				c.do(w)
			} else if c.says == "" {
				close(free)
			}
			if c.says != "" {
				until(t, shown, c.says)
				until(t, shown, bracketsOn)
				cancel()
				c.err = context.Canceled
			}
			a := <-done
			if !errors.Is(a.err, c.err) || c.err == nil && a.Choice != "retry" || c.err != nil && a.Choice != "" {
				t.Errorf("%+v", a)
			}
		})
	}
}
