package engine

import (
	"context"
	"sync"

	"spraydeck/event"
	"spraydeck/runbook"
)

// shared is what the probes of one step gave. Gates that follow one another without a question or a wait between them look
// at the same moment, so a probe that several of them have is run once.
type shared struct {
	mu      sync.Mutex
	results map[[2]string]runbook.Result
}

// anew forgets what probes gave: time has passed, or something was done.
func (s *shared) anew() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = nil
}

func (s *shared) get(c event.Command) (runbook.Result, bool) {
	if s == nil {
		return runbook.Result{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.results[[2]string{c.Host, c.Line}]
	return r, ok
}

func (s *shared) put(c event.Command, r runbook.Result) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.results == nil {
		s.results = map[[2]string]runbook.Result{}
	}
	s.results[[2]string{c.Host, c.Line}] = r
}

// probe runs one command of a probe, unless a gate just before did.
func (r *Run) probe(ctx context.Context, in *instance, c event.Command) (runbook.Result, error) {
	if res, ok := in.shared.get(c); ok {
		return res, nil
	}
	res, err := r.probeNow(ctx, in, c)
	if err == nil {
		in.shared.put(c, res)
	}
	return res, err
}
