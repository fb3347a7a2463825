package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
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

// clean makes one line from outside safe to draw: no control sequences, no control characters, tabs as spaces. NUL,
// invalid bytes and the characters that reorder text show as U+FFFD, so that nothing can hide. Of a line that was
// written over (a progress meter), the last writing is what counts.
func clean(s string) string {
	if plainASCII(s) {
		return s
	}
	var seen strings.Builder
	for _, r := range s { // invalid bytes come as RuneError
		switch {
		case r == 0 || event.Hidden(r):
			seen.WriteRune(utf8.RuneError)
		case r >= 0x80 && r < 0xa0:
			seen.WriteString("\x1b" + string(r-0x40)) // a C1 control is short for an escape sequence
		default:
			seen.WriteRune(r)
		}
	}
	s = ansi.Strip(seen.String())
	s = strings.TrimRight(s, "\r")
	if i := strings.LastIndexByte(s, '\r'); i >= 0 {
		s = s[i+1:]
	}
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		switch {
		case r == '\t':
			n := 8 - column%8
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case unicode.IsControl(r):
		default:
			b.WriteRune(r)
			column += ansi.StringWidth(string(r))
		}
	}
	return b.String()
}

// cleanText is clean for a text of several lines.
func cleanText(s string) string {
	if plainASCII(s) {
		return s
	}
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
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

// wrapProse is wrap for what is read and never run: the further lines of an item of a list stand under its first.
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

// canBreak says whether a line may end between a and b.
func canBreak(a, b rune) bool {
	if strings.ContainsRune(notFirst, b) || strings.ContainsRune(notLast, a) {
		return false
	}
	if a == ' ' {
		return b != ' '
	}
	return b != ' ' && (width(string(a)) == 2 || width(string(b)) == 2)
}
