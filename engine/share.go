package engine

import (
	"context"
	"strings"
	"sync"

	"spraydeck/event"
	"spraydeck/runbook"
)

// shared is what the probes of one step gave. Gates that follow one another without a question or a wait between them look
// at the same moment, so a probe that several of them have is run once, and its fact is made once.
type shared struct {
	mu      sync.Mutex
	results map[string]*flight[runbook.Result]
	facts   map[string]*flight[any]
}

// flight is a value that the first who asks for it gets, and the others wait for.
type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// anew forgets what probes gave: time has passed, or something was done.
func (s *shared) anew() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results, s.facts = nil, nil
}

// fly gives the value of a key, made once. What failed is made again.
func fly[K comparable, V any](mu *sync.Mutex, flights *map[K]*flight[V], key K, do func() (V, error)) (V, error) {
	mu.Lock()
	f := (*flights)[key]
	if f != nil {
		mu.Unlock()
		<-f.done
		return f.value, f.err
	}
	f = &flight[V]{done: make(chan struct{})}
	if *flights == nil {
		*flights = map[K]*flight[V]{}
	}
	(*flights)[key] = f
	mu.Unlock()
	f.value, f.err = do()
	if f.err != nil {
		mu.Lock()
		if (*flights)[key] == f {
			delete(*flights, key)
		}
		mu.Unlock()
	}
	close(f.done)
	return f.value, f.err
}

// probe runs one command of a probe, unless a gate just before did.
func (r *Run) probe(ctx context.Context, in *instance, c event.Command) (runbook.Result, error) {
	if in.shared == nil {
		return r.probeNow(ctx, in, c)
	}
	return fly(&in.shared.mu, &in.shared.results, c.Question(), func() (runbook.Result, error) { return r.probeNow(ctx, in, c) })
}

// learned gives the fact of a probe whose value rests on its commands alone, made once.
func (s *shared) learned(p runbook.Probe, cmds []event.Command, do func() (any, error)) (any, error) {
	one, ok := p.(interface{ Shared() string })
	if s == nil || !ok {
		return do()
	}
	var key strings.Builder
	key.WriteString(one.Shared())
	for _, c := range cmds {
		key.WriteString("\x00" + c.Question())
	}
	return fly(&s.mu, &s.facts, key.String(), do)
}

// factsOf gives the facts that a gate may use: those in scope without declaration, those around it and its own.
func (r *Run) factsOf(in *instance, own runbook.Named[runbook.Fact]) runbook.Named[runbook.Fact] {
	return runbook.MergeFacts(r.given, runbook.MergeFacts(in.facts, own))
}
