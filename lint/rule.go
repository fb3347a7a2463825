package lint

import "spraydeck/runbook"

// Rule is one thing that a file must keep to.
type Rule struct {
	Name  string // as a problem names it, such as no-undo
	Doc   string // in one line
	check check  // empty: package runbook reports it while it reads a file
}

// check says where a rule looks: the walk calls what is set.
type check struct {
	files    func(pass, []runbook.File) // those that are asked about, together
	runbook  func(pass, *runbook.Runbook)
	phase    func(pass, phase)
	step     func(pass, step)
	gate     func(pass, *runbook.Gate)
	remedies func(pass, []runbook.Cure) // of one step, gate or pitfall
	fact     func(pass, fact)
	let      func(pass, let)
	input    func(pass, runbook.Entry[runbook.Input])
	testCase func(pass, testCase)
	symptom  func(pass, symptomIn)
	release  func(pass, *runbook.ReleaseFile)
	expr     func(pass, expr)
	written  func(pass, runbook.File) // advice: a file as it is written, without what it extends
}

// pass is one rule at work on one file.
type pass struct {
	*checker
	rule *Rule
}

// report adds a problem under the name of the rule.
func (p pass) report(at runbook.Pos, message, hint string) {
	if at.Line == 0 { // the key is missing, which is reported at its place
		at = runbook.Pos{File: p.name, Line: 1, Col: 1}
	}
	p.problems = append(p.problems, runbook.Problem{Pos: at, Rule: p.rule.Name, Message: message, Hint: hint})
}

// visit shows one thing to every rule that looks at things of its kind.
func visit[T any](c *checker, look func(*check) func(pass, T), at T) {
	for i := range c.rules {
		if f := look(&c.rules[i].check); f != nil {
			f(pass{c, &c.rules[i]}, at)
		}
	}
}
