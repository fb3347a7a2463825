package runbook

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"spraydeck/event"
)

// Finding is what is known about one pitfall before anything is touched.
type Finding struct {
	Pitfall  string         `json:"pitfall"`
	Title    event.Text     `json:"title"`
	Severity string         `json:"severity"`
	Required event.Required `json:"required"`
	Verdict  event.Verdict  `json:"verdict"` // fail is a finding; unknown says why in the evidence
	Says     event.Text     `json:"says,omitzero"`
	Evidence []string       `json:"evidence,omitempty"`
	Why      event.Text     `json:"why,omitzero"`
	Remedies []event.Remedy `json:"remedies,omitempty"`
	Sources  []string       `json:"sources,omitempty"`
}

// Checkup looks for every pitfall of a runbook that can be seen beforehand. It only reads. Probes that several pitfalls
// share are run once. Pitfalls that do not apply here are left out.
func Checkup(ctx context.Context, book *Runbook, env Env) ([]Finding, error) {
	if env.Sink == nil {
		env.Sink = func(event.Event) error { return nil }
	}
	env.Exec = once(env.Exec)
	r := NewRun(book, env)
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	pitfalls := book.checkable()
	found := make([]*Finding, len(pitfalls))
	var wg sync.WaitGroup
	// probes wait for the network far more than they compute
	turns := make(chan struct{}, 16)
	for i, p := range pitfalls {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			found[i] = r.find(ctx, p)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var list []Finding
	for _, f := range found {
		if f != nil {
			list = append(list, *f)
		}
	}
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(a.rank(), b.rank()) })
	return list, nil
}

// rank puts findings first, the gravest on top, then what could not be told, then what is well.
func (f Finding) rank() int {
	switch f.Verdict {
	case event.Unknown:
		return 10
	case event.Pass:
		return 20
	}
	if f.Required == event.Advisory {
		return 5
	}
	return slices.Index([]string{"data", "outage", "blocks", "nuisance"}, f.Severity)
}

// checkable gives the pitfalls of a runbook that have something to see beforehand: those it watches for and those its
// gates name, each once.
func (b *Runbook) checkable() []*Pitfall {
	var list []*Pitfall
	add := func(id string) {
		if p := b.known[id]; p != nil && p.Before != nil && !b.spared(p) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, id := range b.InForce() {
		add(id)
	}
	b.eachStep(func(_ *Runbook, s *Step) {
		for _, g := range s.gates() {
			add(g.Pitfall.Value)
		}
	})
	return list
}

// gates gives all gates of a step, those of a check included.
func (s *Step) gates() []*Gate {
	lists := [][]Gate{s.Before, s.After}
	if p, ok := s.Action.(Prober); ok {
		lists = append(lists, p.Gates())
	}
	var gates []*Gate
	for _, list := range lists {
		for i := range list {
			gates = append(gates, &list[i])
		}
	}
	return gates
}

func (r *Run) find(ctx context.Context, p *Pitfall) *Finding {
	gate := r.book.filled(&Gate{Pitfall: p.Name}, 0)
	step := &Step{ID: p.Name, Title: p.Title}
	in := &instance{frame: r.frameOf(p), step: step, id: p.Name.Value, events: p.Name.Value}
	in.facts = in.frame.book.Facts
	in.scope = r.scopeOf(in)
	c, _, err := r.look(ctx, in, "before", gate)
	if err != nil || c == nil {
		return nil
	}
	f := &Finding{Pitfall: p.Name.Value, Title: c.Title, Severity: c.Severity, Required: c.Required, Verdict: c.Verdict,
		Says: c.Says, Evidence: c.Evidence, Why: p.Why.Text(in.scope), Remedies: remediesOf(p)}
	for _, s := range p.Sources {
		f.Sources = append(f.Sources, s.Value)
	}
	return f
}

// frameOf finds the inputs that a pitfall uses: those of the runbook, or of the one it includes that brings the pitfall in.
func (r *Run) frameOf(p *Pitfall) *frame {
	fits := func(b *Runbook) bool { return b.gives(p) }
	var search func(f *frame) *frame
	search = func(f *frame) *frame {
		if fits(f.book) {
			return f
		}
		for i := range f.book.Phases {
			for j := range f.book.Phases[i].Steps {
				s := &f.book.Phases[i].Steps[j]
				if s.included() == nil {
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

// once runs each command a single time and gives everybody its result.
func once(exec event.Exec) event.Exec {
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
	runs := map[[2]string]*run{}
	return func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
		k := [2]string{c.Host, c.Line}
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
