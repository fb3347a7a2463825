package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// ownCondition has a phase whose first step makes its condition false.
const ownCondition = `apiVersion: spraydeck/v1
kind: Runbook
name: own-condition
title: A phase that makes its own condition false
version: 1.0.0
facts:
  version: {command: version}
phases:
  - title: Upgrade
    when: 'version.stdout.trim() == "old"'
    steps:
      - {id: upgrade, title: Upgrade, danger: changes, undo: none, command: upgrade}
      - id: settled
        title: It is new
        check:
          gates:
            - {id: new, title: It is new, fails: It is old, rule: 'version.stdout.trim() == "new"', evidence: '[version.stdout]'}
      - {id: last, title: The last one, danger: changes, undo: none, command: last}
`

func ownBook(t *testing.T, text string) *runbook.Runbook {
	t.Helper()
	f, problems := runbook.Parse("own.yaml", []byte(text), runbooktest.Language())
	if problems = append(problems, lint.Check([]runbook.File{f})...); len(problems) > 0 {
		t.Fatal(problems)
	}
	return f.Runbook
}

// TestPhaseDecidedOnce: a phase's own steps do not take its last ones away, in one go and however often the console is killed.
func TestPhaseDecidedOnce(t *testing.T) {
	for kill := -1; kill < 60; kill++ {
		j := &journal{left: kill}
		version, ran := "old", []string{}
		exec := func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
			switch c.Line {
			case "version":
				out("stdout", []byte(version))
				return 0, nil
			case "upgrade":
				version = "new"
			}
			ran = append(ran, c.Line)
			return 0, nil
		}
		env := engine.Env{Exec: exec, Sink: j.append, Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			return event.Answer{Choice: event.ChoiceContinue, Text: q.Type, By: "operator"}, nil
		}}
		end, err := engine.NewRun(ownBook(t, ownCondition), env).Go(t.Context())
		if errors.Is(err, errKilled) {
			j.left = -1
			env.PriorRun = engine.NewPriorRun(slices.Values(slices.Clone(j.events)), j.printed, func(s string) string { return s })
			if env.PriorRun.Started == nil {
				continue
			}
			end, err = engine.NewRun(ownBook(t, ownCondition), env).Go(t.Context())
		}
		if err != nil || end.Exit != 0 {
			t.Fatalf("killed after %d events: ended %+v, %v", kill, end, err)
		}
		if !slices.Contains(ran, "upgrade") || ran[len(ran)-1] != "last" {
			t.Errorf("killed after %d events: ran %q", kill, ran)
		}
		for _, id := range []string{"upgrade", "settled", "last"} {
			if st := j.state().Step(id); st == nil || (st.Status != event.Passed && st.Status != event.Overridden) {
				t.Errorf("killed after %d events: %s is %+v", kill, id, st)
			}
		}
		decided := 0
		for _, e := range j.events {
			if d, ok := e.Data.(event.Decided); ok && d.Needed {
				decided++
			}
		}
		if decided != 1 {
			t.Errorf("killed after %d events: decided %d times", kill, decided)
		}
	}
}
