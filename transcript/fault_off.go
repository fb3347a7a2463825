//go:build !faults

package transcript

import (
	"spraydeck/event"
)

// faultPoint is where a build with the tag faults can die.
func faultPoint(event.Event, bool) {}
