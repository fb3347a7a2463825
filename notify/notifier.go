package notify

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"spraydeck/event"
)

// queued is how many messages a rule holds while its receiver is slow; further ones are dropped, and counted as not sent.
const queued = 32

// closing is how long Close waits for what is still being sent.
const closing = 5 * time.Second

// beforeEnd is how long before the end of the maintenance window somebody is called.
const beforeEnd = 15 * time.Minute

// Notifier calls people on the occasions of a run's events. It never blocks the run: each rule has a queue and a goroutine of its own.
type Notifier struct {
	cancel context.CancelFunc
	routes []*route
	busy   sync.WaitGroup

	mu      sync.Mutex
	about   about
	asked   map[string][]*time.Timer // by question
	running map[int]string           // commands, with their steps
	moved   time.Time
	timers  []*time.Timer
	ended   bool
	errs    []error
}

type route struct {
	Rule
	queue   chan Message
	dropped int
	told    bool // of this idleness
}

// New makes a Notifier for a run whose record is in the directory run. screen writes a sequence to the terminal; window is how long the
// maintenance window is from now on, 0 without one.
func New(rules []Rule, run, lang string, window time.Duration, screen func(string)) *Notifier {
	ctx, cancel := context.WithCancel(context.Background())
	n := &Notifier{cancel: cancel, asked: map[string][]*time.Timer{}, running: map[int]string{}, moved: time.Now()}
	n.about.Run = run
	n.mu.Lock() // timers may fire before this ends
	defer n.mu.Unlock()
	for _, r := range rules {
		rt := &route{Rule: r, queue: make(chan Message, queued)}
		n.routes = append(n.routes, rt)
		n.busy.Go(func() {
			for m := range rt.queue {
				if err := rt.Send(ctx, m, lang, screen); err != nil {
					n.mu.Lock()
					n.errs = append(n.errs, err)
					n.mu.Unlock()
				}
			}
		})
		if rt.wants(idle) && rt.Idle > 0 {
			n.watchIdle(rt)
		}
	}
	if window > 0 {
		n.timers = append(n.timers, time.AfterFunc(max(0, window-beforeEnd), func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.spread(n.about.window(min(window, beforeEnd), time.Now()))
		}))
	}
	return n
}

// Recall gives it the events of a run that is resumed. Nobody is called for them.
func (n *Notifier) Recall(events iter.Seq[event.Event]) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for e := range events {
		n.about.take(e)
	}
}

// Take gives it the next event of the run. It returns at once.
func (n *Notifier) Take(e event.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return
	}
	n.moved = time.Now()
	for _, r := range n.routes {
		r.told = false
	}
	n.about.take(e)
	switch d := e.Data.(type) {
	case event.CommandStarted:
		n.running[d.Number] = e.Step
	case event.CommandEnded:
		delete(n.running, d.Number)
	case event.Asked:
		n.wait(e, d.Question)
	case event.Answered:
		n.answered(d.Question)
	case event.Ended:
		for id := range n.asked {
			n.answered(id)
		}
	}
	if m, ok := n.about.of(e); ok {
		n.spread(m)
	}
}

func (n *Notifier) wait(e event.Event, q event.Question) {
	n.answered(q.ID)
	for _, r := range n.routes {
		if !r.wants(waits) {
			continue
		}
		m := n.about.waits(e, q)
		n.asked[q.ID] = append(n.asked[q.ID], time.AfterFunc(r.After, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.put(r, m)
		}))
	}
}

func (n *Notifier) answered(question string) {
	for _, t := range n.asked[question] {
		t.Stop()
	}
	delete(n.asked, question)
}

// watchIdle looks again when the time would be up, counted from the last event.
func (n *Notifier) watchIdle(r *route) {
	var t *time.Timer
	look := func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		now := time.Now()
		left := r.Idle - now.Sub(n.moved)
		if left <= 0 {
			left = r.Idle
			if len(n.running) > 0 && len(n.asked) == 0 && !r.told {
				r.told = true
				step := ""
				for _, step = range n.running {
				}
				n.put(r, n.about.idle(step, n.moved, now))
			}
		}
		if !n.ended {
			t.Reset(left)
		}
	}
	t = time.AfterFunc(time.Hour, look)
	t.Reset(r.Idle)
	n.timers = append(n.timers, t)
}

func (n *Notifier) spread(m Message) {
	for _, r := range n.routes {
		if r.wants(m.Occasion) {
			n.put(r, m)
		}
	}
}

func (n *Notifier) put(r *route, m Message) {
	if n.ended {
		return
	}
	select {
	case r.queue <- m:
	default:
		r.dropped++
	}
}

// Close waits a moment for what is still being sent, and returns what could not be. Its errors name the rules.
func (n *Notifier) Close() []error {
	n.mu.Lock()
	n.ended = true
	for id := range n.asked {
		n.answered(id)
	}
	for _, t := range n.timers {
		t.Stop()
	}
	n.mu.Unlock()
	for _, r := range n.routes {
		close(r.queue)
	}
	done := make(chan struct{})
	go func() { n.busy.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(closing):
		n.cancel()
		<-done
	}
	n.cancel()
	for _, r := range n.routes {
		if r.dropped > 0 {
			n.errs = append(n.errs, fmt.Errorf("notify: %s: %d messages were dropped, the receiver was too slow", r.Name(), r.dropped))
		}
	}
	return n.errs
}
