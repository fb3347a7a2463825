package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook/runbooktest"
)

// play walks a runbook of testdata/ok: commands are answered by do, every question is answered with yes.
func play(t *testing.T, file string, do func(c event.Command) (string, int)) (event.Ended, *event.State, []string) {
	t.Helper()
	files, problems := runbooktest.Read(t, file)
	for _, p := range problems {
		if p.File == strings.TrimPrefix(file, "testdata/") {
			t.Fatal(problems)
		}
	}
	state, ran := &event.State{}, []string{}
	var events int64
	env := engine.Env{
		Exec: func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
			if c.Line == "print-inventory" {
				return 0, nil
			}
			ran = append(ran, c.Host+": "+c.Line)
			text, exit := do(c)
			out("stdout", []byte(text))
			return exit, nil
		},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			return event.Answer{Choice: event.ChoiceContinue, Text: q.Type, By: "answers"}, nil
		},
		Sink: func(e event.Event) error {
			events++
			e.Seq, e.Time = events, time.Unix(events, 0)
			state.Apply(e)
			return nil
		},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	end, err := engine.NewRun(files[0].Runbook, env).Go(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return end, state, ran
}

// TestInclude: the steps of the other runbook stand in the plan, with their own inputs and results, once for each round.
func TestInclude(t *testing.T) {
	end, state, ran := play(t, "testdata/ok/include.yaml", func(c event.Command) (string, int) {
		if c.Host == "n2" {
			return "skip\n", 0
		}
		return "up\n", 0
	})
	if end.Exit != 0 {
		t.Fatalf("ended %+v", end)
	}
	var ids []string
	for _, s := range state.Steps {
		ids = append(ids, s.ID)
	}
	want := []string{"restart[n1]/before", "restart[n1]/restart", "file[n1]/before", "file[n1]/restart",
		"restart[n2]/before", "restart[n2]/restart", "file[n2]/before", "file[n2]/restart"}
	if !slices.Equal(ids, want) {
		t.Errorf("planned %q, want %q", ids, want)
	}
	wantRan := []string{"n1: state", "n1: restart 7", "n1: state", "n1: restart 5", "n2: state", "n1: state", "n1: restart 5"}
	if !slices.Equal(ran, wantRan) {
		t.Errorf("ran %q, want %q", ran, wantRan)
	}
	if got := state.Step("restart[n2]/restart").Status; got != event.Skipped {
		t.Errorf("a step whose when uses an earlier result of its own runbook is %s", got)
	}
	if got := state.Step("restart[n2]/before").Phase.En; got != "Each node › Restart n2" {
		t.Errorf("the steps stand under %q", got)
	}
}

// TestIncludeBringsPitfallsIn: symptoms of an included runbook are looked for.
func TestIncludeBringsPitfallsIn(t *testing.T) {
	_, state, _ := play(t, "testdata/ok/include.yaml", func(c event.Command) (string, int) {
		return "dial vip: connection refused\n", 0
	})
	if len(state.Hits) == 0 || state.Hits[0].Pitfall != "vip" {
		t.Errorf("the pitfall of the included runbook was not met: %v", state.Hits)
	}
}
