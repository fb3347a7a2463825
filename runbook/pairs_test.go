package runbook_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/runbook"
)

// updating is the -update flag that the tests inside the package declare: rewrite what is expected.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// TestPairs: every file of testdata/ok is silent, every file of testdata/err gives exactly the lines of the .out beside
// it. The files of testdata/parts can be named by all of them.
func TestPairs(t *testing.T) {
	for _, pattern := range []string{"ok", "err"} {
		files, err := filepath.Glob("testdata/" + pattern + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			t.Run(file, func(t *testing.T) {
				var got strings.Builder
				for _, p := range lint(t, file) {
					got.WriteString(p.Error() + "\n")
				}
				out := strings.TrimSuffix(file, ".yaml") + ".out"
				if updating() && pattern == "err" {
					if err := os.WriteFile(out, []byte(got.String()), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, _ := os.ReadFile(out)
				if got.String() != string(want) {
					t.Errorf("got\n%swant\n%s", got.String(), want)
				}
				if pattern == "err" && len(want) == 0 {
					t.Error("no problem is expected: the file belongs into testdata/ok")
				}
			})
		}
	}
}

// lint gives the problems of one file, which may name those of testdata/parts.
func lint(t *testing.T, file string) runbook.Problems {
	t.Helper()
	_, problems := read(t, file)
	var own runbook.Problems
	for _, p := range problems {
		if p.File == filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file) {
			own = append(own, p)
		}
	}
	return own
}

// read parses a file of testdata with the parts, the vip pitfall among them. Its own runbook or pitfall comes first.
func read(t *testing.T, file string) ([]runbook.File, runbook.Problems) {
	t.Helper()
	parts, err := filepath.Glob("testdata/parts/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var files []runbook.File
	var problems runbook.Problems
	for _, name := range append([]string{file, "testdata/vip.yaml"}, parts...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, ps := runbook.Parse(strings.TrimPrefix(name, "testdata/"), text, language())
		problems = append(problems, ps...)
		files = append(files, f)
	}
	problems = append(problems, runbook.Check(files)...)
	problems.Sort()
	return files, problems
}
