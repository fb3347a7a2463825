package runbook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

// extendsFiles parses runbooks that extend each other.
func extendsFiles(t *testing.T, texts ...string) []runbook.File {
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

const extendsBase = `inputs:
  x: {prompt: what, default: one, match: '[a-z]+'}
phases:
  - title: All
    steps:
      - {id: first, title: First, note: a}
      - {id: second, title: Second, note: "${inputs.x}"}
`

// TestExtends: what is not said is taken over, through any number of runbooks, and overrides stand in their places.
func TestExtends(t *testing.T) {
	files := extendsFiles(t, extendsBase,
		"extends: a\noverrides:\n  - {after: first, steps: [{id: between, title: Between, note: b}]}\n  - {replace: second, steps: [{id: other, title: Other, note: c}]}\n",
		"extends: b\ninputs:\n  x: {default: two}\noverrides:\n  - {before: between, steps: [{id: zero, title: Zero, note: d}]}\n")
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
		t.Errorf("the runbook they extend has %d steps now", got)
	}
}

// TestExtendsMistakes: each is reported once, with its place.
func TestExtendsMistakes(t *testing.T) {
	for want, text := range map[string]string{
		"unknown-runbook": "extends: nobody\n",
		"include-cycle":   "extends: b\n",
		"unknown-step":    "extends: a\noverrides:\n  - {after: frist, steps: [{id: n, title: N, note: n}]}\n",
		"overrides":       "extends: a\noverrides:\n  - {after: first, before: second, steps: [{id: n, title: N, note: n}]}\n",
		"missing-key":     "about: nothing to do\n",
		"duplicate-id":    "extends: a\noverrides:\n  - {after: first, steps: [{id: second, title: N, note: n}]}\n",
	} {
		problems := lint.Check(extendsFiles(t, extendsBase, text))
		if len(problems) != 1 || problems[0].Rule != want {
			t.Errorf("%s: %v", want, problems)
		}
	}
}

// TestDigest: it is another as soon as one of the files is that a runbook is made of, and no other when only its name is.
func TestDigest(t *testing.T) {
	digest := func(base, included string) string {
		files := extendsFiles(t, base, "extends: a\noverrides:\n  - {after: first, steps: [{id: more, title: More, runbook: {name: c}}]}\n", included)
		runbook.Link(files)
		return files[1].Runbook.Digest()
	}
	included := "phases:\n  - title: All\n    steps:\n      - {id: only, title: Only, note: x}\n"
	was := digest(extendsBase, included)
	switch {
	case digest(extendsBase, included) != was:
		t.Error("the same files have another digest")
	case digest(strings.Replace(extendsBase, "note: a", "note: b", 1), included) == was:
		t.Error("a change of the runbook it is like does not show")
	case digest(extendsBase, strings.Replace(included, "note: x", "note: y", 1)) == was:
		t.Error("a change of an included runbook does not show")
	}
	alone := extendsFiles(t, extendsBase)[0].Runbook
	if alone.Digest() != alone.Source.Digest {
		t.Error("a runbook of one file has another digest than its file")
	}
}

// TestRenamedKeys: a key of an earlier version of the language is reported with its present name.
func TestRenamedKeys(t *testing.T) {
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	_, problems := runbook.Parse("b.yaml", []byte("apiVersion: spraydeck/v1\nkind: Runbook\nname: b\ntitle: one\nversion: 1.0.0\nlike: a\nspecial: []\n"), lang)
	for old, now := range map[string]string{"like": "extends", "special": "overrides"} {
		if !slices.ContainsFunc(problems, func(p runbook.Problem) bool {
			return strings.Contains(p.Message, old) && strings.Contains(p.Hint, fmt.Sprintf("now called %q", now))
		}) {
			t.Errorf("%q is not reported as %q: %v", old, now, problems)
		}
	}
}
