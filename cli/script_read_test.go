//go:build !race

package cli

import "testing"

// TestReadScripts runs the scripts that mostly read. Each starts the program a dozen times, and under the race detector each
// start takes seconds, to read the same catalogue: that is raced by the scripts beside these.
func TestReadScripts(t *testing.T) { scripts(t, "testdata/read") }
