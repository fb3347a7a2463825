package runbook

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// instance is a step of the plan: a step of the runbook, on its node where it stands in a loop.
type instance struct {
	step   *Step
	id     string // of the step, or step[node]
	events string // the step its events belong to: itself, or for a remedy the step that is mended
	node   string
	phase  Text
	when   Expr
	scope  *Scope
	hosts  []string
	facts  Named[Fact] // the runbook's and the step's own
	remedy bool
}

func (in *instance) danger() Danger {
	if d := Danger(in.step.Danger.Value); d != "" {
		return d
	}
	return in.step.Kind.Danger
}

// changes says whether a command of the step may change something: a step that is declared to only read does.
func (in *instance) changes(c Command) bool {
	return c.Changes || (c.Call == nil && in.danger() != ReadOnly)
}

func (in *instance) planned(r *Run) PlannedStep {
	in.scope = r.scopeOf(in)
	return PlannedStep{
		ID: in.id, Title: in.step.Title.Text(in.scope), Why: in.step.Why.Text(in.scope), Phase: in.phase,
		Kind: in.step.Kind.Name, Danger: in.danger(), Hosts: in.hosts,
		NoReturn: slices.ContainsFunc(r.book.NoReturn, func(id Str) bool { return id.Value == in.step.ID.Value }),
		Estimate: in.step.Estimate.Value,
	}
}

// expand makes the plan: loops become one step for each node.
func (r *Run) expand() ([]*instance, error) {
	var plan []*instance
	for i := range r.book.Phases {
		ph := &r.book.Phases[i]
		nodes := []string{""}
		if ph.Each != nil {
			var err error
			if nodes, err = r.loop(ph.Each); err != nil {
				return nil, err
			}
		}
		for _, node := range nodes {
			for j := range ph.Steps {
				more, err := r.instances(ph, &ph.Steps[j], node)
				if err != nil {
					return nil, err
				}
				plan = append(plan, more...)
			}
		}
	}
	return plan, nil
}

func (r *Run) instances(ph *Phase, s *Step, node string) ([]*instance, error) {
	nodes := []string{node}
	if s.On.Each != nil {
		var err error
		if nodes, err = r.loop(s.On.Each); err != nil {
			return nil, err
		}
	}
	var ins []*instance
	for _, n := range nodes {
		in := &instance{step: s, id: s.ID.Value, node: n, when: s.When, facts: nearest(r.book.Facts, s.Facts)}
		if n != "" {
			in.id += "[" + n + "]"
		}
		in.events = in.id
		in.phase = ph.Title.Text(r.scopeOf(in))
		if ph.When.Set() {
			in.when = both(ph.When, s.When)
		}
		ins = append(ins, in)
	}
	return ins, nil
}

// both joins two conditions. The place is the first one's: the linter has checked each in its own.
func both(a, b Expr) Expr {
	if !b.Set() {
		return a
	}
	return Expr{Source: "(" + a.Source + ") && (" + b.Source + ")", Pos: a.Pos}
}

func (r *Run) loop(e *Each) ([]string, error) {
	nodes, err := r.hostsOf(e.In, r.scope)
	if err != nil {
		return nil, err
	}
	nodes = slices.Clone(nodes)
	switch e.Order.Value {
	case "reverse":
		slices.Reverse(nodes)
	case "name":
		slices.Sort(nodes)
	}
	return nodes, nil
}

// hostsOf gives the hosts a template names; an expression in it may give a list of hosts.
func (r *Run) hostsOf(t Template, scope *Scope) ([]string, error) {
	pattern, err := t.render(scope, func(_ part, values []string) (string, error) { return strings.Join(values, ":"), nil })
	if err != nil {
		return nil, err
	}
	if pattern == "" {
		return nil, nil
	}
	if r.hosts == nil {
		return nil, fmt.Errorf("%s: the runbook names hosts but has no inventory", t.Pos)
	}
	hosts, err := r.hosts(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Pos, err)
	}
	return hosts, nil
}

// scopeOf gives what the expressions of a step see.
func (r *Run) scopeOf(in *instance) *Scope {
	s := r.scope.With()
	if in.scope != nil && in.remedy {
		s = in.scope.With() // a remedy sees the facts of the gate it mends
	}
	s.Set("node", cel.StringType, in.node)
	in.hosts = nil
	switch {
	case in.step.On.Hosts.Set():
		if hosts, err := r.hostsOf(in.step.On.Hosts, s); err == nil {
			in.hosts = hosts
		}
	case in.node != "":
		in.hosts = []string{in.node}
	}
	s.Set("hosts", cel.ListType(cel.StringType), append([]string{}, in.hosts...))
	return s
}

// task is what the step's action is given to describe itself.
func (r *Run) task(in *instance) *Task {
	return &Task{Scope: in.scope, Step: in.id, Node: in.node, Hosts: in.hosts, HostsOf: r.hosts, Edit: r.env.Edit}
}

// resultName is the name of a step's result in expressions.
func resultName(id string) string { return "steps." + strings.ReplaceAll(id, "-", "_") }
