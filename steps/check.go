package steps

import (
	"spraydeck/event"
	"spraydeck/runbook"
)

type check struct {
	Gates_ []runbook.Gate `yaml:"gates" doc:"the conditions, each with its facts and its rule"`
	Rest_  runbook.Flag   `yaml:"rest" doc:"also every pitfall that affects this hop and that no gate of the runbook names"`
}

func (c *check) Commands(*runbook.Task) ([]event.Command, error) { return nil, nil }

// Gates makes the engine treat what is checked like any other gate: with evidence, remedies and override.
func (c *check) Gates() []runbook.Gate { return c.Gates_ }

// Rest asks the engine for the pitfalls that nobody names.
func (c *check) Rest() bool { return c.Rest_.Value }
