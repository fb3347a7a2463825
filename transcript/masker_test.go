package transcript

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"spraydeck/event"
)

// sink is a buffer for two goroutines.
type sink struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A Masker masks what a Writer masks, whatever the pieces.
func TestMasker(t *testing.T) {
	m := NewMasker([]string{"hunter2"}, regexp.MustCompile(`serial=(\w+)`))
	in := "ok hunter2\nserial=A7B9 of disk\npassword: x1y2\n\x00\xff binary hunter\nserial=Q1"
	want := "ok [masked]\nserial=[masked] of disk\npassword: [masked]\n\x00\xff binary hunter\nserial=[masked]"
	for size := range len(in) {
		var got sink
		w := m.Writer(&got)
		for rest := in; rest != ""; {
			n := min(size+1, len(rest))
			if k, err := w.Write([]byte(rest[:n])); k != n || err != nil {
				t.Fatal(k, err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got.String() != want {
			t.Fatalf("in pieces of %d:\ngot  %q\nwant %q", size+1, got.String(), want)
		}
		if _, err := w.Write([]byte("x")); err == nil {
			t.Error("written after Close")
		}
	}
}

// What may begin a secret comes by itself when nothing follows: a prompt waits for an answer.
func TestMaskerLetsGo(t *testing.T) {
	var got sink
	w := NewMasker([]string{"yellow"}).Writer(&got)
	defer w.Close()
	if _, err := io.WriteString(w, "Continue? [y"); err != nil {
		t.Fatal(err)
	}
	if got.String() != "Continue? [" {
		t.Errorf("%q", got.String())
	}
	for end := time.Now().Add(10 * time.Second); got.String() != "Continue? [y" && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if got.String() != "Continue? [y" {
		t.Errorf("%q", got.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestMaskerFails(t *testing.T) {
	w := NewMasker(nil).Writer(broken{})
	for range 2 {
		if _, err := io.WriteString(w, "x"); !errors.Is(err, io.ErrShortWrite) {
			t.Error(err)
		}
	}
	if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

func TestOwnPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, in, want string }{
		{`LIC-\d+`, "a LIC-12 b LIC-3\nLIC-x\n", "a [masked] b [masked]\nLIC-x\n"},
		{`(?i)customer (\S+) (\S+)`, "Customer acme inc.\n", "Customer [masked] [masked]\n"},
		{`^key .*`, "a key\nkey 1 2\n", "a key\n[masked]\n"},
		{`[0-9]{4}-[0-9]{4}`, "1234-5678", "[masked]"},
		{`a\nb`, "a\nb\n", "a\nb\n"}, // lines, and nothing else
		{`(x)|y`, "x y\n", "[masked] y\n"},
	} {
		m := NewMasker(nil, regexp.MustCompile(c.pattern))
		for cut := range len(c.in) {
			var f filter
			out := string(f.pass(m.known.Load(), []byte(c.in[:cut]), false)) + string(f.pass(m.known.Load(), []byte(c.in[cut:]), false)) + string(f.pass(m.known.Load(), nil, true))
			if out != c.want {
				t.Errorf("%s: %q cut at %d: got %q, want %q", c.pattern, c.in, cut, out, c.want)
			}
		}
	}
	// let go in the middle of a match: the rest is masked all the same
	m := NewMasker(nil, regexp.MustCompile(`card [0-9]+`))
	var f filter
	out := string(f.pass(m.known.Load(), []byte("card 12"), true)) + string(f.pass(m.known.Load(), []byte("34\nnext"), false)) + string(f.pass(m.known.Load(), nil, true))
	if out != "[masked][masked]\nnext" {
		t.Errorf("%q", out)
	}
	// a line without an end is not kept for ever
	f = filter{}
	if out := f.pass(m.known.Load(), bytes.Repeat([]byte("x"), ownLimit+1), false); len(out) != ownLimit+1 {
		t.Errorf("held %d", ownLimit+1-len(out))
	}
}

// A Writer knows the patterns of the operator, in output and in every other event.
func TestWriterOwnPatterns(t *testing.T) {
	w := newRun(t)
	w.MaskPatterns(regexp.MustCompile(`LIC-\d+`))
	appendAll(t, w, []event.Event{
		{Data: event.NewOutput(1, "stdout", []byte("license LIC-"))},
		{Data: event.NewOutput(1, "stdout", []byte("77 ok\nno newline LIC-78"))},
		{Data: event.CommandEnded{Number: 1, Error: "bad LIC-79"}},
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	if s := string(b); strings.Contains(s, "LIC-7") || strings.Count(s, Masked) != 3 {
		t.Errorf("%s", b)
	}
}

func TestPatternsFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	if list, err := Patterns(); err != nil || list != nil {
		t.Error(list, err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(patternsFile()), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(patternsFile(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# ours\n\nLIC-\\d+\r\n  two words\n")
	list, err := Patterns()
	if err != nil || len(list) != 2 || list[0].String() != `LIC-\d+` || list[1].String() != "  two words" {
		t.Error(list, err)
	}
	write("ok\n(\nx*\n[z-a]\n")
	_, err = Patterns()
	want := strings.ReplaceAll(`FILE:2: missing closing ): (
FILE:3: it matches the empty text, and so would be found everywhere
FILE:4: invalid character class range: z-a`, "FILE", patternsFile())
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}
