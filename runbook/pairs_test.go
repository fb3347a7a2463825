package runbook_test

import (
	"flag"
	"os"
	"path/filepath"
	"spraydeck/runbook/runbooktest"
	"strings"
	"testing"
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
				for _, p := range runbooktest.Lint(t, file) {
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
