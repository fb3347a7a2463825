package release_test

import (
	"fmt"
	"os"

	"spraydeck/release"
)

// No minor is skipped, and a release to avoid is no stop.
func ExampleNewChain() {
	releases, err := release.ReadReleases(os.DirFS("../runbooks"), "releases")
	if err != nil {
		panic(err)
	}
	chain, err := release.NewChain(releases, "v2.27.0", "v2.29.1", release.ChainOptions{})
	if err != nil {
		panic(err)
	}
	for _, hop := range chain.Hops {
		fmt.Println(hop.From, "->", hop.To)
	}
	// Output:
	// v2.27.0 -> v2.28.1
	// v2.28.1 -> v2.29.1
}
