package event

import (
	"testing"
	"time"
)

// TestMetStanding: what was met is open until something settles it.
func TestMetStanding(t *testing.T) {
	bad := GateChecked{Gate: "g", When: "before", Title: T("bad"), Required: Success, Verdict: Fail, Pitfall: "p"}
	good := bad
	good.Verdict, good.Title = Pass, T("good")
	advice := GateChecked{Gate: "a", When: "before", Title: T("advice"), Required: Advisory, Verdict: Fail}
	for name, c := range map[string]struct {
		events []Data
		want   []Standing
	}{
		"a gate blocks":                   {[]Data{bad}, []Standing{Open}},
		"it passes now":                   {[]Data{bad, good}, []Standing{Settled}},
		"it was overridden":               {[]Data{bad, Answered{Answer: Answer{Choice: ChoiceOverride, Reason: "known"}}, StepEnded{Status: Overridden}}, []Standing{Open, Noted}},
		"advice":                          {[]Data{advice}, []Standing{Noted}},
		"a hit while the step runs":       {[]Data{Hit{Pitfall: "q"}}, []Standing{Open}},
		"the step passed":                 {[]Data{Hit{Pitfall: "q"}, StepEnded{Status: Passed}}, []Standing{Settled}},
		"a remedy passed":                 {[]Data{Hit{Pitfall: "q"}, RemedyStarted{ID: "r"}, RemedyEnded{ID: "r", Status: Passed}}, []Standing{Settled}},
		"the pitfall of a gate once more": {[]Data{bad, Hit{Pitfall: "p"}}, []Standing{Open}},
		"the step failed":                 {[]Data{StepEnded{Status: Failed}}, []Standing{Open}},
		"a hint":                          {[]Data{Hit{Pitfall: "q", Hint: true}}, []Standing{Noted}},
		"loosened":                        {[]Data{Loosened{ID: "s", Title: T("budget")}}, []Standing{Open}},
		"loosened and restored":           {[]Data{Loosened{ID: "s", Title: T("budget")}, Restored{ID: "s"}}, nil},
	} {
		s := &State{}
		s.Apply(Event{Data: Planned{Steps: []PlannedStep{{ID: "s", Title: T("step")}}}})
		s.Apply(Event{Step: "s", Data: StepStarted{Attempt: 1}})
		for _, d := range c.events {
			s.Apply(Event{Step: "s", Data: d})
		}
		var got []Standing
		for _, m := range s.Met() {
			got = append(got, m.Standing)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", name, got, c.want)
			}
		}
	}
}

// TestTasksAreTimed: a task ends where the next begins, and at the end of its command.
func TestTasksAreTimed(t *testing.T) {
	s := &State{}
	at := func(sec int, d Data) {
		s.Apply(Event{Time: time.Unix(int64(sec), 0), Step: "s", Data: d})
	}
	at(0, StepStarted{Attempt: 1})
	at(0, CommandStarted{Number: 1})
	at(1, Progress{Task: "a", Tasks: 1})
	at(2, Progress{Task: "a", Tasks: 1, Failed: 1})
	at(5, Progress{Task: "b", Tasks: 2})
	at(15, CommandEnded{Number: 1, Outcome: Done})
	slow := s.Step("s").Slowest(5, time.Unix(100, 0))
	if len(slow) != 2 || slow[0].Task != "b" || slow[0].Took(time.Time{}) != 10*time.Second || slow[1].Took(time.Time{}) != 4*time.Second {
		t.Errorf("got %+v", slow)
	}
	at(20, Progress{Task: "z", Tasks: 1})
	if n := len(s.Step("s").Tasks); n != 1 {
		t.Errorf("another playbook goes on with the tasks of the first: %d", n)
	}
}

// TestUnseen: steps that ended since the last decision.
func TestUnseen(t *testing.T) {
	s := &State{}
	s.Apply(Event{Data: Planned{Steps: []PlannedStep{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}}})
	for _, id := range []string{"a", "b", "c"} {
		s.Apply(Event{Step: id, Data: StepStarted{Attempt: 1}})
		if id == "a" {
			s.Apply(Event{Step: id, Data: Answered{Answer: Answer{Choice: ChoiceContinue}}})
		}
		s.Apply(Event{Step: id, Data: StepEnded{Status: Passed}})
	}
	if got := s.Unseen("d"); len(got) != 2 || got[0].ID != "b" {
		t.Errorf("got %v", got)
	}
}
