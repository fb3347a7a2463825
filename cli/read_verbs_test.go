package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"spraydeck/event"
)

// TestReadVerbs: the verbs that read files are answered here, and no other.
func TestReadVerbs(t *testing.T) {
	reads := []event.Verb{event.ReadSettings, event.ReadRelease, event.ReadReads, event.ReadContains, event.ReadFile}
	for _, verb := range event.Verbs {
		var failed strings.Builder
		r := &reader{dir: t.TempDir()}
		exit, err := r.exec(t.Context(), &event.Call{Verb: verb, Name: "none", Files: &event.Files{Paths: []string{"none"}}}, io.Discard, &failed)
		if known := !strings.Contains(failed.String(), "reads no file"); err != nil || exit == 0 || known != slices.Contains(reads, verb) {
			t.Errorf("%s: exit %d, %v, %s", verb, exit, err, &failed)
		}
	}
}
