package runbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"spraydeck/event"
	"spraydeck/symptom"
)

// Case is a test that a pitfall or a runbook carries with it: what is given, and what must come of it.
type Case struct {
	Name      Str           `yaml:"name,required" doc:"what is shown by it"`
	Inventory GivenHosts    `yaml:"inventory" doc:"given: the hosts"`
	Inputs    Named[Str]    `yaml:"inputs" doc:"given: inputs; the others take their defaults"`
	Facts     Named[Any]    `yaml:"facts" doc:"given: facts by their names. The result of a command is {stdout, stderr, exit}, of an ssh probe one for each host"`
	Steps     Named[Any]    `yaml:"steps" doc:"given: results of earlier steps, as steps.<id>"`
	Output    []GivenOutput `yaml:"output" doc:"given: what the commands print that learn the other facts"`
	Log       Str           `yaml:"log" doc:"given: a piece of a log"`
	Step      Str           `yaml:"step" doc:"in a runbook: the step that is meant, as it stands in the plan, such as drain[node1]"`
	Gate      Str           `yaml:"gate" doc:"in a runbook: the gate of that step"`

	Verdict  Str   `yaml:"verdict" doc:"expected: pass, fail, unknown, or none where it does not apply" enum:"pass|fail|unknown|none"`
	Says     Str   `yaml:"says" doc:"expected: a part of what the operator is told, in any language"`
	Evidence Lines `yaml:"evidence" doc:"expected: exactly this evidence"`
	Symptoms Lines `yaml:"symptoms" doc:"expected: exactly these symptoms in the log, in any order; [] for none"`
	Lines    Lines `yaml:"lines" doc:"expected: exactly these commands of the step, each as host: line"`
	Pos      Pos
}

// Lines is a list of texts that may be empty, which says something else than nothing.
type Lines struct {
	Set   bool
	Texts []Str
}

func (l *Lines) decode(d *decoder, n *yaml.Node) {
	l.Set = true
	if n.Kind != yaml.SequenceNode {
		l.Texts = []Str{{d.scalar(n, "a list of text"), d.pos(n)}}
		return
	}
	for _, item := range n.Content {
		l.Texts = append(l.Texts, Str{d.scalar(item, "text"), d.pos(item)})
	}
}

// GivenHosts is the inventory of a test.
type GivenHosts struct {
	Groups Any `yaml:"groups" doc:"hosts by group, as inventory.groups gives them"`
	Vars   Any `yaml:"vars" doc:"variables by host, as inventory.vars gives them"`
	Pos    Pos
}

// GivenOutput is what a command prints in a test.
type GivenOutput struct {
	Host   Str `yaml:"host" doc:"where it runs: a host, workstation or api; any when left out"`
	Line   Str `yaml:"line,required" doc:"a part of the command line"`
	Stdout Str `yaml:"stdout" doc:"what it prints"`
	Stderr Str `yaml:"stderr" doc:"what it prints as errors"`
	Exit   Int `yaml:"exit" doc:"its exit code"`
	Pos    Pos
}

// Any is a value of any form.
type Any struct {
	Value any
	Set   bool
	Pos   Pos
}

func (a *Any) decode(d *decoder, n *yaml.Node) {
	a.Set, a.Pos = true, d.pos(n)
	if err := n.Decode(&a.Value); err != nil {
		d.problem(n, "yaml", "the value cannot be read: "+strings.TrimPrefix(err.Error(), "yaml: "), "")
	}
}

// Tested is how one case went. Why is empty for one that passed.
type Tested struct {
	Pos  Pos
	Name string
	Why  string
}

// Test runs the cases of a file. The file must be sound: the linter comes first.
func Test(ctx context.Context, f File, lang *Language) []Tested {
	cases, subject := []Case(nil), (*Runbook)(nil)
	switch {
	case f.Runbook != nil:
		cases, subject = f.Runbook.Tests, f.Runbook
	case f.Pitfall != nil:
		cases, subject = f.Pitfall.Tests, bookOf(f.Pitfall)
	}
	var results []Tested
	for i := range cases {
		c := &cases[i]
		t := Tested{Pos: c.Pos, Name: c.Name.Value}
		if err := c.run(ctx, subject, f.Pitfall, lang); err != nil {
			t.Why = err.Error()
		}
		results = append(results, t)
	}
	return results
}

// bookOf gives a runbook of one check, so that a pitfall can be looked for as in any run.
func bookOf(p *Pitfall) *Runbook {
	b := &Runbook{Header: p.Header, Inputs: p.Inputs, Source: p.Source, known: map[string]*Pitfall{p.Name.Value: p}}
	b.Inventory, _ = NewTemplate("the inventory")
	return b
}

