package lint

import (
	"fmt"
	"reflect"
	"strings"

	"spraydeck/runbook"
)

// checkSecrets: no secret stands in the arguments of a step or a probe, which become command lines that every user of the
// machine can read, and that the transcript keeps. Standard input is the place for it.
func (c *checker) checkSecrets(inputs runbook.Named[runbook.Input], args any) {
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
		eachExpr(v.Field(i), func(e runbook.Expr, _ bool) {
			if secret := secretIn(e, inputs); secret != "" {
				c.add(e.Pos, "secret", fmt.Sprintf("the secret %s would stand in a command line", secret), "give it on standard input: stdin: ${inputs."+secret+"}")
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
