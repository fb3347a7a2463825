package runbook

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

var resultUse = regexp.MustCompile(`\bsteps\.([a-z][a-z0-9_]*)`)

// checkResults: the result of a step is used after the step. Its own gates after it may use it, too.
func (c *checker) checkResults(b *Runbook) {
	order, ids := map[string]int{}, map[string]string{}
	n := 0
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			n++
			name := strings.TrimPrefix(resultName(s.ID.Value), "steps.")
			order[name], ids[name] = n, s.ID.Value
		}
	}
	at := 0
	for i := range b.Phases {
		ph := &b.Phases[i]
		c.earlier(&ph.When, order, ids, at)
		for j := range ph.Steps {
			at++
			s := &ph.Steps[j]
			before := *s
			before.After, before.Remedies = nil, nil
			c.earlier(&before, order, ids, at-1)
			c.earlier(&s.After, order, ids, at)
			c.earlier(&s.Remedies, order, ids, at)
		}
	}
}

func (c *checker) earlier(in any, order map[string]int, ids map[string]string, upTo int) {
	eachExpr(reflect.ValueOf(in), func(e Expr, _ bool) {
		if !strings.Contains(e.Source, "steps.") {
			return
		}
		for _, m := range resultUse.FindAllStringSubmatch(e.Source, -1) {
			if n, known := order[m[1]]; known && n > upTo {
				c.add(e.Pos, "forward-result", fmt.Sprintf("the result of step %s is not there yet", ids[m[1]]), "use it in a later step, or in a gate after the step")
			}
		}
	})
}

// eachExpr calls f for every expression below what a pointer leads to: those that stand alone, and those in templates. raw says whether it
// goes into a command line as it is.
func eachExpr(v reflect.Value, f func(e Expr, raw bool)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			eachExpr(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachExpr(v.Index(i), f)
		}
	case reflect.Struct:
		switch x := v.Addr().Interface().(type) {
		case *Expr:
			if x.Set() {
				f(*x, false)
			}
			return
		case *Template:
			for _, p := range x.parts {
				if p.expr.Set() {
					f(p.expr, p.raw)
				}
			}
			return
		case *Include:
			eachExpr(reflect.ValueOf(&x.With), f)
			return
		case *Kind, *ProbeKind, *Any, *Pos:
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachExpr(v.Field(i), f)
			}
		}
	}
}
