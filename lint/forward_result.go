package lint

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"

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
	eachExpr(reflect.ValueOf(in), func(e runbook.Expr, _ bool) {
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

// eachExpr calls f for every expression below what a pointer leads to: those that stand alone, and those in templates. raw says whether it
// goes into a command line as it is.
func eachExpr(v reflect.Value, f func(e runbook.Expr, raw bool)) {
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
		case *runbook.Expr:
			if x.Set() {
				f(*x, false)
			}
			return
		case *runbook.Template:
			for _, p := range x.Parts {
				if p.Expr.Set() {
					f(p.Expr, p.Raw)
				}
			}
			return
		case *runbook.Include:
			eachExpr(reflect.ValueOf(&x.With), f)
			return
		case *runbook.Kind, *runbook.ProbeKind, *runbook.Any, *runbook.Pos:
			return
		}
		for _, i := range exprFields(v.Type()) {
			eachExpr(v.Field(i), f)
		}
	}
}

var exprFieldsOf sync.Map // []int by reflect.Type

// exprFields gives the fields of a struct below which expressions may stand.
func exprFields(t reflect.Type) []int {
	if known, ok := exprFieldsOf.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && mayHoldExpr(f.Type) {
			fields = append(fields, i)
		}
	}
	exprFieldsOf.Store(t, fields)
	return fields
}

func mayHoldExpr(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Struct || mayHoldExpr(t.Elem()) // steps hold remedies, which hold steps
	case reflect.Struct:
		return t == reflect.TypeFor[runbook.Expr]() || t == reflect.TypeFor[runbook.Template]() || len(exprFields(t)) > 0
	}
	return false
}
