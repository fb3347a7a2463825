package lint

import (
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// Check looks at files together, after each was parsed: what names another file, what is used and never declared, what
// expressions mean, what symptoms match. Every rule stands in a file of its own (check_*.go) and reports through add.
// Files that are lent only give their names to the others; their own mistakes are not looked for.
func Check(files []runbook.File, lent ...runbook.File) runbook.Problems {
	asked := map[any]bool{}
	for _, f := range files {
		asked[f.Runbook], asked[f.Pitfall], asked[f.Release] = true, true, true
	}
	for _, nothing := range []any{(*runbook.Runbook)(nil), (*runbook.Pitfall)(nil), (*runbook.ReleaseFile)(nil)} {
		delete(asked, nothing)
	}
	return checkSome(append(files[:len(files):len(files)], lent...), func(f runbook.File) bool { return asked[f.Runbook] || asked[f.Pitfall] || asked[f.Release] })
}

// CheckRunbook is Check for what a run of one runbook uses: itself, what it includes, and the pitfalls it can meet. The
// other files only lend their names.
func CheckRunbook(files []runbook.File, b *runbook.Runbook) runbook.Problems {
	used := sync.OnceValue(func() map[any]bool { return uses(b) }) // once the files know each other
	return checkSome(files, func(f runbook.File) bool { return used()[f.Runbook] || used()[f.Pitfall] })
}

// uses gives the runbooks and pitfalls that a run can meet.
func uses(b *runbook.Runbook) map[any]bool {
	used := map[any]bool{b: true}
	b.EachStep(func(in *runbook.Runbook, s *runbook.Step) {
		used[in] = true
		for _, g := range s.Gates() {
			used[b.Pitfall(g.Pitfall.Value)] = true
		}
	})
	for _, id := range b.InForce() {
		used[b.Pitfall(id)] = true
	}
	delete(used, (*runbook.Pitfall)(nil)) // a gate without a pitfall
	return used
}

func checkSome(files []runbook.File, wanted func(runbook.File) bool) runbook.Problems {
	c := &checker{Catalog: runbook.Link(files)}
	c.checkDuplicates()
	files = slices.DeleteFunc(slices.Clone(files), func(f runbook.File) bool { return !wanted(f) })
	looks := []func(*checker){func(c *checker) { c.checkSamples(files) }}
	for _, f := range files { // from here on each is looked at for itself
		looks = append(looks, func(c *checker) { c.file(f) })
	}
	found := make([]runbook.Problems, len(looks))
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) { // few goroutines: the checker of expressions wants deep stacks, which are dear to grow
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(looks)); i = next.Add(1) - 1 {
				one := *c
				one.problems = nil
				looks[i](&one)
				found[i] = one.problems
			}
		})
	}
	wg.Wait()
	for _, ps := range found {
		c.problems = append(c.problems, ps...)
	}
	c.problems.Sort()
	// what a runbook has from another is looked at with each that has it
	c.problems = slices.Compact(c.problems)
	return c.problems
}

func (c *checker) file(f runbook.File) {
	switch {
	case f.Runbook != nil:
		c.name = f.Runbook.Source.File
		c.runbook(f.Runbook)
	case f.Pitfall != nil:
		c.name = f.Pitfall.Source.File
		c.pitfall(f.Pitfall)
	case f.Release != nil:
		c.checkRelease(f.Release)
	}
}

type checker struct {
	problems runbook.Problems
	*runbook.Catalog
	name    string                       // of the file at hand
	secrets runbook.Named[runbook.Input] // its inputs
}

func (c *checker) add(at runbook.Pos, rule, message, hint string) {
	if at.Line == 0 { // what is spoken of was left out; that it is missing has been told with its place
		at = runbook.Pos{File: c.name, Line: 1, Col: 1}
	}
	c.problems = append(c.problems, runbook.Problem{Pos: at, Rule: rule, Message: message, Hint: hint})
}

func (c *checker) runbook(b *runbook.Runbook) {
	c.checkExtends(b)
	c.checkCycles(b)
	c.checkTemporary(b)
	c.checkConditions(b)
	c.checkResults(b)
	c.secrets = b.Inputs
	c.checkIDs(b)
	c.checkPitfallNames(b)
	c.checkInputs(b.Inputs)
	c.checkCases(b.Tests, b.Inputs, factsOfRunbook(b), nil)

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
		c.checkReachable(ph.When, vars, "the phase")
		if ph.Each != nil {
			c.template(ph.Each.In, vars, false)
			c.needInventory(b, ph.Each.In.Pos, "the phase")
		}
		for j := range ph.Steps {
			c.step(&ph.Steps[j], vars, ph.Each != nil)
			c.checkLearned(b, &ph.Steps[j])
			c.checkInventory(b, &ph.Steps[j])
		}
	}
}

