package lint

import (
	"fmt"
	"slices"

	"spraydeck/runbook"
)

// checkExtends reports a missing base runbook, a cycle, and overrides without an anchor.
func (c *checker) checkExtends(b *runbook.Runbook) {
	if b.Extends.Value == "" {
		if len(b.Phases) == 0 {
			c.add(b.Name.Pos, "missing-key", `"phases" is missing`, "the steps, in groups; or extends, the runbook to take them from")
		}
		for _, s := range b.Overrides {
			c.add(s.Pos, "overrides", "overrides need a runbook to extend", "put these steps into the phases, or name the runbook under extends")
		}
		return
	}
	other := c.Base(b)
	if other == nil {
		c.unknownRunbook(&runbook.Include{Name: b.Extends})
		return
	}
	for at, seen := other, map[*runbook.Runbook]bool{}; at != nil && !seen[at]; at = c.Base(at) {
		if seen[at] = true; at == b {
			c.add(b.Extends.Pos, "include-cycle", fmt.Sprintf("runbook %q extends itself", b.Name), "")
			return
		}
		if at.Extends.Value == "" {
			break
		}
	}
	var ids []string
	for _, ph := range other.Phases {
		for _, s := range ph.Steps {
			ids = append(ids, s.ID.Value)
		}
	}
	for _, s := range b.Overrides {
		id, places := s.Place(), 0
		for _, key := range []runbook.Str{s.Before, s.After, s.Replace} {
			if key.Value != "" {
				places++
			}
		}
		switch {
		case places != 1:
			c.add(s.Pos, "overrides", "an override needs one anchor", "one of before, after and replace")
		case !slices.Contains(ids, id.Value):
			c.add(id.Pos, "unknown-step", fmt.Sprintf("runbook %q has no step %q", other.Name, id), runbook.DidYouMean(id.Value, ids))
		}
	}
}
