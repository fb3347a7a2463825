package runbook

// EachStep calls f for every step of a runbook, those of its remedies and those of the runbooks it includes.
func (b *Runbook) EachStep(f func(*Runbook, *Step)) {
	seen := map[*Runbook]bool{}
	var walk func(*Runbook)
	walk = func(b *Runbook) {
		if seen[b] {
			return
		}
		seen[b] = true
		b.EachOwn(func(s *Step) {
			f(b, s)
			if inc := s.Included(); inc != nil && inc.book != nil {
				walk(inc.book)
			}
		})
	}
	walk(b)
}

// EachOwn calls f for every step that is written in a runbook, those of remedies too.
func (b *Runbook) EachOwn(f func(*Step)) {
	for i := range b.Phases {
		eachStepOf(b.Phases[i].Steps, f)
	}
}

func eachStepOf(list []Step, f func(*Step)) {
	cures := func(cs []Cure) {
		for i := range cs {
			eachStepOf(cs[i].Steps, f)
		}
	}
	for i := range list {
		f(&list[i])
		cures(list[i].Remedies)
		for _, g := range list[i].Gates() {
			cures(g.Remedies)
		}
	}
}

// Gates gives all gates of a step, those of a check included.
func (s *Step) Gates() []*Gate {
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
