package lint

import (
	"fmt"
	"slices"

	"spraydeck/runbook"
)

// checkCases: what a test gives is known, and it expects something.
func (c *checker) checkCases(cases []runbook.Case, inputs runbook.Named[runbook.Input], facts []string, p *runbook.Pitfall) {
	var inputNames []string
	for _, e := range inputs {
		inputNames = append(inputNames, e.Name)
	}
	first := map[string]runbook.Pos{}
	for _, t := range cases {
		if at, ok := first[t.Name.Value]; ok {
			c.add(t.Name.Pos, "duplicate-name", fmt.Sprintf("a test %q is there already", t.Name), fmt.Sprintf("first on line %d", at.Line))
		}
		first[t.Name.Value] = t.Name.Pos
		if t.Verdict.Value == "" && t.Says.Value == "" && !t.Evidence.Set && !t.Symptoms.Set && !t.Lines.Set {
			c.add(t.Pos, "test-empty", fmt.Sprintf("test %q expects nothing", t.Name), "give it a verdict, symptoms or lines")
		}
		if t.Symptoms.Set != (t.Log.Value != "") {
			c.add(t.Pos, "test-log", "log and symptoms go together", "")
		}
		for _, e := range t.Inputs {
			in, ok := inputs.Get(e.Name)
			if !ok {
				c.add(e.Pos, "test-given", fmt.Sprintf("there is no input %q", e.Name), runbook.DidYouMean(e.Name, inputNames))
			} else if _, err := in.Convert(e.Name, e.Value.Value); err != nil {
				c.add(e.Value.Pos, "test-given", err.Error(), "")
			}
		}
		for _, e := range t.Facts {
			if !slices.Contains(facts, e.Name) {
				c.add(e.Pos, "test-given", fmt.Sprintf("there is no fact %q", e.Name), runbook.DidYouMean(e.Name, facts))
			}
		}
		gate := t.Verdict.Value != "" || t.Says.Value != "" || t.Evidence.Set
		switch {
		case p != nil:
			c.checkPitfallCase(t, p, gate)
		case gate && t.Gate.Value == "":
			c.add(t.Pos, "test-gate", "a verdict is that of a gate", "name the step and the gate")
		case (gate || t.Lines.Set) && t.Step.Value == "":
			c.add(t.Pos, "test-step", "the test names no step", "step: as it stands in the plan")
		}
	}
}

func (c *checker) checkPitfallCase(t runbook.Case, p *runbook.Pitfall, gate bool) {
	if gate && p.Before == nil {
		c.add(t.Pos, "test-gate", "the pitfall has no `before`, so there is no verdict", "")
	}
	for _, s := range []struct {
		name string
		at   runbook.Str
	}{{"step", t.Step}, {"gate", t.Gate}} {
		if s.at.Value != "" {
			c.add(s.at.Pos, "test-step", fmt.Sprintf("%q is for the tests of runbooks", s.name), "")
		}
	}
	var ids []string
	for _, s := range p.Symptoms {
		ids = append(ids, s.ID.Value)
	}
	for _, s := range t.Symptoms.Texts {
		if !slices.Contains(ids, s.Value) {
			c.add(s.Pos, "test-symptom", fmt.Sprintf("there is no symptom %q", s), runbook.DidYouMean(s.Value, ids))
		}
	}
}

func factsOfPitfall(p *runbook.Pitfall) []string {
	var names []string
	if p.Before != nil {
		for _, f := range p.Before.Facts {
			names = append(names, f.Name)
		}
	}
	return names
}

// factsOfRunbook gives the names of all facts that a runbook's steps and gates may use.
func factsOfRunbook(b *runbook.Runbook) []string {
	var names []string
	add := func(facts runbook.Named[runbook.Fact]) {
		for _, f := range facts {
			names = append(names, f.Name)
		}
	}
	b.EachStep(func(in *runbook.Runbook, s *runbook.Step) {
		add(in.Facts)
		add(s.Facts)
		for i, g := range s.Gates() {
			add(in.FillGate(g, i).Facts)
		}
	})
	return names
}
