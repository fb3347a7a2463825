package lint

import (
	"fmt"
	"reflect"

	"spraydeck/runbook"
)

var raw = Rule{
	Name:  "raw",
	Doc:   "raw() puts a value into a command line as it is. Every use is listed, so that somebody has looked at it.",
	check: check{written: checkRaw},
}

func checkRaw(p pass, f runbook.File) {
	if b := f.Runbook; b != nil {
		f.Runbook = b.Written() // what it has from another is reported there
	}
	for _, v := range []any{f.Runbook, f.Pitfall} {
		p.exprs.each(reflect.ValueOf(v), func(e runbook.Expr, raw bool) {
			if raw {
				p.report(e.Pos, fmt.Sprintf("${raw(%s)} stands in the command line without quotes", e.Source), "make sure that no value of it can mean something else to the shell")
			}
		})
	}
}
