package transcript

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

func TestFindAndList(t *testing.T) {
	root := memDir(t)
	if _, err := Find(filepath.Join(root, "none"), ""); !errors.Is(err, ErrNone) {
		t.Errorf("no runs: %v", err)
	}
	record := func(h Header, events []event.Event) *Writer {
		t.Helper()
		w, err := Create(root, h)
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, events)
		return w
	}
	// the clock of the newest went back: its name sorts first
	h := testHeader
	first := record(h, everyKind())
	h.Started, h.Cluster = h.Started.Add(24*time.Hour), "dev-1"
	second := record(h, everyKind()[:4])
	h.Started = h.Started.Add(time.Hour).In(time.FixedZone("", -12*3600))
	third := record(h, everyKind()[:2])
	first.Close()
	second.Close()
	defer third.Close()
	if err := os.Mkdir(filepath.Join(root, "99990101-junk"), 0o700); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(root, "19990101-000000-broken")
	if err := os.Mkdir(broken, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, FileName), []byte("what?\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	for arg, want := range map[string]string{
		"":                third.Dir(),
		first.Header().ID: first.Dir(),
		"20261120":        first.Dir(),
		second.Dir():      second.Dir(),
		second.Path():     second.Path(),
		"20261121-22":     second.Dir(),
	} {
		if got, err := Find(root, arg); err != nil || got != want {
			t.Errorf("Find(%q) = %s, %v; want %s", arg, got, err, want)
		}
	}
	for arg, near := range map[string]string{
		"2026":              third.Header().ID, // not unique
		"prod-4":            first.Header().ID,
		"20261121-kubespry": second.Header().ID,
		"99990101-junk":     "",
		t.TempDir():         "",
	} {
		_, err := Find(root, arg)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || !strings.Contains(hint(err), near) || !strings.Contains(err.Error(), arg) {
			t.Errorf("Find(%q): %v; hint %q", arg, err, hint(err))
		}
	}

	list, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		id     string
		status event.Status
		events int64
	}{
		{third.Header().ID, event.Running, 2},
		{second.Header().ID, Interrupted, 4},
		{first.Header().ID, event.Passed, int64(len(everyKind()))},
		{"19990101-000000-broken", "", 0},
	}
	if len(list) != len(want) {
		t.Fatalf("%+v", list)
	}
	for i, s := range list {
		if s.ID != want[i].id || s.Status != want[i].status || s.Events != want[i].events || (s.Err != nil) != (i == 3) {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if s := list[2]; s.Header.To != "v2.28.0" || s.Header.Cluster != "prod-4" || s.Size != first.size {
		t.Errorf("%+v", s)
	}
}

// The status is at the end of a file of any size, behind a line of any size, and before a torn one.
func TestListLargeLastLine(t *testing.T) {
	for _, size := range []int{10, 60 << 10, 300 << 10} {
		w := newRun(t)
		appendAll(t, w, []event.Event{{Data: event.Ended{Status: event.Failed, Exit: 3, Why: event.T(strings.Repeat("x", size))}}})
		w.Close()
		f, err := os.OpenFile(w.Path(), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"seq":2,"ti`)
		f.Close()
		list, err := List(filepath.Dir(w.Dir()))
		if err != nil || len(list) != 1 || list[0].Status != event.Failed || list[0].Exit != 3 || list[0].Err != nil {
			t.Errorf("%d: %+v %v", size, list, err)
		}
	}
}

func TestRoot(t *testing.T) {
	root, err := Root()
	if err != nil || !strings.HasSuffix(root, filepath.Join("spraydeck", "sessions")) {
		t.Errorf("%s %v", root, err)
	}
}
