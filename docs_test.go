package main_test

import (
	"bytes"
	"os"
	"testing"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

//go:generate sh -c "go run . reference > docs/runbook-reference.md"

// TestReference: the reference in docs/ is what the tables of the parser and the rules of lint say today.
func TestReference(t *testing.T) {
	var want bytes.Buffer
	runbook.Reference(&want, &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()})
	lint.Reference(&want)
	got, err := os.ReadFile("docs/runbook-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/runbook-reference.md is stale: run make generate")
	}
}
