package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEngineWords: the engine knows no system by name. What it needs to know of one comes through the runbook language.
func TestEngineWords(t *testing.T) {
	words := regexp.MustCompile(`(?i)kubespray|kube_control_plane|kube_node|k8s_cluster|target_tag|previous_tag|kube_version`)
	for _, file := range sources(t, "engine") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if word := words.FindString(line); word != "" {
				t.Errorf("%s:%d: %s is a word of one system", file, i+1, word)
			}
		}
	}
}

// TestNoGlobalState: nothing that changes while the program runs stands beside the values of a session. A cache belongs to
// the language, a lock to what it guards.
func TestNoGlobalState(t *testing.T) {
	for _, dir := range []string{"engine", "lint", "runbook", "steps"} {
		for _, file := range sources(t, dir) {
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR || isEmbedded(g) {
					continue
				}
				for _, s := range g.Specs {
					if v := s.(*ast.ValueSpec); len(v.Values) == 0 { // what has no value yet gets it later
						t.Errorf("%s: %s is state of the whole program: put it into the value that uses it", set.Position(v.Pos()), v.Names[0])
					}
				}
			}
		}
	}
}

func isEmbedded(d *ast.GenDecl) bool {
	return d.Doc != nil && slices.ContainsFunc(d.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}

// sources gives the files of a package without its tests.
func sources(t *testing.T, dir string) (files []string) {
	t.Helper()
	all, err := filepath.Glob(dir + "/*.go")
	if err != nil || len(all) == 0 {
		t.Fatalf("no Go files in %s: %v", dir, err)
	}
	for _, file := range all {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	return files
}
