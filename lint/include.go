package lint

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

var includeInput = Rule{
	Name:  "include-input",
	Doc:   "An included runbook gets the inputs it needs, of their types, and no others.",
	check: check{step: checkIncludeInput},
}

func checkIncludeInput(p pass, s step) {
	inc := s.Included()
	if inc == nil || inc.Runbook() == nil {
		return
	}
	var names []string
	for _, e := range inc.Runbook().Inputs {
		names = append(names, e.Name)
		if _, given := inc.With.Get(e.Name); !given && !e.Value.Default.Given() {
			p.report(inc.Name.Pos, fmt.Sprintf("runbook %q needs the input %q", inc.Name, e.Name), "give it under with: "+e.Value.Prompt.En.Source)
		}
	}
	for _, e := range inc.With {
		in, ok := inc.Runbook().Inputs.Get(e.Name)
		if !ok {
			p.report(e.Pos, fmt.Sprintf("runbook %q has no input %q", inc.Name, e.Name), runbook.DidYouMean(e.Name, names))
			continue
		}
		checkGiven(p, e.Name, in, e.Value, s.vars)
	}
}

// checkGiven: a plain text is tried as the input; an expression must be of its type.
func checkGiven(p pass, name string, in runbook.Input, t runbook.Template, vars runbook.Vars) {
	if len(t.Exprs()) == 0 {
		text, err := t.Prose(runbook.NewScope())
		if err != nil {
			return
		}
		if _, err := in.Convert(name, text); err != nil {
			p.report(t.Pos, err.Error(), "")
		}
		return
	}
	if alone := t.Alone(); alone.Set() {
		m, problems := runbook.TypeCheck(alone, vars, nil)
		if problems != nil {
			return // reported already
		}
		want := in.CelType()
		got := m.AST.OutputType()
		fits := want.IsAssignableType(got) || got == cel.DynType || (want == cel.StringType && slices.Contains([]*cel.Type{cel.IntType, cel.BoolType, cel.DoubleType}, got))
		if !fits {
			p.report(alone.Pos, fmt.Sprintf("the input %q is %s and gets %s", name, cel.FormatCELType(want), cel.FormatCELType(got)), "")
		}
	}
}

var includeKey = Rule{
	Name:  "include-key",
	Doc:   "An including step says when and how often; the rest is said by the steps of the runbook.",
	check: check{step: checkIncludeKeys},
}

func checkIncludeKeys(p pass, s step) {
	if s.Included() == nil {
		return
	}
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
			p.report(k.at, fmt.Sprintf("step %s includes a runbook, so %q has no meaning here", s.ID, k.name), "put it into the steps of the runbook, or into a step beside this one")
		}
	}
}
