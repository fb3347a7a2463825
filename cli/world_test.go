package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// TestSecretAnsweredInMidRun: what a command prints after a secret was answered is masked in its spool, though the command
// was started before.
func TestSecretAnsweredInMidRun(t *testing.T) {
	t.Setenv("AS_SPRAYDECK", "1") // the supervisor is this binary
	j, err := transcript.Create(t.TempDir(), transcript.Header{Runbook: "book", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	spool := filepath.Join(j.Dir(), transcript.SpoolDir)
	if err := os.Mkdir(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	const secret = "said-in-the-middle"
	key, shown := filepath.Join(t.TempDir(), "key"), filepath.Join(t.TempDir(), "go")
	out := &world{dir: t.TempDir()}
	out.record(j, nil)
	mask := out.mask(j)
	done := make(chan error, 1)
	go func() {
		_, err := out.local(t.Context(), event.Command{Host: event.Workstation, Number: 1, Changes: true,
			Line: "echo begun; until test -e " + shown + "; do sleep 0.01; done; cat " + key}, io.Discard, io.Discard)
		done <- err
	}()
	file := filepath.Join(spool, "1.out")
	for b := []byte(nil); len(b) == 0; time.Sleep(5 * time.Millisecond) {
		b, _ = os.ReadFile(file)
	}
	mask(secret)
	for _, f := range [][2]string{{key, secret}, {shown, ""}} {
		if err := os.WriteFile(f[0], []byte(f[1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), transcript.Masked) || strings.Contains(string(b), secret) {
		t.Errorf("the spool: %q, %v", b, err)
	}
	if len(out.jobs) != 0 {
		t.Errorf("jobs that have ended: %v", out.jobs)
	}
}

// TestCommandsSpeakEnglish: whatever the operator's locale, and without a change of its characters.
func TestCommandsSpeakEnglish(t *testing.T) {
	for all, want := range map[string]string{"": "[C] [] [ja_JP.UTF-8] [] [yes]", "ja_JP.eucJP": "[C] [] [ja_JP.eucJP] [] [yes]"} {
		t.Setenv("LANG", "ja_JP.UTF-8")
		t.Setenv("LANGUAGE", "ja")
		t.Setenv("LC_ALL", all)
		var printed strings.Builder
		exit, err := (&world{dir: t.TempDir()}).local(t.Context(), event.Command{Env: []string{"OWN=yes"},
			Line: `echo "[$LC_MESSAGES] [$LC_ALL] [$LANG] [$LANGUAGE] [$OWN]"`}, &printed, io.Discard)
		if got := strings.TrimSpace(printed.String()); exit != 0 || err != nil || got != want {
			t.Errorf("LC_ALL=%s: %s, want %s (%d, %v)", all, got, want, exit, err)
		}
	}
}
