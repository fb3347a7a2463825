package lint

import "spraydeck/runbook"

var expression = Rule{
	Name: "expression",
	Doc:  "An expression must be valid CEL, use only what is declared around it, and give the type that is required.",
	check: check{expr: func(p pass, e expr) {
		_, problems := runbook.TypeCheck(e.Expr, e.vars, e.want)
		p.problems = append(p.problems, problems...)
	}},
}

var quoting = Rule{
	Name: "quoting",
	Doc:  "A value must stand where it can be quoted safely for the shell.",
	check: check{expr: func(p pass, e expr) {
		if e.refused != nil {
			p.report(e.Pos, e.refused.Error(), "")
		}
	}},
}
