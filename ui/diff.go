package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// rowKind is what happened to a line.
type rowKind byte

const (
	rowEqual   rowKind = iota
	rowChanged         // the line on the left became the line on the right
	rowRemoved
	rowAdded
	rowReplaced // both sides have a line, but one did not become the other
)

// diffRow is a line of the two columns. Lines are numbered from 1; 0 is a side without one.
type diffRow struct {
	kind     rowKind
	old, new int
}

// comparison is two texts side by side.
type comparison struct {
	old, new []string // lines without their ends
	oldCut   bool     // the last line has no end
	newCut   bool
	rows     []diffRow
	hunks    []hunk
}

// hunk is a run of rows that are not equal: rows[from:to].
type hunk struct{ from, to int }

// diffPatience is how long a comparison looks for the smallest difference; then it takes what it has, which is right
// but may be larger than needed.
const diffPatience = time.Second

// sideBySide compares two texts by lines.
func sideBySide(old, new string) *comparison {
	t := &comparison{}
	t.old, t.oldCut = splitLines(old)
	t.new, t.newCut = splitLines(new)
	a, b := t.intern()
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = diffPatience
	t.rows = make([]diffRow, 0, max(len(a), len(b)))
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
				t.rows = append(t.rows, diffRow{rowEqual, o, n})
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

// intern gives each different line a character of its own, which is what the library compares. A last line without an
// end is different from the same line with one.
func (t *comparison) intern() (a, b []rune) {
	ids := make(map[string]rune, len(t.old))
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
	return number(t.old, t.oldCut), number(t.new, t.newCut)
}

// pair puts a run of removed lines beside the run of added lines that took its place.
func (t *comparison) pair(o, n, removed, added int) {
	pairs := matchLines(t.old[o-1:o-1+removed], t.new[n-1:n-1+added])
	pairs = append(pairs, [2]int{removed, added})
	i, j := 0, 0
	for _, p := range pairs {
		for i < p[0] || j < p[1] {
			switch {
			case i < p[0] && j < p[1]:
				t.rows = append(t.rows, diffRow{rowReplaced, o + i, n + j})
				i, j = i+1, j+1
			case i < p[0]:
				t.rows = append(t.rows, diffRow{rowRemoved, o + i, 0})
				i++
			default:
				t.rows = append(t.rows, diffRow{rowAdded, 0, n + j})
				j++
			}
		}
		if p[0] < removed && p[1] < added {
			t.rows = append(t.rows, diffRow{rowChanged, o + i, n + j})
			i, j = i+1, j+1
		}
	}
}

func (t *comparison) findHunks() {
	for i := 0; i < len(t.rows); i++ {
		if t.rows[i].kind == rowEqual {
			continue
		}
		from := i
		for i < len(t.rows) && t.rows[i].kind != rowEqual {
			i++
		}
		t.hunks = append(t.hunks, hunk{from, i})
	}
}

// stat gives "+3 -2", and says it when nothing differs.
func (t *comparison) stat() string {
	added, removed := 0, 0
	for _, h := range t.hunks {
		for _, r := range t.rows[h.from:h.to] {
			if r.new > 0 {
				added++
			}
			if r.old > 0 {
				removed++
			}
		}
	}
	return fmt.Sprintf("+%d -%d", added, removed)
}

// unified gives the differences as diff -u writes them, with so many equal lines around each.
func (t *comparison) unified(context int) []string {
	var out []string
	for i := 0; i < len(t.hunks); {
		from := max(0, t.hunks[i].from-context)
		last := i
		for last+1 < len(t.hunks) && t.hunks[last+1].from-t.hunks[last].to <= 2*context {
			last++
		}
		to := min(len(t.rows), t.hunks[last].to+context)
		out = append(out, t.unifiedHead(from, to))
		for r := from; r < to; {
			if t.rows[r].kind == rowEqual {
				out = append(out, " "+diffText(t.old[t.rows[r].old-1], false))
				r++
				continue
			}
			end := r
			for end < to && t.rows[end].kind != rowEqual {
				end++
			}
			out = t.unifiedRun(out, t.rows[r:end])
			r = end
		}
		i = last + 1
	}
	return out
}

// unifiedRun writes what was removed, then what was added.
func (t *comparison) unifiedRun(out []string, rows []diffRow) []string {
	const noEnd = "\\ No newline at end of file"
	for _, r := range rows {
		if r.old > 0 {
			out = append(out, "-"+diffText(t.old[r.old-1], true))
			if t.oldCut && r.old == len(t.old) {
				out = append(out, noEnd)
			}
		}
	}
	for _, r := range rows {
		if r.new > 0 {
			out = append(out, "+"+diffText(t.new[r.new-1], true))
			if t.newCut && r.new == len(t.new) {
				out = append(out, noEnd)
			}
		}
	}
	return out
}

// diffText makes a line of a file safe to draw, and leaves nothing of it out: control characters show as their pictures.
// A carriage return at the end is worth a picture only where lines differ.
func diffText(s string, differs bool) string {
	if !differs {
		s = strings.TrimSuffix(s, "\r")
	}
	return clean(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' {
			return '\u2400' + r
		}
		return r
	}, s))
}

func (t *comparison) unifiedHead(from, to int) string {
	oldFrom, newFrom, oldCount, newCount := 0, 0, 0, 0
	for _, r := range t.rows[from:to] {
		if r.old > 0 {
			if oldCount == 0 {
				oldFrom = r.old
			}
			oldCount++
		}
		if r.new > 0 {
			if newCount == 0 {
				newFrom = r.new
			}
			newCount++
		}
	}
	return fmt.Sprintf("@@ -%d,%d +%d,%d @@", oldFrom, oldCount, newFrom, newCount)
}
