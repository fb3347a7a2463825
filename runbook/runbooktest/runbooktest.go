// Package runbooktest reads the runbooks of runbook/testdata for the tests of several packages.
package runbooktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

// Language returns the real kinds of steps and probes with an inventory of two hosts, n1 and n2.
func Language() *runbook.Language {
	return &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes(), Inventory: func([]byte) (runbook.Inventory, error) {
		hosts := []string{"n1", "n2"}
		return runbook.Inventory{ControlPlane: []string{"cp1"}, Hosts: func(p string) ([]string, error) {
			if p == "all" {
				return hosts, nil
			}
			return strings.Split(p, ":"), nil
		}}, nil
	}}
}

// Lint returns the problems of one file, which may name those of testdata/parts.
func Lint(t *testing.T, file string) runbook.Problems {
	t.Helper()
	_, problems := Read(t, file)
	var own runbook.Problems
	for _, p := range problems {
		if p.File == filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file) {
			own = append(own, p)
		}
	}
	return own
}

// Read parses a file of runbook/testdata, the files of testdata/parts and vip.yaml. The runbook or pitfall of the file
// itself comes first. Tests of a package beside runbook may call it.
func Read(t *testing.T, file string) ([]runbook.File, runbook.Problems) {
	t.Helper()
	const root = "../runbook/"
	parts, err := filepath.Glob(root + "testdata/parts/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var files []runbook.File
	var problems runbook.Problems
	for _, name := range append([]string{file, "testdata/vip.yaml"}, parts...) {
		name = strings.TrimPrefix(name, root)
		text, err := os.ReadFile(root + name)
		if err != nil {
			t.Fatal(err)
		}
		f, ps := runbook.Parse(strings.TrimPrefix(name, "testdata/"), text, Language())
		problems = append(problems, ps...)
		files = append(files, f)
	}
	problems = append(problems, lint.Check(files)...)
	problems.Sort()
	return files, problems
}
