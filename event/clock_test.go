package event

import (
	"testing"
	"time"
)

// TestClockSet: what a step took is the time that passed, wherever the clock was set meanwhile, also several times.
func TestClockSet(t *testing.T) {
	for _, by := range []time.Duration{0, time.Hour, -time.Hour, 26 * time.Hour, -400 * 24 * time.Hour} {
		s := &State{}
		wall, elapsed := time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC), time.Millisecond
		put := func(step string, after time.Duration, d Data) {
			wall, elapsed = wall.Add(after), elapsed+after
			s.Apply(Event{Time: wall, Elapsed: elapsed, Step: step, Data: d})
		}
		put("", 0, Started{At: wall})
		put("", 0, Planned{Steps: []PlannedStep{{ID: "a"}, {ID: "b"}}})
		put("a", time.Second, StepStarted{Attempt: 1})
		put("a", time.Minute, StepEnded{Status: Passed})
		put("b", 0, StepStarted{Attempt: 1})
		put("b", 0, CommandStarted{Number: 1, Line: "x"})
		put("b", time.Minute, Output{Number: 1, Text: "y"})
		wall = wall.Add(by)
		put("b", time.Minute, Output{Number: 1, Text: "y"})
		if got := s.Step("b").Worked(wall); got != 2*time.Minute {
			t.Errorf("clock set by %v: a step works for %v", by, got)
		}
		wall = wall.Add(-2 * by)
		put("b", time.Minute, CommandEnded{Number: 1, Outcome: Done})
		put("b", 0, StepEnded{Status: Passed})
		put("", 0, Ended{Status: Passed})
		for id, want := range map[string]time.Duration{"a": time.Minute, "b": 3 * time.Minute} {
			if got := s.Step(id).Took(); got != want {
				t.Errorf("clock set by %v: step %s took %v, want %v", by, id, got, want)
			}
		}
		c := s.Step("b").Commands[0]
		if got := c.Ended.Sub(c.Begun); got != 3*time.Minute {
			t.Errorf("clock set by %v: the command took %v", by, got)
		}
		if got := s.Last.Sub(s.Started.At); got != 4*time.Minute+time.Second {
			t.Errorf("clock set by %v: the run took %v", by, got)
		}
	}
}
