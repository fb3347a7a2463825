package lint

import (
	"fmt"

	"spraydeck/runbook"
)

// checkTemporary: a temporary step says how it is undone, and what undoes names an earlier temporary step.
func (c *checker) checkTemporary(b *runbook.Runbook) {
	temporary, all := map[string]bool{}, []string{}
	b.EachOwn(func(s *runbook.Step) {
		if s.Temporary.Value && !s.Undo.Set() {
			c.add(s.Temporary.Pos, "undoes", fmt.Sprintf("step %s is temporary and does not say how it is undone", s.ID), "add undo: it is shown when it is due")
		}
		for _, id := range s.Undoes {
			if !temporary[id.Value] {
				c.add(id.Pos, "undoes", fmt.Sprintf("there is no temporary step %q before this one", id), runbook.DidYouMean(id.Value, all))
			}
		}
		if s.Temporary.Value {
			temporary[s.ID.Value] = true
			all = append(all, s.ID.Value)
		}
	})
}
