package ui

import (
	"cmp"
	"slices"

	"spraydeck/event"
	"spraydeck/transcript"
)

// finder is a search in all of a recording. It goes on while the operator reads what it has found.
type finder struct {
	query  string
	from   int                // position it began at
	search *transcript.Search // nil once it is through
	found  []transcript.Found // in the order of the recording
	here   transcript.Found   // what was gone to last
	want   int                // where to go as soon as there is something: 1 on, -1 back, 0 nowhere
	read   float64            // how much of the recording it has seen, from 0 to 1
}

// foundLimit is how many lines a search gives at most.
const foundLimit = 100_000

// actSearch goes on with a search.
type actSearch struct{ *transcript.Search }

// search looks for text in all of the recording, and goes to where it was said next; at the end it starts over.
func (r *replayScreen) search(text string) action {
	s := r.player.rec.Search(text, r.player.at)
	r.finder = &finder{query: text, from: r.player.at.Pos, search: s, want: 1}
	return actSearch{s}
}

// Take takes in what a search has found, and gives it back if it is to go on. That of a search which was left is
// dropped.
func (r *replayScreen) Take(s searched) *transcript.Search {
	f := r.finder
	if f == nil || f.search != s.search {
		return nil
	}
	f.found = append(f.found, s.found...)
	slices.SortStableFunc(f.found, compareFound)
	f.read = s.search.Progress()
	if s.err != nil {
		r.Notice(s.err.Error())
	}
	if s.done || s.err != nil || len(f.found) >= foundLimit {
		f.search = nil
	}
	if f.want != 0 {
		r.match(f.want)
	}
	if f.search == nil && len(f.found) == 0 {
		if s.err == nil {
			r.Notice(r.say(sayNotFound, f.query))
		}
		r.finder = nil
	}
	if r.finder == nil {
		return nil
	}
	return f.search
}

func compareFound(a, b transcript.Found) int {
	return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(b.Up, a.Up))
}

// stopSearch leaves the search where it is; what it has found stays.
func (r *replayScreen) stopSearch() {
	r.finder.search, r.finder.want = nil, 0
	if len(r.finder.found) == 0 {
		r.finder = nil
	}
}

// match goes to the next or the previous place found, round the end. While the search has not got there it goes as
// soon as it has.
func (r *replayScreen) match(by int) {
	f := r.finder
	f.want = 0
	here := f.here
	if here.Pos != r.player.at.Pos { // the operator went elsewhere
		here = transcript.Found{Pos: r.player.at.Pos, Up: -1}
	}
	i, exact := slices.BinarySearchFunc(f.found, here, compareFound)
	switch {
	case by < 0:
		i--
	case exact:
		i++
	}
	there := i >= 0 && i < len(f.found)
	switch {
	case f.search != nil && (!there || by < 0 && f.found[i].Pos <= f.from): // there may be a nearer one
		f.want = by
		return
	case len(f.found) == 0:
		return
	case !there:
		i = (i + len(f.found)) % len(f.found)
	}
	f.here = f.found[i]
	r.pauseAt(f.here.Pos, true)
	r.show()
	r.highlight()
}

// matched says which of the places found this is, from 1; 0: none.
func (f *finder) matched(pos int) int {
	if f == nil || f.here.Pos != pos || pos == 0 {
		return 0
	}
	i, ok := slices.BinarySearchFunc(f.found, f.here, compareFound)
	if !ok {
		return 0
	}
	return i + 1
}

// highlight brings the line that was found into sight: in the step, or, where the step does not show that command, in
// the command log.
func (r *replayScreen) highlight() {
	f := r.finder
	if f == nil || f.here.Number == 0 {
		return
	}
	st, _ := r.run.shownStep()
	if st != nil && slices.ContainsFunc(shownCommands(st), func(c *event.CommandState) bool { return c.Number == f.here.Number }) {
		r.run.step.output.GoTo(f.here.Number, f.here.Up, f.query)
		return
	}
	log := r.run.log
	i := slices.IndexFunc(log.commands, func(c *event.CommandState) bool { return c.Number == f.here.Number })
	if i < 0 {
		return
	}
	r.run.focus, r.run.zoom = panelLog, true
	log.cursor, log.follow = i, false
	log.open = newOutputView(log.look)
	log.open.commands = log.commands[i : i+1]
	r.show()
	log.open.GoTo(f.here.Number, f.here.Up, f.query)
}
