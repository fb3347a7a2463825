// Package learntest makes a checkout of a small Kubespray of our own for the tests of several packages.
package learntest

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed small.txtar
var small []byte

// Checkout makes a git repository with the releases v2.31.0 and v2.32.0, the second as a branch, master, and as a tag where
// tagged is true. Nothing of the machine's git configuration takes part.
func Checkout(t testing.TB, tagged bool) (dir string) {
	t.Helper()
	dir = t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.org",
			"GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.org", "GIT_AUTHOR_DATE=2026-05-01T12:00:00Z", "GIT_COMMITTER_DATE=2026-05-01T12:00:00Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "master")
	commit := func(tag string) {
		git("add", "-A")
		git("commit", "-q", "-m", tag)
		if tag != "v2.32.0" || tagged {
			git("tag", tag)
		}
	}
	files := txtar.Parse(small).Files
	for _, second := range []bool{false, true} {
		for _, f := range files {
			name, isNew := strings.CutPrefix(f.Name, "new/")
			if isNew != second {
				continue
			}
			full := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		commit(map[bool]string{false: "v2.31.0", true: "v2.32.0"}[second])
	}
	return dir
}
