package lint

import (
	"fmt"

	"spraydeck/runbook"
)

var undoes = Rule{
	Name: "undoes",
	Doc:  "A step undoes an earlier temporary one, and a temporary step says how it is undone.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		temporary, all := map[string]bool{}, []string{}
		b.EachOwn(func(s *runbook.Step) {
			if s.Temporary.Value && !s.Undo.Set() {
				p.report(s.Temporary.Pos, fmt.Sprintf("step %s is temporary and does not say how it is undone", s.ID), "add undo: it is shown when it is due")
			}
			for _, id := range s.Undoes {
				if !temporary[id.Value] {
					p.report(id.Pos, fmt.Sprintf("there is no temporary step %q before this one", id), runbook.DidYouMean(id.Value, all))
				}
			}
			if s.Temporary.Value {
				temporary[s.ID.Value] = true
				all = append(all, s.ID.Value)
			}
		})
	}},
}
