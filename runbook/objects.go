package runbook

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// objectsOf is a probe whose fact is a list of objects of the API.
type objectsOf interface{ Objects() Template }

// FieldsRead finds which fields of objects the expressions of runbooks read, those of their pitfalls and of what they include, too.
// The function it returns gives them for a probe: the same for all probes of a resource, so that they share one list; read is false
// for a resource that no fact has. No fields are all of them. A field is a path such as "status.conditions[].type"; in names, dots, brackets and backslashes have a backslash before them.
func FieldsRead(books ...*Runbook) func(Probe) (fields []string, read bool) {
	u := &usesOfObjects{roots: map[string]*readPath{}, facts: map[string][]*readPath{}, lets: map[string][]Expr{}, names: map[string]bool{}, seen: map[uintptr]bool{}}
	for _, b := range books {
		for of := range b.closure() {
			u.collect(reflect.ValueOf(of))
		}
	}
	u.read()
	paths := map[string][]string{}
	for resource, root := range u.roots {
		paths[resource] = root.ofItems()
	}
	return func(p Probe) ([]string, bool) {
		o, ok := p.(objectsOf)
		if !ok {
			return nil, false
		}
		fields, read := paths[o.Objects().Source]
		return fields, read
	}
}

// closure gives a runbook, those that it includes, and the pitfalls that any of them checks or watches for.
func (b *Runbook) closure() map[any]bool {
	all := map[any]bool{b: true}
	add := func(book *Runbook, id string) {
		if p := book.known[id]; p != nil {
			all[p] = true
		}
	}
	b.EachStep(func(in *Runbook, s *Step) {
		all[in] = true
		for _, g := range s.Gates() {
			add(in, g.Pitfall.Value)
			add(b, g.Pitfall.Value)
		}
	})
	for _, id := range b.InForce() {
		add(b, id)
	}
	for _, p := range b.Checkable() {
		all[p] = true
	}
	return all
}

// usesOfObjects are the expressions that may see facts of objects. Names are those of all files together: what a name may mean
// anywhere it is taken to mean everywhere, so that no field is missed.
type usesOfObjects struct {
	roots map[string]*readPath   // by resource
	facts map[string][]*readPath // by name
	lets  map[string][]Expr
	exprs []Expr
	names map[string]bool // of facts of objects, and of lets that rest on them
	seen  map[uintptr]bool
}

// collect goes through everything that was decoded from YAML.
func (u *usesOfObjects) collect(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || u.seen[v.Pointer()] {
			return
		}
		switch v.Interface().(type) {
		case *Kind, *ProbeKind, *Language:
			return
		}
		u.seen[v.Pointer()] = true
		u.collect(v.Elem())
	case reflect.Interface:
		u.collect(v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			u.collect(v.Index(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			u.collect(v.MapIndex(k))
		}
	case reflect.Struct:
		u.collectStruct(v)
	}
}

func (u *usesOfObjects) collectStruct(v reflect.Value) {
	switch e := v.Interface().(type) {
	case Expr:
		if e.Set() {
			u.exprs = append(u.exprs, e)
		}
		return
	case Entry[Expr]:
		u.lets[e.Name] = append(u.lets[e.Name], e.Value)
		return
	case Entry[Fact]:
		if o, ok := e.Value.Probe.(objectsOf); ok {
			root := u.roots[o.Objects().Source]
			if root == nil {
				root = &readPath{}
				u.roots[o.Objects().Source] = root
			}
			u.facts[e.Name] = append(u.facts[e.Name], root)
		}
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			u.collect(v.Field(i))
		}
	}
}

// read goes through every expression in which the name of such a fact stands.
func (u *usesOfObjects) read() {
	for name := range u.facts {
		u.names[name] = true
	}
	for more := true; more; {
		more = false
		for name, exprs := range u.lets {
			if !u.names[name] && slices.ContainsFunc(exprs, u.uses) {
				u.names[name], more = true, true
			}
		}
	}
	w := &readWalk{names: u.named, open: map[string]bool{}}
	for _, e := range u.exprs {
		if !u.uses(e) {
			continue
		}
		value, err := w.source(e.Source)
		if err != nil {
			w.failed = true
			continue
		}
		value.whole()
	}
	if w.failed {
		u.all()
	}
}

func (u *usesOfObjects) uses(e Expr) bool {
	for _, word := range namesIn(e.Source) {
		if u.names[word] {
			return true
		}
	}
	return false
}

// all takes every field of every object to be read, after an expression that cannot be parsed.
func (u *usesOfObjects) all() {
	for _, root := range u.roots {
		root.whole = true
	}
}

// named gives what a name stands for: facts, and lets.
func (u *usesOfObjects) named(name string) ([]*readPath, []Expr) {
	if !u.names[name] {
		return nil, nil
	}
	return u.facts[name], u.lets[name]
}

// readPath is a place in objects, and what is read below it.
type readPath struct {
	whole bool
	named map[string]*readPath
	items *readPath // of a list
}

func (p *readPath) field(name string) *readPath {
	if p.named == nil {
		p.named = map[string]*readPath{}
	}
	if p.named[name] == nil {
		p.named[name] = &readPath{}
	}
	return p.named[name]
}

func (p *readPath) each() *readPath {
	if p.items == nil {
		p.items = &readPath{}
	}
	return p.items
}

// ofItems gives the fields of the objects in a list; none is all.
func (p *readPath) ofItems() []string {
	if p.whole || p.items == nil || p.items.whole || len(p.named) > 0 || p.items.items != nil {
		return nil
	}
	if list := p.items.paths(""); len(list) > 0 {
		return list
	}
	return []string{"metadata.name"} // they are only counted
}

func (p *readPath) paths(before string) (list []string) {
	if p.whole || len(p.named) == 0 && p.items == nil {
		if before == "" {
			return nil
		}
		return []string{before}
	}
	for _, name := range slices.Sorted(maps.Keys(p.named)) {
		list = append(list, p.named[name].paths(strings.TrimPrefix(before+"."+escapeName.Replace(name), "."))...)
	}
	if p.items != nil {
		list = append(list, p.items.paths(before+"[]")...)
	}
	return list
}

var escapeName = strings.NewReplacer(`\`, `\\`, ".", `\.`, "[", `\[`)
