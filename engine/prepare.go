package engine

import (
	"context"
	"errors"

	"spraydeck/event"
	"spraydeck/runbook"
)

var sayAsRequired = event.Text{En: "already as required", Ja: "すでに求められる状態です"}

// prepare has an action read what it needs to describe itself. In a dry run, where that is not there yet, the step shows how it will
// be read.
func (r *Run) prepare(ctx context.Context, in *instance) error {
	p, ok := in.step.Action.(runbook.Preparer)
	if !ok {
		return nil
	}
	in.prepared, in.outdated = nil, false
	got, err := p.Prepare(ctx, r.probing(in))
	switch {
	case err == nil:
		in.prepared = got
		return nil
	case ctx.Err() != nil || r.broken != nil:
		return err
	case r.env.DryRun || errors.Is(err, runbook.ErrNotKnownYet):
		return nil
	}
	return &stepError{outcome: event.NotStarted, why: event.T(err.Error())}
}

// renewed has an action that read before it described itself read once more, where something may have changed since: the gates before
// it have remedies, and what it found when it ran was not what was shown.
func (r *Run) renewed(ctx context.Context, in *instance) error {
	if _, ok := in.step.Action.(runbook.Preparer); !ok || len(in.step.Before) == 0 && !in.outdated {
		return nil
	}
	if in.outdated {
		remark := event.Remark{Text: event.Text{En: "It has changed since it was shown. This is how it is now.", Ja: "表示後に変更されました。現在の内容を示します。"}}
		if err := r.emit(in.events, remark); err != nil {
			return err
		}
	}
	return r.describe(ctx, in)
}
