package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// What is loosened only for the time of the work is due to be put back as it was before. A step says so with `temporary: true`,
// or is of a kind that a later step takes back, such as a cordon. How it is put back is written down before it is loosened. A
// later step that `undoes` it, or that runs the same commands, settles it. What is left is offered at the end, wherever that
// is, and when the run is resumed.

// due is something loosened. in is its step, nil where only the record tells of it.
type due struct {
	event.Loosened
	in *instance
}

// loosen notes what the step is about to loosen, and how it is put back.
func (r *Run) loosen(ctx context.Context, in *instance) error {
	restorer, ok := in.step.Action.(runbook.Restorer)
	if !ok && !in.step.Temporary.Value || r.known(in) {
		return nil
	}
	var back []event.Command
	if ok {
		var err error
		back, err = restorer.Restore(ctx, r.probing(in))
		switch {
		case errors.Is(err, errNotRecorded), errors.Is(err, event.ErrNotRecorded): // an older record
		case err != nil:
			return r.asStepError(ctx, fmt.Errorf("what it would have to be put back to: %w", err))
		}
	}
	if len(back) == 0 && !in.step.Temporary.Value {
		return nil
	}
	return r.noteDue(in, back)
}

// known says whether the step is in the list already, or was restored before the run was resumed.
func (r *Run) known(in *instance) bool {
	for i := range r.due {
		if r.due[i].ID == in.id {
			r.due[i].in = in
			return true
		}
	}
	return r.resume.restoring() && r.env.PriorRun.wasRestored(in.id)
}

func (r *Run) noteDue(in *instance, back []event.Command) error {
	l := event.Loosened{ID: in.id, Title: in.step.Title.Text(in.scope), Undo: in.step.Undo.Text(in.scope), Temporary: in.step.Temporary.Value}
	for _, c := range back {
		l.Restore = append(l.Restore, event.NewRestoration(c))
	}
	r.due = append(r.due, &due{l, in})
	return r.emit(in.events, l)
}

// probing is a task whose commands only read.
func (r *Run) probing(in *instance) *runbook.Task {
	t := r.task(in)
	t.Exec = func(ctx context.Context, c event.Command) (runbook.Returned, error) {
		c.Probe = true
		return r.exec(ctx, in.events, c)
	}
	for _, d := range r.due {
		for _, b := range d.Restore {
			t.Due = append(t.Due, b.Command())
		}
	}
	return t
}

// applied notes that a step has done what it is for: it settles what it undoes, and what its own commands put back.
func (r *Run) applied(in *instance) error {
	if in.step.Temporary.Value && !r.known(in) {
		if err := r.noteDue(in, nil); err != nil {
			return err
		}
	}
	cmds, _ := in.step.Action.Commands(r.task(in))
	for _, d := range slices.Clone(r.due) {
		if d.ID == in.id {
			continue
		}
		before := len(d.Restore)
		left := slices.DeleteFunc(slices.Clone(d.Restore), func(b event.Restoration) bool {
			return slices.ContainsFunc(cmds, func(c event.Command) bool { return c.Host == b.Host && c.Line == b.Line })
		})
		if settled := before > 0 && len(left) == 0; !settled && !d.undoneBy(in) {
			d.Restore = left
			continue
		}
		if err := r.settle(in.events, d); err != nil {
			return err
		}
	}
	return nil
}

// undoneBy says whether a step names it as what it undoes.
func (d *due) undoneBy(in *instance) bool {
	return slices.ContainsFunc(in.step.Undoes, func(id runbook.Str) bool {
		if d.in != nil {
			return d.in.frame == in.frame && (in.node == "" || d.in.node == "" || d.in.node == in.node) && id.Value == d.in.step.ID.Value
		}
		own := id.Value
		if in.frame.at != nil {
			own = in.frame.at.id + "/" + own
		}
		return d.ID == own || in.node == "" && strings.HasPrefix(d.ID, own+"[") || d.ID == own+"["+in.node+"]"
	})
}

func (r *Run) settle(step string, d *due) error {
	r.due = slices.DeleteFunc(r.due, func(o *due) bool { return o == d })
	return r.emit(step, event.Restored{ID: d.ID})
}

