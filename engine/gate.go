package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// pollEvery is how long a gate that may take time waits before it looks again.
const pollEvery = 3 * time.Second

// gates passes all gates of a step, one after the other. It says whether any was overridden.
func (r *Run) gates(ctx context.Context, in *instance, when string, gates []runbook.Gate) (overridden bool, err error) {
	looking := *in
	looking.shared = &shared{}
	in = &looking
	for i := range gates {
		if p := r.book.Pitfall(gates[i].Pitfall.Value); p != nil && r.book.Excludes(p) {
			continue
		}
		over, err := r.gate(ctx, in, when, in.frame.book.FillGate(&gates[i], i))
		if err != nil {
			return overridden, err
		}
		overridden = overridden || over
	}
	return overridden, nil
}

// gate checks one gate until it passes, or the operator lets it through.
func (r *Run) gate(ctx context.Context, in *instance, when string, g *runbook.Gate) (overridden bool, err error) {
	var before *event.GateChecked
	for {
		checked, scope, err := r.check(ctx, in, when, g)
		switch {
		case err != nil:
			return false, err
		case checked == nil && before == nil:
			return false, nil // it does not apply here
		case checked == nil:
			return false, r.emit(in.events, noLonger(*before))
		}
		before = checked
		if err := r.emit(in.events, *checked); err != nil {
			return false, err
		}
		if checked.Verdict == event.Pass || checked.Required == event.Advisory {
			return false, nil
		}
		a, err := r.askOf(ctx, in, r.gateQuestion(in, g, checked), false)
		in.shared.anew()
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
			in.shared.anew()
		}
	}
}

// noLonger is the verdict of a gate that was checked before and does not apply any more, as after a remedy: it holds nobody up.
func noLonger(c event.GateChecked) event.GateChecked {
	c.Verdict, c.Says, c.Evidence = event.Pass, event.Text{}, nil
	c.Title = event.Text{En: "no longer applies: " + c.Title.En, Ja: "該当しなくなりました: " + c.Title.In("ja")}
	return c
}

func (r *Run) gateQuestion(in *instance, g *runbook.Gate, c *event.GateChecked) event.Question {
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
func (r *Run) check(ctx context.Context, in *instance, when string, g *runbook.Gate) (*event.GateChecked, *runbook.Scope, error) {
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
		if err := r.env.Sleep(ctx, pollEvery); err != nil {
			return nil, nil, err
		}
		in.shared.anew()
		start += pollEvery
		held += pollEvery
	}
}

// look checks a gate once. A gate that does not pass is titled by its bad case.
func (r *Run) look(ctx context.Context, in *instance, when string, g *runbook.Gate) (*event.GateChecked, *runbook.Scope, error) {
	c, scope, err := r.judge(ctx, in, when, g)
	if err != nil || c == nil || !g.Fails.Set() {
		return c, scope, err
	}
	switch c.Verdict {
	case event.Fail:
		c.Title = g.Fails.Text(in.scope)
	case event.Unknown:
		c.Title = asQuestion(g.Fails.Text(in.scope))
	}
	return c, scope, nil
}

// asQuestion makes a question of a sentence, as the title of what is unknown.
func asQuestion(t event.Text) event.Text {
	if t.En != "" {
		t.En += "?"
	}
	if t.Ja != "" {
		t.Ja += "？"
	}
	return t
}

