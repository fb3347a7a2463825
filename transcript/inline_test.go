package transcript

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"spraydeck/event"
)

// TestInline: the one file has the events of the run, verifies, and needs no spool.
func TestInline(t *testing.T) {
	w, err := Create(t.TempDir(), Header{Runbook: "one"})
	if err != nil {
		t.Fatal(err)
	}
	dir := w.Spool(7)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	printed := []byte("a line\nbytes \xff\x00 that are no text\n")
	if err := os.WriteFile(filepath.Join(dir, "7.out"), printed, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []event.Data{
		event.CommandStarted{Number: 7, Host: "workstation", Line: "print"},
		event.NewOutput(7, "stdout", printed[:7]), event.NewOutput(7, "stdout", printed[7:]),
		event.CommandEnded{Number: 7, Outcome: event.Done}, event.Ended{Status: event.Passed},
	} {
		if _, err := w.Append(event.Event{Step: "s", Data: d}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Read(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var one bytes.Buffer
	if err := Inline(&one, r.Header(), r.Entries()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(file, one.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if res, err := Verify(file); err != nil || !res.Verified() {
		t.Errorf("verify: %v %v", res, err)
	}
	alone, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	var want, got []Entry
	for e, err := range r.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	for e, err := range alone.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(want) != 5 || len(got) != len(want) {
		t.Fatalf("%d events became %d", len(want), len(got))
	}
	for i := range want {
		if !reflect.DeepEqual(want[i].Event, got[i].Event) || want[i].After != got[i].After {
			t.Errorf("event %d: %+v became %+v", i+1, want[i].Event, got[i].Event)
		}
	}
}
