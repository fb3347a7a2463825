package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

var errKilled = errors.New("the console was killed")

// journal keeps what consoles wrote, as a file would. It kills its console once it has written a number of events.
type journal struct {
	mu     sync.Mutex
	events []event.Event
	left   int // events until the console is killed; negative = never
}

func (j *journal) append(e event.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.left == 0 {
		return errKilled
	}
	j.left--
	e.Seq, e.Time = int64(len(j.events)+1), time.Unix(int64(len(j.events)), 0)
	j.events = append(j.events, e)
	return nil
}

func (j *journal) printed(number int) iter.Seq2[event.Output, error] {
	return func(yield func(event.Output, error) bool) {
		j.mu.Lock()
		events := slices.Clone(j.events)
		j.mu.Unlock()
		for _, e := range events {
			if o, ok := e.Data.(event.Output); ok && o.Number == number && !yield(o, nil) {
				return
			}
		}
	}
}

func (j *journal) state() *event.State {
	s := &event.State{}
	for _, e := range j.events {
		s.Apply(e)
	}
	return s
}

// keeper runs what changes something beside the console, as the supervisor does: a console that is killed leaves it
// running, and the next one finds it by its number.
type keeper struct {
	inner event.Exec
	mu    sync.Mutex
	jobs  map[int]*job
	ran   []string // every command that was started and changes something
}

type job struct {
	done           chan struct{}
	stdout, stderr []byte
	exit           int
	err            error
}

type neverStarted struct{}

func (neverStarted) Error() string      { return "it never started" }
func (neverStarted) NeverStarted() bool { return true }

func (k *keeper) exec(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
	if !c.Changes && !c.TTY {
		return k.inner(ctx, c, out)
	}
	k.mu.Lock()
	j := k.jobs[c.Number]
	if j == nil && c.Resumed != nil {
		k.mu.Unlock()
		return -1, neverStarted{}
	}
	if j == nil {
		j = &job{done: make(chan struct{})}
		k.jobs[c.Number] = j
		k.ran = append(k.ran, c.Host+": "+c.Line)
		go func() {
			defer close(j.done)
			j.exit, j.err = k.inner(context.WithoutCancel(ctx), c, func(stream string, p []byte) {
				if stream == "stdout" {
					j.stdout = append(j.stdout, p...)
				} else {
					j.stderr = append(j.stderr, p...)
				}
			})
		}()
	}
	k.mu.Unlock()
	<-j.done
	seen := event.Seen{}
	if c.Resumed != nil {
		seen = *c.Resumed
	}
	deliver := func(stream string, p []byte) { // in small pieces, so that a kill falls between them
		for piece := range slices.Chunk(p, 7) {
			out(stream, piece)
		}
	}
	deliver("stdout", j.stdout[seen.Stdout:])
	deliver("stderr", j.stderr[seen.Stderr:])
	return j.exit, j.err
}

func yes(_ context.Context, q event.Question) (event.Answer, error) {
	if q.Secret {
		return event.Answer{Text: "sesame"}, nil
	}
	if q.Form == event.AskFailed { // a program that had the terminal of the console that was killed
		return event.Answer{Choice: event.ChoiceOverride, Reason: "it ended well"}, nil
	}
	return event.Answer{Choice: event.ChoiceContinue, Text: q.Type, By: "answers"}, nil
}

