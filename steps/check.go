package steps

import "spraydeck/runbook"

type check struct {
	Gates_ []runbook.Gate `yaml:"gates,required" doc:"the conditions, each with its facts and its rule"`
}

func (c *check) Commands(*runbook.Task) ([]runbook.Command, error) { return nil, nil }

// Gates makes the engine treat what is checked like any other gate: with evidence, remedies and override.
func (c *check) Gates() []runbook.Gate { return c.Gates_ }
