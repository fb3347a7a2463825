package main_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

// TestContributing: the pitfall and the runbook of CONTRIBUTING.md pass lint and their own tests.
func TestContributing(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	var files []runbook.File
	var problems runbook.Problems
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
		if !strings.HasPrefix(string(m[1]), "apiVersion:") {
			continue
		}
		f, ps := runbook.Parse("CONTRIBUTING.yaml", m[1], lang)
		files, problems = append(files, f), append(problems, ps...)
	}
	problems = append(problems, lint.Check(files)...)
	if len(files) != 2 || len(problems) > 0 {
		t.Fatalf("%d files, %v", len(files), problems)
	}
	cases := engine.Test(t.Context(), files[0], lang)
	for _, c := range cases {
		if c.Why != "" {
			t.Errorf("%s: %s", c.Name, c.Why)
		}
	}
	if len(cases) != 3 {
		t.Errorf("%d cases", len(cases))
	}
}
