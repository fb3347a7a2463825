package engine_test

import (
	"context"
	"fmt"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/steps"
)

// A run reaches the world through Env alone: here every command succeeds, and every question is answered with its first
// choice.
func ExampleRun() {
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	file, problems := runbook.Parse("hello.yaml", []byte(`apiVersion: spraydeck/v1
kind: Runbook
name: hello
title: Look at the clock
version: 1.0.0
inventory: print-inventory
phases:
  - title: Look
    steps:
      - {id: clock, title: What time it is, command: date}
`), lang)
	if len(problems) > 0 {
		panic(problems)
	}
	run := engine.NewRun(file.Runbook, engine.Env{
		Exec: func(_ context.Context, c event.Command, _ func(string, []byte)) (int, error) {
			fmt.Println("$", c.Line)
			return 0, nil
		},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			return event.Answer{Choice: q.Choices[0].ID, By: "example"}, nil
		},
		Sink: func(event.Event) error { return nil },
	})
	end, err := run.Go(context.Background())
	fmt.Println(end.Status, err)
	// Output:
	// $ date
	// passed <nil>
}
