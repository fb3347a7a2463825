package steps

import (
	"context"
	"fmt"
	"path/filepath"

	"spraydeck/event"
	"spraydeck/runbook"
)

type diff struct {
	Path runbook.Template `yaml:"path,required" doc:"a file of the checkout"`
	Old  runbook.Template `yaml:"old,required" doc:"the revision to compare with, such as a branch or a tag"`
	From runbook.Template `yaml:"from" doc:"the path at the old revision, where it differs"`
	New  runbook.Template `yaml:"new" doc:"the revision on the right; default: the working tree"`
	Note runbook.Prose    `yaml:"note" doc:"what to look for"`
	Edit runbook.Flag     `yaml:"edit" doc:"offer to edit the file"`
}

// names renders the arguments: path, old revision, path there, new revision.
func (d *diff) names(t *runbook.Task) (path, old, from, new string, err error) {
	for _, a := range []struct {
		tpl runbook.Template
		to  *string
	}{{d.Path, &path}, {d.Old, &old}, {d.From, &from}, {d.New, &new}} {
		if *a.to, err = a.tpl.Prose(t.Scope); err != nil {
			return
		}
	}
	if from == "" {
		from = path
	}
	return
}

func (d *diff) Commands(t *runbook.Task) ([]event.Command, error) {
	path, old, from, new, err := d.names(t)
	if err != nil {
		return nil, err
	}
	right := "cat " + runbook.Quote(path)
	if new != "" {
		right = "git show " + runbook.Quote(new+":"+path)
	}
	return []event.Command{
		{Host: event.Workstation, Line: "git show " + runbook.Quote(old+":"+from), Reads: true},
		{Host: event.Workstation, Line: right, Reads: true},
	}, nil
}

// Run shows both texts, and shows them again after each edit. A file that is missing on one side is an empty text.
func (d *diff) Run(ctx context.Context, t *runbook.Task) (any, error) {
	path, old, _, new, err := d.names(t)
	if err != nil {
		return nil, err
	}
	cmds, err := d.Commands(t)
	if err != nil {
		return nil, err
	}
	q := event.Question{ID: t.Step, Form: event.AskCompare, Body: d.Note.Text(t.Scope), Safe: event.ChoiceContinue,
		Choices: []event.Choice{{ID: event.ChoiceContinue, Label: event.Text{En: "go on", Ja: "次へ"}}}}
	if d.Edit.Value && new == "" {
		q.Choices = append(q.Choices, event.Choice{ID: event.ChoiceEdit, Label: event.Text{En: "edit", Ja: "編集"}})
	}
	for {
		var texts [2]string
		missing := 0
		for i, c := range cmds {
			r, err := t.Exec(ctx, c)
			if err != nil {
				return nil, err
			}
			if r.Exit != 0 {
				missing++
			} else if texts[i], err = r.Stdout(); err != nil {
				return nil, err
			}
		}
		if missing == 2 {
			return nil, fmt.Errorf("compare %s: it is neither at %s nor in the checkout", path, old)
		}
		right := new
		if right == "" {
			right = "working tree"
		}
		if err := t.Emit(event.Compared{Path: path, Left: old, Right: right, Old: texts[0], New: texts[1], Note: q.Body}); err != nil {
			return nil, err
		}
		a, err := t.Ask(ctx, q)
		if err != nil || a.Choice != event.ChoiceEdit {
			return nil, err
		}
		if t.Edit == nil {
			return nil, event.NoEditor(path, 1)
		}
		if err := t.Edit(ctx, filepath.FromSlash(path), 1); err != nil {
			return nil, err
		}
	}
}

// Accepts lets a missing file be an empty text; Run sees to it that not both are missing.
func (d *diff) Accepts(int) bool { return true }
