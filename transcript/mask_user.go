package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/adrg/xdg"

	"spraydeck/regular"
)

// patternsFile is where the operator's own patterns stand: spraydeck/mask in the XDG configuration directory.
func patternsFile() string { return filepath.Join(xdg.ConfigHome, "spraydeck", "mask") }

// Patterns reads the operator's own patterns: one regular expression (RE2) per line, blank lines and lines that begin with #
// apart. What one matches within a line is masked; of one with groups, only what they match. No file is no patterns.
// Every bad line is in the error, with its place.
func Patterns() ([]*regexp.Regexp, error) {
	path := patternsFile()
	b, err := regular.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the patterns to mask: %w", err)
	}
	return parsePatterns(path, string(b))
}

func parsePatterns(path, text string) (list []*regexp.Regexp, err error) {
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimRight(l, "\r\n")
		if s := strings.TrimSpace(l); s == "" || s[0] == '#' {
			continue
		}
		re, e := regexp.Compile(l)
		if e == nil && re.MatchString("") {
			e = errors.New("it matches the empty text, and so would be found everywhere")
		}
		var bad *syntax.Error
		if errors.As(e, &bad) {
			e = fmt.Errorf("%s: %s", bad.Code, bad.Expr)
		}
		if e != nil {
			err = errors.Join(err, fmt.Errorf("%s:%d: %w", path, n, e))
			continue
		}
		list = append(list, re)
	}
	return list, err
}

// pattern is one of the operator's own.
type pattern struct {
	re   *regexp.Regexp
	stem []byte // part of every match, or empty: lines without it need no second look
}

func patterns(list []*regexp.Regexp) (p []pattern) {
	for _, re := range list {
		s := ""
		if tree, err := syntax.Parse(re.String(), syntax.Perl); err == nil {
			s = stem(tree.Simplify())
		}
		p = append(p, pattern{re, []byte(s)})
	}
	return p
}

// stem returns the longest text that is known to be in whatever an expression matches.
func stem(e *syntax.Regexp) (s string) {
	switch e.Op {
	case syntax.OpLiteral:
		if e.Flags&syntax.FoldCase == 0 {
			s = string(e.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		s = stem(e.Sub[0])
	case syntax.OpConcat:
		for _, sub := range e.Sub {
			if t := stem(sub); len(t) > len(s) {
				s = t
			}
		}
	}
	return s
}

// ownLimit is how much of a line without an end is looked at in one piece.
const ownLimit = 64 << 10

// lines finds the operator's own patterns in a stream. They are about lines, so the beginning of a line is held back.
type lines struct {
	shown []byte // of the line under way: let go already
	held  []byte // of it: not yet
}

// mask returns what may be passed on. With final that is everything; the line may go on all the same.
func (l *lines) mask(own []pattern, p []byte, final bool) []byte {
	if len(own) == 0 {
		return p
	}
	b := append(append(append([]byte(nil), l.shown...), l.held...), p...)
	shown := len(l.shown)
	done := bytes.LastIndexByte(b, '\n') + 1
	switch {
	case final, len(b)-done > ownLimit:
		l.shown = bytes.Clone(b[max(done, len(b)-ownLimit/8):])
		l.held, done = nil, len(b)
	case done > 0:
		l.shown, l.held = nil, bytes.Clone(b[done:])
	default:
		l.held = bytes.Clone(b[shown:])
		return nil
	}
	b = b[:done]
	for _, o := range own {
		b = o.mask(b, shown)
	}
	return b[shown:]
}

// mask replaces what the pattern finds in the lines of b, but for the bytes up to from, which are out already.
func (o pattern) mask(b []byte, from int) []byte {
	var out []byte
	kept := 0 // b[:kept] is in out
	for at := 0; at < len(b); {
		i := 0
		if len(o.stem) > 0 {
			if i = bytes.Index(b[at:], o.stem); i < 0 {
				break
			}
		}
		start := bytes.LastIndexByte(b[:at+i], '\n') + 1
		end := len(b)
		if n := bytes.IndexByte(b[at+i:], '\n'); n >= 0 {
			end = at + i + n
		}
		for _, m := range o.re.FindAllSubmatchIndex(b[start:end], -1) {
			if len(m) > 2 {
				m = m[2:]
			}
			for ; len(m) > 0; m = m[2:] {
				s, e := max(start+m[0], from, kept), start+m[1]
				if m[0] < 0 || s >= e {
					continue
				}
				out = append(append(out, b[kept:s]...), Masked...)
				kept = e
			}
		}
		at = end + 1
	}
	if kept == 0 {
		return b
	}
	return append(out, b[kept:]...)
}
