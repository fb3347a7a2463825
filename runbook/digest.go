package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Digest stands for all that a runbook is made of: the sha256 of its file, in hex; where it is like another or includes
// some, the sha256 over the digests of all these files, a line each, its own first and the others in order.
func (b *Runbook) Digest() string {
	var others []string
	b.EachStep(func(in *Runbook, _ *Step) {
		others = append(append(others, in.Source.Digest), in.models...)
	})
	slices.Sort(others)
	others = slices.DeleteFunc(slices.Compact(others), func(d string) bool { return d == b.Source.Digest })
	if len(others) == 0 {
		return b.Source.Digest
	}
	sum := sha256.Sum256([]byte(b.Source.Digest + "\n" + strings.Join(others, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}
