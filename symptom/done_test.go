package symptom

import (
	"regexp"
	"testing"
	"time"
)

// snapshots is a set in which every start requires an end.
func snapshots(t *testing.T) *Set {
	t.Helper()
	set, err := New([]Pattern{
		{ID: "saved", Line: regexp.MustCompile(`^Snapshot saved`), Quiet: true},
		{ID: "never-saved", Line: regexp.MustCompile(`created temporary db file`), Condition: Condition{Unless: []Relation{{Then: "saved", Within: time.Minute}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestCommandEnds: what waits for more of a command is settled when it ends, and its two streams may come in either order.
func TestCommandEnds(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	one := func(pipe string) Input { return Input{Host: "n1", Name: "1", Pipe: pipe} }
	const begins, ends = `"msg":"created temporary db file"`, "Snapshot saved at /x"
	later := at.Add(time.Hour)

	s := snapshots(t).Stream()
	s.Feed(one("stderr"), begins, at)
	if hits := append(s.Done("1", true), s.Flush(later)...); len(hits) > 0 {
		t.Errorf("after exit 0: %v", hits)
	}
	s.Feed(one("stderr"), begins, at)
	if hits := s.Done("2", false); len(hits) > 0 {
		t.Errorf("at the end of another command: %v", hits)
	}
	if hits := s.Done("1", false); len(hits) != 1 || hits[0].ID != "never-saved" || hits[0].Hint {
		t.Errorf("after exit 1: %+v", hits)
	}

	s = snapshots(t).Stream()
	s.Feed(one("stdout"), ends, at)
	s.Feed(one("stderr"), begins, at.Add(time.Millisecond))
	if hits := s.Flush(later); len(hits) > 0 {
		t.Errorf("crossed streams: %v", hits)
	}

	s = snapshots(t).Stream()
	s.Feed(one("stderr"), ends, at)
	s.Feed(one("stderr"), begins, at.Add(time.Millisecond))
	if hits := s.Flush(later); len(hits) != 1 {
		t.Errorf("a new beginning on the same stream: %v", hits)
	}
}
