//go:build !faults

package transcript

import "spraydeck/runbook"

// faultPoint is where a build with the tag faults can die.
func faultPoint(runbook.Event, bool) {}
