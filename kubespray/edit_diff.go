package kubespray

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// FileEdit is a file before and after an edit. Before is nil where there was no file.
type FileEdit struct {
	Path          string
	Before, After []byte
}

// digestOf names a text in the head of a difference.
func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

const noFile = "/dev/null"

// Diff writes an edit as a unified difference. In its head stands what the file must be before, and is after.
func (f FileEdit) Diff() string {
	var b strings.Builder
	if f.Before == nil {
		fmt.Fprintf(&b, "--- %s\n", noFile)
	} else {
		fmt.Fprintf(&b, "--- %s\t%s\n", f.Path, digestOf(f.Before))
	}
	fmt.Fprintf(&b, "+++ %s\t%s\n", f.Path, digestOf(f.After))
	old, now := splitLines(f.Before), splitLines(f.After)
	changes := lineChanges(old, now)
	for len(changes) > 0 {
		last := 0
		for last+1 < len(changes) && changes[last+1].oldFrom-changes[last].oldTo <= 6 {
			last++
		}
		writeHunk(&b, old, now, changes[:last+1])
		changes = changes[last+1:]
	}
	return b.String()
}

func writeHunk(b *strings.Builder, old, now []string, changes []change) {
	first, last := changes[0], changes[len(changes)-1]
	lead := min(3, first.oldFrom)
	tail := min(3, len(old)-last.oldTo)
	span := func(from, to int) string {
		if from == to {
			return fmt.Sprintf("%d,0", from)
		}
		return fmt.Sprintf("%d,%d", from+1, to-from)
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(first.oldFrom-lead, last.oldTo+tail), span(first.newFrom-lead, last.newTo+tail))
	put := func(sign byte, lines []string) {
		for _, l := range lines {
			b.WriteByte(sign)
			b.WriteString(l)
			if !strings.HasSuffix(l, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	at := first.oldFrom - lead
	for _, c := range changes {
		put(' ', old[at:c.oldFrom])
		put('-', old[c.oldFrom:c.oldTo])
		put('+', now[c.newFrom:c.newTo])
		at = c.oldTo
	}
	put(' ', old[at:last.oldTo+tail])
}

// lineChanges are the stretches that differ.
func lineChanges(old, now []string) (changes []change) {
	head := 0
	for head < len(old) && head < len(now) && old[head] == now[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(now)-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	a, b := old[head:len(old)-tail], now[head:len(now)-tail]
	var pairs [][2]int
	if len(a)*len(b) <= 4_000_000 {
		pairs = common(a, b)
	}
	pairs = append(pairs, [2]int{len(a), len(b)})
	o, n := 0, 0
	for _, p := range pairs {
		if p[0] > o || p[1] > n {
			changes = append(changes, change{head + o, head + p[0], head + n, head + p[1]})
		}
		o, n = p[0]+1, p[1]+1
	}
	return changes
}

// OutdatedError says that a file is not what it was when the difference was made.
type OutdatedError struct{ Path string }

func (e *OutdatedError) Error() string {
	return fmt.Sprintf("change %s: the file is not the one that the difference was made of", e.Path)
}

// Hint says how to mend it, in one line.
func (e *OutdatedError) Hint() string { return "make the difference again" }

var (
	diffOld  = regexp.MustCompile(`^--- (?:(/dev/null)|([^\t]+)\t([0-9a-f]{16}))$`)
	diffNew  = regexp.MustCompile(`^\+\+\+ ([^\t]+)\t([0-9a-f]{16})$`)
	diffHunk = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@`)
)

// ReadDiff reads what Diff wrote, of one file or of several. read gives a file as it is now, nil where there is none. A file that is
// already as it is after the edit has the same text before and after.
func ReadDiff(text []byte, read func(path string) ([]byte, error)) (edits []FileEdit, err error) {
	lines := splitLines(text)
	for i := 0; i < len(lines); {
		line := strings.TrimSuffix(lines[i], "\n")
		old := diffOld.FindStringSubmatch(line)
		if old == nil {
			if i++; strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
				continue
			}
			return nil, fmt.Errorf("read the difference: line %d is no part of one: %q", i, line)
		}
		if i+1 == len(lines) {
			return nil, fmt.Errorf("read the difference: it ends at line %d", i+1)
		}
		now := diffNew.FindStringSubmatch(strings.TrimSuffix(lines[i+1], "\n"))
		if now == nil || old[1] == "" && old[2] != now[1] {
			return nil, fmt.Errorf("read the difference: line %d does not name the file of line %d", i+2, i+1)
		}
		from := i + 2
		for i = from; i < len(lines) && !diffOld.MatchString(strings.TrimSuffix(lines[i], "\n")); i++ {
		}
		one := FileEdit{Path: now[1]}
		if one.Before, err = read(one.Path); err != nil {
			return nil, err
		}
		switch {
		case one.Before != nil && digestOf(one.Before) == now[2]:
			one.After = one.Before
		case old[1] != "" && one.Before != nil, old[1] == "" && (one.Before == nil || digestOf(one.Before) != old[3]):
			return nil, &OutdatedError{one.Path}
		default:
			if one.After, err = patched(one.Before, lines[from:i]); err != nil {
				return nil, fmt.Errorf("change %s: %w", one.Path, err)
			}
			if digestOf(one.After) != now[2] {
				return nil, fmt.Errorf("change %s: the difference does not give the text that it names", one.Path)
			}
		}
		edits = append(edits, one)
	}
	return edits, nil
}

// patched puts the hunks of a difference into a text.
func patched(before []byte, hunks []string) ([]byte, error) {
	old := splitLines(before)
	var out bytes.Buffer
	at := 0
	for i := 0; i < len(hunks); {
		m := diffHunk.FindStringSubmatch(hunks[i])
		if m == nil {
			return nil, fmt.Errorf("%q is no part of a difference", strings.TrimSpace(hunks[i]))
		}
		from, _ := strconv.Atoi(m[1])
		if m[2] != "0" {
			from--
		}
		if from < at || from > len(old) {
			return nil, fmt.Errorf("the hunk at line %d is not in the file", from+1)
		}
		for ; at < from; at++ {
			out.WriteString(old[at])
		}
		for i++; i < len(hunks) && !strings.HasPrefix(hunks[i], "@@"); i++ {
			body := hunks[i][1:]
			if i+1 < len(hunks) && strings.HasPrefix(hunks[i+1], `\`) {
				body = strings.TrimSuffix(body, "\n")
			}
			switch hunks[i][0] {
			case ' ', '-':
				if at >= len(old) || old[at] != body {
					return nil, fmt.Errorf("line %d is not the one of the difference", at+1)
				}
				if at++; hunks[i][0] == ' ' {
					out.WriteString(body)
				}
			case '+':
				out.WriteString(body)
			case '\\':
			default:
				return nil, fmt.Errorf("%q is no part of a difference", strings.TrimSpace(hunks[i]))
			}
		}
	}
	for ; at < len(old); at++ {
		out.WriteString(old[at])
	}
	return out.Bytes(), nil
}
