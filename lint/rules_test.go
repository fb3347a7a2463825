package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRules: every rule that is reported is explained, and none is explained that is not there.
func TestRules(t *testing.T) {
	used := map[string]bool{}
	sources, _ := filepath.Glob("*.go")
	language, _ := filepath.Glob("../runbook/*.go")
	sources = append(sources, language...)
	call := regexp.MustCompile(`(?:\.add|\.problem|Problem|fail|at|Problems)[({].*?, "([a-z][a-z-]*)",`)
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			if rules[m[1]] != "" {
				used[m[1]] = true
			} else if strings.Contains(m[0], ".add(") || strings.Contains(m[0], ".problem(") {
				t.Errorf("%s: rule %q is not explained in rules.go", file, m[1])
			}
		}
	}
	for rule := range rules {
		if !used[rule] {
			t.Errorf("rules.go explains %q, which nothing reports", rule)
		}
	}
}
