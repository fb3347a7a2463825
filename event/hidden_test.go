package event

import (
	"strings"
	"testing"
)

func TestHidden(t *testing.T) {
	hidden := "\u00ad\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2066\u2067\u2068\u2069\ufeff\ufff9\U000e0001\U000e0041"
	for _, r := range hidden {
		if !Hidden(r) {
			t.Errorf("U+%04X is not hidden", r)
		}
	}
	if plain := "abc\n\té日本語 ノード👍"; Shown(plain) != plain {
		t.Errorf("%q", Shown(plain))
	}
	for cut := range len("rm a\u202eb日") {
		var b strings.Builder
		w := ShowAll(&b)
		for _, part := range []string{"rm a\u202eb日"[:cut], "rm a\u202eb日"[cut:]} {
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if b.String() != "rm a\ufffdb日" {
			t.Errorf("cut at %d: %q", cut, b.String())
		}
	}
}
