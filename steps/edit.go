package steps

import (
	"context"
	"path/filepath"

	"spraydeck/event"
	"spraydeck/runbook"
)

type edit struct {
	Path runbook.Template `yaml:"path,required" doc:"a file of the checkout"`
	Line runbook.Int      `yaml:"line" doc:"the line to begin on"`
}

// Commands: the file before, the editor, the file after, so that the transcript shows what was changed.
func (e *edit) Commands(t *runbook.Task) ([]event.Command, error) {
	path, err := e.Path.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	look := event.Command{Host: event.Workstation, Line: "cat " + runbook.Quote(path), Reads: true}
	return []event.Command{look, {Host: event.Workstation, Line: "$EDITOR " + runbook.Quote(path), Changes: true}, look}, nil
}

func (e *edit) Run(ctx context.Context, t *runbook.Task) (any, error) {
	cmds, err := e.Commands(t)
	if err != nil {
		return nil, err
	}
	path, err := e.Path.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	before, err := t.Exec(ctx, cmds[0])
	if err != nil {
		return nil, err
	}
	if t.Edit == nil {
		return nil, event.NoEditor(path, e.Line.Value)
	}
	if err := t.Edit(ctx, filepath.FromSlash(path), e.Line.Value); err != nil {
		return nil, err
	}
	after, err := t.Exec(ctx, cmds[2])
	if err != nil {
		return nil, err
	}
	was, err := before.Stdout()
	if err != nil {
		return nil, err
	}
	is, err := after.Stdout()
	if err != nil {
		return nil, err
	}
	return nil, t.Emit(event.Compared{Path: path, Left: "before", Right: "after", Old: was, New: is})
}

// Accepts lets a file that is not there yet be an empty text.
func (e *edit) Accepts(int) bool { return true }

// Changing says that it always changes something.
func (e *edit) Changing() bool { return true }
