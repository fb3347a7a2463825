package cli

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spraydeck/runbooks"
)

// TestRehearsalJudgesAsTheRun: a recorded run rehearsed by itself gives the same verdicts; with the rule of one gate
// changed, that verdict differs and no other.
func TestRehearsalJudgesAsTheRun(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	z, err := gzip.NewReader(bytes.NewReader(runbooks.Demo))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	recorded := filepath.Join(dir, "transcript.jsonl")
	if err := os.WriteFile(recorded, text, 0o600); err != nil {
		t.Fatal(err)
	}
	rehearse := func(args ...string) (code int, said string) {
		cmd := root()
		var out, told bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&told)
		cmd.SetArgs(append([]string{"rehearse", recorded, "--auto", "--plain", "--speed", "max"}, args...))
		err := cmd.Execute()
		return codeOf(t.Context(), err), told.String()
	}
	if code, said := rehearse(); code != exitDone || !strings.Contains(said, "the same verdicts") {
		t.Errorf("rehearsed by itself: exit %d\n%s", code, said)
	}

	site := t.TempDir()
	pitfall, err := runbooks.FS.ReadFile("kubespray/pitfalls/commit-on-master.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := regexp.MustCompile(`(?m)^  rule: '(.*)'$`).ReplaceAllString(string(pitfall), "  rule: '!($1)'")
	changed, _, _ = strings.Cut(changed, "\ntests:") // its own tests would fail now
	if changed == string(pitfall) {
		t.Fatal("the rule is written in another way now")
	}
	if err := os.WriteFile(filepath.Join(site, "changed.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	code, said := rehearse("--runbooks", site)
	if code != exitFailed || !strings.Contains(said, "commit-on-master: was pass, is fail") || strings.Count(said, " was ") != 1 {
		t.Errorf("with one rule changed: exit %d\n%s", code, said)
	}
}
