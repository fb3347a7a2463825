package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/event"
)

// sameAsGolden compares with a file in testdata.
func sameAsGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./ui -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

func text(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }

// TestHintCard: the card of a symptom that is only a hint does not call it known.
func TestHintCard(t *testing.T) {
	hit := event.Hit{Pitfall: "drain-pdb", Severity: "blocks", Hint: true, Title: text("The drain waits", ""), Line: "evicting"}
	got := strings.Join(newLook(Options{Lang: "en", NoColor: true}).hitBlock(hit, 80).lines, "\n")
	if !strings.Contains(got, "Perhaps") && !strings.Contains(got, "perhaps") || !strings.Contains(got, "A hint: this line can have another cause.") || strings.Contains(strings.ToLower(got), "known") {
		t.Error(got)
	}
}
