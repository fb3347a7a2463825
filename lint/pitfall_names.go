package lint

import (
	"fmt"
	"maps"
	"slices"

	"spraydeck/runbook"
)

var unknownPitfall = Rule{
	Name: "unknown-pitfall",
	Doc:  "A pitfall that is named must exist.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		known := slices.Collect(maps.Keys(p.Pitfalls))
		look := func(name runbook.Str) {
			if p.Pitfalls[name.Value] == nil && name.Value != "" {
				p.report(name.Pos, fmt.Sprintf("there is no pitfall %q", name.Value), runbook.DidYouMean(name.Value, known))
			}
		}
		for _, id := range b.Pitfalls {
			look(id)
		}
		for g := range gatesOf(b) {
			look(g.Pitfall)
		}
	}},
}

var pitfallUnchecked = Rule{
	Name: "pitfall-unchecked",
	Doc:  "A gate can only rest on a pitfall that says how it shows beforehand.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		for g := range gatesOf(b) {
			if q := p.Pitfalls[g.Pitfall.Value]; q != nil && q.Before == nil {
				p.report(g.Pitfall.Pos, fmt.Sprintf("pitfall %q has no `before`, so nothing can be checked", g.Pitfall.Value), "list it under pitfalls, to be watched for")
			}
		}
	}},
}

var pitfallInput = Rule{
	Name: "pitfall-input",
	Doc:  "A runbook has the inputs that its pitfalls use.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		for g := range gatesOf(b) {
			q := p.Pitfalls[g.Pitfall.Value]
			if q == nil {
				continue
			}
			for _, in := range q.Inputs {
				if _, ok := b.Inputs.Get(in.Name); !ok {
					p.report(g.Pitfall.Pos, fmt.Sprintf("pitfall %q uses the input %q, which this runbook does not have", g.Pitfall.Value, in.Name), "add the input to the runbook")
				}
			}
		}
	}},
}

// gatesOf gives the gates of the steps of a runbook's phases.
func gatesOf(b *runbook.Runbook) func(yield func(*runbook.Gate) bool) {
	return func(yield func(*runbook.Gate) bool) {
		for _, ph := range b.Phases {
			for _, s := range ph.Steps {
				for _, g := range s.Gates() {
					if !yield(g) {
						return
					}
				}
			}
		}
	}
}
