package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
)

// ownRemedy has a gate whose remedy makes its condition false, and not its rule true.
const ownRemedy = `apiVersion: spraydeck/v1
kind: Runbook
name: own-remedy
title: A gate that does not apply after its remedy
version: 1.0.0
phases:
  - title: Before
    steps:
      - id: nodes
        title: The nodes
        check:
          gates:
            - id: cgroups
              title: Every node has cgroup v2
              fails: A node has cgroup v1
              facts:
                strict: {command: strict}
                kind: {command: kind}
              when: 'strict.stdout.trim() == "yes"'
              rule: 'kind.stdout.trim() == "v2"'
              evidence: '[kind.stdout]'
              remedies:
                - id: allow
                  title: Allow v1
                  steps:
                    - {id: write, title: Allow v1, danger: changes, undo: none, command: allow}
`

// TestGateThatNoLongerApplies: the record does not leave a gate failed that a remedy made pointless.
func TestGateThatNoLongerApplies(t *testing.T) {
	strict := "yes"
	state := &event.State{}
	env := engine.Env{
		Exec: func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
			switch c.Line {
			case "strict":
				out("stdout", []byte(strict))
			case "kind":
				out("stdout", []byte("v1"))
			case "allow":
				strict = "no"
			}
			return 0, nil
		},
		Sink: func(e event.Event) error { state.Apply(e); return nil },
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			if i := slices.IndexFunc(q.Choices, func(c event.Choice) bool { return strings.HasPrefix(c.ID, "remedy:") }); i >= 0 {
				return event.Answer{Choice: q.Choices[i].ID, By: "operator"}, nil
			}
			return event.Answer{Choice: event.ChoiceContinue, Text: q.Type, By: "operator"}, nil
		},
	}
	end, err := engine.NewRun(ownBook(t, ownRemedy), env).Go(t.Context())
	if err != nil || end.Exit != 0 {
		t.Fatalf("ended %+v, %v", end, err)
	}
	st := state.Step("nodes")
	if len(st.Gates) != 1 || st.Gates[0].Verdict != event.Pass || st.Gates[0].Title.En != "no longer applies: A node has cgroup v1" {
		t.Errorf("the gates are %+v", st.Gates)
	}
	if len(st.Blocked) != 1 || st.Status != event.Passed {
		t.Errorf("blocked by %+v, and ended %s", st.Blocked, st.Status)
	}
}
