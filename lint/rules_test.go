package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestRules: every rule has its own name and its line, and is in the list.
func TestRules(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Rules() {
		if names[r.Name] || r.Doc == "" {
			t.Errorf("rule %q stands in the list twice, or says nothing", r.Name)
		}
		names[r.Name] = true
	}
	files, _ := filepath.Glob("*.go")
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && isRule(lit) {
				name := strings.Trim(lit.Elts[0].(*ast.KeyValueExpr).Value.(*ast.BasicLit).Value, `"`)
				if !names[name] {
					t.Errorf("%s: rule %q is not in the list of rules.go", file, name)
				}
			}
			return true
		})
	}
}

func isRule(lit *ast.CompositeLit) bool {
	name, ok := lit.Type.(*ast.Ident)
	return ok && name.Name == "Rule" && len(lit.Elts) > 0
}

// TestReadingRules: what package runbook reports is a rule, and a rule that looks nowhere is reported there.
func TestReadingRules(t *testing.T) {
	reported := map[string]bool{}
	files, _ := filepath.Glob("../runbook/*.go")
	call := regexp.MustCompile(`(?:\.problem|Problem|Problems)[({].*?, "([a-z][a-z-]*)",`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			reported[m[1]] = true
		}
	}
	known := map[string]bool{}
	for _, r := range Rules() {
		known[r.Name] = true
		if reflect.ValueOf(r.check).IsZero() && !reported[r.Name] {
			t.Errorf("rule %q looks nowhere, and package runbook does not report it", r.Name)
		}
	}
	for name := range reported {
		if !known[name] {
			t.Errorf("package runbook reports %q, which is no rule", name)
		}
	}
}
