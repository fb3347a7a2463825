package kubespray

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// piece is a stretch of merge-file's output: settled lines, or a conflict.
type piece struct {
	conflict           bool
	lines              []string
	mine, base, theirs []string
}

// markerSize is the length of conflict markers that no line of the texts could
// be taken for.
func markerSize(texts ...[]byte) int {
	size := 7
	for _, text := range texts {
		for line := range strings.Lines(string(text)) {
			for _, c := range "<|=>" {
				run := len(line) - len(strings.TrimLeft(line, string(c)))
				size = max(size, run+1)
			}
		}
	}
	return size
}

func splitConflicts(text []byte, mark int) ([]piece, error) {
	var pieces []piece
	settled := piece{}
	var current *piece
	var side *[]string
	is := func(line string, c string) bool { return strings.HasPrefix(line, strings.Repeat(c, mark)) }
	for _, line := range splitLines(text) {
		switch {
		case is(line, "<") && current == nil:
			pieces = append(pieces, settled)
			settled, current = piece{}, &piece{conflict: true}
			side = &current.mine
		case is(line, "|") && current != nil:
			side = &current.base
		case is(line, "=") && current != nil:
			side = &current.theirs
		case is(line, ">") && current != nil:
			pieces = append(pieces, *current)
			current = nil
		case current != nil:
			*side = append(*side, line)
		default:
			settled.lines = append(settled.lines, line)
		}
	}
	if current != nil {
		return nil, errors.New("merge: read git merge-file: a conflict has no end")
	}
	return append(pieces, settled), nil
}

// restoreEnds takes back the line end that git adds when a file without one
// ends inside a conflict.
func restoreEnds(pieces []piece, base, mine, theirs []byte) {
	if len(pieces) < 2 || len(pieces[len(pieces)-1].lines) > 0 {
		return
	}
	last := &pieces[len(pieces)-2]
	for _, side := range []struct {
		lines []string
		text  []byte
	}{{last.base, base}, {last.mine, mine}, {last.theirs, theirs}} {
		if n := len(side.lines); n > 0 && len(side.text) > 0 && side.text[len(side.text)-1] != '\n' {
			side.lines[n-1] = strings.TrimSuffix(strings.TrimSuffix(side.lines[n-1], "\n"), "\r")
		}
	}
}

// splitLines keeps line ends.
func splitLines(text []byte) []string {
	return slices.Collect(strings.Lines(string(text)))
}

func bare(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	}
	return out
}

// change is a stretch of lines that differs, half open, from 0.
type change struct{ oldFrom, oldTo, newFrom, newTo int }

var hunkHeader = regexp.MustCompile(`(?m)^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@`)

// diff compares with git, so that both steps align lines the same way.
func (w *workspace) diff(before, after []string) []change {
	w.write("before", []byte(strings.Join(before, "")))
	w.write("after", []byte(strings.Join(after, "")))
	if w.err != nil {
		return nil
	}
	out, err := w.git("diff", "--no-index", "--text", "--no-color", "--no-ext-diff",
		"--no-textconv", "--no-indent-heuristic", "--diff-algorithm=myers", "-U0", "before", "after")
	var failed *gitError
	if err != nil && !(errors.As(err, &failed) && failed.code == 1) {
		w.err = fmt.Errorf("merge: %w", err)
		return nil
	}
	var changes []change
	for _, m := range hunkHeader.FindAllSubmatch(out, -1) {
		c := change{}
		c.oldFrom, c.oldTo = stretch(m[1], m[2])
		c.newFrom, c.newTo = stretch(m[3], m[4])
		changes = append(changes, c)
	}
	return changes
}

// stretch reads "start,count" of a hunk header; with count 0 the start is the
// line before, and without a count it is 1.
func stretch(start, count []byte) (from, to int) {
	from, _ = strconv.Atoi(string(start))
	n := 1
	if len(count) > 0 {
		n, _ = strconv.Atoi(string(count))
	}
	if n > 0 {
		from--
	}
	return from, from + n
}

// lineMap tells for each line of before, and for its end, the line of after
// that stands there.
func lineMap(changes []change, before, after int) []int {
	lines := make([]int, before+1)
	at, shift := 0, 0
	for _, c := range changes {
		for ; at < c.oldFrom; at++ {
			lines[at] = at + shift
		}
		for ; at < c.oldTo; at++ {
			lines[at] = c.newFrom
		}
		shift = c.newTo - c.oldTo
	}
	for ; at <= before; at++ {
		lines[at] = min(at+shift, after)
	}
	return lines
}

var ownKey = regexp.MustCompile(`^(?:#+ ?)?([A-Za-z_][A-Za-z0-9_]*):(?:\s|$)`)

// hunkKeys are the variables of the changed lines in both versions. Lines
// nested below a key count for that key.
func hunkKeys(theirs []string, tFrom, tTo int, merged []string, mFrom, mTo int) []string {
	var keys []string
	collect := func(lines []string, from, to int) {
		for at := from; at < to; at++ {
			key, ok := keyOf(lines, at)
			if ok && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	collect(merged, mFrom, mTo)
	collect(theirs, tFrom, tTo)
	return keys
}

// keyOf is the key that a line sets, or that it is nested below.
func keyOf(lines []string, at int) (string, bool) {
	line := lines[at]
	if m := ownKey.FindStringSubmatch(line); m != nil {
		return m[1], true
	}
	if line == "" || !strings.ContainsAny(line[:1], " \t-") {
		return "", false // blank, or prose
	}
	for at--; at >= 0; at-- {
		if m := ownKey.FindStringSubmatch(lines[at]); m != nil && lines[at][0] != '#' {
			return m[1], true
		}
	}
	return "", false
}
