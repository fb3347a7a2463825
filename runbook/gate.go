package runbook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"spraydeck/event"
)

// pollEvery is how long a gate that may take time waits before it looks again.
const pollEvery = 3 * time.Second

// gates passes all gates of a step, one after the other. It says whether any was overridden.
func (r *Run) gates(ctx context.Context, in *instance, when string, gates []Gate) (overridden bool, err error) {
	for i := range gates {
		if p := r.book.known[gates[i].Pitfall.Value]; p != nil && r.book.spared(p) {
			continue
		}
		over, err := r.gate(ctx, in, when, in.frame.book.filled(&gates[i], i))
		if err != nil {
			return overridden, err
		}
		overridden = overridden || over
	}
	return overridden, nil
}

// filled completes a gate with what its pitfall says.
func (b *Runbook) filled(g *Gate, i int) *Gate {
	f := *g
	if f.ID.Value == "" {
		f.ID.Value = fmt.Sprintf("gate-%d", i+1)
	}
	if p := b.known[g.Pitfall.Value]; p != nil && p.Before != nil {
		if g.ID.Value == "" {
			f.ID.Value = p.Name.Value
		}
		if f.Title = p.Before.Title; !f.Title.Set() {
			f.Title = p.Title
		}
		f.Facts, f.Rule, f.Says, f.Evidence = p.Before.Facts, p.Before.Rule, p.Before.Says, p.Before.Evidence
		f.Remedies = append(slices.Clip(f.Remedies), p.Remedies...)
		if !g.When.Set() {
			f.When = p.Before.When
		} else if p.Before.When.Set() {
			f.When = both(g.When, p.Before.When)
		}
		if f.Required.Value == "" {
			f.Required = p.Before.Required
		}
	}
	if f.Required.Value == "" {
		f.Required.Value = string(event.Success)
	}
	return &f
}

// gate checks one gate until it passes, or the operator lets it through.
func (r *Run) gate(ctx context.Context, in *instance, when string, g *Gate) (overridden bool, err error) {
	for {
		checked, scope, err := r.check(ctx, in, when, g)
		if err != nil {
			return false, err
		}
		if checked == nil {
			return false, nil // it does not apply here
		}
		if err := r.emit(in.events, *checked); err != nil {
			return false, err
		}
		if checked.Verdict == event.Pass || checked.Required == event.Advisory {
			return false, nil
		}
		a, err := r.ask(ctx, in.events, r.gateQuestion(in, g, checked))
		switch {
		case errors.Is(err, event.ErrUnanswered) && checked.Verdict != event.Pass:
			return false, unansweredGate{blockedError{checked.Title}, err}
		case err != nil:
			return false, err
		}
		switch a.Choice {
		case event.ChoiceContinue:
			return false, nil
		case event.ChoiceOverride:
			return true, nil
		case event.ChoiceLeave:
			return false, blockedError{checked.Title}
		case event.ChoiceRetry:
		default:
			if err := r.remedy(ctx, in, a.Choice, scope); err != nil {
				return false, err
			}
		}
	}
}

func (r *Run) gateQuestion(in *instance, g *Gate, c *event.GateChecked) event.Question {
	q := event.Question{
		ID: in.id + "/" + g.ID.Value, Form: event.AskGate, Title: c.Title, Body: c.Says, Details: c.Evidence, Safe: event.ChoiceRetry, Opens: true,
		Choices: []event.Choice{{ID: event.ChoiceRetry, Label: event.Text{En: "check again", Ja: "再確認"}}},
	}
	q.Choices = append(q.Choices, r.cures(in, g.Remedies, g.Pitfall.Value)...)
	if c.Required == event.Acknowledge && c.Verdict == event.Fail {
		q.Choices = append(q.Choices, event.Choice{ID: event.ChoiceContinue, Label: event.Text{En: "I have read it, go on", Ja: "確認しました。続行"}})
	} else {
		q.Choices = append(q.Choices, event.Choice{ID: event.ChoiceOverride, Label: event.Text{En: "override with a reason", Ja: "理由を記して続行"}, NeedsReason: true})
	}
	q.Choices = append(q.Choices, event.Choice{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}})
	return q
}

// check gives the verdict of a gate, waiting for it as long as the gate allows. It is nil where the gate does not apply.
func (r *Run) check(ctx context.Context, in *instance, when string, g *Gate) (*event.GateChecked, *Scope, error) {
	start, held := time.Duration(0), time.Duration(0)
	for {
		c, scope, err := r.look(ctx, in, when, g)
		if err != nil || c == nil {
			return c, scope, err
		}
		if c.Verdict != event.Pass {
			held = 0
		}
		if (c.Verdict == event.Pass && held >= g.For.Value) || (c.Verdict != event.Pass && start >= g.Within.Value) {
			return c, scope, nil
		}
		if err := r.sleep(ctx, pollEvery); err != nil {
			return nil, nil, err
		}
		start += pollEvery
		held += pollEvery
	}
}

