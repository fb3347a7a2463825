package cli

import (
	"context"
	"fmt"
	"os"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/ui"
)

// review shows the plan before a run in the console: its steps with their exact commands, and what a checkup found.
// Everything until here only reads.
func (w *walk) review(ctx context.Context) (start bool, err error) {
	fmt.Fprintln(os.Stderr, event.Text{En: "looking before anything is touched ...", Ja: "変更の前に確認しています..."}.In(w.options.lang))
	state := &event.State{}
	env := w.env
	env.DryRun, env.Ask = true, declined
	var seq int64
	env.Sink = func(e event.Event) error {
		seq++
		e.Seq = seq
		state.Apply(e)
		return nil
	}
	if _, err := engine.NewRun(w.book, env).Go(ctx); err != nil {
		return false, err
	}
	if state.Ended != nil && state.Ended.Exit != exitDone {
		return false, &coded{state.Ended.Exit, fmt.Errorf("%s", state.Ended.Why.In(w.options.lang))}
	}
	env.Sink = nil
	found, err := engine.Checkup(ctx, w.book, env)
	if err != nil {
		return false, err
	}
	p := ui.Plan{
		Title: state.Started.Title, Runbook: w.book.Name.Value + " " + w.book.Version.Value, Cluster: state.Started.Cluster,
		From: state.Started.From, To: state.Started.To, Operations: map[string][]event.Operation{},
	}
	for _, v := range state.Started.Inputs {
		p.Inputs = append(p.Inputs, ui.PlanInput{Name: v.Name, Value: v.Text, Secret: v.Secret})
	}
	for _, st := range state.Steps {
		p.Steps = append(p.Steps, st.PlannedStep)
		p.Operations[st.ID] = st.Operations
	}
	for _, f := range found {
		if f.Verdict != event.Pass {
			p.Findings = append(p.Findings, event.GateChecked{Gate: f.Pitfall, When: "before", Title: f.Title, Required: f.Required,
				Verdict: f.Verdict, Says: f.Says, Evidence: f.Evidence, Pitfall: f.Pitfall, Severity: f.Severity})
		}
	}
	if list := programs(ctx, w.repository); len(list) > 0 {
		g := event.GateChecked{Gate: "programs", When: "before", Required: event.Advisory, Verdict: event.Fail,
			Title: event.Text{En: "the checkout names programs of its own", Ja: "チェックアウトが独自のプログラムを指定しています"}}
		for _, p := range list {
			g.Evidence = append(g.Evidence, p.In(w.options.lang))
		}
		p.Findings = append([]event.GateChecked{g}, p.Findings...)
	}
	if len(w.standIns) > 0 {
		g := event.GateChecked{Gate: "own-files", When: "before", Required: event.Advisory, Verdict: event.Fail,
			Title: event.Text{En: "your own files replace built-in ones", Ja: "組み込みのファイルの代わりに独自のファイルを使います"}}
		for _, t := range w.standIns {
			g.Evidence = append(g.Evidence, t.In(w.options.lang))
		}
		p.Findings = append([]event.GateChecked{g}, p.Findings...)
	}
	return ui.ReviewPlan(ctx, p, consoleOptions(w.options))
}

// started answers the question before the first step for an operator who has said yes on the Plan screen.
func started(next event.Asker) event.Asker {
	return func(ctx context.Context, q event.Question) (event.Answer, error) {
		if q.ID == "start" {
			return event.Answer{Choice: event.ChoiceContinue, By: "operator"}, nil
		}
		return next(ctx, q)
	}
}
