package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// width is how many columns s takes on the terminal. Wide characters take two.
func width(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= ' ' && c <= '~':
			n++
		case c == 0x1b && i+1 < len(s) && s[i+1] == '[': // a colour, of which every line has some
			for i += 2; i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == ';'); {
				i++
			}
			if i == len(s) || s[i] != 'm' {
				return ansi.StringWidth(s)
			}
		default:
			return ansi.StringWidth(s)
		}
	}
	return n
}

// cut shortens s to w columns, with an ellipsis where something is missing. Styles in s stay.
func cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// fit makes s exactly w columns wide.
func fit(s string, w int) string {
	n := width(s)
	if n > w {
		s = cut(s, w)
		n = width(s)
	}
	return s + strings.Repeat(" ", max(0, w-n))
}

// ends puts left and right at the two ends of a line of w columns. Where both do not fit, left is cut.
func ends(left, right string, w int) string {
	rw := width(right)
	if rw == 0 || rw+1 > w {
		return fit(left, w)
	}
	return fit(left, w-rw-1) + " " + right
}

// fill makes lines exactly h lines of w columns.
func fill(lines []string, w, h int) []string {
	out := make([]string, 0, max(h, 0))
	for i := range max(h, 0) {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out = append(out, fit(line, w))
	}
	return out
}

// notFirst may not begin a line, notLast may not end one (the Japanese rules of line breaking, the part that matters).
const (
	notFirst = "、。，．・：；？！）」』】］｝〉》ー…々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}"
	notLast  = "（「『【［｛〈《([{"
)

// wrap breaks plain text into lines of at most w columns: at spaces, and between wide characters. A word longer than a
// line is cut. Line breaks in s stay.
func wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	var out []string
	for _, line := range strings.Split(s, "\n") {
		out = append(out, wrapLine(line, w)...)
	}
	return out
}

// wrapProse is wrap for what is read and never run: the further lines of an item of a list are under its first.
func wrapProse(s string, w int) []string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		item, is := strings.CutPrefix(line, "- ")
		if !is || w < 20 {
			out = append(out, wrap(line, w)...)
			continue
		}
		for i, part := range wrap(item, w-2) {
			mark := "  "
			if i == 0 {
				mark = "- "
			}
			out = append(out, mark+part)
		}
	}
	return out
}

func wrapLine(s string, w int) []string {
	if width(s) <= w {
		return []string{s}
	}
	var out []string
	line := []rune{}
	used, breakAt := 0, 0 // breakAt: the line can end before this rune
	for _, r := range s {
		rw := width(string(r))
		if n := len(line); n > 0 && canBreak(line[n-1], r) {
			breakAt = n
		}
		if used+rw > w && len(line) > 0 {
			if r == ' ' {
				out, line, used, breakAt = append(out, string(line)), line[:0], 0, 0
				continue
			}
			if breakAt == 0 {
				breakAt = len(line)
			}
			out = append(out, strings.TrimRight(string(line[:breakAt]), " "))
			line = append([]rune{}, line[breakAt:]...)
			used, breakAt = width(string(line)), 0
		}
		line = append(line, r)
		used += rw
	}
	return append(out, string(line))
}

// canBreak reports whether a line may end between a and b.
func canBreak(a, b rune) bool {
	if strings.ContainsRune(notFirst, b) || strings.ContainsRune(notLast, a) {
		return false
	}
	if a == ' ' {
		return b != ' '
	}
	return b != ' ' && (width(string(a)) == 2 || width(string(b)) == 2)
}
