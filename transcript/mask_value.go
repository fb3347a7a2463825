package transcript

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// shortest is the length from which a value is masked. Shorter ones would black out half of any output.
const shortest = 4

// values finds given strings. Most positions are dismissed by their first two bytes; nil finds nothing.
type values struct {
	all   []string
	first [256]bool
	pairs [1 << 16]bool
	by    map[uint16][]string
}

func pair(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }

// with returns values that know more secrets.
func (v *values) with(secrets ...string) *values {
	n := &values{by: map[uint16][]string{}}
	if v != nil {
		n.all = slices.Clone(v.all)
	}
	for _, s := range secrets {
		n.all = append(n.all, spellings(s)...)
	}
	slices.Sort(n.all)
	n.all = slices.Compact(n.all)
	// the longest first: the longest match wins
	slices.SortStableFunc(n.all, func(a, b string) int { return len(b) - len(a) })
	for _, s := range n.all {
		k := pair(s[0], s[1])
		n.first[s[0]], n.pairs[k] = true, true
		n.by[k] = append(n.by[k], s)
	}
	return n
}

// spellings returns the ways in which a secret turns up in files, commands and URLs. Of a secret of several lines every
// line is one too, since a terminal or a log prefix may come between them.
func spellings(s string) []string {
	s = strings.Trim(s, "\r\n")
	out := []string{
		s,
		string(bytes.Trim(appendString(nil, s), `"`)),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "="),
		url.QueryEscape(s),
		url.PathEscape(s),
		strings.ReplaceAll(s, `'`, `'\''`),
	}
	if lines := strings.Split(s, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= 2*shortest {
				out = append(out, l)
			}
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return len(s) < shortest })
}

// mask replaces every value in held+p. What the end holds of a value that may go on is given back as held, unless
// final is set: then half a value or more is masked and less is let go. Without a match it gives p itself.
func (v *values) mask(held, p []byte, final bool) (out, hold []byte) {
	if v == nil {
		return p, nil
	}
	if len(held) > 0 {
		p = append(slices.Clip(held), p...)
	}
	from := 0
	for i := 0; i < len(p); i++ {
		if !v.first[p[i]] {
			continue
		}
		var near []string
		switch {
		case i+1 == len(p):
			near = v.all
		case !v.pairs[pair(p[i], p[i+1])]:
			continue
		default:
			near = v.by[pair(p[i], p[i+1])]
		}
		n, goesOn := match(near, p[i:])
		if goesOn && !final {
			return append(out, p[from:i]...), p[i:]
		}
		if n > 0 {
			out = append(append(out, p[from:i]...), Masked...)
			from = i + n
			i = from - 1
		}
	}
	if out == nil && from == 0 {
		return p, nil
	}
	return append(out, p[from:]...), nil
}

// match returns the length of the longest value at the start of p, and whether p ends inside a longer one. The beginning
// of a value counts as a match when it is half of it or more.
func match(near []string, p []byte) (n int, goesOn bool) {
	for _, s := range near {
		switch {
		case len(s) <= len(p):
			if n == 0 && string(p[:len(s)]) == s {
				n = len(s)
			}
		case s[:len(p)] == string(p):
			goesOn = true
			if 2*len(p) >= len(s) {
				n = len(p)
			}
		}
	}
	return n, goesOn
}
