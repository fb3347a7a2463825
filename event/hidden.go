package event

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden reports whether a character does not show, or changes in which order others show: with it a text could read as another
// one.
func Hidden(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0x2028, r == 0x2029, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0: // line ends, and letters without a form
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// Shown puts U+FFFD in the place of every hidden character.
func Shown(s string) string {
	if strings.IndexFunc(s, Hidden) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if Hidden(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// ShowAll returns a writer of text that puts U+FFFD in the place of every hidden character.
func ShowAll(w io.Writer) io.Writer { return &shower{w: w} }

type shower struct {
	w    io.Writer
	rest []byte // the beginning of a character
}

func (s *shower) Write(p []byte) (int, error) {
	n := len(p)
	if len(s.rest) > 0 {
		p = append(s.rest, p...)
	}
	end := len(p)
	for back := 1; back <= min(utf8.UTFMax-1, len(p)); back++ {
		if utf8.RuneStart(p[len(p)-back]) {
			if !utf8.FullRune(p[len(p)-back:]) {
				end -= back
			}
			break
		}
	}
	s.rest = append([]byte(nil), p[end:]...)
	if _, err := io.WriteString(s.w, Shown(string(p[:end]))); err != nil {
		return 0, err
	}
	return n, nil
}
