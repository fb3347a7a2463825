package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"spraydeck/event"
	"spraydeck/runbook"
)

// approve asks before a step that can change something. The exact commands stand in the question.
func (r *Run) approve(ctx context.Context, in *instance) (skip bool, err error) {
	danger := in.danger()
	if danger == event.ReadOnly {
		return false, nil
	}
	if err := r.claim(ctx); err != nil {
		return false, err
	}
	cmds, err := in.step.Action.Commands(r.task(in))
	if err != nil {
		return false, &stepError{outcome: event.NotStarted, why: event.T(err.Error())}
	}
	q := event.Question{
		ID: in.id + "/approve", Form: event.AskApprove, Title: in.step.Title.Text(in.scope), Body: event.UndoBody(in.step.Undo.Text(in.scope)), Danger: danger,
		Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: event.Text{En: "run", Ja: "実行"}},
			{ID: event.ChoiceSkip, Label: event.Text{En: "skip this step", Ja: "この手順を省略"}, NeedsReason: true},
			{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}},
		},
	}
	for _, c := range cmds {
		q.Details = append(q.Details, c.Host+": "+c.Line)
	}
	if danger == event.Disrupts || danger == event.Destroys {
		q.Safe, q.Opens = event.ChoiceLeave, true
		if q.Type, err = r.confirmWord(in, cmds); err != nil {
			return false, err
		}
	}
	r.askUnknown(in, &q, cmds)
	underway := len(cmds) > 0 && !slices.ContainsFunc(cmds, func(c event.Command) bool { return !r.env.PriorRun.ran(in.events, c) })
	a, err := r.askOf(ctx, in, q, underway)
	in.earlier = nil
	if err == nil && a.Earlier && !r.resume.restoring() {
		in.earlier = &earlierYes{q: q}
	}
	return decidedOn(a, err)
}

// decidedOn is what an approval came to.
func decidedOn(a event.Answer, err error) (skip bool, _ error) {
	switch {
	case err != nil:
		return false, err
	case a.Choice == event.ChoiceSkip:
		return true, nil
	case a.Choice != event.ChoiceContinue:
		return false, errLeft
	}
	return false, nil
}

// confirmWord is what must be typed before a red step: what the runbook says, else the node that its commands work on, else the
// cluster. A step that disrupts a worker, and neither drains nor restarts it, is asked for but not typed for.
func (r *Run) confirmWord(in *instance, cmds []event.Command) (string, error) {
	if in.step.Confirm.Set() {
		return in.step.Confirm.Prose(in.scope)
	}
	hosts := in.hosts
	if in.node != "" {
		hosts = []string{in.node}
	}
	if named := nodesOf(cmds); len(named) > 0 {
		hosts = named
	}
	if in.danger() == event.Disrupts && !in.step.Kind.Typed && len(hosts) > 0 && r.control != nil &&
		!slices.ContainsFunc(hosts, func(h string) bool { return slices.Contains(r.control, h) }) {
		return "", nil
	}
	if len(hosts) == 1 {
		return hosts[0], nil
	}
	if r.env.Started.Cluster != "" {
		return r.env.Started.Cluster, nil
	}
	return "yes", nil
}

// nodesOf gives the nodes that calls to the API take out of use or bring back.
func nodesOf(cmds []event.Command) []string {
	var nodes []string
	for _, c := range cmds {
		if c.Call == nil {
			continue
		}
		switch c.Call.Verb {
		case event.Cordon, event.Uncordon, event.Drain:
			if !slices.Contains(nodes, c.Call.Name) {
				nodes = append(nodes, c.Call.Name)
			}
		}
	}
	return nodes
}

// gatesOf gives all that a check checks.
func (r *Run) gatesOf(p runbook.Prober) []runbook.Gate {
	gates := p.Gates()
	if p.Rest() {
		gates = append(slices.Clip(gates), r.book.UnnamedPitfalls()...)
	}
	return gates
}

