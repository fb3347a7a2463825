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
		c.earlier(reflect.ValueOf(ph.When), order, ids, at)
		for j := range ph.Steps {
			at++
			s := ph.Steps[j]
			after, remedies := s.After, s.Remedies
			s.After, s.Remedies = nil, nil
			c.earlier(reflect.ValueOf(s), order, ids, at-1)
			c.earlier(reflect.ValueOf(after), order, ids, at)
			c.earlier(reflect.ValueOf(remedies), order, ids, at)
		}
	}
}

func (c *checker) earlier(v reflect.Value, order map[string]int, ids map[string]string, upTo int) {
	eachExpr(v, func(e Expr, _ bool) {
		for _, m := range resultUse.FindAllStringSubmatch(e.Source, -1) {
			if n, known := order[m[1]]; known && n > upTo {
				c.add(e.Pos, "forward-result", fmt.Sprintf("the result of step %s is not there yet", ids[m[1]]), "use it in a later step, or in a gate after the step")
			}
		}
	})
}

// eachExpr calls f for every expression below a value: those that stand alone, and those in templates. raw says whether it
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
		switch x := v.Interface().(type) {
		case Expr:
			if x.Set() {
				f(x, false)
			}
			return
		case Template:
			for _, p := range x.parts {
				if p.expr.Set() {
					f(p.expr, p.raw)
				}
			}
			return
		case Kind, ProbeKind, Any, Include:
			if inc, ok := x.(Include); ok {
				eachExpr(reflect.ValueOf(inc.With), f)
			}
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachExpr(v.Field(i), f)
			}
		}
	}
}
