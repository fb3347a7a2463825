package engine

import (
	"context"
	"fmt"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// part is a phase with a condition, in one round of its loop. Its steps are done or skipped together.
type part struct {
	id     string
	when   runbook.Expr
	needed *bool // nil until its first step begins
}

// phasePart gives the part that the steps of a phase belong to, nil where the phase has no condition.
func (f *frame) phasePart(i int, ph *runbook.Phase, round []string) *part {
	if !ph.When.Set() {
		return nil
	}
	p := &part{id: fmt.Sprintf("phase %d", i+1), when: ph.When}
	if len(round) > 0 {
		p.id += "[" + strings.Join(round, ",") + "]"
	}
	if f.at != nil {
		p.id = f.at.id + "/" + p.id
	}
	return p
}

// decide says whether the steps of a phase are done. The first of them asks, and the answer is journaled; what the steps
// change themselves does not take the last ones away.
func (r *Run) decide(ctx context.Context, p *part, in *instance) (bool, error) {
	if p == nil {
		return true, nil
	}
	if p.needed == nil {
		asking := *in
		asking.when = p.when
		ok, err := r.decideOnce(ctx, p.id, in.events, func() (bool, error) { return r.holds(ctx, &asking) })
		if err != nil {
			return false, err
		}
		p.needed = &ok
	} else if r.env.PriorRun.undecided(p.id, in.events) {
		// A transcript of before decisions were journaled: the phase asked again at this step. That answer
		// must not be taken for the answer of a gate of the step.
		asking := *in
		asking.when = p.when
		_, _ = r.holds(ctx, &asking)
	}
	return *p.needed, nil
}

// decideFrame says whether the steps of an included runbook are done: what its including step says, asked at the first
// of them.
func (r *Run) decideFrame(ctx context.Context, in *instance) (bool, error) {
	at := *in.frame.at
	at.events, at.scope = in.events, r.scopeOf(in.frame.at)
	return r.decideOnce(ctx, at.id, in.events, func() (bool, error) { return r.shouldRun(ctx, &at) })
}

// decideOnce takes the decision of the interrupted run, else asks, and journals it. A condition that is always true is no
// decision.
func (r *Run) decideOnce(ctx context.Context, id, events string, ask func() (bool, error)) (bool, error) {
	was, known := r.env.PriorRun.decided(id)
	if known && !r.env.PriorRun.wrote(events, event.Decided{Part: id, Needed: was}) {
		return was, nil // its step is begun anew, and the phase is not
	}
	ok, err := ask()
	if known { // asked all the same, so that its answers are not taken for those of a later probe
		ok, err = was, ctx.Err()
	}
	if err != nil {
		return false, err
	}
	return ok, r.emit(events, event.Decided{Part: id, Needed: ok})
}

// holds learns what the condition of a step needs and says whether it is true.
func (r *Run) holds(ctx context.Context, in *instance) (bool, error) {
	scope, err := r.collect(ctx, in, nil, in.when)
	if err != nil {
		return false, fmt.Errorf("unknown whether %s is needed: %w", in.id, err)
	}
	return scope.True(in.when)
}

// putRight says whether a remedy has done the work of the failed step: then the step begins again, finds itself done, and
// is not run once more. A step that does not say when it is done is never taken for done.
func (r *Run) putRight(ctx context.Context, in *instance) bool {
	if !in.step.Done.Set() {
		return false
	}
	done, err := r.isDone(ctx, in)
	return err == nil && done
}
