package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Merge finds what an operator changed in mine against base, to be carried into theirs.
type Merge func(base, mine, theirs []byte) (Merged, error)

// Merged waits for a decision on each hunk: "mine", "theirs" or "both".
type Merged interface {
	Hunks() []Hunk
	Apply(take func(id int) string) []byte
}

// Hunk is one thing that the operator changed.
type Hunk struct {
	ID       int
	Conflict bool // the new text changed the same place
	Line     int  // in theirs, from 1
	Base     []string
	Mine     []string
	Theirs   []string
}

// Carrying is what carry works with.
type Carrying struct {
	Merge Merge
	// Plan lists the files to carry, of what git diff --raw -z prints of old sample and own directory, and of both samples.
	Plan func(mine, sample []byte, except []string, moved map[string]string) ([]CarriedFile, error)
	// Blobs reads what git cat-file --batch prints, by the names asked for.
	Blobs func(out []byte, names []string) (map[string][]byte, error)
	// Opaque says that a text can not be merged by lines.
	Opaque func([]byte) bool
}

// CarriedFile is one file that the operator changed. Base, Mine and Theirs are names of git blobs, "" for no such file.
type CarriedFile struct {
	Path, Base, Mine, Theirs, Mode string
	Remove                         string // a file of the new sample that goes with it
	Why                            string
}

type carry struct {
	Path   runbook.Template `yaml:"path" doc:"the file of the checkout that is written"`
	Into   runbook.Template `yaml:"into" doc:"in place of path: the directory that is written; base, mine and theirs are directories then"`
	Base   runbook.Template `yaml:"base,required" doc:"the old sample, as git names it: v2.27.0:inventory/sample/..."`
	Mine   runbook.Template `yaml:"mine,required" doc:"what the operator made of it: t_v2.27.0:inventory/mycluster/..."`
	Theirs runbook.Template `yaml:"theirs,required" doc:"the new sample: v2.28.0:inventory/sample/..."`
	Except runbook.Template `yaml:"except" doc:"with into: files below it that are left alone, with blanks between"`
	Only   runbook.Expr     `yaml:"only" doc:"with into: the only files to carry, as a list of paths below it"`
	Moved  runbook.Template `yaml:"moved" doc:"with into: where the release moved the settings of a file: OLD=NEW, with blanks between"`

	with Carrying
}

// Wrong: one file, or a directory.
func (c *carry) Wrong(bool) (message, way string) {
	switch {
	case c.Path.Set() == c.Into.Set():
		return "carry takes either path or into", "path names one file, into a directory"
	case c.Path.Set() && (c.Except.Set() || c.Only.Set() || c.Moved.Set()):
		return "except, only and moved go with into", "take them away, or carry a directory"
	}
	return "", ""
}

// Commands reads the three texts and writes the file. What is written is shown side by side with the new sample.
func (c *carry) Commands(t *runbook.Task) ([]event.Command, error) {
	if c.Into.Set() {
		return c.treeCommands(t)
	}
	var cmds []event.Command
	for _, tpl := range []runbook.Template{c.Base, c.Mine, c.Theirs} {
		name, err := tpl.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		cmds = append(cmds, event.Command{Host: event.Workstation, Line: "git show " + runbook.Quote(name), Reads: true})
	}
	path, err := c.Path.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	return append(cmds,
		event.Command{Host: event.Workstation, Line: "cat > " + runbook.Quote(path), Changes: true, Fed: true},
		event.Command{Host: event.Workstation, Line: "cat " + runbook.Quote(path), Reads: true}), nil // what an edit made of it
}

// Run merges, asks about each conflict, and writes.
func (c *carry) Run(ctx context.Context, t *runbook.Task) (any, error) {
	if c.with.Merge == nil {
		return nil, errors.New("there is no way to merge here")
	}
	if c.Into.Set() {
		return nil, c.runTree(ctx, t)
	}
	cmds, err := c.Commands(t)
	if err != nil {
		return nil, err
	}
	var texts [3][]byte
	for i := range texts {
		r, err := t.Exec(ctx, cmds[i])
		if err != nil {
			return nil, err
		}
		// a file that one of the three does not have is an empty text there; the new sample decides whether there is one
		if r.Exit == 0 {
			text, err := r.Stdout()
			if err != nil {
				return nil, err
			}
			texts[i] = []byte(text)
		} else if i == 2 {
			return nil, fmt.Errorf("the new sample has no such file: %s", r.Says())
		}
	}
	if len(texts[1]) == 0 {
		texts[1] = texts[0] // the operator has no such file, so nothing was changed
	}
	m, err := c.with.Merge(texts[0], texts[1], texts[2])
	if err != nil {
		return nil, err
	}
	took, open, err := c.decide(ctx, t, t.Step, m)
	if err != nil {
		return nil, err
	}
	return nil, c.write(ctx, t, cmds[3:], string(texts[2]), string(m.Apply(func(id int) string { return took[id] })), open)
}

