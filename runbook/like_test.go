package runbook_test

import (
	"strings"
	"testing"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

// likeFiles parses runbooks that are one like the other.
func likeFiles(t *testing.T, texts ...string) []runbook.File {
	t.Helper()
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	var files []runbook.File
	for i, text := range texts {
		name := string(rune('a' + i))
		f, problems := runbook.Parse(name+".yaml", []byte("apiVersion: spraydeck/v1\nkind: Runbook\nname: "+name+"\ntitle: one\nversion: 1.0.0\n"+text), lang)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		files = append(files, f)
	}
	return files
}

const likeBase = `inputs:
  x: {prompt: what, default: one, match: '[a-z]+'}
phases:
  - title: All
    steps:
      - {id: first, title: First, note: a}
      - {id: second, title: Second, note: "${inputs.x}"}
`

// TestLike: what is not said is taken over, through any number of runbooks, and special steps stand in their places.
func TestLike(t *testing.T) {
	files := likeFiles(t, likeBase,
		"like: a\nspecial:\n  - {after: first, steps: [{id: between, title: Between, note: b}]}\n  - {instead: second, steps: [{id: other, title: Other, note: c}]}\n",
		"like: b\ninputs:\n  x: {default: two}\nspecial:\n  - {before: between, steps: [{id: zero, title: Zero, note: d}]}\n")
	for range 2 { // again, as the linter does when it has read more files
		if problems := lint.Check(files); len(problems) > 0 {
			t.Fatal(problems)
		}
	}
	book := files[2].Runbook
	var ids []string
	for _, s := range book.Phases[0].Steps {
		ids = append(ids, s.ID.Value)
	}
	if got := strings.Join(ids, " "); got != "first zero between other" {
		t.Errorf("the steps are %s", got)
	}
	if x, _ := book.Inputs.Get("x"); x.Default.Source != "two" || x.Prompt.En.Source != "what" || x.Match.Value != "[a-z]+" {
		t.Errorf("the input is %+v", x)
	}
	if got := len(files[0].Runbook.Phases[0].Steps); got != 2 {
		t.Errorf("the runbook they are like has %d steps now", got)
	}
}

// TestLikeMistakes: each is told once, with its place.
func TestLikeMistakes(t *testing.T) {
	for want, text := range map[string]string{
		"unknown-runbook": "like: nobody\n",
		"include-cycle":   "like: b\n",
		"unknown-step":    "like: a\nspecial:\n  - {after: frist, steps: [{id: n, title: N, note: n}]}\n",
		"like":            "like: a\nspecial:\n  - {after: first, before: second, steps: [{id: n, title: N, note: n}]}\n",
		"missing-key":     "about: nothing to do\n",
		"duplicate-id":    "like: a\nspecial:\n  - {after: first, steps: [{id: second, title: N, note: n}]}\n",
	} {
		problems := lint.Check(likeFiles(t, likeBase, text))
		if len(problems) != 1 || problems[0].Rule != want {
			t.Errorf("%s: %v", want, problems)
		}
	}
}

// TestDigest: it is another as soon as one of the files is that a runbook is made of, and no other when only its name is.
func TestDigest(t *testing.T) {
	digest := func(base, included string) string {
		files := likeFiles(t, base, "like: a\nspecial:\n  - {after: first, steps: [{id: more, title: More, runbook: {name: c}}]}\n", included)
		runbook.Link(files)
		return files[1].Runbook.Digest()
	}
	included := "phases:\n  - title: All\n    steps:\n      - {id: only, title: Only, note: x}\n"
	was := digest(likeBase, included)
	switch {
	case digest(likeBase, included) != was:
		t.Error("the same files have another digest")
	case digest(strings.Replace(likeBase, "note: a", "note: b", 1), included) == was:
		t.Error("a change of the runbook it is like does not show")
	case digest(likeBase, strings.Replace(included, "note: x", "note: y", 1)) == was:
		t.Error("a change of an included runbook does not show")
	}
	alone := likeFiles(t, likeBase)[0].Runbook
	if alone.Digest() != alone.Source.Digest {
		t.Error("a runbook of one file has another digest than its file")
	}
}
