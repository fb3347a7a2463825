package lint

import (
	"fmt"
	"strings"

	"spraydeck/runbook"
)

var duplicateName = Rule{
	Name: "duplicate-name",
	Doc:  "A name stands for one file, one test.",
	check: check{
		files: func(p pass, _ []runbook.File) {
			for _, d := range p.Duplicates {
				p.report(d.Name.Pos, fmt.Sprintf("%s %q is there already", d.What, d.Name.Value), "first at "+d.First.String())
			}
		},
		testCase: func(p pass, t testCase) {
			for _, first := range t.all {
				if first.Name.Value != t.Name.Value {
					continue
				}
				if first.Name.Pos != t.Name.Pos {
					p.report(t.Name.Pos, fmt.Sprintf("a test %q is there already", t.Name), fmt.Sprintf("first on line %d", first.Name.Pos.Line))
				}
				return
			}
		},
	},
}

var duplicateID = Rule{
	Name: "duplicate-id",
	Doc:  "An id names one thing.",
	check: check{
		runbook:  func(p pass, b *runbook.Runbook) { p.once("step", stepIDs(b)) },
		remedies: checkRemedyIDs,
		step:     checkGateIDs,
	},
}

func checkRemedyIDs(p pass, cures []runbook.Cure) {
	var ids []runbook.Str
	for _, r := range cures {
		ids = append(ids, r.ID)
	}
	p.once("remedy", ids)
}

// checkGateIDs: a gate's id names it alone among those of its step. Without one it is called by its pitfall.
func checkGateIDs(p pass, s step) {
	var ids []runbook.Str
	for _, g := range s.Gates() {
		if id := g.ID; id.Value != "" {
			ids = append(ids, id)
		} else {
			ids = append(ids, g.Pitfall)
		}
	}
	p.once("gate", ids)
}

// once reports the ids that stand there already.
func (p pass) once(what string, ids []runbook.Str) {
	first := map[string]runbook.Pos{}
	for _, id := range ids {
		if strings.TrimSpace(id.Value) == "" {
			continue
		}
		if at, ok := first[id.Value]; ok {
			p.report(id.Pos, fmt.Sprintf("a %s %q is there already", what, id), fmt.Sprintf("first on line %d", at.Line))
			continue
		}
		first[id.Value] = id.Pos
	}
}
