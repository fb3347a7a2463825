package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"spraydeck/event"
	"spraydeck/runbook"
)

// instance is a step of the plan: a step of the runbook, on its node where it stands in a loop.
type instance struct {
	step    *runbook.Step
	id      string // of the step, or step[node]
	events  string // the step its events belong to: itself, or for a remedy the step that is mended
	frame   *frame
	node    string   // of the loop; of a batch its nodes with commas between, as Ansible takes them
	batch   []string // the nodes of the loop, one by one
	phase   event.Text
	part    *part // the phase, where it has a condition
	when    runbook.Expr
	scope   *runbook.Scope
	hosts   []string
	facts   runbook.Named[runbook.Fact] // the runbook's and the step's own
	remedy  bool
	shared  *shared     // what its probes gave, nil where nothing is shared
	unknown bool        // the outcome of the last attempt is unknown
	cause   string      // of a verdict that is unknown
	earlier *earlierYes // the approval that stands in the record, nil where it was given now

	prepared   any  // what an action gave that reads before it describes itself
	asRequired bool // it found nothing to do
	outdated   bool // when it ran, it found something else than what was shown
}

func (in *instance) danger() event.Danger {
	d := event.Danger(in.step.Danger.Value)
	if d == "" {
		d = in.step.Kind.Danger
	}
	if a, ok := in.step.Action.(runbook.Changing); ok && a.Changing() && d == event.ReadOnly {
		return event.Changes // whatever the runbook says
	}
	return d
}

// changes says whether a command of the step may change something. One that says of itself that it reads does not.
func (in *instance) changes(c event.Command) bool {
	return c.Changes || (!c.Reads && !c.Probe && c.Call == nil && in.danger() != event.ReadOnly)
}

func (in *instance) planned(r *Run) event.PlannedStep {
	in.scope = r.scopeOf(in)
	estimate, measured := r.estimate(in)
	tasks := 0
	if r.env.Tasks != nil {
		tasks = r.env.Tasks(in.id)
	}
	return event.PlannedStep{
		ID: in.id, Title: in.step.Title.Text(in.scope), Why: in.step.Why.Text(in.scope), Phase: in.phase,
		Kind: in.step.Kind.Name, Danger: in.danger(), Hosts: in.hosts,
		NoReturn: slices.ContainsFunc(in.frame.book.NoReturn, func(id runbook.Str) bool { return id.Value == in.step.ID.Value }),
		Estimate: estimate, Measured: measured, Tasks: tasks,
	}
}

// estimate is how long a step took before, where that is known, else what the runbook says.
func (r *Run) estimate(in *instance) (d time.Duration, measured bool) {
	if r.env.Took != nil {
		if d := r.env.Took(in.id); d > 0 {
			return d, true
		}
	}
	return in.step.Estimate.Value, false
}

// expand makes the plan: loops become one step for each round, and an including step the steps of its runbook.
func (r *Run) expand() ([]*instance, error) { return r.expandFrame(r.root) }

func (r *Run) expandFrame(f *frame) ([]*instance, error) {
	var plan []*instance
	for i := range f.book.Phases {
		ph := &f.book.Phases[i]
		rounds := [][]string{nil}
		if ph.Each != nil {
			var err error
			if rounds, err = r.rounds(ph.Each, f.scope); err != nil {
				return nil, err
			}
		}
		for _, round := range rounds {
			pt := f.phasePart(i, ph, round)
			for j := range ph.Steps {
				more, err := r.instances(f, ph, pt, &ph.Steps[j], round)
				if err != nil {
					return nil, err
				}
				plan = append(plan, more...)
			}
		}
	}
	return plan, nil
}

func (r *Run) instances(f *frame, ph *runbook.Phase, pt *part, s *runbook.Step, round []string) ([]*instance, error) {
	rounds := [][]string{round}
	if s.On.Each != nil {
		var err error
		if rounds, err = r.rounds(s.On.Each, f.scope); err != nil {
			return nil, err
		}
	}
	var ins []*instance
	for _, batch := range rounds {
		in := &instance{frame: f, step: s, id: s.ID.Value, node: strings.Join(batch, ","), batch: batch, part: pt, when: s.When,
			facts: runbook.MergeFacts(f.book.Facts, s.Facts)}
		if in.node != "" {
			in.id += "[" + in.node + "]"
		}
		if f.at != nil {
			in.id = f.at.id + "/" + in.id
		}
		in.events = in.id
		in.phase = r.heading(f, ph, in)
		more, err := r.inPlace(in)
		if err != nil {
			return nil, err
		}
		ins = append(ins, more...)
	}
	return ins, nil
}

// inPlace gives the step itself, or the steps of the runbook that it includes.
func (r *Run) inPlace(in *instance) ([]*instance, error) {
	if in.step.Included() == nil {
		return []*instance{in}, nil
	}
	f, err := r.enter(in)
	if err != nil {
		return nil, err
	}
	return r.expandFrame(f)
}

// rounds gives the nodes of each round of a loop.
func (r *Run) rounds(e *runbook.Each, scope *runbook.Scope) ([][]string, error) {
	nodes, err := r.hostsOf(e.In, scope)
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
	return slices.Collect(slices.Chunk(nodes, max(e.Batch.Value, 1))), nil
}

// hostsOf gives the hosts a template names; an expression in it may give a list of hosts.
func (r *Run) hostsOf(t runbook.Template, scope *runbook.Scope) ([]string, error) {
	pattern, err := t.HostPattern(scope)
	if err != nil {
		return nil, err
	}
	if pattern == "" {
		return nil, nil
	}
	if r.hosts == nil && r.noInventory != nil {
		return nil, r.noInventory
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
func (r *Run) scopeOf(in *instance) *runbook.Scope {
	s := in.frame.scope.With()
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
		in.hosts = in.batch
	}
	s.Set("hosts", cel.ListType(cel.StringType), append([]string{}, in.hosts...))
	return s
}

// task is what the step's action is given to describe itself.
func (r *Run) task(in *instance) *runbook.Task {
	t := &runbook.Task{Scope: in.scope, Step: in.id, Node: in.node, Hosts: in.hosts, HostsOf: r.hosts, Edit: r.env.Edit, Sleep: r.env.Sleep, Prepared: in.prepared}
	if r.resume.restoring() || r.env.Started.Rehearses != "" {
		t.Edit = func(context.Context, string, int) error { return nil } // it was edited then
	}
	return t
}
