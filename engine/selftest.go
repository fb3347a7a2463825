package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// trial runs one case.
type trial struct{ *runbook.Case }

// Tested is how one case went. Why is empty for one that passed.
type Tested struct {
	Pos  runbook.Pos
	Name string
	Why  string
}

// Test runs the cases of a file. The file must be sound: the linter comes first.
func Test(ctx context.Context, f runbook.File, lang *runbook.Language) []Tested {
	cases, subject := []runbook.Case(nil), (*runbook.Runbook)(nil)
	switch {
	case f.Runbook != nil:
		cases, subject = f.Runbook.Tests, f.Runbook
	case f.Pitfall != nil:
		cases, subject = f.Pitfall.Tests, runbook.AroundPitfall(f.Pitfall)
	}
	var results []Tested
	for i := range cases {
		c := trial{&cases[i]}
		t := Tested{Pos: c.Pos, Name: c.Name.Value}
		if err := c.run(ctx, subject, f.Pitfall, lang); err != nil {
			t.Why = err.Error()
		}
		results = append(results, t)
	}
	return results
}

// run gives the first difference to what is expected.
func (c trial) run(ctx context.Context, b *runbook.Runbook, p *runbook.Pitfall, lang *runbook.Language) error {
	if c.Log.Value != "" || c.Symptoms.Set {
		if err := c.runLog(ctx, b, p); err != nil {
			return err
		}
	}
	if c.Verdict.Value == "" && !c.Lines.Set && c.Says.Value == "" && !c.Evidence.Set {
		return nil
	}
	book := b.WithLanguage(lang)
	r := NewRun(book, Env{Exec: c.answer(book), Ask: nobody, Sink: func(event.Event) error { return nil }, Inputs: c.inputs()})
	r.env.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	if err := r.begin(ctx); err != nil {
		return err
	}
	in, gate, err := c.find(r, p)
	if err != nil {
		return err
	}
	if r.given, err = c.given(r.given); err != nil {
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
func (c trial) find(r *Run, p *runbook.Pitfall) (*instance, *runbook.Gate, error) {
	if p != nil {
		in := &instance{frame: r.root, step: &runbook.Step{ID: p.Name, Title: p.Title}, id: p.Name.Value}
		in.scope = r.scopeOf(in)
		return in, r.root.book.FillGate(&runbook.Gate{Pitfall: p.Name}, 0), nil
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
		for i, g := range in.step.Gates() {
			full := in.frame.book.FillGate(g, i)
			if full.ID.Value == c.Gate.Value {
				return in, full, nil
			}
			gates = append(gates, full.ID.Value)
		}
		return nil, nil, fmt.Errorf("step %s has no gate %q; %s", c.Step, c.Gate, runbook.DidYouMean(c.Gate.Value, gates))
	}
	return nil, nil, fmt.Errorf("the plan has no step %q; %s", c.Step, runbook.DidYouMean(c.Step.Value, ids))
}

// give puts what is given in place of what would be learned.
func (c trial) give(in *instance) (err error) {
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

func (c trial) facts(facts runbook.Named[runbook.Fact]) (runbook.Named[runbook.Fact], error) {
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

// given puts settings that are given in the place of those that would be read: settings, defaults and sample, these by old and
// new.
func (c trial) given(facts runbook.Named[runbook.Fact]) (runbook.Named[runbook.Fact], error) {
	all := map[string]*runbook.Settings{}
	for _, name := range runbook.GivenNames {
		given, ok := c.Facts.Get(name)
		if !ok {
			continue
		}
		m, ok := given.Value.(map[string]any)
		if !ok && given.Value != nil {
			return nil, fmt.Errorf("%s: %s are keys and values", given.Pos, name)
		}
		if name == "settings" || name == "reads" {
			all[name] = runbook.GivenSettings(m)
			continue
		}
		for _, side := range []string{"old", "new"} {
			values, _ := m[side].(map[string]any)
			all[name+"."+side] = runbook.GivenSettings(values)
		}
	}
	if s := all["settings"]; s != nil {
		if s.Defaults = all["defaults.new"]; s.Defaults == nil {
			s.Unlearned = errors.New("the test gives no defaults")
		}
	}
	facts = slices.Clone(facts)
	for i, f := range facts {
		if s := all[f.Name]; s != nil {
			facts[i].Value.Probe = givenProbe{s, runbook.SettingsType}
		}
	}
	return facts, nil
}

// givenProbe is the probe of a fact that is given.
type givenProbe struct {
	value any
	typ   *cel.Type
}

func (k givenProbe) Commands(*runbook.Task) ([]event.Command, error) { return nil, nil }
func (k givenProbe) Value([]runbook.Result) (value any, _ error)     { return k.value, nil }
func (k givenProbe) Type() *cel.Type                                 { return k.typ }

// givenValue makes a fact of what was written. Objects of the cluster come from JSON, so their numbers are as there.
func givenValue(a runbook.Any, typ *cel.Type) (any, error) {
	fail := func(err error) (any, error) { return nil, fmt.Errorf("%s: the value does not fit: %w", a.Pos, err) }
	text, err := json.Marshal(a.Value)
	if err != nil {
		return fail(err)
	}
	switch typ.String() {
	case runbook.ResultType.String():
		var r runbook.Result
		if err := json.Unmarshal(text, &r); err != nil {
			return fail(err)
		}
		return r.Complete(""), nil
	case cel.MapType(cel.StringType, runbook.ResultType).String():
		var m map[string]runbook.Result
		if err := json.Unmarshal(text, &m); err != nil {
			return fail(err)
		}
		for host, r := range m {
			m[host] = r.Complete(host)
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

func (c trial) inputs() map[string]string {
	m := map[string]string{}
	for _, e := range c.Inputs {
		m[e.Name] = e.Value.Value
	}
	return m
}

// answer is an Exec that knows the inventory and the output that are given, and nothing else.
func (c trial) answer(b *runbook.Runbook) event.Exec {
	first := true
	return func(_ context.Context, cmd event.Command, out func(string, []byte)) (int, error) {
		if first && b.Inventory.Set() {
			first = false // it is what every run begins with
			text, err := json.Marshal(c.Inventory.List())
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

func nobody(context.Context, event.Question) (event.Answer, error) {
	return event.Answer{}, event.ErrUnanswered
}

// judge looks at the gate once and compares.
func (c trial) judge(ctx context.Context, r *Run, in *instance, g *runbook.Gate) error {
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

func (c trial) runLines(r *Run, in *instance) error {
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
func (c trial) runLog(ctx context.Context, b *runbook.Runbook, p *runbook.Pitfall) error {
	pitfalls := []*runbook.Pitfall{p}
	if p == nil {
		pitfalls = nil
		for _, id := range b.InForce() {
			pitfalls = append(pitfalls, b.Pitfall(id))
		}
	}
	symptoms := runbook.NewSymptoms(pitfalls)
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
	want.Texts = slices.SortedFunc(slices.Values(want.Texts), func(a, b runbook.Str) int { return strings.Compare(a.Value, b.Value) })
	slices.Sort(got)
	return differ("symptoms", want, got)
}

// differ says where two lists part.
func differ(what string, want runbook.Lines, got []string) error {
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
