package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/transcript"
)

// TestPruneAsks: on a terminal prune lists what it would remove and asks. Only yes removes anything.
func TestPruneAsks(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	j, err := transcript.Create(filepath.Join(home, "spraydeck/sessions"), transcript.Header{Runbook: "book", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lang, answer, ask, says string
		stays                   bool
	}{
		{"en", "", "remove 1 run, ", "nothing was removed", true},
		{"en", "nope", "[y/N] ", "nothing was removed", true},
		{"ja", "n", "この 1 件", "何も削除していません", true},
		{"ja", "yes", "この 1 件", "1 件を削除し", false},
	} {
		cmd := exec.CommandContext(t.Context(), self, "sessions", "prune", "--older-than", "0s", "--lang", c.lang)
		cmd.Env = append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+home)
		s := inTerminal(t, cmd)
		s.wait(filepath.Base(j.Dir()))
		s.wait(c.ask)
		s.typed(c.answer)
		s.wait(c.says)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%q: %v\n%s", c.answer, err, s.last)
		}
		if _, err := os.Stat(j.Dir()); (err == nil) != c.stays {
			t.Errorf("%q: %v", c.answer, err)
		}
	}
	cmd := exec.CommandContext(t.Context(), self, "sessions", "prune", "--older-than", "0s")
	cmd.Env = append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+home)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "nothing to remove") {
		t.Errorf("%v\n%s", err, out)
	}
}
