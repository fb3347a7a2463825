package event_test

import (
	"testing"
	"time"

	"spraydeck/event"
)

// TestTookWithoutConsole: a step did not take the time in which nobody was there and none of its commands ran.
func TestTookWithoutConsole(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1000+int64(s), 0) }
	started := event.CommandStarted{Number: 1, Host: event.Workstation, Line: "make", Changes: true}
	for name, c := range map[string]struct {
		want   time.Duration
		events []event.Event
	}{
		"a command that ended while nobody looked": {40 * time.Second, []event.Event{
			{Time: at(0), Data: event.StepStarted{Attempt: 1}}, {Time: at(0), Data: started},
			{Time: at(300), Data: event.Resumed{}}, {Time: at(334), Data: event.CommandEnded{Number: 1, Outcome: event.Done, At: at(40)}},
			{Time: at(334), Data: event.StepEnded{Status: event.Passed}}}},
		"one that still ran": {400 * time.Second, []event.Event{
			{Time: at(0), Data: event.StepStarted{Attempt: 1}}, {Time: at(0), Data: started},
			{Time: at(300), Data: event.Resumed{}}, {Time: at(400), Data: event.CommandEnded{Number: 1, Outcome: event.Done, At: at(400)}},
			{Time: at(400), Data: event.StepEnded{Status: event.Passed}}}},
		"killed at a question": {15 * time.Second, []event.Event{
			{Time: at(0), Data: event.StepStarted{Attempt: 1}}, {Time: at(5), Data: event.Asked{}},
			{Time: at(9000), Data: event.Resumed{}}, {Time: at(9010), Data: event.StepEnded{Status: event.Passed}}}},
		"left, and begun again": {15 * time.Second, []event.Event{
			{Time: at(0), Data: event.StepStarted{Attempt: 1}}, {Time: at(5), Data: event.StepEnded{Status: event.Cancelled}}, {Time: at(5), Data: event.Ended{}},
			{Time: at(9000), Data: event.Resumed{}}, {Time: at(9001), Data: event.StepStarted{Attempt: 2}}, {Time: at(9011), Data: event.StepEnded{Status: event.Passed}}}},
	} {
		s := &event.State{}
		s.Apply(event.Event{Time: at(0), Data: event.Planned{Steps: []event.PlannedStep{{ID: "s"}}}})
		for _, e := range c.events {
			if e.Step = "s"; e.Data.Kind() == "resumed" || e.Data.Kind() == "ended" {
				e.Step = ""
			}
			s.Apply(e)
		}
		if got := s.Step("s").Took(); got != c.want {
			t.Errorf("%s: took %s, want %s", name, got, c.want)
		}
	}
}

// TestDecidedTold names the phase, or the step that includes a runbook.
func TestDecidedTold(t *testing.T) {
	phase := event.Text{En: "Workers", Ja: "ワーカー"}
	for want, d := range map[string]event.Decided{
		`phase "Workers": needed, decided once for all its steps`:                 {Part: "phase 3[node1]", Needed: true},
		`phase "Workers": not needed here, its steps are skipped`:                 {Part: "roll/phase 1"},
		"runbook included by roll[node1]: needed, decided once for all its steps": {Part: "roll[node1]", Needed: true},
	} {
		if got := d.Told(phase).In("en"); got != want {
			t.Errorf("%+v: %s", d, got)
		}
	}
}
