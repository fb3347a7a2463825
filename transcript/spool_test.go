package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spraydeck/event"
)

// supervised plays the part of a supervisor: it prints into a spool, and appends what it printed.
func supervised(t testing.TB, w *Writer, number int, stream string, pieces ...string) (events []event.Event) {
	t.Helper()
	dir := w.Spool(number)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(w.Dir(), streamKey{number, stream}.name()), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range pieces {
		if _, err := f.WriteString(p); err != nil {
			t.Fatal(err)
		}
		events = append(events, appendAll(t, w, []event.Event{{Step: "s", Data: event.NewOutput(number, stream, []byte(p))}})...)
	}
	return events
}

// What is in a spool is read as the very events that were shown, and is not in the file a second time.
func TestSpool(t *testing.T) {
	w := newRun(t)
	w.Mask("hunter2")
	var shown []event.Event
	w.Show = func(e event.Event) { shown = append(shown, e) }
	appendAll(t, w, []event.Event{{Step: "s", Data: event.CommandStarted{Number: 7, Line: "make", Changes: true}}})
	supervised(t, w, 7, "stdout", "PLAY [all]\r\n", "日本語\x00\n", "", "bad \xff\xfe\n")
	supervised(t, w, 7, "stderr", "warning\n")
	supervised(t, w, 7, "stdout", strings.Repeat("x", 70_000))
	appendAll(t, w, []event.Event{
		{Step: "s", Data: event.NewOutput(8, "stdout", []byte("inline hunter2\n"))}, // a probe: not supervised
		{Step: "s", Data: event.CommandEnded{Number: 7}},
	})
	// what comes after the last piece belongs to nobody yet
	f, err := os.OpenFile(filepath.Join(w.Dir(), "spool/7.out"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "not seen by any console")
	f.Close()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read := readAll(t, w.Path())
	if len(read) != len(shown) {
		t.Fatalf("read %d, shown %d", len(read), len(shown))
	}
	for i := range read {
		if !reflect.DeepEqual(read[i].Data, shown[i].Data) || read[i].Seq != shown[i].Seq {
			t.Errorf("read %+v\nshown %+v", read[i], shown[i])
		}
	}
	b, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "PLAY") || strings.Contains(string(b), "xxxx") {
		t.Error("the output is in the file too")
	}
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() {
		t.Error(res, err)
	}
	var text bytes.Buffer
	r, err := Read(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := Text(&text, r.Events(), "en", TextOptions{Output: true}); err != nil || !strings.Contains(text.String(), "#7 | PLAY [all]") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// A console that goes away and one that takes the run up again refer to one spool without a gap.
func TestSpoolResumed(t *testing.T) {
	w := newRun(t)
	supervised(t, w, 7, "stdout", "one\n", "two\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w, repair, err := Open(w.Dir())
	if err != nil || repair.Spool != nil {
		t.Fatal(repair, err)
	}
	defer w.Close()
	supervised(t, w, 7, "stdout", "three\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var got string
	for _, e := range readAll(t, w.Path()) {
		got += e.Data.(event.Output).Text
	}
	if res, err := Verify(w.Path()); err != nil || !res.Verified() || got != "one\ntwo\nthree\n" {
		t.Errorf("%q %v %v", got, res, err)
	}
}

// Whatever is wrong with a spool is said, with the file and the place: by Verify, by reading, and by Open, which goes on.
func TestSpoolDamaged(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(path string) error
		want   string
	}{
		{"changed", func(path string) error { return rewrite(path, func(b []byte) []byte { b[5] ^= 4; return b }) }, "/spool/7.out: at byte 4: the 4 bytes from there on were changed"},
		{"torn", func(path string) error { return os.Truncate(path, 6) }, "/spool/7.out: at byte 4: 2 bytes are missing: the file ends before byte 8"},
		{"short", func(path string) error { return os.Truncate(path, 4) }, "/spool/7.out: at byte 4: 4 bytes are missing"},
		{"missing", os.Remove, "/spool/7.out: at byte 0: the file is missing"},
		{"zeros", func(path string) error { return rewrite(path, func(b []byte) []byte { return make([]byte, len(b)) }) }, "at byte 0: the 4 bytes from there on were changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newRun(t)
			supervised(t, w, 7, "stdout", "one\n", "two\n")
			supervised(t, w, 8, "stdout", "good\n")
			appendAll(t, w, []event.Event{{Data: event.Ended{Status: event.Passed}}})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(w.Dir(), "spool", "7.out")
			if err := c.damage(path); err != nil {
				t.Fatal(err)
			}
			res, err := Verify(w.Dir())
			var piece *SpoolError
			if err != nil || res.Verified() || res.Ended == nil || res.Events != 4 || !errors.As(res.Spool, &piece) || piece.Path != path ||
				!strings.Contains(res.String(), c.want) || !strings.Contains(res.String(), FileName+":") {
				t.Errorf("%v %v", res, err)
			}
			if c.name != "changed" && c.name != "zeros" { // a Reader does not prove anything
				r, err := Read(w.Dir())
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				bad, good := 0, ""
				for e, err := range r.Entries() {
					if o, ok := e.Data.(event.Output); ok && err == nil {
						good += o.Text
					}
					if err != nil {
						bad++
						if !errors.As(err, &piece) || hint(err) == "" || !strings.Contains(err.Error(), "spool/7.out") {
							t.Error(err)
						}
					}
				}
				if bad == 0 || !strings.HasSuffix(good, "good\n") {
					t.Errorf("%d errors, read %q", bad, good)
				}
			}
			again, repair, err := Open(w.Dir()) // the command had not ended: a power failure may have done it
			if err != nil || repair.Spool == nil {
				t.Fatal(repair, err)
			}
			appendAll(t, again, []event.Event{{Data: event.CommandEnded{Number: 8}}, {Data: event.CommandEnded{Number: 7, Outcome: event.StateLost}}})
			again.Close()
			if again, _, err = Open(w.Dir()); err != nil {
				t.Fatal(err)
			}
			appendAll(t, again, []event.Event{{Data: event.CommandEnded{Number: 7, Outcome: event.Done}}})
			again.Close()
			var not *NotVerifiedError
			if _, _, err = Open(w.Dir()); !errors.As(err, &not) || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
		})
	}
}

func rewrite(path string, how func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, how(b), 0o600)
}

// A flipped bit anywhere in the spool is found, and named with its piece.
func TestSpoolFlippedBit(t *testing.T) {
	w := newRun(t)
	supervised(t, w, 3, "stderr", strings.Repeat("a line of output\n", 20), strings.Repeat("another\n", 40), "end")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.Dir(), "spool", "3.err")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] ^= 1 << (i % 8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := Verify(w.Path())
		var piece *SpoolError
		if err != nil || res.Verified() || !errors.As(res.Spool, &piece) || piece.At > int64(i) || piece.Path != path {
			t.Fatalf("byte %d: %v %v", i, res, err)
		}
		b[i] ^= 1 << (i % 8)
	}
}

