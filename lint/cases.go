package lint

import (
	"fmt"
	"slices"

	"spraydeck/runbook"
)

// testCase is a test of a runbook or a pitfall.
type testCase struct {
	runbook.Case
	all     []runbook.Case // of the file
	inputs  runbook.Named[runbook.Input]
	facts   []string
	pitfall *runbook.Pitfall // nil: it is a runbook's
}

// ofGate says whether the test expects something of a gate.
func (t testCase) ofGate() bool { return t.Verdict.Value != "" || t.Says.Value != "" || t.Evidence.Set }

func (c *checker) cases(all []runbook.Case, inputs runbook.Named[runbook.Input], facts []string, p *runbook.Pitfall) {
	for _, t := range all {
		visit(c, func(k *check) func(pass, testCase) { return k.testCase }, testCase{t, all, inputs, facts, p})
	}
}

var testEmpty = Rule{
	Name: "test-empty",
	Doc:  "A test expects something.",
	check: check{testCase: func(p pass, t testCase) {
		if !t.ofGate() && !t.Symptoms.Set && !t.Lines.Set {
			p.report(t.Pos, fmt.Sprintf("test %q expects nothing", t.Name), "give it a verdict, symptoms or lines")
		}
	}},
}

var testLog = Rule{
	Name: "test-log",
	Doc:  "A log and the symptoms expected in it go together.",
	check: check{testCase: func(p pass, t testCase) {
		if t.Symptoms.Set != (t.Log.Value != "") {
			p.report(t.Pos, "log and symptoms go together", "")
		}
	}},
}

var testGiven = Rule{
	Name: "test-given",
	Doc:  "A test gives only what is there to be given.",
	check: check{testCase: func(p pass, t testCase) {
		var inputs []string
		for _, e := range t.inputs {
			inputs = append(inputs, e.Name)
		}
		for _, e := range t.Inputs {
			in, ok := t.inputs.Get(e.Name)
			if !ok {
				p.report(e.Pos, fmt.Sprintf("there is no input %q", e.Name), runbook.DidYouMean(e.Name, inputs))
			} else if _, err := in.Convert(e.Name, e.Value.Value); err != nil {
				p.report(e.Value.Pos, err.Error(), "")
			}
		}
		for _, e := range t.Facts {
			if !slices.Contains(t.facts, e.Name) && !slices.Contains(runbook.GivenNames, e.Name) {
				p.report(e.Pos, fmt.Sprintf("there is no fact %q", e.Name), runbook.DidYouMean(e.Name, t.facts))
			}
		}
	}},
}

var testGate = Rule{
	Name: "test-gate",
	Doc:  "A verdict is that of a gate.",
	check: check{testCase: func(p pass, t testCase) {
		switch {
		case !t.ofGate():
		case t.pitfall == nil && t.Gate.Value == "":
			p.report(t.Pos, "a verdict is that of a gate", "name the step and the gate")
		case t.pitfall != nil && t.pitfall.Before == nil:
			p.report(t.Pos, "the pitfall has no `before`, so there is no verdict", "")
		}
	}},
}

var testStep = Rule{
	Name: "test-step",
	Doc:  "The test of a runbook names the step that is meant, that of a pitfall none.",
	check: check{testCase: func(p pass, t testCase) {
		if t.pitfall == nil {
			gateMissing := t.ofGate() && t.Gate.Value == "" // reported as test-gate
			if (t.ofGate() || t.Lines.Set) && t.Step.Value == "" && !gateMissing {
				p.report(t.Pos, "the test names no step", "step: as it stands in the plan")
			}
			return
		}
		for _, s := range []struct {
			name string
			at   runbook.Str
		}{{"step", t.Step}, {"gate", t.Gate}} {
			if s.at.Value != "" {
				p.report(s.at.Pos, fmt.Sprintf("%q is for the tests of runbooks", s.name), "")
			}
		}
	}},
}

var testSymptom = Rule{
	Name: "test-symptom",
	Doc:  "A test expects symptoms that the pitfall has.",
	check: check{testCase: func(p pass, t testCase) {
		if t.pitfall == nil {
			return
		}
		var ids []string
		for _, s := range t.pitfall.Symptoms {
			ids = append(ids, s.ID.Value)
		}
		for _, s := range t.Symptoms.Texts {
			if !slices.Contains(ids, s.Value) {
				p.report(s.Pos, fmt.Sprintf("there is no symptom %q", s), runbook.DidYouMean(s.Value, ids))
			}
		}
	}},
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