// decide asks about the conflicts. What does not conflict is carried over. open is the line to edit first, if any.
func (c *carry) decide(ctx context.Context, t *runbook.Task, at string, m Merged) (took map[int]string, open int, err error) {
	took = map[int]string{}
	for _, h := range m.Hunks() {
		if took[h.ID] = "mine"; !h.Conflict {
			continue
		}
		if side := h.settled(); side != "" {
			took[h.ID] = side
			continue
		}
		a, err := t.Ask(ctx, event.Question{
			ID: fmt.Sprintf("%s/hunk-%d", at, h.ID), Form: event.AskChoose, Safe: "mine",
			Body:    event.Text{En: "Both you and the new sample changed this place.", Ja: "あなたと新しい sample の両方がこの箇所を変更しています。"},
			Details: h.lines(),
			Choices: []event.Choice{
				{ID: "mine", Label: event.Text{En: "mine", Ja: "自分の設定"}},
				{ID: "theirs", Label: event.Text{En: "the new sample's", Ja: "新しい sample"}},
				{ID: "both", Label: event.Text{En: "both: the sample's, then mine", Ja: "両方 (sample の後に自分の設定)"}},
				{ID: "edit", Label: event.Text{En: "mine, and open the editor here", Ja: "自分の設定にして、エディターで開く"}},
			},
		})
		if err != nil {
			return nil, 0, err
		}
		if took[h.ID] = a.Choice; a.Choice == "edit" {
			took[h.ID] = "mine"
			if open == 0 {
				open = max(h.Line, 1)
			}
		}
	}
	return took, open, nil
}

// settled says whose text to take where only one side changed a setting, and the conflict is about comments. It is "" where
// there is something to decide.
func (h Hunk) settled() string {
	base, mine, theirs := settings(h.Base), settings(h.Mine), settings(h.Theirs)
	switch {
	case slices.Equal(base, theirs):
		return "mine"
	case slices.Equal(base, mine), slices.Equal(mine, theirs):
		return "comments" // the sample's, and the comments that only the operator has
	}
	return ""
}

// settings are the lines that are no comments.
func settings(lines []string) []string {
	var out []string
	for _, l := range lines {
		if l = strings.TrimRight(l, " \t\r\n"); l != "" && !strings.HasPrefix(strings.TrimSpace(l), "#") {
			out = append(out, l)
		}
	}
	return out
}

// lines shows a hunk as git shows a conflict.
func (h Hunk) lines() []string {
	var out []string
	for _, part := range []struct {
		sign  string
		lines []string
	}{{"base", h.Base}, {"mine", h.Mine}, {"new ", h.Theirs}} {
		for _, l := range part.lines {
			out = append(out, part.sign+" | "+strings.TrimRight(l, "\r\n"))
		}
	}
	return out
}

func (c *carry) write(ctx context.Context, t *runbook.Task, cmds []event.Command, theirs, text string, open int) error {
	cmd := cmds[0]
	cmd.Stdin = strings.NewReader(text)
	if r, err := t.Exec(ctx, cmd); err != nil {
		return err
	} else if r.Exit != 0 {
		return fmt.Errorf("%s: exit code %d: %s", cmd.Line, r.Exit, r.Says())
	}
	path, err := c.Path.Prose(t.Scope)
	if err != nil {
		return err
	}
	if open > 0 {
		if t.Edit == nil {
			return event.NoEditor(path, open)
		}
		if err := t.Edit(ctx, filepath.FromSlash(path), open); err != nil {
			return err
		}
		r, err := t.Exec(ctx, cmds[1])
		if err != nil {
			return err
		}
		if text, err = r.Stdout(); err != nil {
			return err
		}
	}
	return t.Emit(event.Compared{Path: path, Left: "new sample", Right: "carried", Old: theirs, New: text})
}

// Accepts: a text that is not there is reported by Run.
func (c *carry) Accepts(int) bool { return true }

// Changing says that it always changes something.
func (c *carry) Changing() bool { return true }
