package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Checkup looks for every pitfall of a runbook that can be seen beforehand. It only reads. Probes that several pitfalls
// share are run once. Pitfalls that do not apply here are skipped. Without an inventory those are checked that need none.
func Checkup(ctx context.Context, book *runbook.Runbook, env Env) ([]runbook.Finding, error) {
	if env.Sink == nil {
		env.Sink = func(event.Event) error { return nil }
	}
	r := NewRun(book, env)
	if err := r.started(ctx); err != nil {
		return nil, err
	}
	if r.noInventory = r.inventory(ctx); r.noInventory != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	pitfalls := book.Checkable()
	look := &shared{once: true} // all pitfalls look at one moment
	found := make([]*runbook.Finding, len(pitfalls))
	var wg sync.WaitGroup
	// probes wait for the network far more than they compute
	turns := make(chan struct{}, 16)
	for i, p := range pitfalls {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			found[i] = r.find(ctx, p, look)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var list []runbook.Finding
	for _, f := range found {
		if f != nil {
			list = append(list, *f)
		}
	}
	slices.SortStableFunc(list, func(a, b runbook.Finding) int { return cmp.Compare(a.Rank(), b.Rank()) })
	return list, nil
}

func (r *Run) find(ctx context.Context, p *runbook.Pitfall, look *shared) *runbook.Finding {
	gate := r.book.FillGate(&runbook.Gate{Pitfall: p.Name}, 0)
	step := &runbook.Step{ID: p.Name, Title: p.Title}
	in := &instance{frame: r.frameOf(p), step: step, id: p.Name.Value, events: p.Name.Value, shared: look}
	in.facts = in.frame.book.Facts
	in.scope = r.scopeOf(in)
	c, _, err := r.look(ctx, in, "before", gate)
	if err != nil || c == nil {
		return nil
	}
	f := &runbook.Finding{Pitfall: p.Name.Value, Title: c.Title, Severity: c.Severity, Required: c.Required, Verdict: c.Verdict,
		Says: c.Says, Evidence: c.Evidence, Cause: in.cause, Why: p.Why.Text(in.scope), Remedies: runbook.RemediesOf(p)}
	for _, s := range p.Sources {
		f.Sources = append(f.Sources, s.Value)
	}
	return f
}

// frameOf finds the inputs that a pitfall uses: those of the runbook, or of the one it includes that brings the pitfall in.
func (r *Run) frameOf(p *runbook.Pitfall) *frame {
	fits := func(b *runbook.Runbook) bool { return b.HasInputsOf(p) }
	var search func(f *frame) *frame
	search = func(f *frame) *frame {
		if fits(f.book) {
			return f
		}
		for i := range f.book.Phases {
			for j := range f.book.Phases[i].Steps {
				s := &f.book.Phases[i].Steps[j]
				if s.Included() == nil {
					continue
				}
				inner, err := r.enter(&instance{frame: f, step: s, id: s.ID.Value})
				if err != nil {
					continue
				}
				if found := search(inner); found != nil {
					return found
				}
			}
		}
		return nil
	}
	if f := search(r.root); f != nil {
		return f
	}
	return r.root
}

// Once runs each command a single time and gives everybody its result.
func Once(exec event.Exec) event.Exec {
	type piece struct {
		stream string
		p      []byte
	}
	type run struct {
		done   chan struct{}
		pieces []piece
		exit   int
		err    error
	}
	var mu sync.Mutex
	runs := map[string]*run{}
	return func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
		k := c.Question()
		mu.Lock()
		r, known := runs[k]
		if !known {
			r = &run{done: make(chan struct{})}
			runs[k] = r
		}
		mu.Unlock()
		if !known {
			r.exit, r.err = exec(ctx, c, func(stream string, p []byte) { r.pieces = append(r.pieces, piece{stream, append([]byte(nil), p...)}) })
			close(r.done)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return -1, ctx.Err()
		}
		for _, p := range r.pieces {
			out(p.stream, p.p)
		}
		return r.exit, r.err
	}
}
