package diff

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"spraydeck/safetext"
)

// Kind is what happened to a line.
type Kind byte

const (
	Equal   Kind = iota
	Changed      // the line on the left became the line on the right
	rowRemoved
	rowAdded
	rowReplaced // both sides have a line, but one did not become the other
)

// diffRow is a line of the two columns. Lines are numbered from 1; 0 is a side without one.
type diffRow struct {
	Kind     Kind
	Old, New int
}

// Comparison is two texts side by side.
type Comparison struct {
	Old, New []string // lines without their ends
	OldCut   bool     // the last line has no end
	NewCut   bool
	Rows     []diffRow
	Hunks    []Hunk
}

// Hunk is a run of rows that are not equal: rows[from:to].
type Hunk struct{ From, To int }

// diffPatience is how long a comparison looks for the smallest difference; then it takes what it has, which is right
// but may be larger than needed.
const diffPatience = time.Second

// Compare compares two texts by lines.
func Compare(old, new string) *Comparison {
	t := &Comparison{}
	t.Old, t.OldCut = splitLines(old)
	t.New, t.NewCut = splitLines(new)
	a, b := t.intern()
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = diffPatience
	t.Rows = make([]diffRow, 0, max(len(a), len(b)))
	o, n := 1, 1
	removed := 0 // lines of old not yet placed, which end before o
	place := func(added int) {
		t.pair(o-removed, n, removed, added)
		n += added
		removed = 0
	}
	for _, d := range dmp.DiffMainRunes(a, b, false) {
		count := utf8.RuneCountInString(d.Text)
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			o += count
			removed += count
		case diffmatchpatch.DiffInsert:
			place(count)
		case diffmatchpatch.DiffEqual:
			place(0)
			for range count {
				t.Rows = append(t.Rows, diffRow{Equal, o, n})
				o, n = o+1, n+1
			}
		}
	}
	place(0)
	t.findHunks()
	return t
}

func splitLines(s string) (lines []string, cut bool) {
	if s == "" {
		return nil, false
	}
	lines = strings.Split(s, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		return lines[:last], false
	}
	return lines, true
}

// intern maps each different line to a character of its own, which is what the library compares. A last line without an
// end is different from the same line with one.
func (t *Comparison) intern() (a, b []rune) {
	ids := make(map[string]rune, len(t.Old))
	next := rune(1)
	number := func(lines []string, cut bool) []rune {
		out := make([]rune, len(lines))
		for i, l := range lines {
			if cut && i == len(lines)-1 {
				l += "\x00cut"
			}
			id, ok := ids[l]
			if !ok {
				id = next
				ids[l] = id
				next++
				if next == 0xd800 { // the surrogates are no characters
					next = 0xe000
				}
				// beyond a million different lines, lines share the last character: the comparison is then too
				// coarse there, but no text of ours comes near
				next = min(next, utf8.MaxRune)
			}
			out[i] = id
		}
		return out
	}
	return number(t.Old, t.OldCut), number(t.New, t.NewCut)
}

// pair puts a run of removed lines beside the run of added lines that took its place.
func (t *Comparison) pair(o, n, removed, added int) {
	pairs := matchLines(t.Old[o-1:o-1+removed], t.New[n-1:n-1+added])
	pairs = append(pairs, [2]int{removed, added})
	i, j := 0, 0
	for _, p := range pairs {
		for i < p[0] || j < p[1] {
			switch {
			case i < p[0] && j < p[1]:
				t.Rows = append(t.Rows, diffRow{rowReplaced, o + i, n + j})
				i, j = i+1, j+1
			case i < p[0]:
				t.Rows = append(t.Rows, diffRow{rowRemoved, o + i, 0})
				i++
			default:
				t.Rows = append(t.Rows, diffRow{rowAdded, 0, n + j})
				j++
			}
		}
		if p[0] < removed && p[1] < added {
			t.Rows = append(t.Rows, diffRow{Changed, o + i, n + j})
			i, j = i+1, j+1
		}
	}
}

func (t *Comparison) findHunks() {
	for i := 0; i < len(t.Rows); i++ {
		if t.Rows[i].Kind == Equal {
			continue
		}
		from := i
		for i < len(t.Rows) && t.Rows[i].Kind != Equal {
			i++
		}
		t.Hunks = append(t.Hunks, Hunk{from, i})
	}
}

// Stat returns "+3 -2", and says it when nothing differs.
func (t *Comparison) Stat() string {
	added, removed := 0, 0
	for _, h := range t.Hunks {
		for _, r := range t.Rows[h.From:h.To] {
			if r.New > 0 {
				added++
			}
			if r.Old > 0 {
				removed++
			}
		}
	}
	return fmt.Sprintf("+%d -%d", added, removed)
}

// Unified returns the differences as diff -u writes them, with so many equal lines around each.
func (t *Comparison) Unified(context int) []string {
	var out []string
	for i := 0; i < len(t.Hunks); {
		from := max(0, t.Hunks[i].From-context)
		last := i
		for last+1 < len(t.Hunks) && t.Hunks[last+1].From-t.Hunks[last].To <= 2*context {
			last++
		}
		to := min(len(t.Rows), t.Hunks[last].To+context)
		out = append(out, t.unifiedHead(from, to))
		for r := from; r < to; {
			if t.Rows[r].Kind == Equal {
				out = append(out, " "+Shown(t.Old[t.Rows[r].Old-1], false))
				r++
				continue
			}
			end := r
			for end < to && t.Rows[end].Kind != Equal {
				end++
			}
			out = t.unifiedRun(out, t.Rows[r:end])
			r = end
		}
		i = last + 1
	}
	return out
}

// unifiedRun writes what was removed, then what was added.
func (t *Comparison) unifiedRun(out []string, rows []diffRow) []string {
	const noEnd = "\\ No newline at end of file"
	for _, r := range rows {
		if r.Old > 0 {
			out = append(out, "-"+Shown(t.Old[r.Old-1], true))
			if t.OldCut && r.Old == len(t.Old) {
				out = append(out, noEnd)
			}
		}
	}
	for _, r := range rows {
		if r.New > 0 {
			out = append(out, "+"+Shown(t.New[r.New-1], true))
			if t.NewCut && r.New == len(t.New) {
				out = append(out, noEnd)
			}
		}
	}
	return out
}

// Shown makes a line of a file safe to draw, and leaves nothing of it out: control characters show as their pictures.
// A carriage return at the end is worth a picture only where lines differ.
func Shown(s string, differs bool) string {
	if !differs {
		s = strings.TrimSuffix(s, "\r")
	}
	return safetext.Line(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' {
			return '\u2400' + r
		}
		return r
	}, s))
}

func (t *Comparison) unifiedHead(from, to int) string {
	oldFrom, newFrom, oldCount, newCount := 0, 0, 0, 0
	for _, r := range t.Rows[from:to] {
		if r.Old > 0 {
			if oldCount == 0 {
				oldFrom = r.Old
			}
			oldCount++
		}
		if r.New > 0 {
			if newCount == 0 {
				newFrom = r.New
			}
			newCount++
		}
	}
	return fmt.Sprintf("@@ -%d,%d +%d,%d @@", oldFrom, oldCount, newFrom, newCount)
}
