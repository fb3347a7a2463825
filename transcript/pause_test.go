package transcript

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spraydeck/event"
)

// While recording is paused, output is shown and not written, wherever it would have been written; all else is.
func TestPause(t *testing.T) {
	w := newRun(t)
	w.Mask("hunter2")
	var shown string
	w.Show = func(e event.Event) {
		if o, ok := e.Data.(event.Output); ok {
			shown += o.Text
		}
	}
	out := func(number int, s string) event.Event {
		return event.Event{Step: "s", Data: event.NewOutput(number, "stdout", []byte(s))}
	}
	appendAll(t, w, []event.Event{
		{Step: "s", Data: event.CommandStarted{Number: 1}},
		{Step: "s", Data: event.CommandStarted{Number: 7}},
		out(1, "before h"), // may begin a secret: held back, and written before the pause
	})
	supervised(t, w, 7, "stdout", "spooled before\n")
	appendAll(t, w, []event.Event{{Data: event.Paused{}}, out(1, "private one\n"), out(1, "private two h")})
	supervised(t, w, 7, "stdout", "private three\n", "private four\n")
	appendAll(t, w, []event.Event{
		{Step: "s", Data: event.Hit{Pitfall: "p", Line: "private five"}},
		{Step: "s", Data: event.Answered{Question: "q", Answer: event.Answer{Reason: "a decision"}}},
		out(9, "private six"),
		{Step: "s", Data: event.CommandEnded{Number: 9}},
		{Data: event.Unpaused{}},
		out(1, "unter2 after\n"), // the rest of what was held back in the pause: no secret any more
	})
	supervised(t, w, 7, "stdout", "spooled after\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"private one", "private two", "private three", "private four", "private six"} {
		if !strings.Contains(shown, s) {
			t.Errorf("%q was not shown", s)
		}
	}
	if out, err := exec.Command("grep", "-r", "private", w.Dir()).CombinedOutput(); err == nil {
		t.Errorf("it is in the directory:\n%s", out)
	}
	var got []event.Data
	for _, e := range readAll(t, w.Path()) {
		got = append(got, e.Data)
	}
	want := []event.Data{
		event.CommandStarted{Number: 1}, event.CommandStarted{Number: 7},
		event.Output{Number: 1, Stream: "stdout", Text: "before "},
		event.Output{Number: 7, Stream: "stdout", Text: "spooled before\n"},
		event.Output{Number: 1, Stream: "stdout", Text: "h"},
		event.Paused{},
		event.Hit{Pitfall: "p", Line: Masked},
		event.Answered{Question: "q", Answer: event.Answer{Reason: "a decision"}},
		event.Output{Number: 9, Stream: "stdout", Size: 11, Omitted: true},
		event.CommandEnded{Number: 9},
		event.Output{Number: 1, Stream: "stdout", Size: 25, Omitted: true},
		event.Output{Number: 7, Stream: "stdout", Size: 27, Omitted: true},
		event.Unpaused{},
		event.Output{Number: 1, Stream: "stdout", Text: "unter2 after\n"},
		event.Output{Number: 7, Stream: "stdout", Text: "spooled after\n"},
	}
	if !reflect.DeepEqual(got, want) {
		for i := range max(len(got), len(want)) {
			if i < len(got) && i < len(want) && reflect.DeepEqual(got[i], want[i]) {
				continue
			}
			t.Errorf("%d: got %+v, want %+v", i, get(got, i), get(want, i))
		}
	}
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() {
		t.Error(res, err)
	}
	var b bytes.Buffer
	r, err := Read(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := Text(&b, r.Events(), "ja", TextOptions{Output: true}); err != nil || !strings.Contains(b.String(), "[27 バイトは記録なし") {
		t.Errorf("%v\n%s", err, b.String())
	}
	// the spool is as long as it was: offsets hold
	if info, err := os.Stat(filepath.Join(w.Dir(), "spool/7.out")); err != nil || info.Size() != 15+27+14 {
		t.Error(info, err)
	}
}

func get(list []event.Data, i int) event.Data {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// A console that dies in a pause leaves it to the next one, with what it had not told of yet.
func TestPauseResumed(t *testing.T) {
	w := newRun(t)
	supervised(t, w, 7, "stdout", "before\n")
	appendAll(t, w, []event.Event{{Data: event.Paused{}}})
	supervised(t, w, 7, "stdout", "private\n")
	w.lock.Close() // killed: nothing is said or closed
	b, err := os.ReadFile(filepath.Join(w.Dir(), "spool/7.out"))
	if err != nil || string(b) != "before\n"+strings.Repeat("\x00", 8) {
		t.Errorf("%q %v", b, err)
	}
	again, _, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	again.Spool(7)
	// the console reads on behind the last piece: what was overwritten comes as it is now
	appendAll(t, again, []event.Event{{Data: event.NewOutput(7, "stdout", b[7:])}, {Data: event.Unpaused{}}})
	supervised(t, again, 7, "stdout", "after\n")
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	printed := 0
	for _, e := range readAll(t, w.Path()) {
		if o, ok := e.Data.(event.Output); ok {
			printed += o.Printed()
		}
	}
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() || printed != 7+8+6 {
		t.Error(res, err, printed)
	}
}
