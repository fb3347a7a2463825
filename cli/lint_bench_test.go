package cli

import (
	"testing"

	"spraydeck/runbook"
)

// BenchmarkLint reads and checks the whole catalogue, as lint and the start of every run do.
func BenchmarkLint(b *testing.B) {
	for b.Loop() {
		l, err := load(&options{}, language(nil))
		if err != nil {
			b.Fatal(err)
		}
		if problems := append(l.problems, runbook.Check(l.files)...); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
