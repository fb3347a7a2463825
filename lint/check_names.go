package lint

import (
	"fmt"
	"regexp"

	"github.com/Masterminds/semver/v3"

	"spraydeck/runbook"
)

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	callForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// checkDuplicates: a name stands for one file.
func (c *checker) checkDuplicates() {
	for _, d := range c.Duplicates {
		c.add(d.Name.Pos, "duplicate-name", fmt.Sprintf("%s %q is there already", d.What, d.Name.Value), "first at "+d.First.String())
	}
}

// checkIDs: the ids of steps are well formed and stand once, and noReturn names one.
func (c *checker) checkIDs(b *runbook.Runbook) {
	if !callForm.MatchString(b.Name.Value) && b.Name.Value != "" {
		c.add(b.Name.Pos, "name", fmt.Sprintf("%q is no name to call a runbook by", b.Name.Value), "letters, digits, dots, dashes and underscores, beginning with a letter or a digit")
	}
	if _, err := semver.NewVersion(b.Version.Value); err != nil && b.Version.Value != "" {
		c.add(b.Version.Pos, "value", fmt.Sprintf("%q is no version", b.Version.Value), "write it as 1.0.0")
	}
	first := map[string]runbook.Pos{}
	var ids []string
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			id := s.ID
			if id.Value == "" {
				continue
			}
			if !idForm.MatchString(id.Value) {
				c.add(id.Pos, "step-id", fmt.Sprintf("%q is no id", id.Value), "lower case letters, digits and dashes, beginning with a letter")
			}
			if at, ok := first[id.Value]; ok {
				c.add(id.Pos, "duplicate-id", fmt.Sprintf("a step %q is there already", id.Value), fmt.Sprintf("first on line %d", at.Line))
				continue
			}
			first[id.Value] = id.Pos
			ids = append(ids, id.Value)
		}
	}
	for _, n := range b.NoReturn {
		if _, ok := first[n.Value]; !ok {
			c.add(n.Pos, "unknown-step", fmt.Sprintf("there is no step %q", n.Value), runbook.DidYouMean(n.Value, ids))
		}
	}
}

// checkPitfallNames: every pitfall that is named exists, and has what it is named for.
func (c *checker) checkPitfallNames(b *runbook.Runbook) {
	var ids []string
	for id := range c.Pitfalls {
		ids = append(ids, id)
	}
	named := func(s runbook.Str) *runbook.Pitfall {
		p := c.Pitfalls[s.Value]
		if p == nil && s.Value != "" {
			c.add(s.Pos, "unknown-pitfall", fmt.Sprintf("there is no pitfall %q", s.Value), runbook.DidYouMean(s.Value, ids))
		}
		return p
	}
	for _, id := range b.Pitfalls {
		named(id)
	}
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			for _, g := range s.Gates() {
				p := named(g.Pitfall)
				if p == nil {
					continue
				}
				if p.Before == nil {
					c.add(g.Pitfall.Pos, "pitfall-unchecked", fmt.Sprintf("pitfall %q has no `before`, so nothing can be checked", g.Pitfall.Value), "list it under pitfalls, to be watched for")
				}
				for _, in := range p.Inputs {
					if _, ok := b.Inputs.Get(in.Name); !ok {
						c.add(g.Pitfall.Pos, "pitfall-input", fmt.Sprintf("pitfall %q uses the input %q, which this runbook does not have", g.Pitfall.Value, in.Name), "add the input to the runbook")
					}
				}
			}
		}
	}
}
