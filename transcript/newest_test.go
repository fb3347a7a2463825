package transcript

import (
	"path/filepath"
	"testing"
	"time"
)

// TestNewestReadsLittle: what a list costs does not depend on how many runs there are. Every run is named in a list of all,
// in the order in which they began.
func TestNewestReadsLittle(t *testing.T) {
	const runs = 400
	root, start := memDir(t), testHeader.Started
	for n := range runs {
		h := testHeader
		h.Started = start.Add(time.Duration(n) * 20 * time.Minute).In(time.FixedZone("", (n%5-2)*5*3600))
		w, err := Create(root, h)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	opened := 0
	defer func() { summarize = Summarize }()
	summarize = func(dir string) Summary { opened++; return Summarize(dir) }

	newest, err := Find(root, "")
	if err != nil || opened > lookAhead {
		t.Errorf("the newest of %d: %s %v, opened %d", runs, newest, err, opened)
	}
	opened = 0
	if dir, err := Find(root, filepath.Base(newest)); err != nil || dir != newest || opened > 0 {
		t.Errorf("by id: %s %v, opened %d", dir, err, opened)
	}
	if ids, err := IDs(root); err != nil || len(ids) != runs || opened > 0 {
		t.Errorf("ids: %d %v, opened %d", len(ids), err, opened)
	}
	list, err := Newest(root)
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for range list {
		if taken++; taken == 7 {
			break
		}
	}
	if opened > lookAhead+7 {
		t.Errorf("seven of %d: opened %d", runs, opened)
	}
	opened = 0
	all, err := List(root)
	if err != nil || len(all) != runs || opened != runs {
		t.Fatalf("%d runs, opened %d, %v", len(all), opened, err)
	}
	for n, s := range all {
		if want := start.Add(time.Duration(runs-1-n) * 20 * time.Minute); !s.Header.Started.Equal(want) {
			t.Fatalf("%d: %s began %s, not %s", n, s.ID, s.Header.Started, want)
		}
	}
}
