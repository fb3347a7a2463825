package main_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"spraydeck/runbook"
	"spraydeck/runbooks"
	"spraydeck/steps"
)

var updateCoverage = flag.Bool("update-coverage", false, "write docs/coverage.md")

// covered says where a row of the operators' knowledge went.
type covered struct {
	Row, Table, Pitfall, Note, Proof string
	Decided                          string // where Kubespray's own history says otherwise than the row
	Symptom                          string // of a matcher: the symptom that recognises its sample
	Origin                           string // constructed: the sample was put together and not yet seen as real output
}

// tables are the lists of rows, and how many each must have: a row that falls out of the files is noticed.
var tables = []struct {
	name, title string
	rows        int
}{
	{"pitfalls", "Pitfalls of the upgrade notes", 128},
	{"matchers", "Lines of output that are recognised", 121},
	{"checks", "Checks that the changes between releases ask for", 85},
	{"hazards", "Hazards of later releases, and what sources contradict each other in", 100},
}

// TestCoverage: every row of what is known has a pitfall that carries it, or a note that says where it is shown, and
// docs/coverage.md says so of each.
func TestCoverage(t *testing.T) {
	pitfalls := catalogue(t)
	proofs, err := os.ReadFile("e2e/proofs_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []covered
	files, _ := filepath.Glob("docs/coverage/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []covered
		if err := yaml.Unmarshal(text, &rows); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, r := range rows {
			switch {
			case r.Row == "" || r.Proof == "" || (r.Pitfall == "") == (r.Note == ""):
				t.Errorf("%s: row %q needs a proof and either a pitfall or a note", file, r.Row)
			case strings.Contains(r.Proof, "lab") && !bytes.Contains(proofs, []byte(`"`+r.Pitfall+`"`)):
				t.Errorf("%s: row %s names a proof in the lab, and e2e/proofs_test.go has none of %s", file, r.Row, r.Pitfall)
			case r.Pitfall != "" && pitfalls[r.Pitfall] == nil:
				t.Errorf("%s: row %s names the pitfall %s, which is not there", file, r.Row, r.Pitfall)
			}
		}
		all = append(all, rows...)
	}
	var want bytes.Buffer
	fmt.Fprint(&want, "# What is covered\n\n<!-- made by go test -run TestCoverage . -update-coverage; the rows stand in docs/coverage/ -->\n\n"+
		"Each row of what operators and Kubespray's history know, and where it went: the pitfall that carries it, how it is probed\n"+
		"beforehand, the symptoms it is recognised by, and what proves it (samples the linter runs, a case of a test, a fault of the\n"+
		"lab). A note says where the operator reads what no machine can check.\n")
	constructedAreHints(t, all, pitfalls)
	var decided []string
	for _, table := range tables {
		rows := slices.DeleteFunc(slices.Clone(all), func(c covered) bool { return c.Table != table.name })
		slices.SortStableFunc(rows, func(a, b covered) int { return strings.Compare(natural(a.Row), natural(b.Row)) })
		distinct := map[string]bool{}
		fmt.Fprintf(&want, "\n## %s\n\n| row | pitfall | probe | symptoms | proof |\n|---|---|---|---|---|\n", table.title)
		for _, r := range rows {
			distinct[r.Row] = true
			if r.Note != "" {
				fmt.Fprintf(&want, "| %s | note: %s | - | - | %s |\n", r.Row, strings.ReplaceAll(r.Note, "|", `\|`), r.Proof)
				continue
			}
			p := pitfalls[r.Pitfall]
			if p == nil {
				continue
			}
			if r.Decided != "" {
				decided = append(decided, fmt.Sprintf("- %s, %s: %s", r.Row, r.Pitfall, strings.TrimSpace(r.Decided)))
			}
			fmt.Fprintf(&want, "| %s | %s | %s | %s | %s |\n", r.Row, r.Pitfall, probesOf(p), symptomsOf(p), r.Proof)
		}
		if len(distinct) < table.rows {
			t.Errorf("%d rows of %q, at least %d are known", len(distinct), table.name, table.rows)
		}
	}
	fmt.Fprintf(&want, "\n## Decided by Kubespray's own history\n\nWhere the tags say otherwise than the row, the pitfall follows the tags.\n\n%s\n", strings.Join(decided, "\n"))
	nodes, err := os.ReadFile("docs/coverage/nodes.md")
	if err != nil {
		t.Fatal(err)
	}
	want.Write(nodes)
	if *updateCoverage {
		if err := os.WriteFile("docs/coverage.md", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile("docs/coverage.md"); !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/coverage.md is stale: run make generate")
	}
}

// constructedAreHints: what nobody has seen as real output yet is a hint and no verdict, unless another sample of the same
// symptom was seen.
func constructedAreHints(t *testing.T, rows []covered, pitfalls map[string]*runbook.Pitfall) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range rows {
		if r.Symptom != "" && r.Origin == "" {
			seen[r.Pitfall+"/"+r.Symptom] = true
		}
	}
	for _, r := range rows {
		p := pitfalls[r.Pitfall]
		if r.Symptom == "" || p == nil {
			if r.Origin != "" {
				t.Errorf("row %s is constructed and names no symptom", r.Row)
			}
			continue
		}
		i := slices.IndexFunc(p.Symptoms, func(s runbook.Symptom) bool { return s.ID.Value == r.Symptom })
		switch {
		case i < 0:
			t.Errorf("row %s names the symptom %s of %s, which is not there", r.Row, r.Symptom, r.Pitfall)
		case r.Origin == "constructed" && !p.Symptoms[i].Hint.Value && !p.Symptoms[i].Quiet.Value && !seen[r.Pitfall+"/"+r.Symptom]:
			t.Errorf("row %s: %s/%s rests on a constructed sample and is no hint", r.Row, r.Pitfall, r.Symptom)
		}
	}
}

// natural makes A-2 come before A-10.
func natural(s string) string {
	prefix := strings.TrimRight(s, "0123456789")
	return fmt.Sprintf("%s%06s", prefix, s[len(prefix):])
}

func catalogue(t *testing.T) map[string]*runbook.Pitfall {
	t.Helper()
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	pitfalls := map[string]*runbook.Pitfall{}
	err := fs.WalkDir(runbooks.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		text, err := fs.ReadFile(runbooks.FS, path)
		if f, _ := runbook.Parse(path, text, lang); f.Pitfall != nil {
			pitfalls[f.Pitfall.Name.Value] = f.Pitfall
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pitfalls
}

func probesOf(p *runbook.Pitfall) string {
	if p.Before == nil {
		return "told as a note"
	}
	var kinds []string
	for _, f := range p.Before.Facts {
		if f.Value.Kind != nil && !slices.Contains(kinds, f.Value.Kind.Name) {
			kinds = append(kinds, f.Value.Kind.Name)
		}
	}
	if len(kinds) == 0 {
		return "inputs"
	}
	return strings.Join(kinds, ", ")
}

func symptomsOf(p *runbook.Pitfall) string {
	var ids []string
	for _, s := range p.Symptoms {
		id := s.ID.Value
		if s.Hint.Value {
			id += " (hint)"
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, ", ")
}
