package runbook

import (
	"fmt"
	"reflect"
)

// Advise gives what is no mistake and worth a look all the same: every place where raw() puts a value into a command line
// without quotes.
func Advise(files []File) Problems {
	c := &checker{}
	for _, f := range files {
		switch {
		case f.Runbook != nil:
			c.raw(reflect.ValueOf(f.Runbook).Elem())
		case f.Pitfall != nil:
			c.raw(reflect.ValueOf(f.Pitfall).Elem())
		}
	}
	c.problems.Sort()
	return c.problems
}

// raw looks at every template below a value.
func (c *checker) raw(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			c.raw(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.raw(v.Index(i))
		}
	case reflect.Struct:
		if t, ok := v.Interface().(Template); ok {
			for _, p := range t.parts {
				if p.raw {
					c.add(p.expr.Pos, "raw", fmt.Sprintf("${raw(%s)} stands in the command line without quotes", p.expr.Source), "make sure that no value of it can mean something else to the shell")
				}
			}
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type != reflect.TypeFor[*Kind]() && f.Type != reflect.TypeFor[*ProbeKind]() && f.Type != reflect.TypeFor[Any]() {
				c.raw(v.Field(i))
			}
		}
	}
}