func (c *checker) pitfall(p *runbook.Pitfall) {
	c.secrets = p.Inputs
	c.checkInputs(p.Inputs)
	c.checkRemedies(p.Remedies)
	c.checkSymptoms(p)
	c.checkCases(p.Tests, p.Inputs, factsOfPitfall(p), p)
	vars := varsOf(p.Inputs)
	if p.Before != nil {
		g := &runbook.Gate{Facts: p.Before.Facts, When: p.Before.When, Rule: p.Before.Rule, Says: p.Before.Says, Evidence: p.Before.Evidence, Title: p.Before.Title, Fails: p.Before.Fails, Pos: p.Before.Pos}
		if !g.Fails.Set() {
			g.Fails = p.Title
		}
		vars = c.gate(g, vars)
	}
	for i := range p.Remedies {
		for j := range p.Remedies[i].Steps {
			c.step(&p.Remedies[i].Steps[j], vars, true)
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

func (c *checker) step(s *runbook.Step, vars runbook.Vars, inLoop bool) {
	c.checkUndo(s)
	c.checkReads(s)
	c.checkConfirm(s, inLoop)
	c.checkLoosens(s)
	c.checkHosts(s, inLoop)
	c.checkArguments(s, inLoop)
	c.checkGateIDs(s)
	c.checkRemedies(s.Remedies)
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
	c.condition(s.When, vars)
	c.checkReachable(s.When, vars, "step "+s.ID.Value)
	c.condition(s.Done, vars)
	if inc := s.Included(); inc != nil {
		c.checkInclude(s, inc, vars)
	} else if _, ok := s.Action.(runbook.Prober); !ok && s.Action != nil {
		c.checkSecrets(c.secrets, s.Action)
		c.arguments(reflect.ValueOf(s.Action).Elem(), vars)
	}
	for _, g := range s.Gates() {
		c.gate(g, vars)
	}
	for i := range s.Remedies {
		c.steps(s.Remedies[i].Steps, vars)
	}
}

func (c *checker) steps(steps []runbook.Step, vars runbook.Vars) {
	for i := range steps {
		c.step(&steps[i], vars, true)
	}
}

// gate checks a gate and gives what its remedies may use.
func (c *checker) gate(g *runbook.Gate, vars runbook.Vars) runbook.Vars {
	if g.Pitfall.Value == "" && !g.Rule.Set() {
		c.add(g.Pos, "gate-empty", "the gate has neither a rule nor a pitfall", "give it a rule, or name the pitfall it takes its rule from")
	}
	c.checkFails(g)
	c.facts(g.Facts, vars)
	vars = withFacts(vars, g.Facts)
	c.condition(g.When, vars)
	c.condition(g.Rule, vars)
	if g.Evidence.Set() {
		_, ps := runbook.TypeCheck(g.Evidence, vars, nil)
		c.problems = append(c.problems, ps...)
	}
	c.prose(g.Title, vars)
	c.prose(g.Fails, vars)
	c.prose(g.Says, vars)
	c.checkRemedies(g.Remedies)
	for i := range g.Remedies {
		c.steps(g.Remedies[i].Steps, vars)
	}
	return vars
}

func (c *checker) facts(facts runbook.Named[runbook.Fact], vars runbook.Vars) {
	for _, f := range facts {
		if _, taken := vars[f.Name]; taken || f.Name == "inputs" || f.Name == "steps" || f.Name == "inventory" {
			c.add(f.Pos, "fact-name", "the name "+f.Name+" is taken", "facts stand beside inputs, steps, inventory, node, hosts and the facts around them")
		}
		if f.Value.Probe != nil {
			c.checkSecrets(c.secrets, f.Value.Probe)
			c.arguments(reflect.ValueOf(f.Value.Probe).Elem(), vars)
		}
	}
}

func (c *checker) condition(e runbook.Expr, vars runbook.Vars) {
	if e.Set() {
		_, ps := runbook.TypeCheck(e, vars, cel.BoolType)
		c.problems = append(c.problems, ps...)
	}
}

func (c *checker) template(t runbook.Template, vars runbook.Vars, shell bool) {
	for _, p := range t.Parts {
		if !p.Expr.Set() {
			continue
		}
		_, ps := runbook.TypeCheck(p.Expr, vars, nil)
		c.problems = append(c.problems, ps...)
		if shell && p.Refused != nil {
			c.add(p.Expr.Pos, "quoting", p.Refused.Error(), "")
		}
	}
}

func (c *checker) prose(p runbook.Prose, vars runbook.Vars) {
	c.template(p.En, vars, false)
	c.template(p.Ja, vars, false)
}

// arguments checks every template and expression in the arguments of a step or a probe, whatever its kind.
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
		if a.Set() {
			_, ps := runbook.TypeCheck(a, vars, nil)
			c.problems = append(c.problems, ps...)
		}
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
