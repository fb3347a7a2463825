package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Pos is a place in a file. Lines and columns count from 1; columns count characters, as editors do.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Problem is a mistake in a file. Rule is the short name of the rule that found it; Hint says how to fix it, or is "".
type Problem struct {
	Pos
	Rule    string
	Message string
	Hint    string
}

// Error gives one line, file:line:column: message [rule], without colour.
func (p Problem) Error() string { return fmt.Sprintf("%s: %s [%s]", p.Pos, p.Message, p.Rule) }

// Problems are all the mistakes found, none hiding another.
type Problems []Problem

// Error gives them in the order of the files, one to a line.
func (ps Problems) Error() string {
	ps.Sort()
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Sort orders by file, line, column and rule.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), strings.Compare(a.Rule, b.Rule))
	})
}

// Show prints the problems for a person: the line, what is wrong, the source with a caret, the hint. source gives the
// text of a file, or "" where it is not at hand.
func (ps Problems) Show(w *strings.Builder, source func(file string) string) {
	ps.Sort()
	for _, p := range ps {
		fmt.Fprintln(w, visible(p.Error()))
		if line := visible(lineOf(source(p.File), p.Line)); line != "" {
			// a tab before the caret stays a tab, so that the caret stands below its character
			pad := []rune(line)
			pad = pad[:min(max(p.Col-1, 0), len(pad))]
			for i, r := range pad {
				if r != '\t' {
					pad[i] = ' '
				}
			}
			fmt.Fprintf(w, "    %s\n    %s^\n", line, string(pad))
		}
		if p.Hint != "" {
			fmt.Fprintf(w, "    %s\n", p.Hint)
		}
	}
}

// visible puts U+FFFD in the place of every character that is not seen: the file may be anybody's.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func lineOf(text string, n int) string {
	for ; n > 1 && text != ""; n-- {
		_, text, _ = strings.Cut(text, "\n")
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimRight(line, "\r")
}

// DidYouMean gives a hint naming the closest of the words, or all of them when none is close and they are few.
func DidYouMean(word string, words []string) string {
	best, dist := "", 1+len(word)/3
	for _, w := range words {
		if d := distance(word, w); d <= dist && (best == "" || d < distance(word, best)) {
			best = w
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(words) > 0 && len(words) <= 30:
		words = slices.Sorted(slices.Values(words))
		return "known here: " + strings.Join(words, ", ")
	}
	return ""
}

// Misspelt gives the word that another is a slip of, at most two letters away; "" where there is none.
func Misspelt(word string, words []string) string {
	best, near := "", 3
	for _, w := range words {
		if d := max(len(w)-len(word), len(word)-len(w)); d < near && len(word) > 5 {
			if d := distance(word, w); d < near {
				best, near = w, d
			}
		}
	}
	return best
}

// distance is the Levenshtein distance of two short words, with a swap of neighbours counting one.
func distance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// Advice reports whether a problem is for information only: it is printed and fails nothing.
func (p Problem) Advice() bool { return p.Rule == "raw" }

// Errors gives the problems that are mistakes.
func (ps Problems) Errors() Problems {
	return slices.DeleteFunc(slices.Clone(ps), Problem.Advice)
}
