package event_test

import (
	"testing"
	"time"

	"spraydeck/event"
)

// took is a run whose steps took these times.
func took(steps ...any) *event.State {
	s, at := &event.State{}, time.Unix(0, 0)
	var plan []event.PlannedStep
	for i := 0; i < len(steps); i += 2 {
		plan = append(plan, event.PlannedStep{ID: steps[i].(string)})
	}
	s.Apply(event.Event{Time: at, Data: event.Planned{Steps: plan}})
	for i := 0; i < len(steps); i += 2 {
		id := steps[i].(string)
		s.Apply(event.Event{Time: at, Step: id, Data: event.StepStarted{Attempt: 1}})
		at = at.Add(steps[i+1].(time.Duration))
		s.Apply(event.Event{Time: at, Step: id, Data: event.StepEnded{Status: event.Passed}})
	}
	return s
}

// TestEarlier: a step takes as long as it did in the middle of the earlier runs; a node of another name as long as any.
func TestEarlier(t *testing.T) {
	e := event.Earlier{
		took("facts", time.Minute, "upgrade[t1]", 10*time.Minute, "upgrade[t2]", 12*time.Minute),
		took("facts", 3*time.Minute, "upgrade[t1]", 20*time.Minute),
		took("facts", 2*time.Minute),
	}
	for id, want := range map[string]time.Duration{
		"facts": 2 * time.Minute, "upgrade[t2]": 12 * time.Minute, "upgrade[prod-1]": 12 * time.Minute, "new": 0,
	} {
		if got := e.Took(id); got != want {
			t.Errorf("%s takes %s, want %s", id, got, want)
		}
	}
	now := took("facts", 0*time.Second, "upgrade[p1]", 0*time.Second, "upgrade[p2]", 0*time.Second, "upgrade[p3]", 0*time.Second)
	for id, want := range map[string]string{"facts": "facts", "upgrade[p1]": "upgrade[t1]", "upgrade[p2]": "upgrade[t2]", "upgrade[p3]": "upgrade[t2]"} {
		if got := e[0].Same(now, id); got == nil || got.ID != want {
			t.Errorf("%s is held against %v", id, got)
		}
	}
	if e[0].Same(now, "gone") != nil {
		t.Error("a step that was not there is held against something")
	}
}
