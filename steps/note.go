package steps

import (
	"context"

	"spraydeck/event"
	"spraydeck/runbook"
)

type note struct {
	Text    runbook.Prose    `yaml:"text,required" doc:"what to read, as Markdown"`
	Command runbook.Template `yaml:"command" doc:"a command for the operator to run by hand; it is shown, never run"`
}

func (n *note) Commands(*runbook.Task) ([]event.Command, error) { return nil, nil }

func (n *note) Run(ctx context.Context, t *runbook.Task) (any, error) {
	q := event.Question{
		ID: t.Step, Form: event.AskAcknowledge, Body: n.Text.Text(t.Scope),
		Choices: []event.Choice{{ID: event.ChoiceContinue, Label: event.Text{En: "read", Ja: "確認しました"}}},
	}
	if n.Command.Set() {
		line, err := n.Command.ShellPreview(t.Scope)
		if err != nil {
			return nil, err
		}
		q.Details = []string{line}
	}
	_, err := t.Ask(ctx, q)
	return nil, err
}
