package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// ErrLeft is what a question gets when the operator has left the console.
var ErrLeft = fmt.Errorf("the operator left the console: %w", event.ErrUnanswered)

// ErrDetached is what Run gives when the operator closed the console and left the run as it is.
var ErrDetached = errors.New("the operator closed the console and left the run as it is")

// coalesce is how long output and progress are gathered before they are drawn. Anything else is passed on
// at once, with what came before it.
const coalesce = 30 * time.Millisecond

// Console runs the screen. Its methods may be called from any goroutine, also before Run and after it.
type Console struct {
	opts     Options
	controls chan event.Control
	left     chan struct{} // closed when Run has ended
	drawn    chan struct{} // closed when the first screen has been drawn
	recalled *event.State
	after    string
	state    *event.State

	mu     sync.Mutex
	queue  []any
	behind int           // bytes of output in it
	wake   chan struct{} // something is in the queue
	urgent chan struct{} // something that is not output is

	program []tea.ProgramOption // more options, for tests
}

// What goes to the screen besides events.
type (
	asking struct {
		q     event.Question
		reply chan event.Answer // takes one answer
	}
	withdrawn struct{ *asking }
	editing   struct {
		cmd   *exec.Cmd
		reply chan error
	}
	finished struct{}
	batch    []any
)

// New makes a console. Nothing is drawn before Run.
func New(o Options) *Console {
	return &Console{
		opts:     o,
		controls: make(chan event.Control, 64),
		left:     make(chan struct{}),
		drawn:    make(chan struct{}),
		wake:     make(chan struct{}, 1),
		urgent:   make(chan struct{}, 1),
	}
}

// Recall takes the run as another console left it, nil for one that begins. It is for before Run.
func (c *Console) Recall(state *event.State) { c.recalled = state }

// After is what the operator wants next, one of the After constants. It is for after Run.
func (c *Console) After() string { return c.after }

// State is the run as far as the screen had come. It is for after Run.
func (c *Console) State() *event.State { return c.state }

// Emit shows an event. It never waits for the screen.
func (c *Console) Emit(e event.Event) {
	urgent := true
	switch e.Data.(type) {
	case event.Output, event.Progress:
		urgent = false
	}
	c.push(e, urgent)
}

// Ask puts a question on the screen and waits for the answer, for ctx, or for the end of the console (ErrLeft).
// It is a event.Asker.
func (c *Console) Ask(ctx context.Context, q event.Question) (event.Answer, error) {
	a := &asking{q: q, reply: make(chan event.Answer, 1)}
	c.push(a, true)
	select {
	case answer := <-a.reply:
		return answer, nil
	case <-ctx.Done():
		c.push(withdrawn{a}, true)
		return event.Answer{}, ctx.Err()
	case <-c.left:
	}
	select { // answered in the very moment of leaving
	case answer := <-a.reply:
		return answer, nil
	default:
		return event.Answer{}, ErrLeft
	}
}

// Edit hands the terminal to the operator's editor and waits until it ends.
func (c *Console) Edit(ctx context.Context, editor *exec.Cmd) error {
	e := editing{cmd: editor, reply: make(chan error, 1)}
	c.push(e, true)
	select {
	case err := <-e.reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.left:
		return ErrLeft
	}
}

// sequence is what the terminal is sent as it is.
type sequence string

// Signal sends the terminal a bell or a notification, as it is, between two pictures. It never waits for the screen.
func (c *Console) Signal(seq string) { c.push(sequence(seq), true) }

// Controls is what the operator does while a command runs.
func (c *Console) Controls() <-chan event.Control { return c.controls }

// Finished says that the run is over: leaving needs no confirmation any more.
func (c *Console) Finished() { c.push(finished{}, true) }

// WaitDrawn waits until the first screen has been drawn, for ctx, or for the end of the console.
func (c *Console) WaitDrawn(ctx context.Context) {
	select {
	case <-c.drawn:
	case <-c.left:
	case <-ctx.Done():
	}
}

// Run draws the screen until the operator leaves or ctx ends. After it, the terminal is as it was before.
func (c *Console) Run(ctx context.Context) error {
	defer close(c.left)
	m := newModel(c.opts, c.controls)
	m.drawn = sync.OnceFunc(func() { close(c.drawn) })
	if c.recalled != nil {
		m.state = c.recalled
	}
	p := program(ctx, m, c.program...)
	pumping, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.pump(pumping, p.Send)
	}()
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGCONT)
	defer signal.Stop(stopped)
	go func() {
		for {
			select {
			case <-stopped:
				p.Send(awake{})
			case <-pumping.Done():
				return
			}
		}
	}()
	_, err := p.Run()
	c.after, c.state = m.after, m.state
	stop()
	<-done
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("the console broke down: %w", err)
	case err != nil:
		return fmt.Errorf("run the console: %w", err)
	case m.detached:
		return ErrDetached
	}
	return nil
}

func (c *Console) push(item any, urgent bool) {
	c.mu.Lock()
	c.queue = append(c.queue, item)
	if c.behind += outputSize(item); c.behind > maxBehind {
		c.skip()
	}
	c.mu.Unlock()
	ring(c.wake)
	if urgent {
		ring(c.urgent)
	}
}

// How much output may wait for the screen, in bytes, and how much of it is kept when there is more: the newest, since a
// screen keeps the last few thousand lines.
const (
	maxBehind  = 4 << 20
	keepBehind = 1 << 20
)

func outputSize(item any) int {
	if e, ok := item.(event.Event); ok {
		if o, ok := e.Data.(event.Output); ok {
			return len(o.Text)
		}
	}
	return 0
}

// skip puts a note in the place of the older output that waits, for each command one: the terminal stands still, or is
// slower than the command. Nothing waits for it, and the transcript has all.
func (c *Console) skip() {
	kept, noted := 0, map[int]bool{}
	for i, item := range slices.Backward(c.queue) {
		n := outputSize(item)
		if n == 0 || kept+n <= keepBehind {
			kept += n
			continue
		}
		kept = keepBehind
		e := item.(event.Event)
		o := e.Data.(event.Output)
		c.queue[i] = nil
		if !noted[o.Number] {
			noted[o.Number] = true
			e.Data = event.Output{Number: o.Number, Stream: o.Stream, Text: "\n" + sayNotShown.In(c.opts.Lang) + "\n"}
			c.queue[i] = e
		}
	}
	c.queue = slices.DeleteFunc(c.queue, func(item any) bool { return item == nil })
	c.behind = kept
}

func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (c *Console) take() batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	items := c.queue
	c.queue, c.behind = nil, 0
	return items
}

// pump passes the queue on, in order. Output waits a little, so that a chatty command costs a redraw now and then, not
// one for each line.
func (c *Console) pump(ctx context.Context, send func(tea.Msg)) {
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(coalesce)
		select {
		case <-c.urgent:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if items := c.take(); len(items) > 0 {
			send(items)
		}
	}
}
