package runbooks

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

// load parses every file of the package, and fails on any problem.
func load(t testing.TB) []runbook.File {
	t.Helper()
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	var files []runbook.File
	var problems runbook.Problems
	err := fs.WalkDir(FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := FS.ReadFile(name)
		if err != nil {
			return err
		}
		f, ps := runbook.Parse(name, text, lang)
		problems = append(problems, ps...)
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	show(t, problems)
	return files
}

func show(t testing.TB, problems runbook.Problems) {
	t.Helper()
	if len(problems) == 0 {
		return
	}
	var b strings.Builder
	problems.Show(&b, func(file string) string {
		text, _ := FS.ReadFile(file)
		return string(text)
	})
	t.Fatalf("%d problems:\n%s", len(problems), b.String())
}

func TestEveryFileIsLinted(t *testing.T) {
	show(t, lint.Check(load(t)))
}

func TestNamesAreFileNames(t *testing.T) {
	for _, f := range load(t) {
		var head runbook.Header
		var file string
		switch {
		case f.Runbook != nil:
			// a system has its procedures in a folder of their own
			head, file = f.Runbook.Header, strings.Replace(strings.Replace(f.Runbook.Source.File, "/procedures/", "/", 1), "/", "-", 1)
		case f.Pitfall != nil:
			head, file = f.Pitfall.Header, path.Base(f.Pitfall.Source.File)
		}
		if want := strings.TrimSuffix(file, ".yaml"); head.Name.Value != want {
			t.Errorf("%s: the name %q is not that of the file, %q", head.Name.Pos, head.Name.Value, want)
		}
	}
}

// TestBothLanguages: every text that an operator reads is in both languages.
func TestBothLanguages(t *testing.T) {
	for _, f := range load(t) {
		var texts []runbook.Prose
		switch {
		case f.Runbook != nil:
			texts = append(texts, f.Runbook.Title, f.Runbook.About, f.Runbook.Rollback)
			for _, ph := range f.Runbook.Phases {
				texts = append(texts, ph.Title)
				texts = append(texts, proseOf(ph.Steps)...)
			}
		case f.Pitfall != nil:
			p := f.Pitfall
			texts = append(texts, p.Title, p.Why, p.Note)
			if p.Before != nil {
				texts = append(texts, p.Before.Title, p.Before.Says)
			}
			for _, c := range p.Remedies {
				texts = append(texts, c.Title)
				texts = append(texts, proseOf(c.Steps)...)
			}
		}
		for _, text := range texts {
			if text.Set() && !text.Ja.Set() {
				t.Errorf("%s: no Japanese text", text.Pos)
			}
		}
	}
}

func proseOf(list []runbook.Step) []runbook.Prose {
	var texts []runbook.Prose
	for _, s := range list {
		texts = append(texts, s.Title, s.Why, s.Undo)
		gates := append(append([]runbook.Gate{}, s.Before...), s.After...)
		if p, ok := s.Action.(runbook.Prober); ok {
			gates = append(gates, p.Gates()...)
		}
		for _, g := range gates {
			texts = append(texts, g.Title, g.Says)
			for _, c := range g.Remedies {
				texts = append(texts, c.Title)
				texts = append(texts, proseOf(c.Steps)...)
			}
		}
		for _, c := range s.Remedies {
			texts = append(texts, c.Title)
			texts = append(texts, proseOf(c.Steps)...)
		}
	}
	return texts
}
