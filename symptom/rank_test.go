package symptom

import (
	"regexp"
	"testing"
	"time"
)

// TestVerdictBeforeTask: a vague hint that is bound to a task leaves the definite text of the same line its place, and what
// is reported separately takes no part.
func TestVerdictBeforeTask(t *testing.T) {
	set, err := New([]Pattern{
		{ID: "vague", Line: regexp.MustCompile(`^fatal: \[\S+\]: FAILED! =>`), Task: regexp.MustCompile("Drain node"), Hint: true},
		{ID: "definite", Line: regexp.MustCompile(`would violate the pod's disruption budget`)},
		{ID: "aside", Line: regexp.MustCompile(`(?P<all>Cannot evict.*)`), Aside: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"", "TASK [upgrade/pre-upgrade : Drain node] ****"} {
		stream := set.Stream()
		stream.Feed(Input{}, header, time.Time{})
		hits := stream.Feed(Input{}, `fatal: [n3]: FAILED! => {"stderr": "Cannot evict pod as it would violate the pod's disruption budget."}`, time.Time{})
		if len(hits) != 2 || hits[0].ID != "aside" || hits[1].ID != "definite" || hits[1].Hint {
			t.Errorf("after %q: %+v", header, hits)
		}
	}
}
