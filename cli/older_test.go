package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOlderTranscripts: a run recorded in each older format still verifies, prints, exports and rehearses, with the verdicts
// of its time. testdata/older has what the program of that format wrote when it ran sample.yaml, byte for byte.
func TestOlderTranscripts(t *testing.T) {
	for _, format := range []string{"format-1", "format-2"} {
		t.Run(format, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", t.TempDir())
			run := filepath.Join(t.TempDir(), format)
			if err := os.CopyFS(run, os.DirFS(filepath.Join("testdata/older", format))); err != nil {
				t.Fatal(err)
			}
			do := func(want int, args ...string) string {
				t.Helper()
				cmd := root()
				var out bytes.Buffer
				cmd.SetOut(&out)
				cmd.SetErr(&out)
				cmd.SetArgs(args)
				if code := codeOf(t.Context(), cmd.Execute()); code != want {
					t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, out.String())
				}
				return out.String()
			}
			if got := do(exitDone, "verify", run); !strings.Contains(got, "verified") {
				t.Errorf("verify: %s", got)
			}
			for name, text := range map[string]string{
				"replay":   do(exitDone, "replay", run, "--text", "--output"),
				"export":   do(exitDone, "export", run, "--format", "md"),
				"rehearse": do(exitFailed, "rehearse", run, "testdata/older/sample.yaml", "--auto", "--plain", "--speed", "max"),
			} {
				for _, part := range []string{"93 % of the disk are used.", "it is a test machine", "starting etcd", "no such device"} {
					if !strings.Contains(text, part) {
						t.Errorf("%s lacks %q:\n%s", name, part, text)
					}
				}
				if name == "rehearse" && !strings.Contains(text, "the same verdicts at all 2 gates") {
					t.Errorf("other verdicts:\n%s", text)
				}
			}
		})
	}
}
