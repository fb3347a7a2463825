package lint

import (
	"fmt"
	"slices"

	"spraydeck/runbook"
)

// checkLike: the runbook that another is like exists and is not like it in turn, and special steps have a place.
func (c *checker) checkLike(b *runbook.Runbook) {
	if b.Like.Value == "" {
		if len(b.Phases) == 0 {
			c.add(b.Name.Pos, "missing-key", `"phases" is missing`, "the steps, in groups; or like, the runbook that this one takes them from")
		}
		for _, s := range b.Special {
			c.add(s.Pos, "like", "there is no runbook that this one is like, so its steps are all its own", "put these into the phases")
		}
		return
	}
	other := c.Base(b)
	if other == nil {
		c.unknownRunbook(&runbook.Include{Name: b.Like})
		return
	}
	for at, seen := other, map[*runbook.Runbook]bool{}; at != nil && !seen[at]; at = c.Base(at) {
		if seen[at] = true; at == b {
			c.add(b.Like.Pos, "include-cycle", fmt.Sprintf("runbook %q is like itself", b.Name), "")
			return
		}
		if at.Like.Value == "" {
			break
		}
	}
	var ids []string
	for _, ph := range other.Phases {
		for _, s := range ph.Steps {
			ids = append(ids, s.ID.Value)
		}
	}
	for _, s := range b.Special {
		id, places := s.Place(), 0
		for _, key := range []runbook.Str{s.Before, s.After, s.Instead} {
			if key.Value != "" {
				places++
			}
		}
		switch {
		case places != 1:
			c.add(s.Pos, "like", "special steps stand in one place", "one of before, after and instead")
		case !slices.Contains(ids, id.Value):
			c.add(id.Pos, "unknown-step", fmt.Sprintf("runbook %q has no step %q", other.Name, id), runbook.DidYouMean(id.Value, ids))
		}
	}
}
