package transcript_test

import (
	"fmt"
	"os"

	"spraydeck/event"
	"spraydeck/transcript"
)

// What was appended can be read back and verified; a line that was changed afterwards is found.
func Example() {
	root, err := os.MkdirTemp("", "transcript")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root)
	w, err := transcript.Create(root, transcript.Header{Runbook: "restart"})
	if err != nil {
		panic(err)
	}
	for _, data := range []event.Data{event.StepStarted{Attempt: 1}, event.StepEnded{Status: event.Passed}, event.Ended{Status: event.Passed}} {
		if _, err := w.Append(event.Event{Step: "drain", Data: data}); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	result, err := transcript.Verify(w.Path())
	fmt.Println(result.Verified(), result.Events, err)
	// Output: true 3 <nil>
}
