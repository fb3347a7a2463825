package lint

import (
	"fmt"
	"reflect"

	"spraydeck/runbook"
)

// checkLearned: facts are learned for conditions, gates and the remedies of gates. What a step runs, and where, is said
// before anything is looked at, so it cannot rest on them.
func (c *checker) checkLearned(b *runbook.Runbook, s *runbook.Step) {
	facts := runbook.MergeFacts(b.Facts, s.Facts)
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
				c.add(e.Pos, "fact-unlearned", fmt.Sprintf("the fact %s is not known where step %s says what it runs", f.Name, s.ID.Value),
					"learn it in a step before this one and use its result: steps.<id>")
			}
		}
	}
}

// checkInventory: without an inventory there are no nodes to name.
func (c *checker) checkInventory(b *runbook.Runbook, s *runbook.Step) {
	if s.Kind != nil && s.Kind.Nodes || s.On.Hosts.Set() || s.On.Each != nil {
		c.needInventory(b, placeOf(s), "step "+s.ID.Value)
	}
}

func (c *checker) needInventory(b *runbook.Runbook, at runbook.Pos, who string) {
	if !b.Inventory.Set() && !c.Included[b] {
		c.add(at, "no-inventory", who+" names nodes, and the runbook has no inventory to find them in",
			`add inventory: a command, such as ansible-inventory -i hosts.ini --list, or any that prints {"workers": {"hosts": ["n1", "n2"]}}`)
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
