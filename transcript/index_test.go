package transcript_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"spraydeck/event"
	"spraydeck/transcript"
	"spraydeck/transcript/transcripttest"
)

// whole opens a recording and indexes all of it, some bytes at a time.
func whole(t testing.TB, path string, n int64) *transcript.Recording {
	t.Helper()
	c, err := transcript.Record(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for c.Join(check(t, c.Scan(n)())) {
	}
	return c
}

func check(t testing.TB, s transcript.Scan) transcript.Scan {
	t.Helper()
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	return s
}

// folded returns the events of a transcript as Read gives them, and the places after them.
func folded(t testing.TB, path string) (events []transcript.Entry) {
	t.Helper()
	r, err := transcript.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// Wherever one goes, and from wherever, the run is as a fold of all events up to there gives it.
func TestRecordingIsTheFold(t *testing.T) {
	for _, spooled := range []bool{false, true} {
		t.Run(fmt.Sprintf("spooled=%v", spooled), func(t *testing.T) {
			dir, err := transcripttest.Large(t.TempDir(), 3<<20, spooled)
			if err != nil {
				t.Fatal(err)
			}
			events := folded(t, dir)
			c := whole(t, dir, 100_000)
			if c.Len() != len(events) || c.End().Elapsed != events[len(events)-1].Elapsed || !c.Ended() || c.Bad() != 0 {
				t.Fatalf("%+v of %d events, ended %v, bad %d", c.End(), len(events), c.Ended(), c.Bad())
			}
			var fold, forward event.State
			var at transcript.Place
			wanted := func(int) bool { return true }
			for i, e := range events {
				fold.Apply(e.Event)
				if i%1009 != 0 && i != len(events)-1 {
					continue
				}
				to := c.At(i + 1)
				if to.Pos != i+1 || to.Elapsed != e.Elapsed || !c.Time(to).Equal(e.Time) {
					t.Fatalf("event %d is at %+v, %v", i+1, to, c.Time(to))
				}
				if p := c.AtElapsed(e.Elapsed); p.Pos < i+1 || events[p.Pos-1].Elapsed != e.Elapsed {
					t.Fatalf("at %v is %d, not %d", e.Elapsed, p.Pos, i+1)
				}
				jumped := c.State(to)
				compare(t, c, to, &fold, jumped)
				if !c.Forward(&forward, at, to, wanted) {
					print(t, c, to, &forward)
				}
				compare(t, c, to, &fold, &forward)
				at = to
			}
		})
	}
}

func print(t *testing.T, c *transcript.Recording, at transcript.Place, s *event.State) {
	t.Helper()
	for _, st := range s.Steps {
		if err := c.Print(at, st.Commands); err != nil {
			t.Fatal(err)
		}
	}
}

// compare holds a state against the fold of all events. What is kept of output need not be as much.
func compare(t *testing.T, c *transcript.Recording, at transcript.Place, want, got *event.State) {
	t.Helper()
	if got.Seq != want.Seq || !got.Last.Equal(want.Last) || got.Current != want.Current || !reflect.DeepEqual(got.Nodes, want.Nodes) ||
		!reflect.DeepEqual(got.Hits, want.Hits) || len(got.Steps) != len(want.Steps) {
		t.Fatalf("at %d: %d %v %s, want %d %v %s", at.Pos, got.Seq, got.Last, got.Current, want.Seq, want.Last, want.Current)
	}
	if got.Current != "" {
		if err := c.Print(at, got.Step(got.Current).Commands); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range want.Steps {
		g := got.Steps[i]
		if g.Status != w.Status || g.Progress != w.Progress || !g.Begun.Equal(w.Begun) || len(g.Commands) != len(w.Commands) || !reflect.DeepEqual(g.Gates, w.Gates) {
			t.Fatalf("at %d: step %s differs", at.Pos, w.ID)
		}
		if w.ID != got.Current {
			continue
		}
		for j, k := range w.Commands {
			have, all := g.Commands[j].Output, k.Output
			if have.Partial != all.Partial {
				t.Fatalf("at %d: command %d ends in %q, want %q", at.Pos, k.Number, have.Partial, all.Partial)
			}
			n := min(len(have.Lines), len(all.Lines))
			if !slices.Equal(have.Lines[len(have.Lines)-n:], all.Lines[len(all.Lines)-n:]) {
				t.Fatalf("at %d: the lines of command %d differ", at.Pos, k.Number)
			}
			if n < len(all.Lines) && (n < 100 || have.Dropped == 0) {
				t.Fatalf("at %d: %d lines of command %d, want %d", at.Pos, n, k.Number, len(all.Lines))
			}
		}
	}
}

// What a resumed run goes on from: every event, all that each command printed, and the state with the last of it; nothing of
// it from an index that was kept.
func TestRecordWhole(t *testing.T) {
	for _, spooled := range []bool{false, true} {
		t.Run(fmt.Sprintf("spooled=%v", spooled), func(t *testing.T) {
			dir, err := transcripttest.Large(t.TempDir(), 3<<20, spooled)
			if err != nil {
				t.Fatal(err)
			}
			whole(t, dir, 1<<20).Save()
			lie := filepath.Join(dir, "transcript.idx")
			if b, err := os.ReadFile(lie); err != nil || os.WriteFile(lie, bytes.ReplaceAll(b, []byte("node-1"), []byte("node-2")), 0o600) != nil {
				t.Fatal(err)
			}
			var fold event.State
			var events []event.Event
			printed := map[string]string{}
			key := func(o event.Output) string { return fmt.Sprint(o.Number, " ", o.Stream) }
			numbers := map[int]bool{}
			for _, e := range folded(t, dir) {
				fold.Apply(e.Event)
				o, ok := e.Data.(event.Output)
				if !ok {
					events = append(events, e.Event)
					continue
				}
				printed[key(o)] += string(o.Bytes())
				numbers[o.Number] = true
			}
			c, err := transcript.RecordWhole(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := slices.Collect(c.Events()); !reflect.DeepEqual(got, events) {
				t.Errorf("%d events, want %d", len(got), len(events))
			}
			got := map[string]string{}
			for number := range numbers {
				for o, err := range c.Printed(number) {
					if err != nil || o.Number != number {
						t.Fatal(o.Number, err)
					}
					got[key(o)] += string(o.Bytes())
				}
			}
			if !maps.Equal(got, printed) {
				t.Error("what commands printed differs")
			}
			state, err := c.Recall(3)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, c, c.End(), &fold, state)
			again, _ := c.Recall(3)
			with, told := 0, 0
			for _, st := range again.Steps {
				for _, k := range st.Commands {
					if len(k.Output.Lines) > 0 {
						with++
					} else if k.Output.Dropped > 0 {
						told++
					}
				}
			}
			if with != 3 || with+told != len(numbers) {
				t.Errorf("%d commands with output and %d that say there was some, of %d", with, told, len(numbers))
			}
		})
	}
}

func TestIndexIsKept(t *testing.T) {
	dir, err := transcripttest.Large(t.TempDir(), 3<<20, false)
	if err != nil {
		t.Fatal(err)
	}
	path, index := filepath.Join(dir, transcript.FileName), filepath.Join(dir, transcript.IndexName)
	built := whole(t, dir, 1<<20)
	built.Save()
	kept, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(index); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	open := func() *transcript.Recording {
		c, err := transcript.Record(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	c := open()
	if c.End() != built.End() || !c.Ended() || len(c.Marks(^transcript.Marks(0))) != len(built.Marks(^transcript.Marks(0))) {
		t.Errorf("%+v, built %+v", c.End(), built.End())
	}
	if _, ok := c.Check()(); !ok {
		t.Error("a good index does not pass")
	}
	// what does not fit is not used
	for name, b := range map[string][]byte{
		"cut": kept[:len(kept)/2], "empty": nil, "another form": append([]byte("spraydeck index 0\n"), kept[18:]...),
		"a flipped bit": flipped(kept, len(kept)/2),
	} {
		if err := os.WriteFile(index, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if c := open(); c.Len() != 0 {
			t.Errorf("%s: taken", name)
		}
	}
	// nor when the transcript is another
	journal, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"head": flipped(journal, 1000), "tail": flipped(journal, len(journal)-100), "cut": journal[:len(journal)-500],
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(index, kept, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := transcript.Record(dir); err == nil && c.Len() != 0 {
			t.Errorf("%s of the transcript changed: taken", name)
		}
	}
	// in the middle it is found out by reading all of it
	middle := slices.Clone(journal)
	at := len(middle) / 2
	for middle[at] != '\n' {
		at++
	}
	copy(middle[at+1:], `{"seq":9,`)
	if err := os.WriteFile(path, middle, 0o600); err != nil {
		t.Fatal(err)
	}
	changed := flippedKind(t, journal)
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	c = open()
	own, ok := c.Check()()
	if ok {
		t.Fatal("an index of what was changed in the middle passes")
	}
	c.Replace(own)
	if c.Len() != built.Len() {
		t.Errorf("%d events, want %d", c.Len(), built.Len())
	}
	// the rest of a transcript that grew is added to what is kept
	if err := os.WriteFile(path, journal, 0o600); err != nil {
		t.Fatal(err)
	}
	half := len(journal) / 2
	if err := os.WriteFile(path, journal[:half], 0o600); err != nil {
		t.Fatal(err)
	}
	c = whole(t, dir, 1<<30)
	c.Save()
	if err := os.WriteFile(path, journal, 0o600); err != nil {
		t.Fatal(err)
	}
	c = open()
	if n := c.Len(); n == 0 || n >= built.Len() {
		t.Errorf("%d events known of a transcript that grew", n)
	}
	for c.Join(check(t, c.Scan(1<<20)())) {
	}
	c.Save()
	if again, err := os.ReadFile(index); err != nil || string(again) != string(kept) {
		t.Errorf("the index differs from one that was built at once: %v", err)
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

// flippedKind changes the time of an event in the middle.
func flippedKind(t *testing.T, journal []byte) []byte {
	b := slices.Clone(journal)
	at := len(b)/2 + slices.Index(b[len(b)/2:], '\n')
	for string(b[at:at+5]) != `"dt":` {
		at++
	}
	b[at+5]++
	return b
}

// An index that cannot be kept is no reason not to replay.
func TestIndexOfReadOnlyDirectory(t *testing.T) {
	dir, err := transcripttest.Large(t.TempDir(), 1<<20, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, transcript.IndexName), 0o700); err != nil { // as good as read-only, also for root
		t.Fatal(err)
	}
	c := whole(t, dir, 1<<20)
	c.Save()
	if !c.Ended() {
		t.Error("not indexed")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, transcript.IndexName+".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A search finds what a look at every line finds, however the output was cut.
func TestSearch(t *testing.T) {
	w, err := transcript.Create(t.TempDir(), transcript.Header{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(d event.Data) {
		if _, err := w.Append(event.Event{Step: "a", Data: d}); err != nil {
			t.Fatal(err)
		}
	}
	out := func(number int, text string) { put(event.NewOutput(number, "stdout", []byte(text))) }
	put(event.CommandStarted{Number: 1, Line: "grep Alpha file"}) // 1
	out(1, "one\nal")                                             // 2
	out(2, "pha\n")                                               // 3: another command's
	out(1, "pha two\nno\nALPHA \"q\"\n\talpha")                   // 4
	out(1, "\nbad \xff\nal\n")                                    // 5
	out(1, "pha\n日本\n")                                           // 6
	put(event.Answered{Answer: event.Answer{Reason: "alpha says so"}})
	out(1, "x") // 8
	for _, c := range "ペアpair\n" {
		out(1, string(c))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := whole(t, w.Dir(), 1<<20)
	tests := []struct {
		query string
		want  string
	}{
		{"alpha", "[{1 0 0} {4 1 3} {4 1 1} {4 1 0} {7 0 0}]"},
		{"ALPHA", "[{4 1 1}]"},
		{"nalpha", "[]"},
		{`"q"`, "[{4 1 1}]"},
		{"talpha", "[]"},
		{"\talpha", "[{4 1 0}]"},
		{"日本", "[{6 1 1}]"},
		{"xペアpair", "[{14 1 0}]"},
		{"two\nno", "[]"},
		{"bad", "[{5 1 2}]"},
		{"pha", "[{1 0 0} {3 2 1} {4 1 3} {4 1 1} {4 1 0} {6 1 2} {7 0 0}]"},
	}
	for _, tt := range tests {
		for from := range c.Len() + 1 {
			for _, n := range []int64{1, 1 << 20} {
				s := c.Search(tt.query, c.At(from))
				var all []transcript.Found
				for done := false; !done; {
					var found []transcript.Found
					if found, done, err = s.Next(n); err != nil {
						t.Fatal(err)
					}
					all = append(all, found...)
				}
				if len(all) > 1 && all[0].Pos <= from && all[len(all)-1].Pos > from {
					t.Fatalf("%q from %d: what comes next is not found first: %v", tt.query, from, all)
				}
				slices.SortStableFunc(all, func(a, b transcript.Found) int { return a.Pos - b.Pos })
				if got := fmt.Sprint(all); from == 0 && got != tt.want {
					t.Errorf("%q: %s, want %s", tt.query, got, tt.want)
				}
				if s.Progress() != 1 {
					t.Errorf("progress %v", s.Progress())
				}
			}
		}
	}
}
