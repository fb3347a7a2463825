//go:build !race

// Loops up to the cost limit, in one goroutine.

package runbook

import (
	"strings"
	"testing"
)

// TestCostOfFunctions: whatever function an expression calls over much text again and again, it is ended by the cost limit.
// One that is not counted by size would run for hours.
func TestCostOfFunctions(t *testing.T) {
	lines := strings.Repeat("line\n", 4000)
	values := map[string]any{"l": Result{Stdout: lines, Lines: strings.Split(lines, "\n")}}
	for _, call := range []string{
		`json(l.lines) != a`,
		`json(l) != a`,
		`compareVersions(l.stdout, "1") == 0`,
		`inRange("1.2.3", l.stdout)`,
		`minor(l.stdout) == 1`,
		`l.stdout.lowerAscii() != a`,
		`l.stdout.split("\n").size() > 0`,
		`l.stdout.replace("l", "ll") != a`,
		`l.lines.join(a) != a`,
		`l.lines.sort().size() > 0`,
		`l.lines.distinct().size() > 0`,
		`sets.contains(l.lines, l.lines)`,
		`!l.stdout.matches("(a|b|l)*x")`,
		`regex.replace(l.stdout, "(a|b|l)+x", "") != a`,
	} {
		s := &Scope{Types: Vars{"l": ResultType}, Values: values}
		_, err := s.Eval(Expr{Source: `l.lines.all(a, l.lines.all(b, l.lines.all(c, ` + call + ` || true)))`})
		if err == nil || !strings.Contains(err.Error(), "cost limit") {
			t.Errorf("%s: %v", call, err)
		}
	}
}