// judge gives the verdict of a gate as it is now.
func (r *Run) judge(ctx context.Context, in *instance, when string, g *runbook.Gate) (*event.GateChecked, *runbook.Scope, error) {
	c := &event.GateChecked{Gate: g.ID.Value, When: when, Required: event.Required(g.Required.Value), Pitfall: g.Pitfall.Value, Title: g.Title.Text(in.scope)}
	if p := r.book.Pitfall(g.Pitfall.Value); p != nil {
		if p.ForOtherKubernetes(in.scope) {
			return nil, nil, nil
		}
		c.Severity = p.Severity.Value
	}
	// What a fact that could not be learned has no part in is reported nevertheless: `false && x` is false whatever x is.
	uses := []any{g.When}
	named := runbook.UsesAny(g.Let, g.When)
	if named {
		uses = append(uses, runbook.LetExprs(g.Let))
	}
	scope, missing := r.collect(ctx, in, g.Facts, uses...)
	look := scope
	if named {
		look, _ = scope.WithLets(g.Let)
	}
	applies, err := look.True(g.When)
	if err != nil {
		return r.unknown(ctx, in, c, cmp.Or(missing, err))
	} else if !applies {
		return nil, nil, nil
	}
	scope, more := r.collectInto(ctx, in, scope, g.Facts, g.Rule, g.Evidence, g.Says.Exprs(), runbook.LetExprs(g.Let))
	missing = cmp.Or(missing, more)
	scope, more = scope.WithLets(g.Let)
	missing = cmp.Or(missing, more)
	ok, err := scope.True(g.Rule)
	if err != nil {
		return r.unknown(ctx, in, c, cmp.Or(missing, err))
	}
	switch c.Evidence, err = scope.Strings(g.Evidence); {
	case err != nil && missing == nil:
		return r.unknown(ctx, in, c, err)
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

// unknown converts an error to the verdict unknown, except where the run itself is over.
func (r *Run) unknown(ctx context.Context, in *instance, c *event.GateChecked, err error) (*event.GateChecked, *runbook.Scope, error) {
	if ctx.Err() != nil || r.broken != nil {
		return nil, nil, err
	}
	if r.noInventory != nil && errors.Is(err, runbook.ErrNotKnownYet) {
		err = r.noInventory
	}
	c.Verdict, in.cause = event.Unknown, causeOf(err)
	c.Says = event.Text{En: "unknown", Ja: "判定できませんでした"}
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
		return false, &stepError{outcome: event.NotStarted, why: event.T("unknown whether it is already done: " + err.Error())}
	}
	return scope.True(in.step.Done)
}

// collect learns the facts that expressions use and gives the scope that holds them. With an error it holds those that
// could be learned.
func (r *Run) collect(ctx context.Context, in *instance, own runbook.Named[runbook.Fact], uses ...any) (*runbook.Scope, error) {
	return r.collectInto(ctx, in, in.scope, own, uses...)
}

func (r *Run) collectInto(ctx context.Context, in *instance, scope *runbook.Scope, own runbook.Named[runbook.Fact], uses ...any) (*runbook.Scope, error) {
	fresh := maps.Clone(scope.Fresh)
	if fresh == nil {
		fresh = map[string]bool{}
	}
	scope = scope.With()
	scope.Fresh = fresh
	var missing error
	facts := r.factsOf(in, own)
	for _, f := range facts {
		if f.Value.Probe != nil && !fresh[f.Name] {
			scope.Set(f.Name, f.Value.Probe.Type(), nil)
		}
	}
	for _, f := range facts {
		if f.Value.Probe == nil || fresh[f.Name] || !runbook.UsesName(f.Name, uses) {
			continue
		}
		fresh[f.Name] = true
		value, err := r.learn(ctx, in, f)
		if err != nil {
			missing = cmp.Or[error](missing, &unlearned{f.Name, err})
			continue
		}
		scope.Set(f.Name, f.Value.Probe.Type(), value)
	}
	return scope, missing
}

// learn runs the commands of a probe, on all hosts at once, and makes the fact.
func (r *Run) learn(ctx context.Context, in *instance, f runbook.Entry[runbook.Fact]) (any, error) {
	cmds, err := f.Value.Probe.Commands(r.task(in))
	if err != nil {
		return nil, err
	}
	for _, c := range cmds {
		if c.Call != nil && c.Call.Verb == event.Get {
			c.Call.Only, _ = r.only()(f.Value.Probe)
		}
	}
	now := func(look *shared) (any, error) {
		own := *in
		own.shared = look
		return r.learnNow(ctx, &own, f.Value.Probe, cmds)
	}
	key := factKey(f.Value.Probe, cmds)
	if in.shared == nil || key == "" {
		return now(in.shared)
	}
	return fly(in.shared, &in.shared.facts, key, func() (any, error) {
		if cmds[0].Host == event.API {
			return now(nil) // the fact alone is kept: objects are many
		}
		return now(in.shared)
	})
}

// learnNow is learn where nothing is known yet.
func (r *Run) learnNow(ctx context.Context, in *instance, probe runbook.Probe, cmds []event.Command) (any, error) {
	results := make([]runbook.Result, len(cmds))
	errs := make([]error, len(cmds))
	var wg sync.WaitGroup
	for i, c := range cmds {
		c.Probe = true
		wg.Go(func() { results[i], errs[i] = r.probe(ctx, in, c) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, &unlearned{cmds[i].Host, err}
		}
	}
	return probe.Value(results)
}

// probeNow runs one command of a probe. What a finished step saw is only used to go once more the way that it went: there a
// masked copy does, as everything that runs comes from the record.
func (r *Run) probeNow(ctx context.Context, in *instance, c event.Command) (runbook.Result, error) {
	got, err := r.exec(ctx, in.events, c)
	if err != nil {
		return got.Ending(), err
	}
	if r.resume.restoring() {
		return got.Retraced(), nil
	}
	return got.Result()
}
