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
	once bool // what failed is not tried again

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

// fly gives the value of a key, made once. What failed is made again, unless all is looked at once.
func fly[V any](s *shared, flights *map[string]*flight[V], key string, do func() (V, error)) (V, error) {
	s.mu.Lock()
	f := (*flights)[key]
	if f != nil {
		s.mu.Unlock()
		<-f.done
		return f.value, f.err
	}
	f = &flight[V]{done: make(chan struct{})}
	if *flights == nil {
		*flights = map[string]*flight[V]{}
	}
	(*flights)[key] = f
	s.mu.Unlock()
	f.value, f.err = do()
	if f.err != nil && !s.once {
		s.mu.Lock()
		if (*flights)[key] == f {
			delete(*flights, key)
		}
		s.mu.Unlock()
	}
	close(f.done)
	return f.value, f.err
}

// probe runs one command of a probe, unless a gate just before did.
func (r *Run) probe(ctx context.Context, in *instance, c event.Command) (runbook.Result, error) {
	if in.shared == nil {
		return r.probeNow(ctx, in, c)
	}
	return fly(in.shared, &in.shared.results, c.Question(), func() (runbook.Result, error) { return r.probeNow(ctx, in, c) })
}

// factKey names the fact of a probe whose value rests on its commands alone; "" for any other.
func factKey(p runbook.Probe, cmds []event.Command) string {
	one, ok := p.(interface{ Shared() string })
	if !ok {
		return ""
	}
	var key strings.Builder
	key.WriteString(one.Shared())
	for _, c := range cmds {
		key.WriteString("\x00" + c.Question())
	}
	return key.String()
}

// factsOf gives the facts that a gate may use: those in scope without declaration, those around it and its own.
func (r *Run) factsOf(in *instance, own runbook.Named[runbook.Fact]) runbook.Named[runbook.Fact] {
	return runbook.MergeFacts(r.given, runbook.MergeFacts(in.facts, own))
}
