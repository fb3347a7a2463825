package engine_test

import (
	"context"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook/runbooktest"
)

// TestTemporaryBefore: the undo that is asked for at the end names the state before the step, not that after it.
func TestTemporaryBefore(t *testing.T) {
	files, _ := runbooktest.Read(t, "testdata/ok/temporary-before.yaml")
	state, asked := "2", ""
	_, err := engine.NewRun(files[0].Runbook, engine.Env{
		Exec: func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
			if c.Line == "read" {
				out("stdout", []byte(state+"\n"))
			} else if c.Line == "loosen" {
				state = "0"
			}
			return 0, nil
		},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			if strings.HasSuffix(q.ID, "/undo") {
				asked = q.Body.En
			}
			for _, c := range q.Choices {
				if c.ID == event.RemedyPrefix+"loosen" {
					return event.Answer{Choice: c.ID}, nil
				}
			}
			return event.Answer{Choice: event.ChoiceContinue}, nil
		},
		Sink: func(event.Event) error { return nil },
	}).Go(t.Context())
	if err != nil || !strings.HasSuffix(asked, "restore 2") {
		t.Errorf("%v, asked %q", err, asked)
	}
}