// remind asks about what is still loosened when all steps are done.
func (r *Run) remind(ctx context.Context) error {
	for _, d := range r.lastFirst() {
		q := d.question("/undo",
			event.Choice{ID: event.ChoiceUndone, Label: event.Text{En: "it is undone", Ja: "元に戻した"}},
			event.Choice{ID: event.ChoiceOverride, Label: event.Text{En: "it stays, with a reason", Ja: "理由を記して残す"}, NeedsReason: true})
		for done := false; !done; {
			a, err := r.ask(ctx, "", q)
			switch {
			case errors.Is(err, event.ErrUnanswered) || err == nil && a.Choice == event.ChoiceLeave:
				return blockedError{event.Text{En: "still applied: ", Ja: "適用されたまま: "}.Plus(d.Title)}
			case err != nil:
				return err
			case a.Choice == event.ChoiceRestore:
				if done, err = r.putBack(ctx, d, &q); err != nil {
					return err
				}
			default:
				if err := r.settle("", d); err != nil {
					return err
				}
				done = true
			}
		}
	}
	return nil
}

// offerAtEnd offers to put back what is loosened where the run ends before its last step. Silence leaves it: a resume offers
// it again.
func (r *Run) offerAtEnd(ctx context.Context, why error) {
	var held heldError
	if ctx.Err() != nil || r.broken != nil || errors.As(why, &held) || errors.Is(why, event.ErrUnanswered) || r.env.Claim != nil && !r.claimed.Load() && !r.unclaimed {
		return
	}
	_ = r.offer(ctx, "/undo", event.ChoiceLeave, event.Text{En: "leave it: a resume offers it again", Ja: "そのままにする (再開時に再び確認)"})
}

// offerAtResume offers to put back what an interrupted run had loosened.
func (r *Run) offerAtResume(ctx context.Context) error {
	return r.offer(ctx, "/restore", event.ChoiceContinue, event.Text{En: "keep it for the rest of the work", Ja: "作業の残りの間はそのままにする"})
}

func (r *Run) offer(ctx context.Context, suffix, keep string, label event.Text) error {
	for _, d := range r.lastFirst() {
		if !d.Temporary || !d.Usable() {
			continue
		}
		q := d.question(suffix)
		q.Safe = keep
		q.Choices = append(q.Choices[:len(q.Choices)-1], event.Choice{ID: keep, Label: label})
		for done := false; !done; {
			a, err := r.askNow(ctx, "", q)
			if errors.Is(err, event.ErrUnanswered) || err == nil && a.Choice != event.ChoiceRestore {
				break
			}
			if err == nil {
				done, err = r.putBack(ctx, d, &q)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Run) lastFirst() []*due {
	list := slices.Clone(r.due)
	slices.Reverse(list)
	return list
}

// question asks about one of them. Where its commands are known, they can be run.
func (d *due) question(suffix string, more ...event.Choice) event.Question {
	q := event.Question{
		ID: d.ID + suffix, Form: event.AskGate, Opens: true, Safe: event.ChoiceLeave,
		Title: event.Text{En: "Still applied: ", Ja: "適用されたまま: "}.Plus(d.Title), Body: event.UndoBody(d.Undo),
	}
	if d.Usable() {
		for _, b := range d.Restore {
			q.Details = append(q.Details, b.Host+": "+b.Line)
		}
		q.Choices = append(q.Choices, event.Choice{ID: event.ChoiceRestore, Label: event.Text{En: "put it back as it was", Ja: "元の状態に戻す"}})
	}
	q.Choices = append(append(q.Choices, more...), event.Choice{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}})
	return q
}

// putBack runs the recorded commands. Where one fails, the question says so.
func (r *Run) putBack(ctx context.Context, d *due, q *event.Question) (done bool, err error) {
	if err := r.claim(ctx); err != nil {
		return false, err
	}
	for _, b := range d.Restore {
		res, err := r.exec(ctx, "", b.Command())
		if ctx.Err() != nil || r.broken != nil {
			return false, err
		}
		if err != nil || res.Exit != 0 {
			q.Body = event.UndoBody(d.Undo).Plus(event.Text{En: "\nIt could not be put back: ", Ja: "\n元に戻せませんでした: "}).Plus(whyNot(res, err))
			return false, nil
		}
	}
	return true, r.settle("", d)
}

// stillApplied adds to the reason of an ending what was loosened for the time of the work and is not put back.
func (r *Run) stillApplied(why event.Text) event.Text {
	if len(r.due) == 0 || strings.HasPrefix(why.En, "blocked by a gate: still applied") {
		return why
	}
	var en, ja []string
	for _, d := range r.due {
		en, ja = append(en, d.Title.En), append(ja, d.Title.In("ja"))
	}
	return event.Text{En: why.En + " (still applied: " + strings.Join(en, ", ") + ")", Ja: why.In("ja") + " (適用されたまま: " + strings.Join(ja, "、") + ")"}
}
