package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook/runbooktest"
)

// TestTemporary: what no step has undone is asked for at the end, and said where the run breaks off.
func TestTemporary(t *testing.T) {
	files, _ := runbooktest.Read(t, "testdata/ok/temporary.yaml")
	run := func(forget, fails string, answers map[string]event.Answer) (event.Ended, []string) {
		var asked []string
		end, err := engine.NewRun(files[0].Runbook, engine.Env{
			Exec: func(_ context.Context, c event.Command, _ func(string, []byte)) (int, error) {
				if c.Line == fails {
					return 1, nil
				}
				return 0, nil
			},
			Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
				if strings.HasSuffix(q.ID, "/undo") {
					if q.Accept(event.Answer{Choice: event.ChoiceContinue}) == nil {
						t.Errorf("an answers file with \"*\": continue says that %s is undone", q.ID)
					}
					asked = append(asked, q.ID)
					a, ok := answers[q.ID]
					if !ok {
						return a, event.ErrUnanswered
					}
					return a, nil
				}
				if q.Form == event.AskFailed {
					return event.Answer{Choice: event.ChoiceLeave}, nil
				}
				return event.Answer{Choice: event.ChoiceContinue}, nil
			},
			Sink: func(event.Event) error { return nil }, Inputs: map[string]string{"forget": forget},
		}).Go(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return end, asked
	}
	undone := event.Answer{Choice: event.ChoiceUndone}
	end, asked := run("false", "", map[string]event.Answer{"other/undo": undone})
	if end.Exit != 0 || !slices.Equal(asked, []string{"other/undo"}) {
		t.Errorf("%+v, asked %q", end, asked)
	}
	end, asked = run("true", "", map[string]event.Answer{"loosen/undo": undone, "other/undo": {Choice: event.ChoiceOverride, Reason: "ticket 7"}})
	if end.Exit != 0 || !slices.Equal(asked, []string{"other/undo", "loosen/undo"}) {
		t.Errorf("%+v, asked %q", end, asked)
	}
	end, _ = run("true", "", nil)
	if end.Exit != 3 || !strings.Contains(end.Why.En, "still applied: Something else for now") {
		t.Errorf("nobody answered, and it ended with %+v", end)
	}
	end, _ = run("false", "other", nil)
	if end.Exit != 1 || !strings.HasSuffix(end.Why.En, "(still applied: Loosen the budget, Something else for now)") {
		t.Errorf("broken off, it ended with %+v", end)
	}
}
