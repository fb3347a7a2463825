package runbook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"spraydeck/event"
)

// Include is what a step says that stands for the steps of another runbook. They are put in its place when the plan is
// made, each id behind that of the step. Inside, only the runbook's own inputs and results are seen; outside, nothing of
// it is.
type Include struct {
	Name Str             `yaml:"name,required" doc:"a runbook: its name, or the path of its file from the directory of this one"`
	With Named[Template] `yaml:"with" doc:"its inputs; those left out take their defaults"`

	book *Runbook // found when the files were looked at together
}

// Includer is an Action that stands for the steps of another runbook.
type Includer interface{ Included() *Include }

// included gives what a step includes, nil for any other step.
func (s *Step) included() *Include {
	if i, ok := s.Action.(Includer); ok {
		return i.Included()
	}
	return nil
}

// frame is a runbook at work: the one that was started, or one included by a step.
type frame struct {
	book  *Runbook
	scope *Scope    // its inputs, the results of its steps, the inventory
	at    *instance // the including step, nil for the runbook that was started

	wanted *bool // what the including step's when says, decided at the first of the steps
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
	inc := at.step.included()
	if inc.book == nil {
		return nil, fmt.Errorf("%s: there is no runbook %q", inc.Name.Pos, inc.Name)
	}
	for f := at.frame; f != nil; f = f.outer() {
		if f.book == inc.book {
			return nil, fmt.Errorf("%s: runbook %q includes itself", inc.Name.Pos, inc.Name)
		}
	}
	f := &frame{book: inc.book, scope: NewScope(), at: at}
	for name, typ := range inc.book.resultTypes() {
		f.scope.Set(name, typ, nil)
	}
	for name, typ := range givenTypes {
		if value, ok := r.scope.Values[name]; ok {
			f.scope.Set(name, typ, value)
		}
	}
	if err := r.bind(f); err != nil && !errors.Is(err, ErrNotKnownYet) {
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
		tpl, given := f.at.step.included().With.Get(e.Name)
		scope := outer
		if !given {
			tpl, scope = e.Value.Default, f.scope
		}
		name, typ := "inputs."+e.Name, e.Value.celType()
		text, err := tpl.Prose(scope)
		if errors.Is(err, ErrNotKnownYet) {
			f.scope.Set(name, typ, nil)
			unknown = err
			continue
		}
		if err != nil {
			return err
		}
		value, err := e.Value.Convert(e.Name, text)
		if err != nil {
			return &UsageError{fmt.Sprintf("%s: %v", tpl.Pos, err), e.Value.Prompt.Text(outer).En}
		}
		if e.Value.Secret.Value {
			r.env.Mask(text)
		}
		f.scope.Set(name, typ, value)
	}
	return unknown
}

// heading is the phase that the steps of a frame stand under.
func (r *Run) heading(f *frame, ph *Phase, in *instance) event.Text {
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
	if f.wanted == nil {
		at := *f.at
		at.events, at.scope = in.events, r.scopeOf(f.at)
		ok, err := r.wanted(ctx, &at)
		if err != nil {
			return false, err
		}
		f.wanted = &ok
	}
	if !*f.wanted {
		return false, nil
	}
	if err := r.bind(f); err != nil && !errors.Is(err, ErrNotKnownYet) {
		return false, fmt.Errorf("the inputs of %s: %w", f.at.id, err)
	}
	in.scope = r.scopeOf(in)
	return true, nil
}

// eachStep calls f for every step of a runbook, those of its remedies and those of the runbooks it includes.
func (b *Runbook) eachStep(f func(*Runbook, *Step)) {
	seen := map[*Runbook]bool{}
	var walk func(*Runbook)
	walk = func(b *Runbook) {
		if seen[b] {
			return
		}
		seen[b] = true
		b.eachOwn(func(s *Step) {
			f(b, s)
			if inc := s.included(); inc != nil && inc.book != nil {
				walk(inc.book)
			}
		})
	}
	walk(b)
}

// eachOwn calls f for every step that is written in a runbook, those of remedies too.
func (b *Runbook) eachOwn(f func(*Step)) {
	for i := range b.Phases {
		eachStepOf(b.Phases[i].Steps, f)
	}
}

func eachStepOf(list []Step, f func(*Step)) {
	cures := func(cs []Cure) {
		for i := range cs {
			eachStepOf(cs[i].Steps, f)
		}
	}
	for i := range list {
		f(&list[i])
		cures(list[i].Remedies)
		for _, g := range list[i].gates() {
			cures(g.Remedies)
		}
	}
}

// InForce gives the ids of the pitfalls watched for: the runbook's own, then those that included runbooks bring in, then
// all that say themselves that they affect this hop. So a pitfall of an operator's own is met without being named. One
// that says it does not affect this hop is left out, be it named: a procedure serves more than one release.
func (b *Runbook) InForce() []string {
	var ids []string
	add := func(list []Str) {
		for _, id := range list {
			p := b.known[id.Value]
			if !slices.Contains(ids, id.Value) && (p == nil || !b.spared(p)) {
				ids = append(ids, id.Value)
			}
		}
	}
	add(b.Pitfalls)
	b.eachStep(func(in *Runbook, _ *Step) { add(in.Pitfalls) })
	for _, id := range slices.Sorted(maps.Keys(b.known)) {
		if !slices.Contains(ids, id) && b.affectedBy(b.known[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Includes gives the paths of the files that the steps of a runbook name, as they would be found beside it. A path that
// leaves the directory the runbook was read from is left out; the linter says so.
func (b *Runbook) Includes() []string {
	var files []string
	b.eachOwn(func(s *Step) {
		if inc := s.included(); inc != nil && isPath(inc.Name.Value) {
			if file, ok := b.Source.beside(inc.Name.Value); ok {
				files = append(files, file)
			}
		}
	})
	return files
}

// isPath tells the path of a file from the name of a runbook.
func isPath(name string) bool {
	return strings.Contains(name, "/") || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// beside gives the file that a relative path names. It is not ok where the path leads out of the root.
func (s Source) beside(name string) (file string, ok bool) {
	rel := strings.TrimPrefix(filepath.ToSlash(s.File), filepath.ToSlash(s.Root))
	to := path.Join(path.Dir(rel), name)
	if path.IsAbs(name) || to == ".." || strings.HasPrefix(to, "../") {
		return "", false
	}
	return s.Root + filepath.FromSlash(to), true
}
