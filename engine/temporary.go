package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// What is applied only for the time of the work is a step with `temporary: true`; its `undo` is due before the run ends.
// A later step that `undoes` it settles that. What is left at the end is asked about, one by one, and what is left when a
// run breaks off is said.

// applied notes that a step has done what it is for: a temporary one is due to be undone, or it undoes others.
func (r *Run) applied(in *instance) {
	r.due = slices.DeleteFunc(r.due, func(d *instance) bool {
		return d.frame == in.frame && (in.node == "" || d.node == "" || d.node == in.node) &&
			slices.ContainsFunc(in.step.Undoes, func(id runbook.Str) bool { return id.Value == d.step.ID.Value })
	})
	if in.step.Temporary.Value && !slices.Contains(r.due, in) {
		r.due = append(r.due, in)
	}
}

// remind asks about what is still applied when all steps are done.
func (r *Run) remind(ctx context.Context) error {
	for _, in := range slices.Clone(r.due) {
		title := in.step.Title.Text(in.scope)
		a, err := r.ask(ctx, in.events, event.Question{
			ID: in.id + "/undo", Form: event.AskGate, Opens: true, Safe: event.ChoiceLeave,
			Title: event.Text{En: "Still applied: " + title.En, Ja: "適用されたまま: " + title.In("ja")},
			Body:  in.wayBack(),
			Choices: []event.Choice{
				{ID: event.ChoiceContinue, Label: event.Text{En: "it is undone", Ja: "元に戻した"}},
				{ID: event.ChoiceOverride, Label: event.Text{En: "it stays, with a reason", Ja: "理由を記して残す"}, NeedsReason: true},
				{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}},
			},
		})
		switch {
		case errors.Is(err, event.ErrUnanswered) || err == nil && a.Choice == event.ChoiceLeave:
			return blockedError{event.Text{En: "still applied: " + title.En, Ja: "適用されたまま: " + title.In("ja")}}
		case err != nil:
			return err
		}
		r.due = slices.DeleteFunc(r.due, func(d *instance) bool { return d == in })
	}
	return nil
}

// stillApplied adds to the reason of an ending what was applied for the time of the work and is not undone.
func (r *Run) stillApplied(why event.Text) event.Text {
	if len(r.due) == 0 || strings.HasPrefix(why.En, "blocked by a gate: still applied") {
		return why
	}
	var en, ja []string
	for _, in := range r.due {
		title := in.step.Title.Text(in.scope)
		en, ja = append(en, title.En), append(ja, title.In("ja"))
	}
	return event.Text{En: why.En + " (still applied: " + strings.Join(en, ", ") + ")", Ja: why.In("ja") + " (適用されたまま: " + strings.Join(ja, "、") + ")"}
}