// act does what the step is for. While it runs, the operator can stop it, send it keys, or start a remedy beside it.
func (r *Run) act(ctx context.Context, in *instance) (overridden bool, err error) {
	if p, ok := in.step.Action.(runbook.Prober); ok {
		return r.gates(ctx, in, "before", r.gatesOf(p))
	}
	if in.step.Timeout.Value > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, in.step.Timeout.Value)
		defer cancel()
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- r.runAction(work, in) }()
	for {
		select {
		case err := <-done:
			return false, err
		case c := <-r.env.Control:
			switch {
			case c.Stop:
				stop()
			case c.Remedy != "":
				if err := r.remedy(ctx, in, event.RemedyPrefix+c.Remedy, nil); err != nil && (r.broken != nil || ctx.Err() != nil) {
					stop()
					<-done
					return false, err
				}
			case len(c.Keys) > 0:
				r.keys.press(c.Keys)
			}
		}
	}
}

func (r *Run) runAction(ctx context.Context, in *instance) error {
	t := r.task(in)
	accepts := func(exit int) bool { return exit == 0 }
	if tol, ok := in.step.Action.(runbook.Tolerant); ok {
		accepts = func(exit int) bool { return exit == 0 || tol.Accepts(exit) }
	}
	result := runbook.ResultName(in.step.ID.Value)
	declared := in.frame.scope.Types[result]
	t.Exec = func(ctx context.Context, c event.Command) (runbook.Returned, error) {
		if c.Changes = in.changes(c); c.Changes {
			if err := r.claim(ctx); err != nil {
				return runbook.Returned{}, err
			}
		}
		res, err := r.execFor(ctx, in, in.events, c)
		if err == nil && res.Lost() != nil && r.resume.restoring() && declared != nil && readsOnly(c) {
			res, err = r.exec(ctx, "", c) // the step is over, and what it gave may be needed
		}
		if err != nil {
			return res, err
		}
		if !accepts(int(res.Exit)) {
			return res, &stepError{outcome: event.Exited, why: event.Textf("%s: exit code %d", "%s: 終了コード %d", c.Host, res.Exit)}
		}
		return res, nil
	}
	t.Ask = func(ctx context.Context, q event.Question) (event.Answer, error) {
		if q.Title.Empty() {
			q.Title = in.step.Title.Text(in.scope)
		}
		return r.askOf(ctx, in, q, false)
	}
	t.Emit = func(d event.Data) error { return r.emit(in.events, d) }
	if edit := t.Edit; edit != nil && in.earlier != nil {
		t.Edit = func(ctx context.Context, path string, line int) error {
			if err := r.renew(ctx, in, event.Command{Host: event.Workstation, Line: "$EDITOR " + path}); err != nil {
				return err
			}
			return edit(ctx, path, line)
		}
	}
	var value any
	var err error
	if runner, ok := in.step.Action.(runbook.Runner); ok {
		value, err = runner.Run(ctx, t)
	} else {
		value, err = r.runCommands(ctx, in, t)
	}
	if err != nil {
		return r.asStepError(ctx, err)
	}
	if value == nil || declared == nil {
		return nil
	}
	for _, scope := range []*runbook.Scope{in.frame.scope, in.scope} { // the second for its own gates after it
		switch got, ok := value.(runbook.Returned); {
		case !ok:
			scope.Set(result, declared, value)
		case got.Lost() != nil:
			scope.SetLost(result, got.Ending(), got.Lost())
		default:
			res, _ := got.Result()
			scope.Set(result, declared, res)
		}
	}
	return nil
}

// asStepError keeps what ends a run apart from what only fails a step.
func (r *Run) asStepError(ctx context.Context, err error) error {
	var failed *stepError
	var blocked blockedError
	var held heldError
	if errors.As(err, &failed) || errors.As(err, &blocked) || errors.As(err, &held) || r.broken != nil || errors.Is(err, event.ErrUnanswered) || errors.Is(err, errLeft) ||
		errors.Is(err, errSkipped) || errors.Is(err, runbook.ErrOutdated) {
		return err
	}
	outcome := event.OutcomeOf(0, err)
	why := event.DescribeEnd(0, outcome, err)
	if h := event.HintOf(err); h != "" {
		why.En, why.Ja = why.En+" ("+h+")", ""
	}
	var alone *event.NoTerminalError
	if errors.As(err, &alone) {
		return &stepError{outcome: outcome, why: alone.Text(), alone: true}
	}
	return &stepError{outcome: outcome, why: why}
}