// run gives the first difference to what is expected.
func (c *Case) run(ctx context.Context, b *Runbook, p *Pitfall, lang *Language) error {
	if c.Log.Value != "" || c.Symptoms.Set {
		if err := c.runLog(ctx, b, p); err != nil {
			return err
		}
	}
	if c.Verdict.Value == "" && !c.Lines.Set && c.Says.Value == "" && !c.Evidence.Set {
		return nil
	}
	book := *b
	book.lang = lang
	r := NewRun(&book, Env{Exec: c.answer(&book), Ask: nobody, Sink: func(event.Event) error { return nil }, Inputs: c.inputs()})
	r.env.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	if err := r.begin(ctx); err != nil {
		return err
	}
	in, gate, err := c.find(r, p)
	if err != nil {
		return err
	}
	if err := c.give(in); err != nil {
		return err
	}
	if c.Lines.Set {
		if err := c.runLines(r, in); err != nil {
			return err
		}
	}
	if gate == nil {
		return nil
	}
	g := *gate
	if g.Facts, err = c.facts(g.Facts); err != nil {
		return err
	}
	return c.judge(ctx, r, in, &g)
}

// find gives the step and the gate that are meant.
func (c *Case) find(r *Run, p *Pitfall) (*instance, *Gate, error) {
	if p != nil {
		in := &instance{frame: r.root, step: &Step{ID: p.Name, Title: p.Title}, id: p.Name.Value}
		in.scope = r.scopeOf(in)
		return in, r.root.book.filled(&Gate{Pitfall: p.Name}, 0), nil
	}
	plan, err := r.expand()
	if err != nil {
		return nil, nil, err
	}
	var ids []string
	for _, in := range plan {
		ids = append(ids, in.id)
		if in.id != c.Step.Value {
			continue
		}
		in.scope = r.scopeOf(in)
		if c.Gate.Value == "" {
			return in, nil, nil
		}
		var gates []string
		for i, g := range in.step.gates() {
			full := in.frame.book.filled(g, i)
			if full.ID.Value == c.Gate.Value {
				return in, full, nil
			}
			gates = append(gates, full.ID.Value)
		}
		return nil, nil, fmt.Errorf("step %s has no gate %q; %s", c.Step, c.Gate, DidYouMean(c.Gate.Value, gates))
	}
	return nil, nil, fmt.Errorf("the plan has no step %q; %s", c.Step, DidYouMean(c.Step.Value, ids))
}

// give puts what is given in place of what would be learned.
func (c *Case) give(in *instance) (err error) {
	if in.facts, err = c.facts(in.facts); err != nil {
		return err
	}
	for _, s := range c.Steps {
		name := "steps." + s.Name
		typ := in.scope.Types[name]
		if typ == nil {
			return fmt.Errorf("%s: no step gives %s", s.Value.Pos, name)
		}
		value, err := givenValue(s.Value, typ)
		if err != nil {
			return err
		}
		in.frame.scope.Set(name, typ, value)
		in.scope.Set(name, typ, value)
	}
	return nil
}

func (c *Case) facts(facts Named[Fact]) (Named[Fact], error) {
	facts = slices.Clone(facts)
	for i, f := range facts {
		given, ok := c.Facts.Get(f.Name)
		if !ok {
			continue
		}
		value, err := givenValue(given, f.Value.Probe.Type())
		if err != nil {
			return nil, err
		}
		facts[i].Value.Probe = givenProbe{value, f.Value.Probe.Type()}
	}
	return facts, nil
}

// givenProbe is the probe of a fact that is given.
type givenProbe struct {
	value any
	typ   *cel.Type
}

func (k givenProbe) Commands(*Task) ([]event.Command, error) { return nil, nil }
func (k givenProbe) Value([]Result) (value any, _ error)     { return k.value, nil }
func (k givenProbe) Type() *cel.Type                         { return k.typ }

// givenValue makes a fact of what was written. Objects of the cluster come from JSON, so their numbers are as there.
func givenValue(a Any, typ *cel.Type) (any, error) {
	fail := func(err error) (any, error) { return nil, fmt.Errorf("%s: the value does not fit: %w", a.Pos, err) }
	text, err := json.Marshal(a.Value)
	if err != nil {
		return fail(err)
	}
	switch typ.String() {
	case ResultType.String():
		var r Result
		if err := json.Unmarshal(text, &r); err != nil {
			return fail(err)
		}
		return r.completed(""), nil
	case cel.MapType(cel.StringType, ResultType).String():
		var m map[string]Result
		if err := json.Unmarshal(text, &m); err != nil {
			return fail(err)
		}
		for host, r := range m {
			m[host] = r.completed(host)
		}
		return m, nil
	case cel.ListType(cel.DynType).String():
		list := []any{}
		if err := json.Unmarshal(text, &list); err != nil {
			return fail(err)
		}
		return list, nil
	}
	return a.Value, nil
}

// completed fills in what follows from the rest of a result.
func (r Result) completed(host string) Result {
	r.Host, r.Lines = host, splitLines(r.Stdout)
	if r.Outcome = string(event.Done); r.Exit != 0 {
		r.Outcome = string(event.Exited)
	}
	return r
}

