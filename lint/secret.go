package lint

import (
	"fmt"
	"reflect"
	"strings"

	"spraydeck/runbook"
)

// secret: a command line can be read by every user of the machine, and stands in the transcript. Standard input is the place
// for a secret.
var secret = Rule{
	Name: "secret",
	Doc:  "A secret must not stand in a command line, where every user of the machine can read it.",
	check: check{
		step: func(p pass, s step) {
			if s.Included() != nil {
				checkGivenSecrets(p, s.Included())
			} else if _, ok := s.Action.(runbook.Prober); !ok {
				checkSecrets(p, s.Action)
			}
		},
		fact: func(p pass, f fact) { checkSecrets(p, f.Value.Probe) },
	},
}

// checkGivenSecrets: a secret is given to an included runbook only as a secret.
func checkGivenSecrets(p pass, inc *runbook.Include) {
	if inc.Runbook() == nil {
		return
	}
	for _, e := range inc.With {
		in, ok := inc.Runbook().Inputs.Get(e.Name)
		if !ok || in.Secret.Value {
			continue
		}
		for _, expr := range e.Value.Exprs() {
			if secret := secretIn(expr, p.secrets); secret != "" {
				p.report(expr.Pos, fmt.Sprintf("the secret %s is given to the input %q, which is none", secret, e.Name), "mark that input as secret, too")
			}
		}
	}
}

// checkSecrets: no secret stands in the arguments of a step or a probe.
func checkSecrets(p pass, args any) {
	v := reflect.ValueOf(args)
	if !v.IsValid() || v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return
	}
	v = v.Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if !v.Type().Field(i).IsExported() || name == "stdin" {
			continue
		}
		p.exprs.each(v.Field(i), func(e runbook.Expr, _ bool) {
			if secret := secretIn(e, p.secrets); secret != "" {
				p.report(e.Pos, fmt.Sprintf("the secret %s would stand in a command line", secret), "give it on standard input: stdin: ${inputs."+secret+"}")
			}
		})
	}
}

// secretIn gives the name of a secret input that an expression uses, or "".
func secretIn(e runbook.Expr, inputs runbook.Named[runbook.Input]) string {
	for _, in := range inputs {
		if in.Value.Secret.Value && runbook.HasWord(e.Source, "inputs."+in.Name) {
			return in.Name
		}
	}
	return ""
}
