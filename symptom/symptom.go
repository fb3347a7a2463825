// Package symptom finds the lines of a log that show something known. It is given expressions, and the text as it comes:
// from a command that still runs, or from a file of any length.
//
// The work is done in three stages, each independent of the next:
//
//   - finder.go and literal.go: which lines can match at all. Every expression has fixed text that a match must hold; a
//     line without any such text is dropped at about 1 GB/s and never seen by a regular expression.
//   - scanner.go, line_view.go, unwrap.go, prefix.go: what a line says. The same words come bare, behind the prefix of a journal,
//     escaped inside a line of JSON, quoted in YAML, folded, wrapped by a terminal or drawn by cowsay. An expression is
//     tried on each of these readings ("views").
//   - resolve.go and condition.go: what it means. Tasks, conditions over several lines and over time, and which of several
//     matches counts.
//
// Rules the package keeps:
//
//   - A file and a live stream go through the same code; Scan gives what Feed gives line by line.
//   - Memory does not grow with the input. A line longer than maxLine is read in pieces that overlap by overlap bytes.
//   - Time is linear in the input, whatever it holds.
//   - Nothing here prints, reads the clock or knows what a pitfall is.
package symptom

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A line longer than maxLine bytes is cut. Each piece begins with the last overlap bytes of the piece before, so that a
// match shorter than that is never cut in two.
const (
	maxLine = 64 << 10
	overlap = 4 << 10
)

// Pattern says how something known shows.
type Pattern struct {
	ID     string         // unique within a Set
	Line   *regexp.Regexp // must not match the empty line
	Task   *regexp.Regexp // over "role : task", or nil
	Stream string         // of which Input.Stream it is, or "" for "output"; Scan does not look at it
	Hint   bool           // a hint only, never a verdict
	Quiet  bool           // never reported itself: it serves the conditions of others
	Aside  bool           // reported besides what counts of a line, and never in its place
	Beats  []string       // patterns it goes before when one line shows both
	Condition
}

// Condition is what must hold besides the line. The zero value always holds.
type Condition struct {
	Count    int           // so many times; 0 means once
	Distinct string        // these times must differ in this group
	By       []string      // and agree in these groups
	Within   time.Duration // and lie within this time; 0 means no limit
	Lasts    time.Duration // the first and the last of these times are at least so far apart
	Needs    []Relation    // all of these must hold
	Unless   []Relation    // none of these may hold
}

// Relation is to another pattern: that it was seen before (Since) or is seen afterwards (Then).
type Relation struct {
	Since, Then string // one of them: the ID of a pattern
	Within      time.Duration
	By          []string // groups in which both agree
}

func (r Relation) id() string { return r.Since + r.Then }

// Host is a group that every match has: the host in the prefix of the line, or else Input.Host.
const Host = "host"

// Hit is something known that was seen.
type Hit struct {
	ID     string            // of the pattern
	Hint   bool              // the pattern is a hint, or a condition over time could not be checked: see Why
	Untold bool              // the hint is one because the text tells no times
	File   string            // as given to Scan
	Line   int               // from 1; in a stream, of the input it came from
	Text   string            // the line without escape sequences; a wrapped or folded one is joined
	Play   string            // the Ansible play and task it happened in
	Task   string            //
	Groups map[string]string // the named groups that are not empty, and Host
	Time   time.Time         // when, as far as known
	Also   []string          // patterns that match the same line and count less
}

// Set is a set of patterns, ready to be looked for. It may be used by any number of goroutines.
type Set struct {
	patterns []compiled
	byID     map[string]int
	find     *finder
	lits     []litUse
	always   []int   // patterns without fixed text: tried on every line
	fine     [][]int // see fineUse
	quick    bool
}

type compiled struct {
	Pattern
	fixed  int // bytes of fixed text, for the order
	names  []string
	beats  map[int]bool
	needed bool // a relation names it
	head   bool // see HeadOnly
}

// litUse says what a literal is for.
type litUse struct {
	header   bool // it can begin a line like TASK [...]
	patterns []int
	tasked   []int // patterns for some tasks only
}

// New prepares patterns. The error names the pattern that cannot be used.
func New(patterns []Pattern) (*Set, error) {
	s := &Set{byID: map[string]int{}}
	for i, p := range patterns {
		if p.Line == nil {
			return nil, fmt.Errorf("symptom %s: no expression", p.ID)
		}
		if p.Line.MatchString("") {
			return nil, fmt.Errorf("symptom %s: the expression matches the empty line", p.ID)
		}
		if _, dup := s.byID[p.ID]; dup {
			return nil, fmt.Errorf("symptom %s: the name is used twice", p.ID)
		}
		if p.Stream == "" {
			p.Stream = "output"
		}
		s.byID[p.ID] = i
		s.patterns = append(s.patterns, compiled{Pattern: p, names: p.Line.SubexpNames(), beats: map[int]bool{}, head: HeadOnly(p.Line)})
	}
	for i := range s.patterns {
		if err := s.resolve(&s.patterns[i]); err != nil {
			return nil, err
		}
	}
	s.prefilter()
	return s, nil
}

// resolve checks the names a pattern uses.
func (s *Set) resolve(p *compiled) error {
	for _, id := range p.Beats {
		other, ok := s.byID[id]
		if !ok {
			return fmt.Errorf("symptom %s: beats %s, which is none", p.ID, id)
		}
		p.beats[other] = true
	}
	groups := func(of *compiled, names ...string) error {
		for _, g := range names {
			if g != "" && g != Host && !slices.Contains(of.names, g) {
				return fmt.Errorf("symptom %s: the expression of %s has no group %s", p.ID, of.ID, g)
			}
		}
		return nil
	}
	if err := groups(p, append([]string{p.Distinct}, p.By...)...); err != nil {
		return err
	}
	for _, r := range slices.Concat(p.Needs, p.Unless) {
		other, ok := s.byID[r.id()]
		if !ok || (r.Since == "") == (r.Then == "") {
			return fmt.Errorf("symptom %s: a condition names %q, which is none", p.ID, r.id())
		}
		s.patterns[other].needed = true
		if err := groups(p, r.By...); err != nil {
			return err
		}
		if err := groups(&s.patterns[other], r.By...); err != nil {
			return err
		}
	}
	return nil
}

// prefilter makes the finder of all fixed texts.
func (s *Set) prefilter() {
	var lits []literal
	index := map[literal]int{}
	use := func(l literal) *litUse {
		i, ok := index[l]
		if !ok {
			i = len(lits)
			index[l] = i
			lits = append(lits, l)
			s.lits = append(s.lits, litUse{})
		}
		return &s.lits[i]
	}
	for i := range s.patterns {
		p := &s.patterns[i]
		req := requiredBy(p.Line.String())
		p.fixed = req.fixed
		if len(req.any) == 0 {
			s.always = append(s.always, i)
		}
		for _, l := range req.any {
			if u := use(l); p.Task == nil {
				u.patterns = append(u.patterns, i)
			} else {
				u.tasked = append(u.tasked, i)
			}
		}
	}
	for _, h := range headerWords {
		use(literal{text: h}).header = true
	}
	s.find = newFinder(lits)
	s.fine, s.quick = s.fineUse()
}

func (p *compiled) groups(text []byte, at []int, host string) map[string]string {
	g := map[string]string{}
	if host != "" {
		g[Host] = host
	}
	for i, name := range p.names {
		if name != "" && at[2*i] >= 0 && at[2*i] < at[2*i+1] {
			g[name] = strings.ToValidUTF8(string(text[at[2*i]:at[2*i+1]]), "\uFFFD")
		}
	}
	return g
}
