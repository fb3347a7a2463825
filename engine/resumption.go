package engine

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// resumption stands between a run that is resumed and everything outside. What the prior run holds is answered from it, is
// not written again and is not waited for again; the rest goes through. A run that begins has none: the methods that say how
// it stands take nil.
type resumption struct {
	run      *Run
	prior    *PriorRun
	finished atomic.Bool // a finished step brings back what it left behind; nothing is done or written
}

// wrap puts it around the environment of a run.
func (s *resumption) wrap(env *Env) {
	env.Sink, env.Sleep = s.sink(env.Sink), s.sleep(env.Sleep)
}

// restoring says whether a finished step is being restored from the record.
func (s *resumption) restoring() bool { return s != nil && s.finished.Load() }

// sink writes what does not stand in the transcript yet. A new question of a step is where the run goes on.
func (s *resumption) sink(write func(event.Event) error) func(event.Event) error {
	return func(e event.Event) error {
		recorded := s.restoring() && e.Step != "" || s.prior.has(e.Step, e.Data)
		if !recorded {
			if err := write(e); err != nil {
				return err
			}
		}
		if _, asks := e.Data.(event.Asked); asks && e.Step != "" {
			s.prior.live()
		}
		return nil
	}
}

// sleep does not wait for what was waited for before.
func (s *resumption) sleep(wait func(context.Context, time.Duration) error) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		if s.restoring() || s.prior.catchingUp() {
			return ctx.Err()
		}
		return wait(ctx, d)
	}
}

// errNotBegun means that the record announces a command that changes something, and that it was never started.
var errNotBegun = errors.New("it was announced, and never started")

// exec gives the recorded result of a command, takes up one that was left running, or runs it.
func (s *resumption) exec(ctx context.Context, in *instance, step string, c event.Command) (runbook.Returned, error) {
	past := s.prior.take(step, c)
	switch {
	case past != nil && past.end != nil:
		res, err := s.prior.result(past)
		if err != nil || res.Lost() == nil || !readsOnly(c) || (s.restoring() && step != "") {
			return res, err
		}
		past = nil // a read of which only a masked copy is left is repeated
	case s.restoring() && step != "":
		return runbook.Returned{}, errNotRecorded
	case past == nil && c.Changes:
		if err := s.run.renew(ctx, in, c); err != nil {
			return runbook.Returned{}, err
		}
	}
	if step != "" {
		s.prior.live()
	}
	res, err := s.takeUp(ctx, step, c, past)
	if errors.Is(err, errNotBegun) {
		return s.exec(ctx, in, step, c) // under another number, and asked for anew
	}
	return res, err
}

// takeUp attaches a command that an earlier console started, under its number. One that only reads runs anew.
func (s *resumption) takeUp(ctx context.Context, step string, c event.Command, past *priorCommand) (runbook.Returned, error) {
	if past != nil && readsOnly(c) {
		if err := s.run.emit(step, event.CommandEnded{Number: past.Number, Exit: -1, Outcome: event.Abandoned}); err != nil {
			return runbook.Returned{}, err
		}
		past = nil
	}
	if past != nil {
		seen, err := s.prior.seen(past)
		if err != nil {
			return runbook.Returned{}, err
		}
		c.Number, c.Resumed = past.Number, seen
	}
	return s.run.start(ctx, step, c, past)
}

// readsOnly says whether a command can be run once more without a question.
func readsOnly(c event.Command) bool { return !c.Changes && (c.Probe || !c.TTY) }

// ask gives the answer to the very same question. Where it was answered and what is shown has changed since, it says so and
// asks anew.
func (s *resumption) ask(ctx context.Context, step string, q event.Question, underway bool) (event.Answer, error) {
	a, why, ok := s.prior.answer(step, q, s.run.book.Digest(), s.restoring() || underway)
	switch {
	case ok:
		a.Earlier = true
		return a, nil
	case s.restoring() && strings.Contains(a.Text, event.Masked):
		return s.run.putQuestion(ctx, "", q, why) // the step is over, and what was typed may be needed
	case s.restoring():
		return event.Answer{}, errNotRecorded
	}
	return s.run.putQuestion(ctx, step, q, why)
}