func (c *Case) inputs() map[string]string {
	m := map[string]string{}
	for _, e := range c.Inputs {
		m[e.Name] = e.Value.Value
	}
	return m
}

// answer is an Exec that knows the inventory and the output that are given, and nothing else.
func (c *Case) answer(b *Runbook) event.Exec {
	first := true
	return func(_ context.Context, cmd event.Command, out func(string, []byte)) (int, error) {
		if first && b.Inventory.Set() {
			first = false // it is what every run begins with
			text, err := json.Marshal(c.Inventory.list())
			out("stdout", text)
			return 0, err
		}
		for _, o := range c.Output {
			if (o.Host.Value == "" || o.Host.Value == cmd.Host) && strings.Contains(cmd.Line, o.Line.Value) {
				out("stdout", []byte(o.Stdout.Value))
				out("stderr", []byte(o.Stderr.Value))
				return o.Exit.Value, nil
			}
		}
		return -1, fmt.Errorf("no output is given for %s: %s", cmd.Host, cmd.Line)
	}
}

// list is the inventory as ansible-inventory --list prints it.
func (g GivenHosts) list() map[string]any {
	list := map[string]any{"_meta": map[string]any{"hostvars": map[string]any{}}}
	if vars, ok := g.Vars.Value.(map[string]any); ok {
		list["_meta"] = map[string]any{"hostvars": vars}
	}
	children := []string{}
	if groups, ok := g.Groups.Value.(map[string]any); ok {
		for name, hosts := range groups {
			list[name] = map[string]any{"hosts": hosts}
			children = append(children, name)
		}
	}
	slices.Sort(children)
	list["all"] = map[string]any{"children": children}
	return list
}

func nobody(context.Context, event.Question) (event.Answer, error) {
	return event.Answer{}, event.ErrUnanswered
}

// judge looks at the gate once and compares.
func (c *Case) judge(ctx context.Context, r *Run, in *instance, g *Gate) error {
	checked, _, err := r.look(ctx, in, "before", g)
	if err != nil {
		return err
	}
	got := event.GateChecked{Verdict: "none"}
	if checked != nil {
		got = *checked
	}
	if want := c.Verdict.Value; want != "" && want != string(got.Verdict) {
		return fmt.Errorf("the verdict is %s, not %s%s", got.Verdict, want, saidBy(got))
	}
	if want := c.Says.Value; want != "" && !strings.Contains(got.Says.En, want) && !strings.Contains(got.Says.Ja, want) {
		return fmt.Errorf("it says %q, not %q", got.Says.En, want)
	}
	if c.Evidence.Set {
		return differ("evidence", c.Evidence, got.Evidence)
	}
	return nil
}

func saidBy(g event.GateChecked) string {
	if g.Says.Empty() && len(g.Evidence) == 0 {
		return ""
	}
	return fmt.Sprintf(": %s %s", g.Says.En, strings.Join(g.Evidence, "; "))
}

func (c *Case) runLines(r *Run, in *instance) error {
	cmds, err := in.step.Action.Commands(r.task(in))
	if err != nil {
		return err
	}
	got := []string{}
	for _, cmd := range cmds {
		got = append(got, cmd.Host+": "+cmd.Line)
	}
	return differ("commands", c.Lines, got)
}

// runLog looks for the symptoms of the pitfall, or of those a runbook watches for.
func (c *Case) runLog(ctx context.Context, b *Runbook, p *Pitfall) error {
	pitfalls := []*Pitfall{p}
	if p == nil {
		pitfalls = nil
		for _, id := range b.InForce() {
			pitfalls = append(pitfalls, b.known[id])
		}
	}
	symptoms := NewSymptoms(pitfalls)
	got := []string{}
	err := symptoms.Set.Scan(ctx, strings.NewReader(c.Log.Value), "log", func(h symptom.Hit) error {
		id := h.ID
		if p != nil {
			id = strings.TrimPrefix(id, p.Name.Value+"/")
		}
		if !slices.Contains(got, id) {
			got = append(got, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	want := c.Symptoms
	want.Texts = slices.SortedFunc(slices.Values(want.Texts), func(a, b Str) int { return strings.Compare(a.Value, b.Value) })
	slices.Sort(got)
	return differ("symptoms", want, got)
}

// differ says where two lists part.
func differ(what string, want Lines, got []string) error {
	var errs []error
	for i := range max(len(want.Texts), len(got)) {
		switch {
		case i >= len(got):
			errs = append(errs, fmt.Errorf("%s: %q is missing", what, want.Texts[i].Value))
		case i >= len(want.Texts):
			errs = append(errs, fmt.Errorf("%s: %q is not expected", what, got[i]))
		case want.Texts[i].Value != got[i]:
			errs = append(errs, fmt.Errorf("%s: %q is not %q", what, got[i], want.Texts[i].Value))
		}
	}
	return errors.Join(errs...)
}
