package event_test

import (
	"fmt"

	"spraydeck/event"
)

// State is a fold over events: the screen, the replay and the report all apply the same ones.
func ExampleState() {
	var state event.State
	for _, data := range []event.Data{
		event.Planned{Steps: []event.PlannedStep{{ID: "drain-n1"}, {ID: "upgrade-n1"}}},
		event.StepStarted{Attempt: 1},
		event.StepEnded{Status: event.Passed},
	} {
		state.Apply(event.Event{Step: "drain-n1", Data: data})
	}
	for _, step := range state.Steps {
		fmt.Printf("%s: %s\n", step.ID, step.Status)
	}
	// Output:
	// drain-n1: passed
	// upgrade-n1: waiting
}
