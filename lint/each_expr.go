package lint

import (
	"reflect"
	"sync"

	"spraydeck/runbook"
)

// exprTypes finds expressions in structs, and remembers below which fields of a type they may stand.
type exprTypes struct{ known *sync.Map } // []int by reflect.Type

// each calls f for every expression below what a pointer leads to: those that stand alone, and those in templates. raw says whether it
// goes into a command line as it is.
func (w exprTypes) each(v reflect.Value, f func(e runbook.Expr, raw bool)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.each(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			w.each(v.Index(i), f)
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
			w.each(reflect.ValueOf(&x.With), f)
			return
		case *runbook.Kind, *runbook.ProbeKind, *runbook.Any, *runbook.Pos:
			return
		}
		for _, i := range w.fields(v.Type()) {
			w.each(v.Field(i), f)
		}
	}
}

// fields gives the fields of a struct below which expressions may stand.
func (w exprTypes) fields(t reflect.Type) []int {
	if known, ok := w.known.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && w.mayHold(f.Type) {
			fields = append(fields, i)
		}
	}
	w.known.Store(t, fields)
	return fields
}

func (w exprTypes) mayHold(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Struct || w.mayHold(t.Elem()) // steps hold remedies, which hold steps
	case reflect.Struct:
		return t == reflect.TypeFor[runbook.Expr]() || t == reflect.TypeFor[runbook.Template]() || len(w.fields(t)) > 0
	}
	return false
}
