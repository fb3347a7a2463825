package runbook

import "slices"

// UnnamedPitfalls makes a gate of every pitfall in force that can be seen beforehand and that no gate of the runbook names.
func (b *Runbook) UnnamedPitfalls() []Gate {
	var named []string
	b.EachStep(func(_ *Runbook, s *Step) {
		for _, g := range s.Gates() {
			named = append(named, g.Pitfall.Value)
		}
	})
	var gates []Gate
	for _, id := range b.InForce() {
		p := b.known[id]
		if p == nil || p.Before == nil || p.Before.GateOnly.Value || slices.Contains(named, id) {
			continue
		}
		gates = append(gates, Gate{Pitfall: p.Name})
	}
	return gates
}

// HasInputsOf says whether the runbook has every input that a pitfall uses.
func (b *Runbook) HasInputsOf(p *Pitfall) bool {
	return !slices.ContainsFunc(p.Inputs, func(e Entry[Input]) bool { _, ok := b.Inputs.Get(e.Name); return !ok })
}

// AroundPitfall gives a runbook of one check, so that a pitfall can be looked for as in any run.
func AroundPitfall(p *Pitfall) *Runbook {
	b := &Runbook{Header: p.Header, Inputs: p.Inputs, Source: p.Source, known: map[string]*Pitfall{p.Name.Value: p}}
	b.Inventory, _ = NewTemplate("the inventory")
	return b
}

// Checkable gives the pitfalls of a runbook that have something to see beforehand: those it watches for and those its
// gates name, each once.
func (b *Runbook) Checkable() []*Pitfall {
	var list []*Pitfall
	add := func(id string) {
		if p := b.known[id]; p != nil && p.Before != nil && !p.Before.GateOnly.Value && !b.Excludes(p) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, id := range b.InForce() {
		add(id)
	}
	b.EachStep(func(_ *Runbook, s *Step) {
		for _, g := range s.Gates() {
			add(g.Pitfall.Value)
		}
	})
	return list
}

// Pitfall returns a pitfall by its id, nil for an unknown one.
func (b *Runbook) Pitfall(id string) *Pitfall { return b.known[id] }

// WithLanguage returns a copy of the runbook for another language value, such as that of a test.
func (b *Runbook) WithLanguage(lang *Language) *Runbook {
	c := *b
	c.lang = lang
	return &c
}

// Language returns the language the runbook was parsed with, nil for one made in code.
func (b *Runbook) Language() *Language { return b.lang }