// look checks a gate once.
func (r *Run) look(ctx context.Context, in *instance, when string, g *Gate) (*event.GateChecked, *Scope, error) {
	c := &event.GateChecked{Gate: g.ID.Value, When: when, Required: event.Required(g.Required.Value), Pitfall: g.Pitfall.Value, Title: g.Title.Text(in.scope)}
	if p := r.book.known[g.Pitfall.Value]; p != nil {
		if p.otherKubernetes(in.scope) {
			return nil, nil, nil
		}
		c.Severity = p.Severity.Value
	}
	// What a fact that could not be learned has no part in is told all the same: `false && x` is false whatever x is.
	scope, missing := r.collect(ctx, in, g.Facts, g.When)
	applies, err := scope.True(g.When)
	if err != nil {
		return r.unknown(ctx, c, cmp.Or(missing, err))
	} else if !applies {
		return nil, nil, nil
	}
	scope, more := r.collectInto(ctx, in, scope, g.Facts, g.Rule, g.Evidence, g.Says.exprs())
	missing = cmp.Or(missing, more)
	ok, err := scope.True(g.Rule)
	if err != nil {
		return r.unknown(ctx, c, cmp.Or(missing, err))
	}
	switch c.Evidence, err = scope.Strings(g.Evidence); {
	case err != nil && missing == nil:
		return r.unknown(ctx, c, err)
	case err != nil:
		c.Evidence = whyUnknown(missing)
	}
	c.Verdict = event.Pass
	if !ok {
		c.Verdict, c.Says = event.Fail, g.Says.Text(scope)
	}
	if missing != nil {
		scope = nil // a remedy learns again what it needs, and says so where it cannot
	}
	return c, scope, nil
}

// unknown makes "could not tell" of an error, except where the run itself is over.
func (r *Run) unknown(ctx context.Context, c *event.GateChecked, err error) (*event.GateChecked, *Scope, error) {
	if ctx.Err() != nil || r.broken != nil {
		return nil, nil, err
	}
	c.Verdict = event.Unknown
	c.Says = event.Text{En: "could not tell", Ja: "判定できませんでした"}
	c.Evidence = whyUnknown(err)
	return c, nil, nil
}

func whyUnknown(err error) []string {
	why := strings.Split(err.Error(), "\n")
	if h := event.HintOf(err); h != "" {
		why = append(why, h)
	}
	return why
}

// isDone evaluates the `done` of a step.
func (r *Run) isDone(ctx context.Context, in *instance) (bool, error) {
	scope, err := r.collect(ctx, in, nil, in.step.Done)
	if err != nil {
		return false, &stepError{outcome: event.NotStarted, why: event.T("whether it is already done could not be told: " + err.Error())}
	}
	return scope.True(in.step.Done)
}

// collect learns the facts that expressions use and gives the scope that holds them. With an error it holds those that
// could be learned.
func (r *Run) collect(ctx context.Context, in *instance, own Named[Fact], uses ...any) (*Scope, error) {
	return r.collectInto(ctx, in, in.scope, own, uses...)
}

func (r *Run) collectInto(ctx context.Context, in *instance, scope *Scope, own Named[Fact], uses ...any) (*Scope, error) {
	fresh := maps.Clone(scope.fresh)
	if fresh == nil {
		fresh = map[string]bool{}
	}
	scope = scope.With()
	scope.fresh = fresh
	var missing error
	facts := nearest(in.facts, own)
	for _, f := range facts {
		if f.Value.Probe != nil && !fresh[f.Name] {
			scope.Set(f.Name, f.Value.Probe.Type(), nil)
		}
	}
	for _, f := range facts {
		if f.Value.Probe == nil || fresh[f.Name] || !usesName(f.Name, uses) {
			continue
		}
		fresh[f.Name] = true
		value, err := r.learn(ctx, in, f)
		if err != nil {
			missing = cmp.Or(missing, fmt.Errorf("%s: %w", f.Name, err))
			continue
		}
		scope.Set(f.Name, f.Value.Probe.Type(), value)
	}
	return scope, missing
}

// nearest joins facts from outside and from near by. Where a name stands in both, the nearer one is meant.
func nearest(outer, inner Named[Fact]) Named[Fact] {
	if len(inner) == 0 {
		return slices.Clip(outer)
	}
	var facts Named[Fact]
	for _, f := range outer {
		if _, shadowed := inner.Get(f.Name); !shadowed {
			facts = append(facts, f)
		}
	}
	return append(facts, inner...)
}

// usesName says whether any of the expressions mentions a name. A word in a string of the expression counts too, which
// costs a probe and nothing else.
func usesName(name string, uses []any) bool {
	for _, u := range uses {
		switch u := u.(type) {
		case Expr:
			if hasWord(u.Source, name) {
				return true
			}
		case []Expr:
			if slices.ContainsFunc(u, func(e Expr) bool { return hasWord(e.Source, name) }) {
				return true
			}
		}
	}
	return false
}

// hasWord says whether a name stands in a text, not as a part of a longer one.
func hasWord(text, name string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		at += i
		if end := at + len(name); (at == 0 || !isWord(text[at-1])) && (end == len(text) || !isWord(text[end])) {
			return true
		}
	}
}

func isWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// exprs gives the expressions inside a text.
func (p Prose) exprs() []Expr {
	var es []Expr
	for _, part := range append(slices.Clip(p.En.parts), p.Ja.parts...) {
		if part.expr.Set() {
			es = append(es, part.expr)
		}
	}
	return es
}

// learn runs the commands of a probe, on all hosts at once, and makes the fact.
func (r *Run) learn(ctx context.Context, in *instance, f Entry[Fact]) (any, error) {
	cmds, err := f.Value.Probe.Commands(r.task(in))
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(cmds))
	errs := make([]error, len(cmds))
	var wg sync.WaitGroup
	for i, c := range cmds {
		c.Probe = true
		wg.Go(func() { results[i], errs[i] = r.exec(ctx, in.events, c) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cmds[i].Host, err)
		}
	}
	return f.Value.Probe.Value(results)
}
