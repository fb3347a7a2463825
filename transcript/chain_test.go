package transcript

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"spraydeck/event"
)

func TestRoundTrip(t *testing.T) {
	w := newRun(t)
	var shown []event.Event
	w.Show = func(e event.Event) { shown = append(shown, e) }
	written := appendAll(t, w, everyKind())
	read := readAll(t, w.Path())
	if len(read) != len(written) || len(shown) != len(written) {
		t.Fatalf("wrote %d, read %d, showed %d", len(written), len(read), len(shown))
	}
	for i, e := range read {
		if !reflect.DeepEqual(shown[i], written[i]) {
			t.Errorf("shown %+v\nwritten %+v", shown[i], written[i])
		}
		if e.Seq != int64(i)+1 || !e.Time.Equal(written[i].Time) || e.Step != "vip" {
			t.Errorf("event %d: %+v", i, e)
		}
		want := written[i].Data
		if u, ok := want.(event.UnknownData); ok && string(e.Data.(event.UnknownData).JSON) != string(u.JSON) {
			t.Errorf("an unknown kind was changed: %s", e.Data.(event.UnknownData).JSON)
		}
		a, _ := json.Marshal(e.Data)
		b, _ := json.Marshal(want)
		if reflect.TypeOf(e.Data) != reflect.TypeOf(want) || !bytes.Equal(a, b) {
			t.Errorf("read %T %s\nwrote %T %s", e.Data, a, want, b)
		}
		if o, ok := e.Data.(event.Output); ok && !bytes.Equal(o.Bytes(), want.(event.Output).Bytes()) {
			t.Errorf("bytes %q, want %q", o.Bytes(), want.(event.Output).Bytes())
		}
	}
}

// What a later version writes - an unknown kind, a new field of the line - is read as far as it is known and kept as it is.
func TestFutureLine(t *testing.T) {
	b := recorded(t)
	head := b[:bytes.IndexByte(b, '\n')+1]
	c := newChain()
	if err := c.check(head[:len(head)-1], true); err != nil {
		t.Fatal(err)
	}
	data := `{ "a" : [1, 2.50], "z":"\u00e9" }`
	line := []byte(`{"seq":1,"time":"2026-11-20T22:15:04+09:00","dt":1,"kind":"future","step":"s","data":` + data + `,"sig":{"x":1}`)
	line = append(append(append(line, prevField...), c.prev[:]...), '"')
	path := put(t, append(head, c.seal(line)...))
	if res, err := Verify(path); err != nil || !res.Verified() || res.Events != 1 {
		t.Fatalf("%v %v", res, err)
	}
	e := readAll(t, path)[0]
	if u, ok := e.Data.(event.UnknownData); !ok || string(u.JSON) != data || e.Step != "s" {
		t.Errorf("%+v", e)
	}
}

func TestFlippedBit(t *testing.T) {
	b := recorded(t)
	step := 3
	if testing.Short() {
		step = 17
	}
	flips := 0
	for i := 0; i < len(b); i += step {
		bit := byte(1) << (i % 8)
		b[i] ^= bit
		res, err := verifyReader("x", bytes.NewReader(b), spools{})
		if err == nil && res.Verified() {
			t.Fatalf("byte %d, bit %#x: verified", i, bit)
		}
		line := bytes.Count(b[:i], []byte("\n")) + 1
		if res.Bad != nil && res.Bad.Line > line+1 {
			t.Errorf("byte %d is in line %d, reported %v", i, line, res.Bad)
		}
		b[i] ^= bit
		flips++
	}
	t.Logf("%d flips in %d bytes", flips, len(b))
}

// Lines taken out, doubled or exchanged.
func TestLinesMoved(t *testing.T) {
	lines := bytes.SplitAfter(recorded(t), []byte("\n"))
	lines = lines[:len(lines)-1]
	for i := range len(lines) - 1 {
		with := map[string][][]byte{
			"without": append(append([][]byte{}, lines[:i]...), lines[i+1:]...),
			"twice":   append(append([][]byte{}, lines[:i+1]...), lines[i:]...),
		}
		swap := append([][]byte{}, lines...)
		swap[i], swap[i+1] = swap[i+1], swap[i]
		with["exchanged"] = swap
		for name, l := range with {
			if res, _ := verifyReader("x", bytes.NewReader(bytes.Join(l, nil)), spools{}); res.Verified() {
				t.Errorf("line %d %s: verified", i+1, name)
			}
		}
	}
}

