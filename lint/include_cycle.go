package lint

import (
	"fmt"
	"slices"
	"strings"

	"spraydeck/runbook"
)

var includeCycle = Rule{
	Name: "include-cycle",
	Doc:  "A runbook does not include itself, not even through others.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		if p.extendsItself(b) {
			p.report(b.Extends.Pos, fmt.Sprintf("runbook %q extends itself", b.Name), "")
		}
		findCycle(p, b)
	}},
}

// extendsItself follows a runbook to those it extends.
func (c *checker) extendsItself(b *runbook.Runbook) bool {
	seen := map[*runbook.Runbook]bool{}
	for at := b; at != nil && at.Extends.Value != "" && !seen[at]; {
		seen[at] = true
		if at = c.Base(at); at == b {
			return true
		}
	}
	return false
}

// findCycle reports the first way on which a runbook includes itself.
func findCycle(p pass, b *runbook.Runbook) {
	var search func(at *runbook.Runbook, way []string) bool
	seen := map[*runbook.Runbook]bool{}
	search = func(at *runbook.Runbook, way []string) (found bool) {
		seen[at] = true
		at.EachOwn(func(s *runbook.Step) {
			inc := s.Included()
			if inc == nil || inc.Runbook() == nil || found {
				return
			}
			next := append(slices.Clip(way), inc.Runbook().Name.Value)
			switch {
			case inc.Runbook() == b && at == b:
				p.report(inc.Name.Pos, fmt.Sprintf("runbook %q includes itself", b.Name), "")
				found = true
			case inc.Runbook() == b:
				p.report(b.Name.Pos, "the runbook includes itself: "+strings.Join(next, " includes "), "")
				found = true
			case !seen[inc.Runbook()]:
				found = search(inc.Runbook(), next)
			}
		})
		return found
	}
	search(b, []string{b.Name.Value})
}
