package lint

import (
	"fmt"
	"reflect"
	"slices"

	"spraydeck/runbook"
)

var factName = Rule{
	Name: "fact-name",
	Doc:  "A fact must not hide a name that is there already.",
	check: check{
		fact: func(p pass, f fact) { nameTaken(p, f.Name, f.Pos, f.vars) },
		let:  func(p pass, l let) { nameTaken(p, l.Name, l.Pos, l.vars) },
	},
}

func nameTaken(p pass, name string, at runbook.Pos, vars runbook.Vars) {
	if _, taken := vars[name]; taken || slices.Contains([]string{"inputs", "steps", "inventory"}, name) {
		p.report(at, "the name "+name+" is taken", "facts stand beside inputs, steps, inventory, settings, node, hosts and the facts around them")
	}
}

// factUnlearned: what a step runs, and where, is said before anything is looked at.
var factUnlearned = Rule{
	Name:  "fact-unlearned",
	Doc:   "What a step runs cannot rest on a fact: facts are learned for conditions and gates.",
	check: check{step: checkLearned},
}

func checkLearned(p pass, s step) {
	if s.book == nil {
		return
	}
	facts := runbook.MergeFacts(s.book.Facts, s.Facts)
	if len(facts) == 0 {
		return
	}
	var used []runbook.Expr
	if s.Action != nil {
		if _, gates := s.Action.(runbook.Prober); !gates {
			used = exprsIn(reflect.ValueOf(s.Action).Elem())
		}
	}
	used = append(used, exprsIn(reflect.ValueOf(&s.On).Elem())...)
	for _, f := range facts {
		for _, e := range used {
			if runbook.UsesName(f.Name, []any{e}) {
				p.report(e.Pos, fmt.Sprintf("the fact %s is not known where step %s says what it runs", f.Name, s.ID.Value),
					"learn it in a step before this one and use its result: steps.<id>")
			}
		}
	}
}

// exprsIn gives the expressions in the arguments of a step.
func exprsIn(v reflect.Value) []runbook.Expr {
	var list []runbook.Expr
	switch a := v.Interface().(type) {
	case runbook.Template:
		for _, p := range a.Parts {
			if p.Expr.Set() {
				list = append(list, p.Expr)
			}
		}
		return list
	case runbook.Prose:
		return a.Exprs()
	case runbook.Expr:
		return append(list, a)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return exprsIn(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, exprsIn(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				list = append(list, exprsIn(v.Field(i))...)
			}
		}
	}
	return list
}
