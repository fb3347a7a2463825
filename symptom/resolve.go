package symptom

import (
	"cmp"
	"slices"
	"time"
)

// judge decides what the matches of lines mean. It sees them in the order of the text.
//
// Of several patterns that one line shows, one counts: a verdict before a hint, then one that asks for a message before one
// that only asks for a failed task, then the one with a task, then the one whose match covers more of the line, then the one
// with more fixed text. Beats settles what this order would not; the others are in Hit.Also. A pattern that is Aside takes no part in this.
type judge struct {
	set     *Set
	place   place
	memory  map[int]*memory
	waiting []*waiting
	from    source          // of the lines at hand
	last    map[int]printed // of patterns that others wait for: where and when each was last seen
	fields  map[int]int     // by pattern: the last line of JSON with a key and a text that it matched
}

// printed is where and when a pattern was seen.
type printed struct {
	moment
	from source
}

func newJudge(s *Set) *judge { return &judge{set: s, memory: map[int]*memory{}} }

// shown is a match whose conditions so far hold.
type shown struct {
	match
	seen moment
	hit  Hit
	then []Relation // needs that look ahead
	not  []Relation // unless that looks ahead
}

// line judges the matches of one line, seen at a time (zero if not known). Want tells which patterns are meant at all.
func (j *judge) line(matches []match, now time.Time, host string, want func(*compiled) bool) []Hit {
	var hits []Hit
	var list []shown
	for _, m := range matches {
		p := &j.set.patterns[m.pattern]
		m.place = m.place.after(j.place)
		play, task := m.place.strings()
		if want != nil && !want(p) || p.Task != nil && !p.Task.MatchString(task) {
			continue
		}
		if (p.Count > 1 || p.Lasts > 0) && j.repeats(m) {
			continue
		}
		untold := m.at.IsZero() || !now.IsZero() && m.at.Year() == 0
		if untold {
			m.at = cmp.Or(now, m.at) // a live time beats one without a year, so that all can be compared
		}
		if m.groups[Host] == "" && host != "" {
			m.groups[Host] = host
		}
		seen := moment{at: m.at, came: now, untold: untold, groups: m.groups}
		if now.IsZero() {
			hits = append(hits, j.expire(m.at)...)
		}
		hits = append(hits, j.resolve(m.pattern, seen)...)
		s := shown{match: m, seen: seen, hit: Hit{ID: p.ID, Hint: p.Hint, Line: m.line, Text: m.text, Play: play, Task: task, Groups: m.groups, Time: m.at}}
		switch {
		case !j.holds(p, m.pattern, seen, &s) || p.Quiet:
		case p.Aside:
			hits = append(hits, s.hit)
		default:
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return hits
	}
	slices.SortStableFunc(list, j.compare)
	best := list[0]
	for _, s := range list[1:] {
		best.hit.Also = append(best.hit.Also, s.hit.ID)
	}
	if len(best.then)+len(best.not) == 0 {
		return append(hits, best.hit)
	}
	return append(hits, j.wait(best, now)...)
}

// compare puts what counts more first.
func (j *judge) compare(a, b shown) int {
	p, q := &j.set.patterns[a.pattern], &j.set.patterns[b.pattern]
	switch {
	case p.beats[b.pattern] != q.beats[a.pattern]:
		return yesFirst(p.beats[b.pattern], q.beats[a.pattern])
	case a.hit.Hint != b.hit.Hint:
		return yesFirst(b.hit.Hint, a.hit.Hint)
	case p.head != q.head:
		return yesFirst(q.head, p.head)
	case (p.Task != nil) != (q.Task != nil):
		return yesFirst(p.Task != nil, q.Task != nil)
	}
	return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(q.fixed, p.fixed), cmp.Compare(p.ID, q.ID))
}

