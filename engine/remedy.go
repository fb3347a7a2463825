package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// cures gives remedies as choices. A pitfall's remedy is named pitfall/remedy.
func (r *Run) cures(in *instance, cures []runbook.Cure, pitfall string) []event.Choice {
	var cs []event.Choice
	for i := range cures {
		cs = append(cs, event.Choice{ID: event.RemedyPrefix + r.cureID(&cures[i], pitfall), Label: cures[i].Title.Text(in.scope)})
	}
	return cs
}

func (r *Run) cureID(c *runbook.Cure, pitfall string) string {
	if p := r.book.Pitfall(pitfall); p != nil {
		for i := range p.Remedies {
			if p.Remedies[i].ID.Value == c.ID.Value {
				return pitfall + "/" + c.ID.Value
			}
		}
	}
	return c.ID.Value
}

// remedy runs the steps of a remedy in place of, or beside, the step it mends. Its events belong to that step. scope
// holds the facts of the gate that failed; where there are none, those of the pitfall are learned first, so that the
// remedy knows which hosts are meant.
func (r *Run) remedy(ctx context.Context, in *instance, choice string, scope *runbook.Scope) error {
	id := strings.TrimPrefix(choice, event.RemedyPrefix)
	cure, pitfall := r.findCure(in, id)
	if cure == nil {
		return &runbook.UsageError{Message: fmt.Sprintf("there is no remedy %q here", id), Way: ""}
	}
	title := cure.Title.Text(in.scope)
	if err := r.emit(in.events, event.RemedyStarted{ID: id, Title: title}); err != nil {
		return err
	}
	end := event.RemedyEnded{ID: id, Status: event.Passed}
	err := r.cureSteps(ctx, in, id, cure, pitfall, scope)
	if err != nil {
		end.Status, end.Reason = event.Failed, err.Error()
		var failed *stepError
		if errors.As(err, &failed) && failed.outcome == event.StateLost {
			end.Status = event.Lost
		}
	}
	if e := r.emit(in.events, end); e != nil {
		return e
	}
	if e := r.describe(ctx, in); e != nil {
		return e
	}
	if _, failed := err.(*stepError); failed {
		return nil // the question that offered the remedy is asked again
	}
	return err
}

func (r *Run) cureSteps(ctx context.Context, in *instance, id string, cure *runbook.Cure, pitfall *runbook.Pitfall, scope *runbook.Scope) error {
	if scope == nil {
		scope = in.scope
		if pitfall != nil && pitfall.Before != nil {
			b := pitfall.Before
			learned, err := r.collect(ctx, in, b.Facts, b.Rule, b.Evidence, b.Says.Exprs(), runbook.LetExprs(b.Let))
			if err == nil {
				learned, err = learned.WithLets(b.Let)
			}
			if err != nil {
				return &stepError{outcome: event.OutcomeOf(0, err), why: event.T("the remedy could not learn what it needs: " + err.Error())}
			}
			scope = learned
		}
	}
	scope = r.withOuterInputs(in.frame, scope, pitfall)
	facts := in.facts
	if pitfall != nil && pitfall.Before != nil {
		facts = runbook.MergeFacts(facts, pitfall.Before.Facts)
	}
	for i := range cure.Steps {
		s := &cure.Steps[i]
		rounds := [][]string{in.batch}
		if s.On.Each != nil {
			var err error
			if rounds, err = r.rounds(s.On.Each, scope); err != nil {
				return &stepError{outcome: event.NotStarted, why: event.T(err.Error())}
			}
		}
		for _, batch := range rounds {
			sub := &instance{frame: in.frame, step: s, id: in.id + "/" + id + "/" + s.ID.Value, events: in.events, phase: in.phase,
				node: strings.Join(batch, ","), batch: batch, when: s.When,
				scope: scope, facts: runbook.MergeFacts(facts, s.Facts), remedy: true}
			if sub.node != in.node {
				sub.id += "[" + sub.node + "]"
			}
			sub.scope = r.scopeOf(sub)
			if sub.step.On.Hosts.Set() && len(sub.hosts) == 0 {
				continue
			}
			steps, err := r.inPlace(sub)
			if err != nil {
				return &stepError{outcome: event.NotStarted, why: event.T(err.Error())}
			}
			for _, one := range steps {
				if err := r.cureStep(ctx, in, one); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// cureStep takes one step of a remedy, within the step that it mends.
func (r *Run) cureStep(ctx context.Context, mended, in *instance) error {
	if in.events = mended.events; in.scope == nil {
		in.scope = r.scopeOf(in)
	}
	wanted, err := r.shouldRun(ctx, in)
	if err != nil || !wanted {
		return err
	}
	_, _, err = r.attempt(ctx, in)
	return err
}

// withOuterInputs adds the inputs that a pitfall uses and an included runbook does not have, from those around it.
func (r *Run) withOuterInputs(f *frame, scope *runbook.Scope, p *runbook.Pitfall) *runbook.Scope {
	if p == nil {
		return scope
	}
	scope = scope.With()
	for ; f != nil; f = f.outer() {
		for _, e := range p.Inputs {
			name := "inputs." + e.Name
			if _, known := scope.Types[name]; !known && f.scope.Types[name] != nil {
				scope.Set(name, f.scope.Types[name], f.scope.Values[name])
			}
		}
	}
	return scope
}

// findCure looks among the step's own remedies, those of its gates, and those of the pitfalls in force.
func (r *Run) findCure(in *instance, id string) (*runbook.Cure, *runbook.Pitfall) {
	if name, cure, ok := strings.Cut(id, "/"); ok {
		if p := r.book.Pitfall(name); p != nil {
			if c := byID(p.Remedies, cure); c != nil {
				return c, p
			}
		}
	}
	if c := byID(in.step.Remedies, id); c != nil {
		return c, nil
	}
	for _, g := range in.step.Gates() {
		if c := byID(g.Remedies, id); c != nil {
			return c, nil
		}
	}
	return nil, nil
}

func byID(cures []runbook.Cure, id string) *runbook.Cure {
	for i := range cures {
		if cures[i].ID.Value == id {
			return &cures[i]
		}
	}
	return nil
}
