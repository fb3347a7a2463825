package steps

import (
	"context"

	"spraydeck/event"
	"spraydeck/runbook"
)

type choose struct {
	Prompt  runbook.Prose         `yaml:"prompt,required" doc:"what is to be decided"`
	Options runbook.Named[option] `yaml:"options,required" doc:"the choices; steps.<id> becomes the name of the one taken"`
	Safe    runbook.Str           `yaml:"safe" doc:"the choice proposed; default: the first"`
}

type option struct {
	Title runbook.Prose `yaml:"title,required" doc:"what it means"`
	When  runbook.Expr  `yaml:"when" doc:"whether it is offered"`
}

func (c *choose) Commands(*runbook.Task) ([]event.Command, error) { return nil, nil }

func (c *choose) Run(ctx context.Context, t *runbook.Task) (any, error) {
	q := event.Question{ID: t.Step, Form: event.AskChoose, Title: c.Prompt.Text(t.Scope), Safe: c.Safe.Value}
	for _, o := range c.Options {
		offered, err := t.True(o.Value.When)
		if err != nil {
			return nil, err
		}
		if offered {
			q.Choices = append(q.Choices, event.Choice{ID: o.Name, Label: o.Value.Title.Text(t.Scope)})
		}
	}
	if q.Safe == "" && len(q.Choices) > 0 {
		q.Safe = q.Choices[0].ID
	}
	a, err := t.Ask(ctx, q)
	return a.Choice, err
}
