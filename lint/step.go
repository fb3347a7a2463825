package lint

import (
	"fmt"
	"reflect"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

var noUndo = Rule{
	Name: "no-undo",
	Doc:  "A step that disrupts or destroys says how to undo it, even if it cannot be undone.",
	check: check{step: func(p pass, s step) {
		if d := dangerOf(s.Step); (d == event.Destroys || d == event.Disrupts) && !s.Undo.Set() {
			p.report(placeOf(s.Step), fmt.Sprintf("step %s %s and says no way back", s.ID, d), "add undo, even if it says that there is none")
		}
	}},
}

var noHosts = Rule{
	Name: "no-hosts",
	Doc:  "A step on nodes says on which.",
	check: check{step: func(p pass, s step) {
		if s.Kind != nil && s.Kind.Nodes && !s.looped && !s.On.Hosts.Set() && s.On.Each == nil {
			p.report(placeOf(s.Step), fmt.Sprintf("step %s runs on nodes but names none", s.ID.Value), "add on: a group of the inventory")
		}
	}},
}

var arguments = Rule{
	Name:  "arguments",
	Doc:   "The arguments of a step fit each other.",
	check: check{step: checkArguments},
}

// checkArguments: what is required is not empty, and a kind of step says what else it wants of its arguments together.
func checkArguments(p pass, s step) {
	if s.Action == nil {
		return
	}
	v := reflect.ValueOf(s.Action).Elem()
	for _, f := range runbook.FieldsOf(v.Type()) {
		if t, ok := v.FieldByIndex(f.Index).Interface().(runbook.Template); ok && f.Required && t.Pos.Line > 0 && strings.TrimSpace(t.Source) == "" {
			p.report(t.Pos, fmt.Sprintf("step %s: %q is empty", s.ID.Value, f.Name), f.Doc)
		}
	}
	if a, ok := s.Action.(runbook.Particular); ok {
		if message, way := a.Wrong(s.looped || s.On.Hosts.Set() || s.On.Each != nil); message != "" {
			p.report(placeOf(s.Step), fmt.Sprintf("step %s: %s", s.ID.Value, message), way)
		}
	}
}

var unreachable = Rule{
	Name: "unreachable",
	Doc:  "A step that can never run is a mistake.",
	check: check{
		phase: func(p pass, ph phase) { checkReachable(p, ph.When, ph.vars, "the phase") },
		step:  func(p pass, s step) { checkReachable(p, s.When, s.vars, "step "+s.ID.Value) },
	},
}

func checkReachable(p pass, e runbook.Expr, vars runbook.Vars, what string) {
	if !e.Set() {
		return
	}
	prg, problems := runbook.Compile(e, vars)
	if problems != nil {
		return // reported already
	}
	if out, _, err := prg.Eval(map[string]any{}); err == nil && out.Value() == false {
		p.report(e.Pos, what+" can never be done: its condition is always false", "")
	}
}

var noRemedySteps = Rule{
	Name: "no-remedy-steps",
	Doc:  "A remedy does something.",
	check: check{remedies: func(p pass, cures []runbook.Cure) {
		for _, r := range cures {
			if len(r.Steps) == 0 && r.ID.Value != "" {
				p.report(r.ID.Pos, fmt.Sprintf("remedy %s has no steps", r.ID), "")
			}
		}
	}},
}

// placeOf is where a step is spoken of: at its id, where it has one.
func placeOf(s *runbook.Step) runbook.Pos {
	if s.ID.Value != "" {
		return s.ID.Pos
	}
	return s.Pos
}
