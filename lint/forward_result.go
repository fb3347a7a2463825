package lint

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"spraydeck/runbook"
)

var resultUse = regexp.MustCompile(`\bsteps\.([a-z][a-z0-9_]*)`)

// forwardResult: the gates after a step may use its result, too.
var forwardResult = Rule{
	Name:  "forward-result",
	Doc:   "The result of a step can be used after the step, not before it.",
	check: check{runbook: checkResults},
}

func checkResults(p pass, b *runbook.Runbook) {
	order, ids := map[string]int{}, map[string]string{}
	n := 0
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			n++
			name := strings.TrimPrefix(runbook.ResultName(s.ID.Value), "steps.")
			order[name], ids[name] = n, s.ID.Value
		}
	}
	at := 0
	for i := range b.Phases {
		ph := &b.Phases[i]
		earlier(p, &ph.When, order, ids, at)
		for j := range ph.Steps {
			at++
			s := &ph.Steps[j]
			before := *s
			before.After, before.Remedies = nil, nil
			earlier(p, &before, order, ids, at-1)
			earlier(p, &s.After, order, ids, at)
			earlier(p, &s.Remedies, order, ids, at)
		}
	}
}

func earlier(p pass, in any, order map[string]int, ids map[string]string, upTo int) {
	p.exprs.each(reflect.ValueOf(in), func(e runbook.Expr, _ bool) {
		if !strings.Contains(e.Source, "steps.") {
			return
		}
		for _, m := range resultUse.FindAllStringSubmatch(e.Source, -1) {
			if n, known := order[m[1]]; known && n > upTo {
				p.report(e.Pos, fmt.Sprintf("the result of step %s is not there yet", ids[m[1]]), "use it in a later step, or in a gate after the step")
			}
		}
	})
}
