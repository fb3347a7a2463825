package steps

import (
	"context"

	"spraydeck/event"
	"spraydeck/runbook"
)

type input struct {
	Prompt  runbook.Prose    `yaml:"prompt,required" doc:"what is asked; steps.<id> becomes the value"`
	Default runbook.Template `yaml:"default" doc:"the value proposed"`
}

func (i *input) Commands(*runbook.Task) ([]event.Command, error) { return nil, nil }

func (i *input) Run(ctx context.Context, t *runbook.Task) (any, error) {
	def, err := i.Default.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	a, err := t.Ask(ctx, event.Question{ID: t.Step, Form: event.AskInput, Title: i.Prompt.Text(t.Scope), Default: def})
	return a.Text, err
}
