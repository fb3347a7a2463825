package lint

import (
	"fmt"
	"reflect"
	"slices"

	"spraydeck/runbook"
)

// Advise gives what is no mistake and worth a look all the same: every place where raw() puts a value into a command line
// without quotes.
func Advise(files []runbook.File) runbook.Problems {
	c := &checker{}
	look := func(e runbook.Expr, raw bool) {
		if raw {
			c.add(e.Pos, "raw", fmt.Sprintf("${raw(%s)} stands in the command line without quotes", e.Source), "make sure that no value of it can mean something else to the shell")
		}
	}
	for _, f := range files {
		if b := f.Runbook; b != nil {
			f.Runbook = b.Written() // what it has from another is told there
		}
		eachExpr(reflect.ValueOf(f.Runbook), look)
		eachExpr(reflect.ValueOf(f.Pitfall), look)
	}
	c.problems.Sort()
	return slices.Compact(c.problems)
}
