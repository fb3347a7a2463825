package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
)

// Line makes one line from outside safe to draw: no control sequences, no control characters, tabs as spaces. NUL,
// invalid bytes and the characters that reorder text show as U+FFFD, so that nothing can hide. Of a line that was
// written over (a progress meter), the last writing is what counts.
func Line(s string) string {
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

// Text is Line for a text of several lines.
func Text(s string) string {
	if plainASCII(s) {
		return s
	}
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = Line(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Visible shows control characters by name: a command is shown exactly, with nothing omitted.
func Visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\t' && r != '\n' && (unicode.IsControl(r) || event.Hidden(r)) {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
