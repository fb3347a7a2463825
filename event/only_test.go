package event

import (
	"strings"
	"testing"
)

// TestAnswers: a record answers a read only with every field that is asked for.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		has, wants string
		ok         bool
	}{
		{"", "", true},
		{"", "a.b", true},
		{"a.b", "", false},
		{"a.b c", "a.b", true},
		{"a", "a.b a[].c", true},
		{"a.b", "a", false},
		{"a.b", "a.bc", false},
		{"a.b", "a.b c", false},
	} {
		started := CommandStarted{Only: strings.Fields(c.has)}
		if got := started.Answers(Command{Call: &Call{Verb: Get, Only: strings.Fields(c.wants)}}); got != c.ok {
			t.Errorf("%q for %q: %v", c.has, c.wants, got)
		}
	}
	if !(CommandStarted{}).Answers(Command{Line: "uptime"}) {
		t.Error("a command of another kind")
	}
}
