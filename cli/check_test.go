package cli

import (
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// TestUnknownByCause: checks that have no answer for one reason are one entry, with the reason once and every name.
func TestUnknownByCause(t *testing.T) {
	unknown := func(name, cause string) runbook.Finding {
		return runbook.Finding{Pitfall: name, Title: event.T("Title of " + name), Verdict: event.Unknown, Cause: cause, Evidence: []string{name + ": " + cause, "see there"}}
	}
	var out strings.Builder
	writeTable(&out, []runbook.Finding{unknown("a", "no cluster"), unknown("alone", "no node"), unknown("b", "no cluster"), {Pitfall: "c", Verdict: event.Pass}}, "en")
	for _, want := range []string{"UNKNOWN  2 checks have no answer for one reason:\n           no cluster\n           see there\n          a b\n", "UNKNOWN  alone  Title of alone\n", "3 unknown, 1 well"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if strings.Count(out.String(), "no cluster") != 1 {
		t.Error(out.String())
	}
}

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