// Without its directory a transcript says what is missing; it does not print nothing.
func TestSpoolElsewhere(t *testing.T) {
	w := newRun(t)
	supervised(t, w, 7, "stdout", "one\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader("embedded", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Events() {
		if err == nil || !strings.Contains(err.Error(), "embedded:2: spool/7.out: at byte 0: ") {
			t.Error(err)
		}
	}
	if err := Text(&bytes.Buffer{}, r.Events(), "en", TextOptions{}); err == nil {
		t.Error("Text says nothing of it")
	}
}

// A line that asks for more than there can be is an error, and costs no memory.
func TestSpoolAbsurd(t *testing.T) {
	dir := memDir(t)
	if err := os.MkdirAll(filepath.Join(dir, SpoolDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spool/1.out"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := spools{dir: dir}
	defer s.close()
	for _, p := range []spooled{
		{Number: 1, Len: 1 << 62}, {Number: 1, At: 1 << 62, Len: 1}, {Number: 1, At: -1, Len: 1}, {Number: 1, Len: -1},
		{Number: 1, At: 1<<63 - 1, Len: 1<<63 - 1}, {Number: -1, Len: 1}, {Number: 1, Stream: "../../x", At: 1, Len: 1},
	} {
		var piece *SpoolError
		if _, err := s.read(p); !errors.As(err, &piece) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// A run that an earlier version began goes on in its format: its output stays in its lines, for that version to read.
func TestSpoolFormat1(t *testing.T) {
	b, err := os.ReadFile("testdata/v1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	w, _, err := Open(put(t, b))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	n := len(readAll(t, w.Path()))
	supervised(t, w, 7, "stdout", "one\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(w.Path()); err != nil || !bytes.Contains(b, []byte(`"text":"one\n"`)) {
		t.Error(err)
	}
	if got := readAll(t, w.Path()); got[n].Data.(event.Output).Text != "one\n" {
		t.Errorf("%+v", got[n])
	}
}

// Both ways to read a reference agree, and no other output is taken for one.
func TestParseSpooled(t *testing.T) {
	p := spooled{Number: 7, Stream: "stdout", At: 65536, Len: 32768, Sum: strings.Repeat("ab", 32)}
	b := appendSpooled(nil, p)
	if got, ok := parseSpooled(b); !ok || got != p {
		t.Errorf("%+v", got)
	}
	gap := spooled{Number: 7, Stream: "stderr", At: 1, Len: 2, Omitted: true}
	if got, ok := parseSpooled(appendSpooled(nil, gap)); !ok || got != gap {
		t.Errorf("%+v", got)
	}
	other := fmt.Sprintf(`{"sha256":%q, "len":32768,"at":65536,"stream":"stdout","command":7,"new":1}`, p.Sum)
	if got, ok := parseSpooled([]byte(other)); !ok || got != p {
		t.Errorf("%+v", got)
	}
	for _, s := range []string{`{"command":7,"stream":"stdout","text":"\"sha256\":\"x\""}`, `{"command":7}`, `{}`, ``} {
		if got, ok := parseSpooled([]byte(s)); ok {
			t.Errorf("%s: %+v", s, got)
		}
	}
}

func BenchmarkSpool(b *testing.B) {
	dir := b.TempDir()
	w, err := Create(dir, testHeader)
	if err != nil {
		b.Fatal(err)
	}
	text := ansible(pieceSize)
	rnd := rand.New(rand.NewPCG(1, 2))
	var pieces []string
	size := int64(0)
	for size < 64<<20 {
		n := 1 + rnd.IntN(len(text))
		pieces = append(pieces, string(text[:n]))
		size += int64(n)
	}
	supervised(b, w, 1, "stdout", pieces...)
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("events", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			readAll(b, w.Path())
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if res, err := Verify(w.Path()); err != nil || !res.Verified() {
				b.Fatal(res, err)
			}
		}
	})
}

// A run that stops at any byte of its last 4 KB goes on: half a line is cut, and its output is where it was.
func TestSpoolTruncatedAnywhere(t *testing.T) {
	w := newRun(t)
	for i := range 20 {
		supervised(t, w, 7, "stdout", fmt.Sprintf("line %d\n", i))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	for n := max(len(b)-4096, bytes.IndexByte(b, '\n')+1); n < len(b); n++ {
		if err := os.WriteFile(w.Path(), b[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := bytes.LastIndexByte(b[:n], '\n') + 1
		again, repair, err := Open(w.Dir())
		if err != nil || repair.Cut != int64(n-whole) || repair.Spool != nil {
			t.Fatalf("at byte %d: %+v %v", n, repair, err)
		}
		lines := bytes.Count(b[:whole], []byte("\n")) - 1
		again.Spool(7)
		// the console goes on behind what the transcript has
		appendAll(t, again, []event.Event{{Data: event.NewOutput(7, "stdout", fmt.Appendf(nil, "line %d\n", lines))}})
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if res, err := Verify(w.Dir()); err != nil || !res.Verified() || res.Events != lines+1 {
			t.Fatalf("at byte %d: %v %v", n, res, err)
		}
	}
}
