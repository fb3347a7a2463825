package ui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// earlier is last week's run on the test cluster: the playbook met the same budget there, and was let through.
func earlier() *event.Reference {
	sc := playbookScene()
	state := &event.State{}
	for _, e := range sc.events {
		if o, ok := e.Data.(event.Output); ok && o.Text[0] == 'e' {
			e.Data = event.NewOutput(o.Number, o.Stream, []byte("evicting pod rocketchat/mongodb-arbiter-0\n"))
		}
		e.Time = e.Time.AddDate(0, 0, -7)
		state.Apply(e)
	}
	at := sc.now.AddDate(0, 0, -7)
	for i, d := range []event.Data{
		event.Answered{Question: "upgrade/failed", Answer: event.Answer{Choice: event.ChoiceRetry, Reason: "the arbiter was scaled up by hand", By: "operator"}},
		event.StepEnded{Status: event.Passed},
	} {
		state.Apply(event.Event{Seq: int64(1000 + i), Time: at.Add(6 * time.Minute), Step: "upgrade", Data: d})
	}
	state.Started.Cluster, state.Started.At = "test-4", at
	return &event.Reference{Name: "20261107-2201-test-4", State: state}
}

// TestReference shows what the earlier run did at the step, and what it printed beside what is printed now.
func TestReference(t *testing.T) {
	for _, size := range []struct{ w, h int }{{80, 24}, {120, 40}} {
		for name, keys := range map[string][]string{"step": {"d"}, "then": {"="}} {
			d := newDriver(t, "en", size.w, size.h)
			d.m.opts.Reference = earlier()
			d.m.run.opts.Reference = d.m.opts.Reference
			d.play(playbookScene())
			d.press(keys...)
			checkSize(t, d.screen(), size.w, size.h)
			golden(t, fmt.Sprintf("reference_%s_%dx%d", name, size.w, size.h), d.screen())
			d.press("esc")
			d.send(tea.WindowSizeMsg{Width: 40, Height: 12})
			checkSize(t, d.screen(), 40, 12)
		}
	}
}

// TestAbortBy: the time to turn back is the window less the estimates of all that follows the point of no return.
func TestAbortBy(t *testing.T) {
	at := sceneStart
	state := &event.State{}
	for i, d := range []event.Data{
		event.Started{At: at},
		event.Planned{Steps: []event.PlannedStep{{ID: "a", Estimate: time.Hour, Measured: true}, {ID: "b", Estimate: 30 * time.Minute, NoReturn: true}, {ID: "c", Estimate: 40 * time.Minute}}},
	} {
		state.Apply(event.Event{Seq: int64(i + 1), Time: at, Data: d})
	}
	if by, known := abortBy(state, 4*time.Hour); !known || !by.Equal(at.Add(170*time.Minute)) {
		t.Errorf("abort by %s, known %v", by.Sub(at), known)
	}
	if _, known := abortBy(state, 0); known {
		t.Error("without a window nothing is due")
	}
	state.Apply(event.Event{Seq: 3, Time: at, Step: "b", Data: event.StepStarted{Attempt: 1}})
	if _, known := abortBy(state, 4*time.Hour); known {
		t.Error("past the point of no return there is no way back")
	}
}
