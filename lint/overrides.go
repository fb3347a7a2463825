package lint

import (
	"fmt"
	"slices"

	"spraydeck/runbook"
)

var overrides = Rule{
	Name: "overrides",
	Doc:  "An override names one step of the runbook that this one extends.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		for _, s := range b.Overrides {
			switch {
			case b.Extends.Value == "":
				p.report(s.Pos, "overrides need a runbook to extend", "put these steps into the phases, or name the runbook under extends")
			case p.extended(b) != nil && len(anchors(s)) != 1:
				p.report(s.Pos, "an override needs one anchor", "one of before, after and replace")
			}
		}
	}},
}

var unknownStep = Rule{
	Name: "unknown-step",
	Doc:  "A step that is named must exist.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		own := texts(stepIDs(b))
		for _, n := range b.NoReturn {
			if !slices.Contains(own, n.Value) {
				p.report(n.Pos, fmt.Sprintf("there is no step %q", n.Value), runbook.DidYouMean(n.Value, own))
			}
		}
		other := p.extended(b)
		if other == nil {
			return
		}
		ids := texts(stepIDs(other))
		for _, s := range b.Overrides {
			if id := s.Place(); len(anchors(s)) == 1 && !slices.Contains(ids, id.Value) {
				p.report(id.Pos, fmt.Sprintf("runbook %q has no step %q", other.Name, id), runbook.DidYouMean(id.Value, ids))
			}
		}
	}},
}

// extended gives the runbook that b extends; nil if there is none, or b extends itself.
func (c *checker) extended(b *runbook.Runbook) *runbook.Runbook {
	if b.Extends.Value == "" || c.extendsItself(b) {
		return nil
	}
	return c.Base(b)
}

// anchors gives the steps that an override names; it should be one.
func anchors(s runbook.Override) []runbook.Str {
	return slices.DeleteFunc([]runbook.Str{s.Before, s.After, s.Replace}, func(key runbook.Str) bool { return key.Value == "" })
}
