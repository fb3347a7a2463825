package lint

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// checkInclude: the runbook that is included exists, and gets the inputs it needs, of the right types.
func (c *checker) checkInclude(s *runbook.Step, inc *runbook.Include, vars runbook.Vars) {
	c.checkIncludeKeys(s)
	for _, e := range inc.With {
		c.template(e.Value, vars, false)
	}
	if inc.Runbook() == nil {
		c.unknownRunbook(inc)
		return
	}
	var names []string
	for _, e := range inc.Runbook().Inputs {
		names = append(names, e.Name)
		if _, given := inc.With.Get(e.Name); !given && !e.Value.Default.Given() {
			c.add(inc.Name.Pos, "include-input", fmt.Sprintf("runbook %q needs the input %q", inc.Name, e.Name), "give it under with: "+e.Value.Prompt.En.Source)
		}
	}
	for _, e := range inc.With {
		in, ok := inc.Runbook().Inputs.Get(e.Name)
		if !ok {
			c.add(e.Pos, "include-input", fmt.Sprintf("runbook %q has no input %q", inc.Name, e.Name), runbook.DidYouMean(e.Name, names))
			continue
		}
		c.checkGiven(e.Name, in, e.Value, vars)
		for _, expr := range e.Value.Exprs() {
			if secret := secretIn(expr, c.secrets); secret != "" && !in.Secret.Value {
				c.add(expr.Pos, "secret", fmt.Sprintf("the secret %s is given to the input %q, which is none", secret, e.Name), "mark that input as secret, too")
			}
		}
	}
}

// checkGiven: a plain text is tried as the input; an expression must be of its type.
func (c *checker) checkGiven(name string, in runbook.Input, t runbook.Template, vars runbook.Vars) {
	if len(t.Exprs()) == 0 {
		text, err := t.Prose(runbook.NewScope())
		if err != nil {
			return
		}
		if _, err := in.Convert(name, text); err != nil {
			c.add(t.Pos, "include-input", err.Error(), "")
		}
		return
	}
	if alone := t.Alone(); alone.Set() {
		m, problems := runbook.TypeCheck(alone, vars, nil)
		if problems != nil {
			return // told already
		}
		want := in.CelType()
		got := m.AST.OutputType()
		fits := want.IsAssignableType(got) || got == cel.DynType || (want == cel.StringType && slices.Contains([]*cel.Type{cel.IntType, cel.BoolType, cel.DoubleType}, got))
		if !fits {
			c.add(alone.Pos, "include-input", fmt.Sprintf("the input %q is %s and gets %s", name, cel.FormatCELType(want), cel.FormatCELType(got)), "")
		}
	}
}

// checkIncludeKeys: what a step does belongs to the steps of its runbook, so the including step says only when and how
// often.
func (c *checker) checkIncludeKeys(s *runbook.Step) {
	for _, k := range []struct {
		name string
		set  bool
		at   runbook.Pos
	}{
		{"on: hosts", s.On.Hosts.Set(), s.On.Pos},
		{"danger", s.Danger.Value != "", s.Danger.Pos},
		{"confirm", s.Confirm.Set(), s.Confirm.Pos},
		{"facts", len(s.Facts) > 0, s.Pos},
		{"done", s.Done.Set(), s.Done.Pos},
		{"before", len(s.Before) > 0, s.Pos},
		{"after", len(s.After) > 0, s.Pos},
		{"timeout", s.Timeout.Value > 0, s.Timeout.Pos},
		{"retry", s.Retry.Set, s.Retry.Pos},
		{"undo", s.Undo.Set(), s.Undo.Pos},
		{"remedies", len(s.Remedies) > 0, s.Pos},
	} {
		if k.set {
			c.add(k.at, "include-key", fmt.Sprintf("step %s includes a runbook, so %q has no meaning here", s.ID, k.name), "put it into the steps of the runbook, or into a step beside this one")
		}
	}
}

func (c *checker) unknownRunbook(inc *runbook.Include) {
	name := inc.Name.Value
	if name == "" {
		return
	}
	var names []string
	hint := ""
	if !runbook.IsPath(name) {
		for n := range c.Runbooks {
			names = append(names, n)
		}
		hint = runbook.DidYouMean(name, names)
	} else {
		source := runbook.Source{File: inc.Name.Pos.File, Root: c.rootOf(inc.Name.Pos.File)}
		file, ok := source.Beside(name)
		if !ok {
			c.add(inc.Name.Pos, "include-path", fmt.Sprintf("%q leads out of the directory", name), "an include stays below the directory that runbooks are read from")
			return
		}
		hint = "looked for " + file
	}
	c.add(inc.Name.Pos, "unknown-runbook", fmt.Sprintf("there is no runbook %q", name), hint)
}

// rootOf is what the includes of a file may not leave.
func (c *checker) rootOf(file string) string {
	if b := c.ByFile[file]; b != nil {
		return b.Source.Root
	}
	for _, p := range c.Pitfalls {
		if p.Source.File == file {
			return p.Source.Root
		}
	}
	return ""
}

// checkCycles: no runbook includes itself, not even through others.
func (c *checker) checkCycles(b *runbook.Runbook) {
	var search func(at *runbook.Runbook, way []string) bool
	seen := map[*runbook.Runbook]bool{}
	search = func(at *runbook.Runbook, way []string) (found bool) {
		seen[at] = true
		at.EachOwn(func(s *runbook.Step) {
			inc := s.Included()
			if inc == nil || inc.Runbook() == nil || found {
				return
			}
			next := append(slices.Clip(way), inc.Runbook().Name.Value)
			switch {
			case inc.Runbook() == b && at == b:
				c.add(inc.Name.Pos, "include-cycle", fmt.Sprintf("runbook %q includes itself", b.Name), "")
				found = true
			case inc.Runbook() == b:
				c.add(b.Name.Pos, "include-cycle", "the runbook includes itself: "+strings.Join(next, " includes "), "")
				found = true
			case !seen[inc.Runbook()]:
				found = search(inc.Runbook(), next)
			}
		})
		return found
	}
	search(b, []string{b.Name.Value})
}
