package runbook

import (
	"fmt"
	"slices"
)

// Special is what a runbook does otherwise than the one it is like.
type Special struct {
	Before  Str    `yaml:"before" doc:"id of the step that these are put before"`
	After   Str    `yaml:"after" doc:"id of the step that these are put after"`
	Instead Str    `yaml:"instead" doc:"id of the step whose place these take"`
	Steps   []Step `yaml:"steps,required" doc:"in order"`
	Pos     Pos
}

// place gives the step that is meant.
func (s Special) place() Str {
	for _, id := range []Str{s.Before, s.After, s.Instead} {
		if id.Value != "" {
			return id
		}
	}
	return Str{}
}

// Link makes files known to each other, so that each runbook is whole: what it takes over from the one it is like stands
// in it, and what it names is found. Check does it, too; whoever only reads about runbooks wants nothing else.
func Link(files []File) { newChecker(files) }

// newChecker links all files.
func newChecker(files []File) *checker {
	c := &checker{pitfalls: map[string]*Pitfall{}, runbooks: map[string]*Runbook{}, byFile: map[string]*Runbook{}}
	for _, f := range files {
		c.names(f)
	}
	for _, f := range files {
		if f.Runbook != nil {
			c.become(f.Runbook, nil)
		}
	}
	for _, f := range files {
		switch {
		case f.Runbook != nil:
			c.link(f.Runbook)
		case f.Pitfall != nil:
			c.linkPitfall(f.Pitfall)
		}
	}
	c.included = map[*Runbook]bool{}
	for _, f := range files {
		if f.Runbook == nil {
			continue
		}
		f.Runbook.eachOwn(func(s *Step) {
			if inc := s.Included(); inc != nil && inc.book != nil {
				c.included[inc.book] = true
			}
		})
	}
	return c
}

// likeOf finds the runbook that another is like.
func (c *checker) likeOf(b *Runbook) *Runbook {
	if !isPath(b.Like.Value) {
		return c.runbooks[b.Like.Value]
	}
	file, _ := b.Source.beside(b.Like.Value)
	return c.byFile[file]
}

// become makes a runbook whole. It begins with what is written each time: the other files may be others now.
func (c *checker) become(b *Runbook, way []*Runbook) {
	if b.Like.Value == "" {
		return
	}
	if b.written == nil {
		written := *b
		b.written = &written
	}
	whole := *b.written
	whole.written, whole.known = b.written, b.known
	defer func() { *b = whole }()
	other := c.likeOf(b)
	if other == nil || other == b || slices.Contains(way, other) {
		return // the linter says so
	}
	c.become(other, append(slices.Clip(way), b))
	whole.take(other)
}

// take fills what is not written from another runbook. Lists are put together, the other's first.
func (b *Runbook) take(other *Runbook) {
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
	b.Facts = over(other.Facts, b.Facts, func(_, own Fact) Fact { return own })
	b.Inputs = over(other.Inputs, b.Inputs, Input.but)
	b.Phases = append(slices.Clip(b.Phases), other.Phases...)
	for i := range b.Phases {
		b.Phases[i].Steps = slices.Clone(b.Phases[i].Steps)
	}
	for _, s := range b.Special {
		b.put(s)
	}
}

// over puts entries over others: one of the same name takes its place, a new one comes last.
func over[V any](below, above Named[V], both func(below, above V) V) Named[V] {
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

// but is an input with what is written of another of its name.
func (i Input) but(own Input) Input {
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

// put puts special steps into their place; where there is none, the linter says so.
func (b *Runbook) put(s Special) {
	id := s.place().Value
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
		case s.Instead.Value:
			end = at + 1
		}
		ph.Steps = slices.Replace(ph.Steps, at, end, s.Steps...)
		return
	}
}

// checkLike: the runbook that another is like exists and is not like it in turn, and special steps have a place.
func (c *checker) checkLike(b *Runbook) {
	if b.Like.Value == "" {
		if len(b.Phases) == 0 {
			c.add(b.Name.Pos, "missing-key", `"phases" is missing`, "the steps, in groups; or like, the runbook that this one takes them from")
		}
		for _, s := range b.Special {
			c.add(s.Pos, "like", "there is no runbook that this one is like, so its steps are all its own", "put these into the phases")
		}
		return
	}
	other := c.likeOf(b)
	if other == nil {
		c.unknownRunbook(&Include{Name: b.Like})
		return
	}
	for at, seen := other, map[*Runbook]bool{}; at != nil && !seen[at]; at = c.likeOf(at) {
		if seen[at] = true; at == b {
			c.add(b.Like.Pos, "include-cycle", fmt.Sprintf("runbook %q is like itself", b.Name), "")
			return
		}
		if at.Like.Value == "" {
			break
		}
	}
	var ids []string
	for _, ph := range other.Phases {
		for _, s := range ph.Steps {
			ids = append(ids, s.ID.Value)
		}
	}
	for _, s := range b.Special {
		id, places := s.place(), 0
		for _, key := range []Str{s.Before, s.After, s.Instead} {
			places += boolInt(key.Value != "")
		}
		switch {
		case places != 1:
			c.add(s.Pos, "like", "special steps stand in one place", "one of before, after and instead")
		case !slices.Contains(ids, id.Value):
			c.add(id.Pos, "unknown-step", fmt.Sprintf("runbook %q has no step %q", other.Name, id), DidYouMean(id.Value, ids))
		}
	}
}
