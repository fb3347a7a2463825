package ui

import (
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/safetext"
)

func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;x")
	f.Add("a\x1b[1;2Hb\tc\r\u0085")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range safetext.Line(s) {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("clean(%q) keeps %q", s, r)
			}
		}
	})
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"日本語の文章です。", 8, []string{"日本語の", "文章で", "す。"}},
		{"a\n\nb", 5, []string{"a", "", "b"}},
		{"", 5, []string{""}},
		{"x", 0, nil},
	} {
		if got := wrap(c.in, c.w); !reflect.DeepEqual(got, c.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", c.in, c.w, got, c.want)
		}
	}
	for w := 2; w < 30; w++ {
		for _, line := range wrap("各ノードが参照する API サーバー (kubelet.conf) を、127.0.0.1 に向けます。終わり", w) {
			if width(line) > w {
				t.Errorf("%d columns: %q", w, line)
			}
		}
	}
}

func TestWrapProse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"It says:\n- one two three four five\n- six", []string{"It says:", "- one two three four", "  five", "- six"}},
		{"- 日本語の文章です。終わりました", []string{"- 日本語の文章です。", "  終わりました"}},
		{"  - x y", []string{"  - x y"}},
	} {
		if got := wrapProse(c.in, 20); !reflect.DeepEqual(got, c.want) {
			t.Errorf("wrapProse(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestWidth: what is quick to count is counted as the library does.
func TestWidth(t *testing.T) {
	parts := []string{"plain ~", "\x1b[1;31m", "\x1b[m", "日本", "e\u0301", "\t", "\x7f", "\x1b", "\x1b[", "\x1b[2K", "\x1b]0;title\a", "\xff", "│"}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				if s := a + b + c; width(s) != ansi.StringWidth(s) {
					t.Errorf("width(%q) = %d, want %d", s, width(s), ansi.StringWidth(s))
				}
			}
		}
	}
}

func TestFit(t *testing.T) {
	for _, s := range []string{"", "short", "日本語の長い行です", strings.Repeat("x", 50)} {
		for w := range 20 {
			if got := width(fit(s, w)); got != w {
				t.Errorf("fit(%q, %d) is %d wide", s, w, got)
			}
			if got := width(ends(s, "right", w)); got != w {
				t.Errorf("ends(%q, right, %d) is %d wide", s, w, got)
			}
		}
	}
}

// The boxes of a layout lie within the screen and never over each other.
func TestLayout(t *testing.T) {
	for w := range 140 {
		for h := range 60 {
			for _, nodes := range []int{0, 1, 4, 200} {
				l := layoutOf(w, h, nodes)
				if l.TooSmall != (w < minWidth || h < minHeight) {
					t.Fatalf("%dx%d: too small is %v", w, h, l.TooSmall)
				}
				if l.TooSmall {
					continue
				}
				boxes := []box{l.Header, l.Phases, l.Now, l.Steps, l.Main, l.Nodes, l.Strip, l.Keys}
				for i, a := range boxes {
					if a.Empty() {
						continue
					}
					if a.X < 0 || a.Y < 0 || a.X+a.W > w || a.Y+a.H > h {
						t.Fatalf("%dx%d with %d nodes: box %d %v is outside", w, h, nodes, i, a)
					}
					for k, b := range boxes[:i] {
						if !b.Empty() && a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
							t.Fatalf("%dx%d with %d nodes: boxes %d %v and %d %v overlap", w, h, nodes, k, b, i, a)
						}
					}
				}
				if l.Main.H < 6 || l.Main.W < 38 {
					t.Fatalf("%dx%d with %d nodes: the step has only %v", w, h, nodes, l.Main)
				}
			}
		}
	}
}
