package lint

import (
	"maps"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// phase is a phase where it stands.
type phase struct {
	*runbook.Phase
	book *runbook.Runbook
	vars runbook.Vars // what its expressions may use
}

// step is a step where it stands.
type step struct {
	*runbook.Step
	book   *runbook.Runbook // of its phase; nil for a step of a remedy
	vars   runbook.Vars     // what its expressions may use
	looped bool             // it has a node without naming one
}

// fact is a fact where it stands.
type fact struct {
	runbook.Entry[runbook.Fact]
	vars runbook.Vars // what its arguments may use
}

// let is a name for a part of a gate's expressions.
type let struct {
	runbook.Entry[runbook.Expr]
	vars runbook.Vars // what it may use
}

// expr is an expression where it stands.
type expr struct {
	runbook.Expr
	vars    runbook.Vars
	want    *cel.Type // nil: any
	refused error     // why it cannot be quoted for the shell that reads it
}

func (c *checker) runbook(b *runbook.Runbook) {
	c.secrets = b.Inputs
	visit(c, func(k *check) func(pass, *runbook.Runbook) { return k.runbook }, b)
	c.inputs(b.Inputs)
	c.cases(b.Tests, b.Inputs, factsOfRunbook(b), nil)

	vars := varsOf(b.Inputs)
	for name, typ := range b.ResultTypes() {
		vars[name] = typ
	}
	c.template(b.Inventory, vars, true)
	c.prose(b.About, vars)
	c.prose(b.Rollback, vars)
	c.facts(b.Facts, vars)
	vars = withFacts(vars, b.Facts)
	for i := range b.Phases {
		ph := &b.Phases[i]
		c.condition(ph.When, vars)
		if ph.Each != nil {
			c.template(ph.Each.In, vars, false)
		}
		visit(c, func(k *check) func(pass, phase) { return k.phase }, phase{ph, b, vars})
		for j := range ph.Steps {
			c.step(step{Step: &ph.Steps[j], book: b, vars: vars, looped: ph.Each != nil})
		}
	}
}

func (c *checker) pitfall(p *runbook.Pitfall) {
	c.secrets = p.Inputs
	c.inputs(p.Inputs)
	c.remedies(p.Remedies)
	c.symptoms(p)
	c.cases(p.Tests, p.Inputs, factsOfPitfall(p), p)
	vars := varsOf(p.Inputs)
	if p.Before != nil {
		g := &runbook.Gate{Facts: p.Before.Facts, When: p.Before.When, Let: p.Before.Let, Rule: p.Before.Rule, Says: p.Before.Says, Evidence: p.Before.Evidence, Title: p.Before.Title, Fails: p.Before.Fails, Pos: p.Before.Pos}
		if !g.Fails.Set() {
			g.Fails = p.Title
		}
		vars = c.gate(g, vars)
	}
	c.stepsOf(p.Remedies, vars)
}

// inputs visits inputs: the default of each may use those above it.
func (c *checker) inputs(inputs runbook.Named[runbook.Input]) {
	vars := runbook.Vars{"release.from": runbook.GivenTypes["release.from"], "release.to": runbook.GivenTypes["release.to"]}
	for _, e := range inputs {
		c.template(e.Value.Default, vars, false)
		visit(c, func(k *check) func(pass, runbook.Entry[runbook.Input]) { return k.input }, e)
		vars["inputs."+e.Name] = e.Value.CelType()
	}
}

// step visits a step of a phase or of a remedy. s.vars are those around it.
func (c *checker) step(s step) {
	vars := s.vars
	c.remedies(s.Remedies)
	if s.On.Each != nil {
		c.template(s.On.Each.In, vars, false)
	}
	c.template(s.On.Hosts, vars, false)
	c.prose(s.Title, vars)
	c.prose(s.Why, vars)
	c.prose(s.Undo, vars)
	c.template(s.Confirm, vars, false)
	c.facts(s.Facts, vars)
	vars = withFacts(vars, s.Facts)
	s.vars = vars
	c.condition(s.When, vars)
	c.condition(s.Done, vars)
	visit(c, func(k *check) func(pass, step) { return k.step }, s)
	if inc := s.Included(); inc != nil {
		for _, e := range inc.With {
			c.template(e.Value, vars, false)
		}
	} else if _, ok := s.Action.(runbook.Prober); !ok && s.Action != nil {
		c.arguments(reflect.ValueOf(s.Action).Elem(), vars)
	}
	for _, g := range s.Gates() {
		c.gate(g, vars)
	}
	c.stepsOf(s.Remedies, vars)
}

// gate visits a gate and gives what its remedies may use.
func (c *checker) gate(g *runbook.Gate, vars runbook.Vars) runbook.Vars {
	visit(c, func(k *check) func(pass, *runbook.Gate) { return k.gate }, g)
	c.facts(g.Facts, vars)
	vars = withFacts(vars, g.Facts)
	vars = c.lets(g.Let, vars)
	c.condition(g.When, vars)
	c.condition(g.Rule, vars)
	c.expression(g.Evidence, vars)
	c.prose(g.Title, vars)
	c.prose(g.Fails, vars)
	c.prose(g.Says, vars)
	c.remedies(g.Remedies)
	c.stepsOf(g.Remedies, vars)
	return vars
}

// lets visits what a gate names, and gives what its expressions may use then.
func (c *checker) lets(lets runbook.Named[runbook.Expr], vars runbook.Vars) runbook.Vars {
	if len(lets) == 0 {
		return vars
	}
	vars = maps.Clone(vars)
	for _, l := range lets {
		visit(c, func(k *check) func(pass, let) { return k.let }, let{l, maps.Clone(vars)})
		c.expression(l.Value, vars)
		vars[l.Name], _ = runbook.TypeOf(l.Value, vars)
	}
	return vars
}

func (c *checker) remedies(cures []runbook.Cure) {
	visit(c, func(k *check) func(pass, []runbook.Cure) { return k.remedies }, cures)
}

// stepsOf visits the steps of remedies. Each has the node of what failed.
func (c *checker) stepsOf(cures []runbook.Cure, vars runbook.Vars) {
	for i := range cures {
		for j := range cures[i].Steps {
			c.step(step{Step: &cures[i].Steps[j], vars: vars, looped: true})
		}
	}
}

func (c *checker) facts(facts runbook.Named[runbook.Fact], vars runbook.Vars) {
	for _, f := range facts {
		visit(c, func(k *check) func(pass, fact) { return k.fact }, fact{f, vars})
		if f.Value.Probe != nil {
			c.arguments(reflect.ValueOf(f.Value.Probe).Elem(), vars)
		}
	}
}

func (c *checker) condition(e runbook.Expr, vars runbook.Vars) {
	c.expr(expr{Expr: e, vars: vars, want: cel.BoolType})
}

func (c *checker) expression(e runbook.Expr, vars runbook.Vars) {
	c.expr(expr{Expr: e, vars: vars})
}

func (c *checker) expr(e expr) {
	if e.Set() {
		visit(c, func(k *check) func(pass, expr) { return k.expr }, e)
	}
}

func (c *checker) template(t runbook.Template, vars runbook.Vars, shell bool) {
	for _, p := range t.Parts {
		e := expr{Expr: p.Expr, vars: vars}
		if shell {
			e.refused = p.Refused
		}
		c.expr(e)
	}
}

func (c *checker) prose(p runbook.Prose, vars runbook.Vars) {
	c.template(p.En, vars, false)
	c.template(p.Ja, vars, false)
}

// arguments visits every template and expression in the arguments of a step or a probe, whatever its kind.
func (c *checker) arguments(v reflect.Value, vars runbook.Vars) {
	for i := range v.NumField() {
		name, f := v.Type().Field(i), v.Field(i)
		if !name.IsExported() {
			continue
		}
		c.argument(f, vars, isShell(name.Tag.Get("yaml")))
	}
}

// isShell says whether an argument is read by a shell, by its tag.
func isShell(tag string) bool {
	name, _, _ := strings.Cut(tag, ",")
	return name == "run" || name == "options"
}

func (c *checker) argument(f reflect.Value, vars runbook.Vars, shell bool) {
	switch a := f.Interface().(type) {
	case runbook.Template:
		c.template(a, vars, shell)
	case runbook.Prose:
		c.prose(a, vars)
	case runbook.Expr:
		c.expression(a, vars)
	default:
		switch f.Kind() {
		case reflect.Slice:
			for i := range f.Len() {
				c.argument(f.Index(i), vars, shell)
			}
		case reflect.Struct:
			for i := range f.NumField() {
				if f.Type().Field(i).IsExported() {
					c.argument(f.Field(i), vars, shell)
				}
			}
		}
	}
}

// varsOf is what every expression of a runbook or pitfall may use.
func varsOf(inputs runbook.Named[runbook.Input]) runbook.Vars {
	vars := runbook.Vars{"node": cel.StringType, "hosts": cel.ListType(cel.StringType)}
	for name, typ := range runbook.GivenTypes {
		vars[name] = typ
	}
	for _, e := range inputs {
		vars["inputs."+e.Name] = e.Value.CelType()
		if hop := runbook.HopName("inputs." + e.Name); hop != "" {
			vars[hop] = e.Value.CelType()
		}
	}
	return vars
}

func withFacts(vars runbook.Vars, facts runbook.Named[runbook.Fact]) runbook.Vars {
	if len(facts) == 0 {
		return vars
	}
	out := maps.Clone(vars)
	for _, f := range facts {
		if f.Value.Probe != nil {
			out[f.Name] = f.Value.Probe.Type()
		}
	}
	return out
}
