package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"spraydeck/event"
	"spraydeck/runbook"
)

// errNotRecorded is met where a finished step would have to do something to be known again. It is not done.
var errNotRecorded = errors.New("the transcript does not hold it")

// startFromPrior prepares a run to go on where another console left it.
func (r *Run) startFromPrior() {
	p := r.env.PriorRun
	r.number = p.number
	r.unread = p.Unread
	for _, l := range p.due {
		r.due = append(r.due, &due{Loosened: l})
	}
	for id, st := range p.steps {
		r.monitor.restore(id, st.hits)
	}
	if p.Started == nil {
		return
	}
	r.env.Inputs = maps.Clone(r.env.Inputs)
	for _, v := range p.Started.Inputs {
		_, given := r.env.Inputs[v.Name]
		switch {
		case given || v.Secret:
		case strings.Contains(v.Text, event.Masked):
			r.unread = append(r.unread, v.Name)
		default:
			if r.env.Inputs == nil {
				r.env.Inputs = map[string]string{}
			}
			r.env.Inputs[v.Name] = v.Text
		}
	}
}

func (r *Run) resumed(now event.Started) event.Resumed {
	e := event.Resumed{Tool: now.Tool, Operator: now.Operator, Torn: r.env.Torn, At: r.env.Now()}
	if now.Digest != r.env.PriorRun.Started.Digest {
		e.Digest = now.Digest
	}
	return e
}

// restore brings back what the finished steps of an interrupted run left behind: their results, and what they applied for
// the time of the work. All of it comes from the transcript. Then it checks again what was checked before, and gives the
// steps that are still to be done.
func (r *Run) restore(ctx context.Context, plan []*instance) ([]*instance, error) {
	if r.resume == nil {
		return plan, nil
	}
	var finished, rest []*instance
	for _, in := range plan {
		if !r.env.PriorRun.finished(in.id) {
			rest = append(rest, in)
			continue
		}
		finished = append(finished, in)
		r.resume.finished.Store(true)
		err := r.step(ctx, in)
		r.resume.finished.Store(false)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		if err != nil { // the runbook has changed since; what needs this step's result will say that it is not known
			if err := r.applied(in); err != nil {
				return nil, err
			}
		}
	}
	r.env.PriorRun.forgetOwn()
	if len(finished) == 0 || len(rest) == 0 {
		return rest, nil
	}
	now := rest[0].events
	changed := r.env.PriorRun.changedIn(now)
	if r.env.PriorRun.underway(now) { // it comes first: it is taken up, and shown as it is
		r.late = func(ctx context.Context) error { return r.recheck(ctx, finished, changed) }
		return rest, nil
	}
	return rest, r.recheck(ctx, finished, changed)
}

// again is a gate of a finished step that passed then.
type again struct {
	in   *instance
	gate *runbook.Gate
	when string
	now  *event.GateChecked

	changed reach // by later steps
	reads   reads
}