// Cut at every byte of the last 4 KB: read, verified as far as it goes, repaired, continued.
func TestTruncated(t *testing.T) {
	whole := recorded(t)
	path := put(t, nil)
	step := 1
	if testing.Short() {
		step = 13
	}
	for cut := 1; cut <= min(4096, len(whole)); cut += step {
		short := whole[:len(whole)-cut]
		lines := bytes.Count(short, []byte("\n"))
		torn := int64(len(short) - bytes.LastIndexByte(short, '\n') - 1)
		if err := os.WriteFile(path, short, 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := Verify(path)
		if err != nil {
			t.Fatal(err)
		}
		if lines == 0 {
			if res.Bad == nil || res.Bad.Line != 1 {
				t.Errorf("cut %d, into the header: %v", cut, res)
			}
			continue
		}
		if res.Bad != nil || res.Torn != torn || res.Ended != nil || res.Events != lines-1 || res.Verified() != (torn == 0) {
			t.Fatalf("cut %d: %+v", cut, res)
		}
		if torn == 0 && !strings.Contains(res.String(), "not ended") {
			t.Errorf("cut %d at a line: %v", cut, res)
		}
		r, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range r.Events() {
			if err != nil {
				t.Fatalf("cut %d: %v", cut, err)
			}
			n++
		}
		r.Close()
		if n != lines-1 || r.Torn() != torn {
			t.Fatalf("cut %d: read %d events, torn %d", cut, n, r.Torn())
		}
		w, repair, err := Open(path)
		if err != nil {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if repair.Cut != torn {
			t.Errorf("cut %d: repaired %+v, want %d", cut, repair, torn)
		}
		e, err := w.Append(event.Event{Data: event.Remark{Text: event.T("resumed")}})
		if err != nil || e.Seq != int64(lines) {
			t.Fatalf("cut %d: %+v %v", cut, e, err)
		}
		w.Close()
		if res, err := Verify(path); err != nil || !res.Verified() || res.Events != lines {
			t.Fatalf("cut %d, continued: %v %v", cut, res, err)
		}
	}
}

func TestOpenRefusesBroken(t *testing.T) {
	b := recorded(t)
	b[bytes.Index(b, []byte("quoted"))] ^= 1
	path := put(t, b)
	_, _, err := Open(path)
	if err == nil || !strings.Contains(err.Error(), path+":7: the line was changed") || hint(err) == "" {
		t.Errorf("%v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(b, after) {
		t.Error("Open changed the file")
	}
	if _, _, err := Open(path); err == nil || strings.Contains(err.Error(), "another console") {
		t.Errorf("the lock was not let go: %v", err)
	}
}

func TestReadGoesOnAfterBadLine(t *testing.T) {
	b := recorded(t)
	i := bytes.Index(b, []byte(`"attempt"`))
	b[i] = '!'
	r, err := NewReader("run.jsonl", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var events, bad int
	for _, err := range r.Events() {
		if err != nil {
			bad++
			if !strings.HasPrefix(err.Error(), "run.jsonl:4: ") {
				t.Error(err)
			}
			continue
		}
		events++
	}
	if bad != 1 || events != len(everyKind())-1 {
		t.Errorf("%d bad, %d read", bad, events)
	}
}

// A second person reads while the first still writes.
func TestFollow(t *testing.T) {
	w := newRun(t)
	r, err := Read(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var last Entry
	for i, e := range everyKind() {
		appendAll(t, w, []event.Event{e})
		n := 0
		for e, err := range r.From(last) {
			if err != nil {
				t.Fatal(err)
			}
			last = e
			n++
		}
		if n != 1 || last.Seq != int64(i)+1 || last.Line != i+2 {
			t.Fatalf("after event %d: %d new, last %+v", i+1, n, last)
		}
	}
}

// TestConcurrent: two hundred hosts print at once, and nothing is lost, in the order in which each printed it.
func TestConcurrent(t *testing.T) {
	w := newRun(t)
	w.Mask("hunter2secret")
	var last int64
	w.Show = func(e event.Event) {
		if e.Seq != last+1 {
			t.Errorf("showed %d after %d", e.Seq, last)
		}
		last = e.Seq
	}
	const writers, each = 200, 40
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				e := event.Event{Data: event.NewOutput(n+1, "stdout", []byte("line hun"))}
				if i == each-1 {
					e.Data = event.CommandEnded{Number: n + 1, Outcome: event.Done}
				}
				if _, err := w.Append(e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 10 {
			w.background()
		}
	})
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	printed := map[int]string{}
	for _, e := range readAll(t, w.Dir()) {
		if o, ok := e.Data.(event.Output); ok {
			printed[o.Number] += o.Text
		}
	}
	for n := range writers {
		if want := strings.Repeat("line hun", each-1); printed[n+1] != want {
			t.Errorf("command %d: %q", n+1, printed[n+1])
		}
	}
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() {
		t.Errorf("%v %v", res, err)
	}
}

// Our own encoder and encoding/json agree on any bytes.
func TestOutputEncoding(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "\n", "\r\n", "\x1b[1m", "\"", "\\", "日", "\u2028", "\x00", "\xff", "\xe6\x97", "<&>", "\\u0041", "\t", "🚣", "\x7f"}
	for range 5000 {
		var s string
		for range rnd.IntN(12) {
			s += alphabet[rnd.IntN(len(alphabet))]
		}
		o := event.NewOutput(rnd.IntN(1000), "stdout", []byte(s))
		o.Size, o.Omitted = max(0, rnd.IntN(200)-100), rnd.IntN(4) == 0
		b := appendOutput(nil, o)
		generic, err := event.DecodeData("output", b)
		if err != nil {
			t.Fatalf("%q: %v in %s", s, err, b)
		}
		fast, ok := parseOutput(b)
		if !ok || !reflect.DeepEqual(generic, fast) || !reflect.DeepEqual(o, fast) || string(fast.Bytes()) != s {
			t.Fatalf("%q:\ngeneric %+v\nfast %v %+v", s, generic, ok, fast)
		}
		theirs, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if fast, ok := parseOutput(theirs); ok && !reflect.DeepEqual(o, fast) {
			t.Fatalf("%s: %+v", theirs, fast)
		}
	}
}

func TestResumeCountsThePause(t *testing.T) {
	path := put(t, recorded(t))
	before := readAll(t, path)
	last := before[len(before)-1]
	w, _, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	// a clock that starts anywhere, as that of another process does
	now, steady := last.Time.Add(40*time.Minute), 3*time.Second
	w.Clock = func() (time.Time, time.Duration) { return now, steady }
	for _, after := range []time.Duration{40 * time.Minute, 5 * time.Second} {
		e, err := w.Append(event.Event{Data: event.Resumed{Tool: "test", At: now}})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Elapsed - last.Elapsed; got != after {
			t.Errorf("%v after the last event, want %v", got, after)
		}
		last = e
		now, steady = now.Add(5*time.Second), steady+5*time.Second
	}
}

// A run begins when it starts, and not when its process did: a plan may have been looked at for an hour before.
func TestRunBeginsAtItsStart(t *testing.T) {
	w := newRun(t)
	w.Clock = func() (time.Time, time.Duration) { return testHeader.Started.Add(time.Second), time.Hour }
	e, err := w.Append(everyKind()[0])
	if err != nil || e.Elapsed != time.Second {
		t.Errorf("the first event is %v after the start, %v", e.Elapsed, err)
	}
}

// reseal writes lines again from some line on: the sums are right again, and with all of it the hashes, too.
func reseal(t *testing.T, b []byte, change func(line int, body []byte) []byte, chained bool) []byte {
	t.Helper()
	c, old := newChain(), newChain()
	var out []byte
	for i, line := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
		body := change(i+1, bytes.Clone(line[:len(line)-sumTail]))
		if at := len(body) - prevTail; chained && i > 0 {
			body = append(append(append(body[:at], prevField...), c.prev[:]...), '"')
		}
		out = append(out, c.seal(body)...)
		if err := old.check(line, i == 0); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Someone who knows of the sum but not of the chain.
func TestResealedLine(t *testing.T) {
	b := reseal(t, recorded(t), func(line int, body []byte) []byte {
		if line == 13 {
			return bytes.Replace(body, []byte("connection refused"), []byte("connection accepted"), 1)
		}
		return body
	}, false)
	res, err := verifyReader("x", bytes.NewReader(b), spools{})
	if err != nil || res.Bad == nil || res.Bad.Line != 14 || !strings.Contains(res.Bad.Why, "does not follow") {
		t.Errorf("%v %v", res, err)
	}
}

// A writer with a fault: the chain holds, the numbers do not.
func TestNumbersWithGap(t *testing.T) {
	b := reseal(t, recorded(t), func(line int, body []byte) []byte {
		return bytes.Replace(body, []byte(`"seq":9,`), []byte(`"seq":99,`), 1)
	}, true)
	res, err := verifyReader("x", bytes.NewReader(b), spools{})
	if err != nil || res.Bad == nil || res.Bad.Line != 10 || !strings.Contains(res.Bad.Why, "event 99 stands where 9 belongs") {
		t.Errorf("%v %v", res, err)
	}
}

// Lines larger than any buffer.
func TestLongLines(t *testing.T) {
	w := newRun(t)
	var want []string
	for _, size := range []int{255 << 10, 256 << 10, 257 << 10, 3 << 20, 10} {
		s := strings.Repeat("0123456789abcdef", size/16)
		want = append(want, s)
		appendAll(t, w, []event.Event{{Data: event.Compared{Path: "p", Old: s}}})
	}
	w.Close()
	for i, e := range readAll(t, w.Dir()) {
		if e.Data.(event.Compared).Old != want[i] {
			t.Errorf("event %d differs", i+1)
		}
	}
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() || res.Events != len(want) {
		t.Errorf("%v %v", res, err)
	}
}
