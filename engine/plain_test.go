package engine

import (
	"math/rand/v2"
	"testing"
)

// TestPlain: the fast way removes what the pattern removes.
func TestPlain(t *testing.T) {
	parts := []string{"a", "日", "\x1b", "[", "0", ";33", "m", "\x1b[0;32m", "\x1b[m", "\x1b[2J", "\x1b]0;title\x07", "]", "\x1b[?25l", "\x1b("}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		line := ""
		for range rnd.IntN(8) {
			line += parts[rnd.IntN(len(parts))]
		}
		if got, want := string(appendPlain(nil, line)), escapes.ReplaceAllString(line, ""); got != want {
			t.Fatalf("%q: %q, want %q", line, got, want)
		}
	}
}
