package steps

import (
	"spraydeck/event"
	"spraydeck/runbook"
)

// include stands for the steps of another runbook, which the engine puts in its place.
type include struct{ runbook.Include }

func (i *include) Included() *runbook.Include { return &i.Include }

// Commands is never asked: the plan holds the steps of the runbook instead.
func (i *include) Commands(*runbook.Task) ([]event.Command, error) { return nil, nil }
