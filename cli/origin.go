package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"spraydeck/event"
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

// difference returns what an operator's own file says otherwise than the one whose place it takes, line by line.
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

// standIns says which of an operator's own files a run meets in the place of built-in ones.
func (l *library) standIns(b *runbook.Runbook) (list []event.Text) {
	met := map[string]bool{nameOf(runbook.File{Runbook: b}): true}
	pitfall := func(id string) { met["pitfall "+id] = true }
	b.EachStep(func(in *runbook.Runbook, s *runbook.Step) {
		met[nameOf(runbook.File{Runbook: in})] = true
		for _, g := range s.Gates() {
			pitfall(g.Pitfall.Value)
		}
	})
	for _, id := range b.InForce() {
		pitfall(id)
	}
	for _, f := range l.files {
		if met[nameOf(f)] && l.originOf(f) == "overridden" {
			list = append(list, standIn(f))
		}
	}
	return list
}

// standIn says that a file takes the place of a built-in one, and how to see what it says otherwise.
func standIn(f runbook.File) event.Text {
	kind, name, _ := strings.Cut(nameOf(f), " ")
	return event.Textf("%s is your own file, in the place of the built-in one: spraydeck %ss show --diff %s",
		"%s は組み込みの代わりに使われる独自のファイルです: spraydeck %ss show --diff %s", sourceOf(f).File, kind, name)
}

func tellStandIns(w io.Writer, lang string, list []event.Text) {
	for _, t := range list {
		fmt.Fprintf(w, "spraydeck: %s\n", t.In(lang))
	}
}
