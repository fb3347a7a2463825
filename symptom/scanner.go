package symptom

import (
	"bytes"
	"slices"
	"time"
)

// scanner reads the lines of one input in their order and finds what matches, without judging it.
type scanner struct {
	set   *Set
	place place
	lines int // read so far

	begins *ending // what place does not tell yet; nil if nobody can

	prev         []byte // the line before, as it was looked at
	prevFound    []int32
	window       window
	found, joint []int32
	clean, spare []byte // lines without escape sequences; prev may lie in one of them
	kept         []byte // prev, where the text that it lay in is used again
	candidates   []int
	views        views
	shown        []int // patterns that the line at hand has matched: once for a line is enough
	matches      []match
	memo         *memo
}

// match is a pattern that one line matches.
type match struct {
	pattern int
	line    int
	text    string
	groups  map[string]string
	size    int // bytes matched
	at      time.Time
	place   place
}

// maxText is how much of a line a hit keeps.
const maxText = 8 << 10

// read looks at one line, without its end, in pieces if it is too long. A line that goes on from what was read before
// (goesOn) is the same line still. The result is valid until the next call.
func (s *scanner) read(line []byte, goesOn bool) []match {
	s.matches = s.matches[:0]
	if !goesOn {
		s.lines++
		s.shown = s.shown[:0]
	}
	for len(line) > maxLine {
		s.piece(line[:maxLine])
		line = line[maxLine-overlap:]
	}
	s.piece(line)
	return s.matches
}

// keepPrev keeps the line before out of a text that is used again. Of a line that is too long to go on, a part is as good.
func (s *scanner) keepPrev() {
	s.kept = append(s.kept[:0], s.prev[:min(len(s.prev), joinLine+1)]...)
	s.prev = s.kept
}

// piece looks at a line, or at a piece of a long one.
func (s *scanner) piece(raw []byte) {
	if s.skip(raw) {
		return
	}
	line := bytes.TrimPrefix(raw, byteOrderMark)
	if bytes.IndexByte(line, 0x1b) >= 0 {
		s.clean, s.spare = s.spare, s.clean
		s.clean = stripEscapes(s.clean[:0], line)
		line = s.clean
	}
	if !ascii(line) {
		s.clean, s.spare = s.spare, s.clean
		s.clean = appendPlain(s.clean[:0], line)
		line = s.clean
	}
	line = trimReturn(line)
	s.found = s.set.find.appendFound(s.found[:0], line)
	how := s.window.seam(s.prev, line)
	if how == apart && s.window.kind != apart {
		s.window.reset()
	}
	if len(s.found) > 0 || len(s.set.always) > 0 {
		s.alone(trimRight(line))
		s.learnHeader(line)
	}
	if how != apart {
		s.joined(line, how)
	}
	s.prev = line
	s.found, s.prevFound = s.prevFound, s.found
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// alone tries the patterns whose fixed text the line holds.
func (s *scanner) alone(line []byte) {
	s.collect(s.found, line)
	if len(s.candidates) == 0 {
		return
	}
	s.views.list = s.views.list[:0]
	for _, p := range s.candidates {
		s.try(p, line, nil)
	}
}

// collect returns the patterns that the literals of a text stand for, each once and in order. If a header may be among them,
// it is read before.
func (s *scanner) collect(found []int32, text []byte) {
	if slices.ContainsFunc(found, func(f int32) bool { return s.set.lits[f].header }) {
		s.place.header(text, s.memo)
	}
	s.candidates = append(s.candidates[:0], s.set.always...)
	for _, f := range found {
		use := &s.set.lits[f]
		s.candidates = append(s.candidates, use.patterns...)
		if len(use.tasked) > 0 && s.place.task == nil && s.begins != nil {
			s.place, s.begins = s.place.after(s.begins.wait()).in(s.memo), nil
		}
		for _, p := range use.tasked {
			if !s.place.task.exclude(s.set, p) {
				s.candidates = append(s.candidates, p)
			}
		}
	}
	if len(s.candidates) > 1 {
		slices.Sort(s.candidates)
		s.candidates = slices.Compact(s.candidates)
	}
}

// try matches a pattern against the views of a text. Where the text is joined, a match that was there without its last
// line (before) is none.
func (s *scanner) try(pattern int, text, before []byte) {
	if slices.Contains(s.shown, pattern) {
		return
	}
	p := &s.set.patterns[pattern]
	view, at := text, p.Line.FindSubmatchIndex(text)
	if at == nil {
		s.makeViews(text)
		for _, view = range s.views.list[1:] {
			if at = p.Line.FindSubmatchIndex(view); at != nil {
				break
			}
		}
	}
	if at == nil || before != nil && s.matchesAny(p, before) {
		return
	}
	s.shown = append(s.shown, pattern)
	s.makeViews(text)
	kept := text
	if len(kept) > maxText {
		kept = view[max(0, min(at[0]-maxText/2, len(view)-maxText)):]
		kept = kept[:min(len(kept), maxText)]
	}
	s.matches = append(s.matches, match{
		pattern: pattern, line: s.lines, text: string(bytes.ToValidUTF8(kept, []byte("\uFFFD"))), groups: p.groups(view, at, s.views.host),
		size: at[1] - at[0], at: timeOf(text), place: s.place,
	})
}

func (s *scanner) makeViews(text []byte) {
	if len(s.views.list) == 0 {
		s.views.of(text)
	}
}

func (s *scanner) matchesAny(p *compiled, text []byte) bool {
	if p.Line.Match(text) {
		return true
	}
	var v views
	v.of(text)
	return slices.ContainsFunc(v.list[1:], p.Line.Match)
}

// joined tries the patterns on the line and those before it that it goes on from.
func (s *scanner) joined(line []byte, how seam) {
	w := &s.window
	kind := how
	if kind == spaced || kind == filled {
		kind = wrapped
	}
	if w.kind != kind {
		quote, indent := w.quote, w.indent
		w.reset()
		w.kind, w.quote, w.indent = kind, quote, indent
		w.push(s.prev, kind, s.prevFound)
		if kind == folded && bytes.HasSuffix(bytes.TrimRight(s.prev, "+-0123456789"), []byte(": >")) {
			w.text, w.ends[0] = w.text[:0], 0 // the value begins in the next line
		}
	}
	at := w.push(line, how, s.found)
	// fixed text that stands across the seam
	from, to := max(0, at-maxLiteral-1), min(len(w.text), at+maxLiteral)
	s.joint = s.set.find.appendFound(s.joint[:0], w.text[from:to])
	w.found = append(w.found, s.joint...)
	if len(w.found) > 64 {
		slices.Sort(w.found)
		w.found = slices.Compact(w.found)
	}
	if len(w.found) == 0 && len(s.set.always) == 0 {
		return
	}
	s.collect(w.found, w.text)
	s.views.list = s.views.list[:0]
	before := trimRight(w.text[:at])
	for _, p := range s.candidates {
		s.try(p, w.text, before)
	}
}
