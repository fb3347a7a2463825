package runbook

import (
	"maps"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// readValue is what a value of an expression may be: places in objects, or a list made in the expression, with what its items may be.
type readValue struct {
	at    []*readPath
	items *readValue
}

// whole notes that all of a value is read.
func (v readValue) whole() {
	for _, p := range v.at {
		p.whole = true
	}
	if v.items != nil {
		v.items.whole()
	}
}

func (v readValue) or(other readValue) readValue {
	both := readValue{at: append(slices.Clip(v.at), other.at...), items: v.items}
	switch {
	case v.items == nil:
		both.items = other.items
	case other.items != nil:
		items := v.items.or(*other.items)
		both.items = &items
	}
	return both
}

func (v readValue) field(name string) (to readValue) {
	for _, p := range v.at {
		to.at = append(to.at, p.field(name))
	}
	return to
}

func (v readValue) each() (to readValue) {
	for _, p := range v.at {
		to.at = append(to.at, p.each())
	}
	if v.items != nil {
		to = to.or(*v.items)
	}
	return to
}

// readWalk follows places in objects through expressions. Whatever a function gets that is not known to pass a value on is read as a
// whole.
type readWalk struct {
	names  func(string) ([]*readPath, []Expr)
	open   map[string]bool // names that are being followed
	failed bool            // an expression behind a name cannot be parsed
}

func (w *readWalk) source(text string) (readValue, error) {
	env, err := base()
	if err != nil {
		return readValue{}, err
	}
	parsed, issues := env.Parse(text)
	if err := issues.Err(); err != nil {
		return readValue{}, err
	}
	return w.value(parsed.NativeRep().Expr(), nil), nil
}

// value gives what an expression may be, and notes what it reads. vars are the variables of comprehensions.
func (w *readWalk) value(e ast.Expr, vars map[string]readValue) readValue {
	switch e.Kind() {
	case ast.IdentKind:
		if v, own := vars[e.AsIdent()]; own {
			return v
		}
		return w.name(e.AsIdent())
	case ast.SelectKind:
		of := w.value(e.AsSelect().Operand(), vars).field(e.AsSelect().FieldName())
		if e.AsSelect().IsTestOnly() {
			return readValue{}
		}
		return of
	case ast.ListKind:
		var items readValue
		for _, item := range e.AsList().Elements() {
			items = items.or(w.value(item, vars))
		}
		return readValue{items: &items}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			w.value(entry.AsMapEntry().Key(), vars).whole()
			w.value(entry.AsMapEntry().Value(), vars).whole()
		}
	case ast.StructKind:
		for _, f := range e.AsStruct().Fields() {
			w.value(f.AsStructField().Value(), vars).whole()
		}
	case ast.ComprehensionKind:
		return w.comprehension(e.AsComprehension(), vars)
	case ast.CallKind:
		return w.call(e.AsCall(), vars)
	}
	return readValue{}
}

func (w *readWalk) name(name string) readValue {
	facts, lets := w.names(name)
	v := readValue{at: facts}
	if w.open[name] {
		return v
	}
	w.open[name] = true
	defer delete(w.open, name)
	for _, l := range lets {
		of, err := w.source(l.Source)
		w.failed = w.failed || err != nil
		v = v.or(of)
	}
	return v
}

func (w *readWalk) comprehension(c ast.ComprehensionExpr, vars map[string]readValue) readValue {
	inner := maps.Clone(vars)
	if inner == nil {
		inner = map[string]readValue{}
	}
	item := w.value(c.IterRange(), vars).each()
	inner[c.IterVar()] = item
	if c.HasIterVar2() {
		inner[c.IterVar()], inner[c.IterVar2()] = readValue{}, item
	}
	inner[c.AccuVar()] = w.value(c.AccuInit(), vars)
	w.value(c.LoopCondition(), inner).whole()
	inner[c.AccuVar()] = inner[c.AccuVar()].or(w.value(c.LoopStep(), inner))
	return w.value(c.Result(), inner)
}

func (w *readWalk) call(c ast.CallExpr, vars map[string]readValue) readValue {
	args := c.Args()
	arg := func(i int) readValue { return w.value(args[i], vars) }
	target := func() readValue {
		if !c.IsMemberFunction() {
			return readValue{}
		}
		return w.value(c.Target(), vars)
	}
	switch name := c.FunctionName(); {
	case name == operators.Conditional && len(args) == 3:
		arg(0).whole()
		return arg(1).or(arg(2))
	case name == operators.Add && len(args) == 2:
		return arg(0).or(arg(1))
	case (name == operators.Index || name == operators.OptIndex || name == operators.OptSelect) && len(args) == 2:
		if key, ok := literal(args[1]).(types.String); ok {
			return arg(0).field(string(key))
		}
		arg(1).whole()
		return arg(0).each()
	case (name == "orValue" || name == "or") && c.IsMemberFunction() && len(args) == 1:
		return target().or(arg(0))
	case (name == "value" || name == "reverse") && c.IsMemberFunction() && len(args) == 0:
		return target()
	case (name == "first" || name == "last") && c.IsMemberFunction() && len(args) == 0:
		return target().each()
	case (name == "optional.of" || name == "optional.ofNonZeroValue" || name == "dyn") && len(args) == 1:
		return arg(0)
	case name == "hasValue" && c.IsMemberFunction() && len(args) == 0:
		target()
		return readValue{}
	case name == "size" && len(args) == 0 && c.IsMemberFunction():
		target().each()
		return readValue{}
	case name == "size" && len(args) == 1:
		arg(0).each()
		return readValue{}
	}
	target().whole()
	for i := range args {
		arg(i).whole()
	}
	return readValue{}
}

// literal is the value of a constant, nil for any other expression.
func literal(e ast.Expr) any {
	if e.Kind() != ast.LiteralKind {
		return nil
	}
	return e.AsLiteral()
}
