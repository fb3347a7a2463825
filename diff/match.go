package diff

import (
	"strings"
	"unicode"

	"github.com/sergi/go-diff/diffmatchpatch"
)

const (
	matchLimit = 80   // runs longer than this are paired in order: the work grows with the square
	spanLimit  = 2000 // bytes; longer lines are marked as a whole
	likeness   = 0.5  // how much of two lines must be the same for one to have become the other
)

// matchLines pairs the lines that became one another, in order, so that the likeness of all pairs is greatest.
func matchLines(old, new []string) [][2]int {
	if len(old) == 0 || len(new) == 0 {
		return nil
	}
	if len(old) > matchLimit || len(new) > matchLimit {
		return matchInOrder(old, new)
	}
	a, b := words(old), words(new)
	// best[i][j]: of old[i:] and new[j:]
	best := make([][]float64, len(a)+1)
	for i := range best {
		best[i] = make([]float64, len(b)+1)
	}
	like := make([][]float64, len(a))
	for i := len(a) - 1; i >= 0; i-- {
		like[i] = make([]float64, len(b))
		for j := len(b) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if s := similar(a[i], b[j]); s >= likeness {
				like[i][j] = s
				best[i][j] = max(best[i][j], s+best[i+1][j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case like[i][j] > 0 && best[i][j] == like[i][j]+best[i+1][j+1]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case best[i][j] == best[i+1][j]:
			i++
		default:
			j++
		}
	}
	return pairs
}

func matchInOrder(old, new []string) [][2]int {
	var pairs [][2]int
	for i := range min(len(old), len(new)) {
		if similar(words(old[i : i+1])[0], words(new[i : i+1])[0]) >= likeness {
			pairs = append(pairs, [2]int{i, i})
		}
	}
	return pairs
}

// words splits each line into its words; each sign that is neither letter nor digit is a word too, blanks are none.
func words(lines []string) [][]string {
	out := make([][]string, len(lines))
	for i, l := range lines {
		start := -1
		for at, r := range l {
			part := unicode.IsLetter(r) || unicode.IsDigit(r)
			if part && start < 0 {
				start = at
			}
			if !part && start >= 0 {
				out[i] = append(out[i], l[start:at])
				start = -1
			}
			if !part && !unicode.IsSpace(r) && r != '_' {
				out[i] = append(out[i], string(r))
			}
		}
		if start >= 0 {
			out[i] = append(out[i], l[start:])
		}
	}
	return out
}

// similar returns how much of two lines is the same, from 0 to 1. Signs count little: every YAML line has a colon.
func similar(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	weight := func(w string) int {
		if r := []rune(w)[0]; unicode.IsLetter(r) || unicode.IsDigit(r) {
			return 4
		}
		return 1
	}
	have := make(map[string]int, len(a))
	total, same := 0, 0
	for _, w := range a {
		have[w]++
		total += weight(w)
	}
	for _, w := range b {
		total += weight(w)
		if have[w] > 0 {
			have[w]--
			same += 2 * weight(w)
		}
	}
	return float64(same) / float64(total)
}

// Span is a piece of a line, in bytes.
type Span struct{ From, To int }

// ChangedSpans returns the pieces of two lines that differ.
func ChangedSpans(old, new string) (left, right []Span) {
	if len(old) > spanLimit || len(new) > spanLimit {
		return []Span{{0, len(old)}}, []Span{{0, len(new)}}
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = diffPatience / 10
	o, n := 0, 0
	for _, d := range dmp.DiffCleanupSemantic(dmp.DiffMain(old, new, false)) {
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			left = append(left, wholeWord(old, Span{o, o + len(d.Text)}))
			o += len(d.Text)
		case diffmatchpatch.DiffInsert:
			right = append(right, wholeWord(new, Span{n, n + len(d.Text)}))
			n += len(d.Text)
		default:
			o, n = o+len(d.Text), n+len(d.Text)
		}
	}
	return left, right
}

// wholeWord widens a piece to the words it touches: half a word marked reads worse than all of it.
func wholeWord(s string, p Span) Span {
	inWord := func(b byte) bool {
		return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
	}
	if !strings.ContainsFunc(s[p.From:p.To], func(r rune) bool { return r < 0x80 && inWord(byte(r)) }) {
		return p
	}
	if inWord(s[p.From]) {
		for p.From > 0 && inWord(s[p.From-1]) && s[p.From-1] < 0x80 {
			p.From--
		}
	}
	if inWord(s[p.To-1]) {
		for p.To < len(s) && inWord(s[p.To]) && s[p.To] < 0x80 {
			p.To++
		}
	}
	return p
}