// recheck looks at what was checked before the run was interrupted: the checks of finished steps, and what their work
// had to lead to. What fails now is shown, and the operator decides. A check is not made again where a later step changed what it
// looks at: changed is where the step that the run goes on with
// did.
func (r *Run) recheck(ctx context.Context, finished []*instance, changed reach) error {
	var list []*again
	skipped := 0
	for _, in := range slices.Backward(finished) {
		later, own := changed, []*again{}
		changed |= r.env.PriorRun.changedIn(in.events)
		check := func(when string, gates []runbook.Gate) {
			for i := range gates {
				g := in.frame.book.FillGate(&gates[i], i)
				if c, ok := r.env.PriorRun.steps[in.id].gates[[2]string{when, g.ID.Value}]; ok && c.Verdict == event.Pass {
					if reads := r.env.PriorRun.readIn(in.events); reads != 0 && reads&^later == 0 {
						skipped++
						continue
					}
					own = append(own, &again{in: in, gate: g, when: when, changed: later})
				}
			}
		}
		if p, ok := in.step.Action.(runbook.Prober); ok {
			check("before", r.gatesOf(p))
		}
		check("after", in.step.After)
		list = slices.Concat(own, list)
	}
	if skipped > 0 {
		if err := r.emit("", event.Remark{Text: checksAgain(skipped, "%d check is not made again: later steps changed what it looks at",
			"%d checks are not made again: later steps changed what they look at", "%d 件の確認は、以後の手順が対象を変更したため、やり直しません")}); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := r.emit("", event.Remark{Text: checksAgain(len(list), "%d check that passed before is made again", "%d checks that passed before are made again",
		"以前に合格した確認 %d 件をもう一度行います")}); err != nil {
		return err
	}
	exec := r.env.Exec
	r.env.Exec = noting(Once(exec))
	defer func() { r.env.Exec = exec }()
	var wg sync.WaitGroup
	turns := make(chan struct{}, 16)
	for _, a := range list {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			in := *a.in
			in.events = "" // it is no part of the step
			a.now, _, _ = r.look(context.WithValue(ctx, readsKey{}, &a.reads), &in, a.when, a.gate)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.broken != nil {
		return r.broken
	}
	var drift []event.Drifted
	for _, a := range list {
		if a.now == nil || a.now.Verdict == event.Pass || reach(a.reads.Load())&a.changed != 0 {
			continue
		}
		if slices.ContainsFunc(drift, func(d event.Drifted) bool { return d.Title == a.now.Title && slices.Equal(d.Evidence, a.now.Evidence) }) {
			continue // the same check of an earlier step
		}
		d := event.Drifted{Step: a.in.id, Gate: a.gate.ID.Value, When: a.when, Title: a.now.Title, Was: event.Pass, Now: a.now.Verdict,
			Says: a.now.Says, Evidence: a.now.Evidence}
		drift = append(drift, d)
		if err := r.emit("", d); err != nil {
			return err
		}
	}
	if len(drift) == 0 {
		return r.emit("", event.Remark{Text: event.Text{En: "nothing has drifted: what passed before passes now", Ja: "変化なし: 以前に合格した確認は今も合格します"}})
	}
	return r.acceptDrift(ctx, drift)
}

func checksAgain(n int, one, many, ja string) event.Text {
	if n == 1 {
		many = one
	}
	return event.Textf(many, ja, n)
}

// acceptDrift asks whether to go on although something is not as it was.
func (r *Run) acceptDrift(ctx context.Context, drift []event.Drifted) error {
	q := event.Question{
		ID: "resume", Form: event.AskApprove, Opens: true, Safe: event.ChoiceLeave,
		Title: checksAgain(len(drift), "Go on? %d check that passed before does not pass now", "Go on? %d checks that passed before do not pass now",
			"続行しますか？ 以前は合格した %d 件の確認が今は合格しません"),
		Body: event.Text{En: "No step of this run has changed what they look at since.", Ja: "この実行の手順は、それ以後これらの対象を変更していません。"},
		Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: event.Text{En: "go on", Ja: "続行"}},
			{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}},
		},
	}
	for _, d := range drift {
		q.Body = q.Body.Plus(event.T("\n- " + d.Step + ": ")).Plus(d.Told())
	}
	a, err := r.ask(ctx, "", q)
	if err == nil && a.Choice != event.ChoiceContinue {
		err = errLeft
	}
	return err
}

// closeAbandoned closes what was running beside a step when the console went away, such as a remedy: nobody waits for it any more.
func (r *Run) closeAbandoned(in *instance) error {
	for _, c := range r.env.PriorRun.open(in.events) {
		end := event.CommandEnded{Number: c.Number, Exit: -1, Outcome: event.Abandoned}
		if c.Changes {
			err := event.Gone(event.Command{Host: c.Host})
			end.Outcome, end.Error = event.StateLost, err.Error()
		}
		if err := r.emit(in.events, end); err != nil {
			return err
		}
		if !c.Changes {
			continue
		}
		if err := r.emit(in.events, event.Remark{Text: event.Textf("how this ended is unknown: %s", "結果が不明です: %s", c.Line)}); err != nil {
			return err
		}
	}
	return nil
}
