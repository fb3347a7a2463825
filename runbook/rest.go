package runbook

import "slices"

// rest makes a gate of every pitfall in force that can be seen beforehand and that no gate of the runbook names.
func (b *Runbook) rest() []Gate {
	var named []string
	b.eachStep(func(_ *Runbook, s *Step) {
		for _, g := range s.gates() {
			named = append(named, g.Pitfall.Value)
		}
	})
	var gates []Gate
	for _, id := range b.InForce() {
		p := b.known[id]
		if p == nil || p.Before == nil || slices.Contains(named, id) {
			continue
		}
		gates = append(gates, Gate{Pitfall: p.Name})
	}
	return gates
}

// gives says whether the runbook has every input that a pitfall uses.
func (b *Runbook) gives(p *Pitfall) bool {
	return !slices.ContainsFunc(p.Inputs, func(e Entry[Input]) bool { _, ok := b.Inputs.Get(e.Name); return !ok })
}
