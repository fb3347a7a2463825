package runbook

import (
	"slices"
)

// Override puts steps among those of the runbook that this one extends.
type Override struct {
	Before  Str    `yaml:"before" doc:"id of the step to put these before"`
	After   Str    `yaml:"after" doc:"id of the step to put these after"`
	Replace Str    `yaml:"replace" doc:"id of the step to replace by these"`
	Steps   []Step `yaml:"steps,required" doc:"in order"`
	Pos     Pos
}

// Place returns the id of the step that the override names.
func (s Override) Place() Str {
	for _, id := range []Str{s.Before, s.After, s.Replace} {
		if id.Value != "" {
			return id
		}
	}
	return Str{}
}

// Duplicate is a name that stands for two files.
type Duplicate struct {
	What  string // runbook or pitfall
	Name  Str
	First Pos
}

// Catalog is a set of linked files: every runbook is resolved, and what a file names is found.
type Catalog struct {
	Pitfalls   map[string]*Pitfall
	Runbooks   map[string]*Runbook // by name
	ByFile     map[string]*Runbook
	Included   map[*Runbook]bool // by a step of another runbook
	Duplicates []Duplicate
}

// Link resolves files against each other: a runbook gets what it takes over from the one it extends, and the pitfalls and
// runbooks it names. Names that are not found are left to the linter.
func Link(files []File) *Catalog {
	c := &Catalog{Pitfalls: map[string]*Pitfall{}, Runbooks: map[string]*Runbook{}, ByFile: map[string]*Runbook{}, Included: map[*Runbook]bool{}}
	for _, f := range files {
		c.add(f)
	}
	for _, f := range files {
		if f.Runbook != nil {
			c.resolve(f.Runbook, nil)
		}
	}
	for _, f := range files {
		switch {
		case f.Runbook != nil:
			f.Runbook.known = c.Pitfalls
			f.Runbook.EachOwn(func(s *Step) { c.linkStep(f.Runbook.Source, s) })
		case f.Pitfall != nil:
			for i := range f.Pitfall.Remedies {
				eachStepOf(f.Pitfall.Remedies[i].Steps, func(s *Step) { c.linkStep(f.Pitfall.Source, s) })
			}
		}
	}
	return c
}

// add makes a file known by its name.
func (c *Catalog) add(f File) {
	switch {
	case f.Runbook != nil:
		n := f.Runbook.Name
		if other := c.Runbooks[n.Value]; other != nil && n.Value != "" {
			c.Duplicates = append(c.Duplicates, Duplicate{"runbook", n, other.Name.Pos})
			return
		}
		c.Runbooks[n.Value] = f.Runbook
		c.ByFile[f.Runbook.Source.File] = f.Runbook
	case f.Pitfall != nil:
		n := f.Pitfall.Name
		if other := c.Pitfalls[n.Value]; other != nil && n.Value != "" {
			c.Duplicates = append(c.Duplicates, Duplicate{"pitfall", n, other.Name.Pos})
			return
		}
		c.Pitfalls[n.Value] = f.Pitfall
	}
}

// linkStep finds the runbook that a step includes.
func (c *Catalog) linkStep(from Source, s *Step) {
	inc := s.Included()
	switch {
	case inc == nil:
		return
	case !IsPath(inc.Name.Value):
		inc.book = c.Runbooks[inc.Name.Value]
	default:
		inc.book = nil
		if file, ok := from.Beside(inc.Name.Value); ok {
			inc.book = c.ByFile[file]
		}
	}
	if inc.book != nil {
		c.Included[inc.book] = true
	}
}

// Base returns the runbook that another extends, nil for none.
func (c *Catalog) Base(b *Runbook) *Runbook {
	if b.Extends.Value == "" {
		return nil
	}
	if !IsPath(b.Extends.Value) {
		return c.Runbooks[b.Extends.Value]
	}
	file, _ := b.Source.Beside(b.Extends.Value)
	return c.ByFile[file]
}

// resolve merges a runbook with the one it extends. It starts from the file's own text each time, because the other files
// may have changed.
func (c *Catalog) resolve(b *Runbook, seen []*Runbook) {
	if b.Extends.Value == "" {
		return
	}
	if b.written == nil {
		written := *b
		b.written = &written
	}
	whole := *b.written
	whole.written, whole.known = b.written, b.known
	defer func() { *b = whole }()
	other := c.Base(b)
	if other == nil || other == b || slices.Contains(seen, other) {
		return // lint reports it
	}
	c.resolve(other, append(slices.Clip(seen), b))
	whole.inherit(other)
}

// Written returns the runbook as its file has it, without what it extends.
func (b *Runbook) Written() *Runbook {
	if b.written != nil {
		return b.written
	}
	return b
}

// inherit fills what the file does not say from the runbook it extends. Lists are joined, the other's entries first.
func (b *Runbook) inherit(other *Runbook) {
	b.models = append([]string{other.Source.Digest}, other.models...)
	if b.System.Value == "" {
		b.System = other.System
	}
	if !b.About.Set() {
		b.About = other.About
	}
	if !b.Inventory.Set() {
		b.Inventory = other.Inventory
	}
	if !b.Rollback.Set() {
		b.Rollback = other.Rollback
	}
	if len(b.NoReturn) == 0 {
		b.NoReturn = other.NoReturn
	}
	b.Pitfalls = append(slices.Clip(other.Pitfalls), b.Pitfalls...)
	b.Facts = merge(other.Facts, b.Facts, func(_, own Fact) Fact { return own })
	b.Inputs = merge(other.Inputs, b.Inputs, Input.inherit)
	b.Phases = append(slices.Clip(b.Phases), other.Phases...)
	for i := range b.Phases {
		b.Phases[i].Steps = slices.Clone(b.Phases[i].Steps)
	}
	for _, o := range b.Overrides {
		b.insert(o)
	}
}

// merge replaces entries by those of the same name and appends new ones.
func merge[V any](below, above Named[V], both func(below, above V) V) Named[V] {
	all := slices.Clone(below)
	for _, e := range above {
		i := slices.IndexFunc(all, func(o Entry[V]) bool { return o.Name == e.Name })
		if i < 0 {
			all = append(all, e)
			continue
		}
		all[i] = Entry[V]{e.Name, e.Pos, both(all[i].Value, e.Value)}
	}
	return all
}

// inherit returns an input with what its namesake says in its place.
func (i Input) inherit(own Input) Input {
	if own.Type.Value == "" {
		own.Type = i.Type
	}
	if !own.Prompt.Set() {
		own.Prompt = i.Prompt
	}
	if !own.Default.Given() {
		own.Default = i.Default
	}
	if len(own.Choices) == 0 {
		own.Choices = i.Choices
	}
	if own.Match.Value == "" {
		own.Match = i.Match
	}
	own.Secret.Value = own.Secret.Value || i.Secret.Value
	return own
}

// insert applies one override; lint reports a missing anchor.
func (b *Runbook) insert(s Override) {
	id := s.Place().Value
	for i := range b.Phases {
		ph := &b.Phases[i]
		at := slices.IndexFunc(ph.Steps, func(o Step) bool { return o.ID.Value == id })
		if at < 0 || id == "" {
			continue
		}
		end := at
		switch id {
		case s.After.Value:
			at, end = at+1, at+1
		case s.Replace.Value:
			end = at + 1
		}
		ph.Steps = slices.Replace(ph.Steps, at, end, s.Steps...)
		return
	}
}
