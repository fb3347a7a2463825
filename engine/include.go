package engine

import (
	"context"
	"errors"
	"fmt"

	"spraydeck/event"
	"spraydeck/runbook"
)

// frame is a runbook at work: the one that was started, or one included by a step.
type frame struct {
	book  *runbook.Runbook
	scope *runbook.Scope // its inputs, the results of its steps, the inventory
	at    *instance      // the including step, nil for the runbook that was started

	needed *bool // whether its steps are done, decided at the first of them
}

// outer is the frame around an included runbook, nil for the outermost.
func (f *frame) outer() *frame {
	if f.at == nil {
		return nil
	}
	return f.at.frame
}

// enter opens the frame of an included runbook.
func (r *Run) enter(at *instance) (*frame, error) {
	inc := at.step.Included()
	if inc.Runbook() == nil {
		return nil, fmt.Errorf("%s: there is no runbook %q", inc.Name.Pos, inc.Name)
	}
	for f := at.frame; f != nil; f = f.outer() {
		if f.book == inc.Runbook() {
			return nil, fmt.Errorf("%s: runbook %q includes itself", inc.Name.Pos, inc.Name)
		}
	}
	f := &frame{book: inc.Runbook(), scope: runbook.NewScope(), at: at}
	for name, typ := range inc.Runbook().ResultTypes() {
		f.scope.Set(name, typ, nil)
	}
	for name, typ := range runbook.GivenTypes {
		if value, ok := r.scope.Values[name]; ok {
			f.scope.Set(name, typ, value)
		}
	}
	if err := r.bind(f); err != nil && !errors.Is(err, runbook.ErrNotKnownYet) {
		return nil, err
	}
	return f, nil
}

// bind gives an included runbook its inputs, as far as they are known by now: what is given may be the result of an
// earlier step.
func (r *Run) bind(f *frame) error {
	if f.at == nil {
		return nil
	}
	outer := r.scopeOf(f.at)
	var unknown error
	for _, e := range f.book.Inputs {
		tpl, given := f.at.step.Included().With.Get(e.Name)
		scope := outer
		if !given {
			tpl, scope = e.Value.Default, f.scope
		}
		name, typ := "inputs."+e.Name, e.Value.CelType()
		text, err := tpl.Prose(scope)
		if errors.Is(err, runbook.ErrNotKnownYet) {
			f.scope.Set(name, typ, nil)
			unknown = err
			continue
		}
		if err != nil {
			return err
		}
		value, err := e.Value.Convert(e.Name, text)
		if err != nil {
			return &runbook.UsageError{Message: fmt.Sprintf("%s: %v", tpl.Pos, err), Way: e.Value.Prompt.Text(outer).En}
		}
		if e.Value.Secret.Value {
			r.env.Mask(text)
		}
		f.scope.Set(name, typ, value)
	}
	return unknown
}

// heading is the phase that the steps of a frame stand under.
func (r *Run) heading(f *frame, ph *runbook.Phase, in *instance) event.Text {
	own := ph.Title.Text(r.scopeOf(in))
	if f.at == nil {
		return own
	}
	over, title := f.at.phase, f.at.step.Title.Text(r.scopeOf(f.at))
	return event.Text{En: over.En + " › " + title.En, Ja: over.In("ja") + " › " + title.In("ja")}
}

// entered says whether the steps of an included runbook are done at all, and brings its inputs up to now.
func (r *Run) entered(ctx context.Context, in *instance) (bool, error) {
	f := in.frame
	if f.at == nil {
		return true, nil
	}
	if f.needed == nil {
		ok, err := r.decideFrame(ctx, in)
		if err != nil {
			return false, err
		}
		f.needed = &ok
	}
	if !*f.needed {
		return false, nil
	}
	if err := r.bind(f); err != nil && !errors.Is(err, runbook.ErrNotKnownYet) {
		return false, fmt.Errorf("the inputs of %s: %w", f.at.id, err)
	}
	in.scope = r.scopeOf(in)
	return true, nil
}
