package cli

import (
	"testing"

	"spraydeck/runbook"
)

// TestCheckFromHop: the release in use is the one that --hop names, and not the newest that the runbook leads from.
func TestCheckFromHop(t *testing.T) {
	text := "apiVersion: spraydeck/v1\nkind: Runbook\nname: hop\ntitle: Hop\nversion: 1.0.0\nsystem: kubespray\nfrom: \">=2.27.0 <2.28.0\"\nto: v2.28.0\n" +
		"inputs:\n  previous_tag: {prompt: Tag, default: v2.27.0}\nphases: [{title: A, steps: [{id: a, title: A, note: A}]}]\n"
	f, problems := runbook.Parse("hop", []byte(text), language(builtinReleases))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ from, given, want string }{
		{"v2.27.1", "", "v2.27.1"},
		{"v2.27.1", "v2.27.0", "v2.27.0"},
		{"v2.28.0", "", ""}, // the branch of the release to go to is checked out already
		{"", "", ""},
	} {
		inputs := map[string]string{}
		if c.given != "" {
			inputs["previous_tag"] = c.given
		}
		(&world{}).leaves(t.Context(), f.Runbook, c.from, inputs)
		if inputs["previous_tag"] != c.want {
			t.Errorf("from %q, given %q: %q, want %q", c.from, c.given, inputs["previous_tag"], c.want)
		}
	}
}
