package runbooks

import (
	"path"
	"strings"
	"testing"

	"spraydeck/release"
	"spraydeck/runbook"
)

func TestReleases(t *testing.T) {
	rs, err := release.ReadReleases(Releases, "releases")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if want := strings.TrimSuffix(path.Base(r.Source.File), ".yaml"); r.Name.Value != want {
			t.Errorf("%s: the name %q is not that of the file, %q", r.Name.Pos, r.Name, want)
		}
		var texts []runbook.Prose
		for _, n := range append(r.Notes, r.Faults...) {
			texts = append(texts, n.Says)
		}
		for _, c := range r.Components {
			texts = append(texts, c.Value.Why)
		}
		if r.Avoid != nil {
			texts = append(texts, r.Avoid.Why)
		}
		for _, text := range texts {
			if text.Set() && !text.Ja.Set() {
				t.Errorf("%s: no Japanese text", text.Pos)
			}
		}
	}
}
