package lint

import (
	"fmt"
	"reflect"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// checkUndo requires an undo of steps that disrupt or destroy.
func (c *checker) checkUndo(s *runbook.Step) {
	danger := event.Danger(s.Danger.Value)
	if danger == "" && s.Kind != nil {
		danger = s.Kind.Danger
	}
	if (danger == event.Destroys || danger == event.Disrupts) && !s.Undo.Set() {
		c.add(placeOf(s), "no-undo", fmt.Sprintf("step %s %s and says no way back", s.ID, danger), "add undo, even if it says that there is none")
	}
}

// checkHosts: a step on nodes says which.
func (c *checker) checkHosts(s *runbook.Step, inLoop bool) {
	if s.Kind != nil && s.Kind.Nodes && !inLoop && !s.On.Hosts.Set() && s.On.Each == nil {
		c.add(placeOf(s), "no-hosts", fmt.Sprintf("step %s runs on nodes but names none", s.ID.Value), "add on: a group of the inventory")
	}
}

// checkArguments: what a kind of step wants of its arguments together.
func (c *checker) checkArguments(s *runbook.Step, inLoop bool) {
	if s.Action == nil {
		return
	}
	v := reflect.ValueOf(s.Action).Elem()
	for _, f := range runbook.FieldsOf(v.Type()) {
		if t, ok := v.FieldByIndex(f.Index).Interface().(runbook.Template); ok && f.Required && t.Pos.Line > 0 && strings.TrimSpace(t.Source) == "" {
			c.add(t.Pos, "arguments", fmt.Sprintf("step %s: %q is empty", s.ID.Value, f.Name), f.Doc)
		}
	}
	if p, ok := s.Action.(runbook.Particular); ok {
		if message, way := p.Wrong(inLoop || s.On.Hosts.Set() || s.On.Each != nil); message != "" {
			c.add(placeOf(s), "arguments", fmt.Sprintf("step %s: %s", s.ID.Value, message), way)
		}
	}
}

// checkReachable: a condition that no run can meet is a step that nobody will ever see.
func (c *checker) checkReachable(e runbook.Expr, vars runbook.Vars, what string) {
	if !e.Set() {
		return
	}
	prg, problems := runbook.Compile(e, vars)
	if problems != nil {
		return // told already
	}
	if out, _, err := prg.Eval(map[string]any{}); err == nil && out.Value() == false {
		c.add(e.Pos, "unreachable", what+" can never be done: its condition is always false", "")
	}
}

// checkRemedies: a remedy does something, and its id names it alone.
func (c *checker) checkRemedies(cures []runbook.Cure) {
	first := map[string]runbook.Pos{}
	for _, r := range cures {
		if len(r.Steps) == 0 && r.ID.Value != "" {
			c.add(r.ID.Pos, "no-remedy-steps", fmt.Sprintf("remedy %s has no steps", r.ID), "")
		}
		c.once(first, r.ID, "remedy")
		for i := range r.Steps {
			c.checkCures(&r.Steps[i])
		}
	}
}

// checkGateIDs: a gate's id names it alone among those of its step.
func (c *checker) checkGateIDs(s *runbook.Step) {
	first := map[string]runbook.Pos{}
	for _, g := range s.Gates() {
		id := g.ID
		if id.Value == "" {
			id = g.Pitfall // it is called by its pitfall
		}
		c.once(first, id, "gate")
	}
}

func (c *checker) once(first map[string]runbook.Pos, id runbook.Str, what string) {
	if id.Value == "" || strings.TrimSpace(id.Value) == "" {
		return
	}
	if at, ok := first[id.Value]; ok {
		c.add(id.Pos, "duplicate-id", fmt.Sprintf("a %s %q is there already", what, id), fmt.Sprintf("first on line %d", at.Line))
		return
	}
	first[id.Value] = id.Pos
}

// placeOf is where a step is spoken of: at its id, where it has one.
func placeOf(s *runbook.Step) runbook.Pos {
	if s.ID.Value != "" {
		return s.ID.Pos
	}
	return s.Pos
}