// runCommands runs exactly what Commands gives: one after the other, or side by side where they are independent.
func (r *Run) runCommands(ctx context.Context, in *instance, t *runbook.Task) (any, error) {
	cmds, err := in.step.Action.Commands(t)
	if err != nil {
		return nil, err
	}
	p, ok := in.step.Action.(runbook.Parallel)
	if !ok || !p.Parallel() {
		var last runbook.Returned
		for _, c := range cmds {
			if last, err = t.Exec(ctx, c); err != nil {
				return nil, err
			}
		}
		return last, nil
	}
	results, errs := make([]runbook.Returned, len(cmds)), make([]error, len(cmds))
	var wg sync.WaitGroup
	for i, c := range cmds {
		wg.Go(func() { results[i], errs[i] = t.Exec(ctx, c) })
	}
	wg.Wait()
	var all runbook.Returned
	for i, res := range results {
		all.Add(res)
		if errs[i] != nil {
			err = errs[i]
			if event.OutcomeOf(0, err) == event.StateLost {
				break // the gravest of them decides what is said of the step
			}
		}
	}
	return all, err
}

// failed asks what to do about a step that did not succeed. It says whether to try again.
func (r *Run) failed(ctx context.Context, in *instance, failure *stepError) (retry bool, err error) {
	q := event.Question{
		ID: in.id + "/failed", Form: event.AskFailed, Opens: true, Safe: event.ChoiceLeave,
		Title: event.Text{En: "Step failed: " + in.step.Title.Text(in.scope).En, Ja: "手順が失敗しました: " + in.step.Title.Text(in.scope).In("ja")},
		Body:  failure.why,
	}
	if failure.outcome == event.StateLost {
		q.ID, q.Unknown, q.Exact = in.id+"/unknown", true, true
		q.Body = q.Body.Plus(event.T(". ")).Plus(sayMayHaveRun)
		q.Title = event.Text{En: "How this ended is unknown: " + in.step.Title.Text(in.scope).En, Ja: "結果が不明です: " + in.step.Title.Text(in.scope).In("ja")}
	}
	again := event.Choice{ID: event.ChoiceRetry, Label: event.Text{En: "run it again", Ja: "再実行"}}
	if q.Unknown {
		again.Label = event.Text{En: "run it again, after one more question", Ja: "再実行 (もう一度確認します)"}
	}
	q.Choices = append(q.Choices, again)
	q.Choices = append(q.Choices, r.cures(in, in.step.Remedies, "")...)
	for _, id := range r.monitor.pitfalls(in.events) {
		if p := r.book.Pitfall(id); p != nil {
			q.Choices = append(q.Choices, r.cures(in, p.Remedies, id)...)
		}
	}
	q.Choices = append(q.Choices,
		event.Choice{ID: event.ChoiceOverride, Label: event.Text{En: "go on all the same, with a reason", Ja: "理由を記して続行"}, NeedsReason: true},
		event.Choice{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}})
	for {
		a, err := r.askOf(ctx, in, q, false)
		if errors.Is(err, event.ErrUnanswered) {
			return false, failure // with nobody there, what failed has failed
		}
		switch {
		case err != nil:
			return false, err
		case a.Choice == event.ChoiceRetry:
			return true, nil
		case a.Choice == event.ChoiceOverride:
			return false, nil
		case strings.HasPrefix(a.Choice, event.RemedyPrefix):
			if err := r.remedy(ctx, in, a.Choice, nil); err != nil {
				return false, err
			}
			if r.putRight(ctx, in) {
				return true, nil
			}
			continue
		}
		return false, failure
	}
}