func yesFirst(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

// holds says whether the conditions of a match hold as far as the text has come.
func (j *judge) holds(p *compiled, n int, now moment, s *shown) bool {
	mem := j.memory[n]
	if mem == nil {
		if !j.set.patterns[n].needed && p.Count < 2 && p.Lasts == 0 && len(p.Needs)+len(p.Unless) == 0 {
			return true
		}
		mem = &memory{}
		j.memory[n] = mem
	}
	ok, told := true, true
	for _, r := range p.Needs {
		if r.Then != "" {
			s.then = append(s.then, r)
			continue
		}
		seen, known := j.before(r, now)
		ok, told = ok && (seen || !known), told && known
	}
	for _, r := range p.Unless {
		if r.Then != "" {
			s.not = append(s.not, r)
			continue
		}
		seen, known := j.before(r, now)
		ok, told = ok && !seen, told && known
	}
	done, known := mem.add(p, now)
	if !ok || !done {
		return false
	}
	if !told || !known {
		s.hit.Hint, s.hit.Untold = true, true
	}
	return true
}

func (j *judge) before(r Relation, now moment) (seen, told bool) {
	m := j.memory[j.set.byID[r.Since]]
	if m == nil {
		return false, true
	}
	return m.sawBefore(r, now)
}

// maxWaiting is how many hits wait for what comes; the oldest is decided when there are more.
const maxWaiting = 256

// wait keeps a hit until what it waits for has come, or has not. It is given at once where that has come already.
func (j *judge) wait(s shown, arrived time.Time) []Hit {
	crossed := func(r Relation) bool { return j.crossed(r, s.seen) }
	if slices.ContainsFunc(s.not, crossed) {
		return nil
	}
	w := &waiting{arrived: arrived, hit: s.hit, moment: s.seen, open: slices.DeleteFunc(s.then, crossed), never: s.not, of: j.from.name}
	if len(w.open)+len(w.never) == 0 {
		return []Hit{w.hit}
	}
	if len(j.waiting) >= maxWaiting {
		j.waiting = slices.Delete(j.waiting, 0, 1)
	}
	j.waiting = append(j.waiting, w)
	return nil
}

// crossed says whether what a hit would wait for was read just before, from the other stream of the same command.
func (j *judge) crossed(r Relation, now moment) bool {
	p, seen := j.last[j.set.byID[r.Then]]
	return seen && p.from.name == j.from.name && p.from.pipe != j.from.pipe && !now.came.IsZero() && now.came.Sub(p.came) <= crossing &&
		valuesOf(p.groups, r.By) == valuesOf(now.groups, r.By)
}

// done settles what waits for more of an input that has ended.
func (j *judge) done(name string, well bool) []Hit {
	var hits []Hit
	j.waiting = slices.DeleteFunc(j.waiting, func(w *waiting) bool {
		if w.of != name {
			return false
		}
		if !well && len(w.open) == 0 {
			hits = append(hits, w.hit)
		}
		return true
	})
	return hits
}

// resolve notifies the waiting matches that a pattern was seen.
func (j *judge) resolve(pattern int, now moment) []Hit {
	if j.set.patterns[pattern].needed && j.from.pipe != "" {
		if j.last == nil {
			j.last = map[int]printed{}
		}
		j.last[pattern] = printed{now, j.from}
	}
	var hits []Hit
	id := j.set.patterns[pattern].ID
	j.waiting = slices.DeleteFunc(j.waiting, func(w *waiting) bool {
		fits := func(r Relation) bool {
			if r.Then != id || valuesOf(w.moment.groups, r.By) != valuesOf(now.groups, r.By) {
				return false
			}
			d, known := since(w.moment, now)
			if r.Within > 0 && !known {
				w.hit.Hint, w.hit.Untold = true, true
			}
			return r.Within == 0 || !known || d <= r.Within
		}
		if slices.ContainsFunc(w.never, fits) {
			return true
		}
		had := len(w.open)
		w.open = slices.DeleteFunc(w.open, fits)
		if had > 0 && len(w.open) == 0 && len(w.never) == 0 {
			hits = append(hits, w.hit)
			return true
		}
		return false
	})
	return hits
}

// expire decides those whose time is over at now: the time of arrival in a stream, that of the text in a file.
func (j *judge) expire(now time.Time) []Hit {
	if now.IsZero() || len(j.waiting) == 0 {
		return nil
	}
	var hits []Hit
	j.waiting = slices.DeleteFunc(j.waiting, func(w *waiting) bool {
		from := w.moment
		if !w.arrived.IsZero() {
			from.at = w.arrived
		}
		d, known := since(from, moment{at: now})
		over := func(r Relation) bool { return known && r.Within > 0 && d > r.Within }
		if slices.ContainsFunc(w.open, over) {
			return true // it was needed and did not come
		}
		w.never = slices.DeleteFunc(w.never, over)
		if len(w.never) == 0 && len(w.open) == 0 {
			hits = append(hits, w.hit)
			return true
		}
		return false
	})
	return hits
}

// next gives when expire will have something to decide; zero means never.
func (j *judge) next() time.Time {
	var first time.Time
	for _, w := range j.waiting {
		for _, r := range slices.Concat(w.open, w.never) {
			if at := w.arrived.Add(r.Within + time.Millisecond); r.Within > 0 && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}

// end decides the rest when nothing more comes; now is the last time known. What did not come before the end has not been
// proven never to come within its time: such a hit is a hint.
func (j *judge) end(now time.Time) []Hit {
	hits := j.expire(now)
	for _, w := range j.waiting {
		if len(w.open) == 0 {
			w.hit.Hint, w.hit.Untold = true, true
			hits = append(hits, w.hit)
		}
	}
	j.waiting = nil
	return hits
}
