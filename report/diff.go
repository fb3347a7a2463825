package report

import (
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// diffLine is a line of a difference: kept (' '), removed ('-'), added ('+') or how many were omitted ('…').
type diffLine struct {
	sign byte
	text string
	n    int
}

const gap = '~'

// contextLines are shown around every change; diffLimit is where a long difference is cut.
const contextLines, diffLimit = 3, 600

// lines returns the difference of two texts line by line, as diff -u would, without what is the same.
func (d *Diff) lines() (list []diffLine, removed, added int) {
	dmp := diffmatchpatch.New()
	a, b, texts := dmp.DiffLinesToRunes(d.Old, d.New)
	var all []diffLine
	for _, p := range dmp.DiffCharsToLines(dmp.DiffMainRunes(a, b, false), texts) {
		sign := byte(' ')
		switch p.Type {
		case diffmatchpatch.DiffDelete:
			sign = '-'
		case diffmatchpatch.DiffInsert:
			sign = '+'
		}
		for line := range strings.Lines(p.Text) {
			all = append(all, diffLine{sign: sign, text: strings.TrimRight(line, "\r\n")})
			switch sign {
			case '-':
				removed++
			case '+':
				added++
			}
		}
	}
	near := make([]bool, len(all))
	for i, l := range all {
		if l.sign != ' ' {
			for j := max(0, i-contextLines); j < min(len(all), i+contextLines+1); j++ {
				near[j] = true
			}
		}
	}
	for i := 0; i < len(all); i++ {
		if near[i] && len(list) < diffLimit {
			list = append(list, all[i])
			continue
		}
		n := 1
		for i+n < len(all) && (!near[i+n] || len(list) >= diffLimit) {
			n++
		}
		list = append(list, diffLine{sign: gap, n: n})
		i += n - 1
	}
	return list, removed, added
}
