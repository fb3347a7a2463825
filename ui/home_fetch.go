package ui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/runbook"
)

// How long a lookup may take.
const (
	lookTime    = 15 * time.Second
	checkupTime = 5 * time.Minute
	lingerTime  = 2 * time.Second // how long leaving waits for lookups that were cancelled
)

// fetcher are lookups under way: cancelled together, and waited for.
type fetcher struct {
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

func newFetcher(ctx context.Context) *fetcher {
	ctx, cancel := context.WithCancel(ctx)
	return &fetcher{ctx: ctx, cancel: cancel}
}

// begin reports whether another fetch may start.
func (e *fetcher) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.work.Add(1)
	}
	return !e.closed
}

// end cancels what is under way. One that does not heed its context, such as a file system that hangs, is left behind.
func (e *fetcher) end() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel()
	done := make(chan struct{})
	go func() { defer close(done); e.work.Wait() }()
	select {
	case <-done:
	case <-time.After(lingerTime):
	}
}

// lookup is something that is looked for: not yet, under way, or known.
type lookup[T any] struct {
	round int // answers of earlier rounds are dropped
	busy  bool
	known bool
	value T
	err   error
	began time.Time
	took  time.Duration
	stop  context.CancelFunc
}

// found is the answer of a lookup. Of is the runbook it belongs to, if it belongs to one.
type found[T any] struct {
	of    string
	round int
	value T
	err   error
}

// start begins a new round; the one before is cancelled. What is known stays until the answer comes.
func (l *lookup[T]) start(e *fetcher, limit time.Duration, now time.Time, of string, f func(context.Context) (T, error)) tea.Cmd {
	if f == nil {
		return nil
	}
	if l.stop != nil {
		l.stop()
	}
	ctx, cancel := context.WithCancel(e.ctx)
	l.round, l.busy, l.began, l.stop = l.round+1, true, now, cancel
	round := l.round
	return func() tea.Msg {
		if !e.begin() {
			return nil
		}
		defer e.work.Done()
		ctx, end := context.WithTimeout(ctx, limit)
		defer end()
		value, err := f(ctx)
		return found[T]{of, round, value, err}
	}
}

// take keeps an answer, and reports whether it belonged to this round.
func (l *lookup[T]) take(m found[T], now time.Time) bool {
	if m.round != l.round || !l.busy {
		return false
	}
	l.stop()
	l.busy, l.known, l.value, l.err, l.took = false, true, m.value, m.err, now.Sub(l.began)
	return true
}

// homeFacts is all that Home knows.
type homeFacts struct {
	checkout lookup[HomeCheckout]
	cluster  lookup[HomeCluster]
	next     lookup[HomeNext]
	books    lookup[[]HomeRunbook]
	runs     lookup[[]HomeSaved]
	findings map[string]*lookup[[]runbook.Finding] // by runbook
}

// of returns the checkup of a runbook.
func (f *homeFacts) of(book string) *lookup[[]runbook.Finding] {
	if f.findings[book] == nil {
		f.findings[book] = &lookup[[]runbook.Finding]{}
	}
	return f.findings[book]
}

// fitting is the runbook that leads on from here, "" for none.
func (f *homeFacts) fitting() string {
	if len(f.next.value.Fits) == 0 || f.next.err != nil {
		return ""
	}
	return f.next.value.Fits[0]
}

// busy reports whether anything is under way whose time is shown.
func (f *homeFacts) busy() bool {
	for _, l := range f.findings {
		if l.busy {
			return true
		}
	}
	return false
}
