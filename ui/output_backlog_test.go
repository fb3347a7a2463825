package ui

import (
	"strings"
	"testing"

	"spraydeck/event"
)

// TestBehind: a terminal that stands still costs no more than some megabytes; what is not output is kept, and the newest of
// what is.
func TestBehind(t *testing.T) {
	c := New(Options{Lang: "en"})
	piece := strings.Repeat("x", 1<<20)
	for i := range 100 {
		c.Emit(event.Event{Data: event.Output{Number: i % 2, Text: piece}})
		if i%10 == 0 {
			c.Emit(event.Event{Data: event.StepEnded{}})
		}
	}
	size, steps, notes := 0, 0, 0
	waiting := c.take()
	if outputSize(waiting[len(waiting)-1]) != len(piece) {
		t.Errorf("the newest output is not shown: %.100v", waiting[len(waiting)-1])
	}
	for _, item := range waiting {
		size += outputSize(item)
		switch d := item.(event.Event).Data.(type) {
		case event.StepEnded:
			steps++
		case event.Output:
			if strings.Contains(d.Text, sayNotShown.En) {
				notes++
			}
		}
	}
	if size > maxBehind+1<<10 || steps != 10 || notes != 2 {
		t.Errorf("%d bytes wait, %d of 10 steps, %d notes", size, steps, notes)
	}
}
