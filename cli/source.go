package cli

import (
	"fmt"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"spraydeck/runbook"
)

// originOf says where a file comes from: built-in, own, or own in place of a built-in one.
func (l *library) originOf(f runbook.File) string {
	_, overrides := l.replaced[nameOf(f)]
	switch {
	case strings.HasPrefix(sourceOf(f).File, builtin):
		return "built-in"
	case overrides:
		return "overridden"
	}
	return "own"
}

func sourceOf(f runbook.File) runbook.Source {
	switch {
	case f.Runbook != nil:
		return f.Runbook.Source
	case f.Pitfall != nil:
		return f.Pitfall.Source
	}
	return f.Release.Source
}

// difference gives what an operator's own file says otherwise than the one whose place it takes, line by line.
func (l *library) difference(f runbook.File) (string, error) {
	old, ok := l.replaced[nameOf(f)]
	if !ok {
		return "", &runbook.UsageError{Message: sourceOf(f).File + " takes the place of no other file", Way: "--diff is for those that list shows as overridden"}
	}
	before, after := sourceOf(old).File, sourceOf(f).File
	dmp := diffmatchpatch.New()
	a, b, lines := dmp.DiffLinesToChars(l.texts[before], l.texts[after])
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", before, after)
	for _, d := range dmp.DiffCharsToLines(dmp.DiffMain(a, b, false), lines) {
		sign := map[diffmatchpatch.Operation]string{diffmatchpatch.DiffDelete: "-", diffmatchpatch.DiffInsert: "+", diffmatchpatch.DiffEqual: " "}[d.Type]
		for line := range strings.SplitAfterSeq(d.Text, "\n") {
			if line != "" {
				out.WriteString(sign + strings.TrimSuffix(line, "\n") + "\n")
			}
		}
	}
	return out.String(), nil
}
