package ui

import (
	"time"

	"spraydeck/event"
)

// Options configure the console. The zero value is an English console with colours and no window.
type Options struct {
	Lang      string           // "en" or "ja"; anything else is English
	NoColor   bool             // bold, reverse and underline remain
	Window    time.Duration    // how long the maintenance window is; 0 means that there is none
	Clock     func() time.Time // nil is time.Now
	Version   string           // of spraydeck, for the help screen
	Recording bool             // a transcript is being written
	Reference *event.Reference // an earlier run to hold this one against, or nil
	Rehearses string           // the recorded run that is rehearsed, shown before the first event; empty in a real run

	// Report writes the report of the run and returns its path; nil where nothing is recorded. NextPlan: there is a next hop to plan.
	Report   func() (path string, err error)
	NextPlan bool

	// Pause stops and starts the recording of output. nil: that cannot be done. It may wait for the disk.
	Pause func(on bool) error
}

func (o Options) now() time.Time {
	if o.Clock == nil {
		return time.Now()
	}
	return o.Clock()
}
