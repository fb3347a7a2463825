package engine

import (
	"context"
	"errors"

	"spraydeck/event"
	"spraydeck/runbook"
)

// guard asks a kind of step whether it may run now, as a gate that stands before every step of the kind.
func (r *Run) guard(ctx context.Context, in *instance) (overridden bool, err error) {
	g, ok := in.step.Action.(runbook.Guarded)
	if !ok {
		return false, nil
	}
	for {
		c, err := g.Guard(ctx, r.probing(in))
		if errors.Is(err, event.ErrNotRecorded) || errors.Is(err, errNotRecorded) || err == nil && c == nil {
			return false, nil // a record older than the question
		}
		if ctx.Err() != nil || r.broken != nil {
			return false, err
		}
		if err != nil {
			c.Verdict, c.Evidence, c.Title = event.Unknown, whyUnknown(err), asQuestion(c.Title)
			c.Says = event.Text{En: "unknown", Ja: "判定できませんでした"}
		}
		if err := r.emit(in.events, *c); err != nil || c.Verdict == event.Pass {
			return false, err
		}
		a, err := r.askOf(ctx, in, r.gateQuestion(in, &runbook.Gate{ID: runbook.Str{Value: c.Gate}}, c), false)
		switch {
		case errors.Is(err, event.ErrUnanswered):
			return false, unansweredGate{blockedError{c.Title}, err}
		case err != nil:
			return false, err
		case a.Choice == event.ChoiceOverride:
			return true, nil
		case a.Choice == event.ChoiceLeave:
			return false, blockedError{c.Title}
		}
	}
}
