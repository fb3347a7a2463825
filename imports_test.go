package main_test

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edges is who may import whom. A new edge is a decision about the design: it belongs here first.
var edges = map[string][]string{
	".":           {"cli"},
	"event":       nil,
	"engine":      {"event", "runbook", "symptom"},
	"lint":        {"event", "runbook", "symptom"},
	"regular":     nil,
	"recap":       {"ansible", "event"},
	"release":     {"event", "runbook"},
	"ansible":     nil,
	"diagnose":    {"ansible", "event", "runbook", "symptom"},
	"doctor":      {"event"},
	"memo":        {"event"},
	"notify":      {"event"},
	"cli":         {"ansible", "diagnose", "doctor", "engine", "event", "kube", "kubespray", "learn", "lint", "memo", "notify", "plain", "recap", "regular", "release", "report", "runbook", "runbooks", "safetext", "sshx", "steps", "symptom", "transcript", "ui", "whatif", "workstation"},
	"ui":          {"ansible", "diff", "event", "recap", "release", "runbook", "safetext", "transcript"},
	"plain":       {"diff", "event", "recap", "regular", "safetext"},
	"diff":        {"safetext"},
	"safetext":    {"event"},
	"steps":       {"event", "runbook"},
	"transcript":  {"event", "regular"},
	"report":      {"event", "transcript"},
	"runbook":     {"event", "symptom"},
	"runbooks":    nil,
	"kube":        {"regular"},
	"kubespray":   {"regular"},
	"learn":       {"ansible", "kubespray"},
	"sshx":        {"regular"},
	"symptom":     nil,
	"whatif":      {"regular"},
	"workstation": {"regular"},
	"e2e":         nil,

	"event/eventtest":           {"event"},                    // for tests
	"learn/learntest":           nil,                          // for tests
	"runbooks/learn":            {"kubespray", "learn"},       // a program that makes the built-in data of releases
	"runbook/runbooktest":       {"lint", "runbook", "steps"}, // for tests
	"sshx/sshtest":              nil,                          // for tests
	"transcript/transcripttest": {"event", "transcript"},      // for tests
}

// libraries is who may import a library that would otherwise spread: the screens' toolkit, the expression language, the
// Kubernetes client, the message bus.
var libraries = map[string][]string{
	"charm.land/bubbletea/": {"ui"},
	"charm.land/bubbles/":   {"ui"},
	"charm.land/lipgloss/":  {"ui"},
	"cel.dev/cel-go/":       {"engine", "lint", "runbook", "steps"},
	"k8s.io/":               {"kube"},
	"sigs.k8s.io/":          {"kube"},
	"github.com/nats-io/":   {"fleet"},
}

// TestImports: dependencies point inward. Tests of a package may import more than the package itself.
func TestImports(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "lab" || name == "docs") {
			return filepath.SkipDir
		}
		pkg, err := build.ImportDir(path, 0)
		if err != nil {
			return nil // no Go files here
		}
		allowed, known := edges[filepath.ToSlash(path)]
		if !known && !strings.Contains(path, string(filepath.Separator)) {
			t.Errorf("package %s is in no one's plan: say in this test what it may import", path)
		}
		for _, to := range allowed {
			if !slices.Contains(pkg.Imports, "spraydeck/"+to) {
				t.Errorf("%s does not import %s any more: remove the edge here", path, to)
			}
		}
		for _, imp := range pkg.Imports {
			to, ours := strings.CutPrefix(imp, "spraydeck/")
			if ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which it may not", path, to)
			}
			for library, rooms := range libraries {
				if strings.HasPrefix(imp, library) && !slices.Contains(rooms, filepath.ToSlash(path)) {
					t.Errorf("%s imports %s, which only %s may", path, imp, strings.Join(rooms, ", "))
				}
			}
			if imp == "text/template" || imp == "html/template" {
				t.Errorf("%s imports %s: it finds methods by name when it runs, so the linker keeps all of them, a third of the program; see report.qtpl", path, imp)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