// console is one process that walks the runbook, from the beginning or from where the journal ends.
func console(t *testing.T, book *runbook.Runbook, j *journal, k *keeper, ask event.Asker) (event.Ended, error) {
	t.Helper()
	env := engine.Env{
		Exec: k.exec, Shell: k.exec, Ask: ask, Sink: j.append, Started: event.Started{Tool: fmt.Sprint("after ", len(j.events))},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if len(j.events) > 0 {
		env.PriorRun = engine.NewPriorRun(slices.Values(slices.Clone(j.events)), j.printed, func(s string) string { return s })
	}
	return engine.NewRun(book, env).Go(t.Context())
}

// TestKilledAtEveryEvent: a console killed after any event, and the one after it killed again, leave a run that another
// takes to the same end, with nothing done twice.
func TestKilledAtEveryEvent(t *testing.T) {
	names, _ := filepath.Glob("../runbook/examples/*.yaml")
	points := 0
	for _, name := range names {
		files, _ := runbooktest.Read(t, name)
		if files[0].Runbook == nil {
			continue // it is of a remedy that the operator starts beside the step
		}
		t.Run(filepath.Base(name), func(t *testing.T) { // not in parallel: two cores are kept busy by the shells
			points += killEverywhere(t, files[0].Runbook, func() event.Exec { return newSite(t).exec }, func() event.Asker { return yes })
		})
	}
	t.Run("remedy", func(t *testing.T) {
		points += killEverywhere(t, book(t), func() event.Exec {
			w := newWorld()
			failed := false
			w.upgrade = func(host string, out func(string, []byte)) (int, error) {
				if failed || host != "n2" {
					out("stdout", []byte("upgraded\n"))
					return 0, nil
				}
				failed = true
				out("stdout", []byte("dial vip: connection refused\n"))
				return 2, nil
			}
			return w.exec
		}, func() event.Asker {
			s := answers(script{
				"endpoint/vip":                       {{Choice: "remedy:vip/loopback"}},
				"endpoint/vip/loopback/edit/approve": approveEdit,
				"upgrade[n2]/failed":                 {{Choice: event.ChoiceRetry}},
			})
			s["upgrade[n2]/approve"] = append(s["upgrade[n2]/approve"], event.Answer{Choice: event.ChoiceContinue})
			first := map[string]event.Answer{}
			return func(_ context.Context, q event.Question) (event.Answer, error) {
				if a, ok := first[q.ID]; ok {
					return a, nil // a question that was put and not answered is put again
				}
				a, err := s.ask(t.Context(), q)
				first[q.ID] = a
				return a, err
			}
		})
	})
	t.Logf("%d kill points, 0 lost, 0 repeated", points)
}

func killEverywhere(t *testing.T, book *runbook.Runbook, world func() event.Exec, ask func() event.Asker) (points int) {
	t.Helper()
	whole, kept := &journal{left: -1}, &keeper{inner: world(), jobs: map[int]*job{}}
	if end, err := console(t, book, whole, kept, ask()); err != nil || end.Exit != 0 {
		t.Fatalf("uninterrupted: %+v %v", end, err)
	}
	for first := 1; first < len(whole.events); first++ {
		second := []int{-1, 1, 3}[first%3] // how far the next one gets
		points++
		j, k, a := &journal{left: first}, &keeper{inner: world(), jobs: map[int]*job{}}, ask()
		if _, err := console(t, book, j, k, a); !errors.Is(err, errKilled) {
			t.Fatalf("at %d: not killed: %v", first, err)
		}
		if j.left = second; second > 0 {
			points++
			_, _ = console(t, book, j, k, a)
		}
		written := slices.Clone(j.events)
		j.left = -1
		if end, err := console(t, book, j, k, a); err != nil {
			t.Fatalf("killed after %d (%s) and %d: ended %+v %v", first, whole.events[first-1].Data.Kind(), second, end, err)
		}
		if !slices.EqualFunc(written, j.events[:len(written)], func(a, b event.Event) bool { return a.Seq == b.Seq && a.Data.Kind() == b.Data.Kind() }) {
			t.Fatalf("killed after %d: something that was written is gone", first)
		}
		same(t, first, second, whole, j, kept, k)
	}
	return points
}

// stateLost says whether nobody could tell how a command of the step ended.
func stateLost(st *event.StepState) bool {
	return slices.ContainsFunc(st.Commands, func(c *event.CommandState) bool { return c.Outcome == event.StateLost })
}

// same says whether the interrupted run came to what the uninterrupted one came to.
func same(t *testing.T, first, second int, whole, j *journal, once, k *keeper) {
	t.Helper()
	at := fmt.Sprintf("killed after %d (%s) and %d", first, whole.events[first-1].Data.Kind(), second)
	want, got := slices.Sorted(slices.Values(once.ran)), slices.Sorted(slices.Values(k.ran))
	if !slices.Equal(want, got) {
		t.Errorf("%s: did\n%q\nand not\n%q", at, got, want)
	}
	a, b := whole.state(), j.state()
	if b.Ended == nil || b.Ended.Exit != 0 {
		t.Fatalf("%s: ended %+v", at, b.Ended)
	}
	for i, st := range a.Steps {
		other := b.Steps[i]
		if stateLost(other) && other.Status == event.Overridden {
			continue
		}
		if st.ID != other.ID || st.Status != other.Status {
			t.Errorf("%s: %s is %s, %s is %s", at, st.ID, st.Status, other.ID, other.Status)
		}
		var x, y []string
		for _, c := range st.Commands {
			if c.Changes {
				x = append(x, fmt.Sprint(c.Line, c.Output.All(), c.Exit, c.Outcome))
			}
		}
		for _, c := range other.Commands {
			if c.Changes {
				y = append(y, fmt.Sprint(c.Line, c.Output.All(), c.Exit, c.Outcome))
			}
		}
		slices.Sort(x)
		slices.Sort(y)
		if !slices.Equal(x, y) {
			t.Errorf("%s: in %s\n%q\nand not\n%q", at, st.ID, y, x)
		}
	}
}
