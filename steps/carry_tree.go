package steps

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// treeCommands lists what the operator changed and what the release changed, reads the files, takes away those that the
// operator renamed or removed, and writes the rest. The names and texts go in on standard input.
func (c *carry) treeCommands(t *runbook.Task) ([]event.Command, error) {
	var names [4]string
	for i, tpl := range []runbook.Template{c.Base, c.Mine, c.Theirs, c.Into} {
		var err error
		if names[i], err = tpl.Prose(t.Scope); err != nil {
			return nil, err
		}
		names[i] = runbook.Quote(names[i])
	}
	diff := "git diff --raw -z --no-abbrev --no-ext-diff "
	read := func(line string) event.Command {
		return event.Command{Host: event.Workstation, Line: line, Probe: true, Reads: true}
	}
	write := func(line string) event.Command {
		return event.Command{Host: event.Workstation, Line: line, Changes: true}
	}
	return []event.Command{
		read(diff + "-M -l0 " + names[0] + " " + names[1]),
		read(diff + "--no-renames " + names[0] + " " + names[2]),
		fed(read("git cat-file --batch")),
		fed(write("cd " + names[3] + " && xargs -0 rm -f --")),
		fed(write("tar -x -f - -C " + names[3])),
	}, nil
}

// fed marks a command that is given its texts on standard input.
func fed(c event.Command) event.Command {
	c.Fed = true
	return c
}

// written is a file as it goes into the new inventory.
type written struct {
	CarriedFile
	text, theirs []byte
	merged       bool
	open         int // the line to edit first, 0 for none
}

// runTree merges every file that the operator changed, asks about each conflict, shows the changes, and writes.
func (c *carry) runTree(ctx context.Context, t *runbook.Task) error {
	cmds, err := c.treeCommands(t)
	if err != nil {
		return err
	}
	plan, err := c.plan(ctx, t, cmds)
	if err != nil || len(plan) == 0 {
		return err
	}
	blobs, err := c.blobs(ctx, t, cmds[2], plan)
	if err != nil {
		return err
	}
	var out []written
	for _, f := range plan {
		if f.Mine == "" { // it is only taken away
			continue
		}
		w, err := c.fill(ctx, t, f, blobs)
		if err != nil {
			return fmt.Errorf("carry %s: %w", f.Path, err)
		}
		out = append(out, w)
	}
	into, err := c.Into.Prose(t.Scope)
	if err != nil {
		return err
	}
	for _, w := range out {
		if w.merged {
			if err := t.Emit(event.Compared{Path: path.Join(into, w.Path), Left: "new sample", Right: w.Why, Old: string(w.theirs), New: string(w.text)}); err != nil {
				return err
			}
		}
	}
	if err := c.writeTree(ctx, t, cmds, plan, out); err != nil {
		return err
	}
	return edits(ctx, t, into, out)
}

// edits opens the files for which the operator chose the editor.
func edits(ctx context.Context, t *runbook.Task, into string, out []written) error {
	for _, w := range out {
		if w.open == 0 {
			continue
		}
		full := path.Join(into, w.Path)
		if t.Edit == nil {
			return event.NoEditor(full, w.open)
		}
		if err := t.Edit(ctx, full, w.open); err != nil {
			return err
		}
	}
	return nil
}

// plan asks git what was changed. Only the selected files remain.
func (c *carry) plan(ctx context.Context, t *runbook.Task, cmds []event.Command) ([]CarriedFile, error) {
	var raw [2][]byte
	for i := range raw {
		text, err := output(ctx, t, cmds[i])
		if err != nil {
			return nil, err
		}
		raw[i] = []byte(text)
	}
	except, err := c.Except.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	pairs, err := c.Moved.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	moved := map[string]string{}
	for pair := range strings.FieldsSeq(pairs) {
		from, to, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("moved: %q is not OLD=NEW", pair)
		}
		moved[from] = to
	}
	plan, err := c.with.Plan(raw[0], raw[1], strings.Fields(except), moved)
	if err != nil || !c.Only.Set() {
		return plan, err
	}
	only, err := t.Scope.Strings(c.Only)
	return slices.DeleteFunc(plan, func(f CarriedFile) bool { return !slices.Contains(only, f.Path) }), err
}

// blobs reads all texts with one git child.
func (c *carry) blobs(ctx context.Context, t *runbook.Task, cmd event.Command, plan []CarriedFile) (map[string][]byte, error) {
	var names []string
	for _, f := range plan {
		for _, b := range []string{f.Base, f.Mine, f.Theirs} {
			if b != "" && !slices.Contains(names, b) {
				names = append(names, b)
			}
		}
	}
	cmd.Stdin = strings.NewReader(strings.Join(names, "\n") + "\n")
	text, err := output(ctx, t, cmd)
	if err != nil {
		return nil, err
	}
	found, err := c.with.Blobs([]byte(text), names)
	if err == nil && len(found) != len(names) {
		err = errors.New("git does not have all of these files; fetch the tags and the old branch")
	}
	return found, err
}

// fill makes the text of one file.
func (c *carry) fill(ctx context.Context, t *runbook.Task, f CarriedFile, blobs map[string][]byte) (written, error) {
	base, mine, theirs := blobs[f.Base], blobs[f.Mine], blobs[f.Theirs]
	w := written{CarriedFile: f, text: mine, theirs: theirs}
	if bytes.HasPrefix(mine, []byte("\x00GITCRYPT")) {
		return w, errors.New("git-crypt encrypts it, so what git stores is not its text; copy it by hand from a checkout of the old branch")
	}
	if f.Theirs == "" || f.Mode == "120000" || c.with.Opaque(mine) || c.with.Opaque(base) || c.with.Opaque(theirs) {
		return w, nil // taken as it is
	}
	m, err := c.with.Merge(base, mine, theirs)
	if err != nil {
		return w, err
	}
	took, open, err := c.decide(ctx, t, t.Step+"/"+f.Path, m)
	if err != nil {
		return w, err
	}
	w.text, w.open, w.merged = m.Apply(func(id int) string { return took[id] }), open, true
	return w, nil
}

// writeTree takes away what is to go, and writes the rest with its modes.
func (c *carry) writeTree(ctx context.Context, t *runbook.Task, cmds []event.Command, plan []CarriedFile, out []written) error {
	var gone []string
	for _, f := range plan {
		if f.Remove != "" {
			gone = append(gone, f.Remove)
		}
	}
	if len(gone) > 0 {
		cmd := cmds[3]
		cmd.Stdin = strings.NewReader(strings.Join(gone, "\x00") + "\x00")
		if _, err := output(ctx, t, cmd); err != nil {
			return err
		}
	}
	if len(out) == 0 {
		return nil
	}
	archive, err := archived(out)
	if err != nil {
		return err
	}
	cmd := cmds[4]
	cmd.Stdin = bytes.NewReader(archive)
	_, err = output(ctx, t, cmd)
	return err
}

// archived is the files as a tar archive.
func archived(out []written) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range out {
		h := &tar.Header{Name: f.Path, Mode: 0o644, Size: int64(len(f.text)), Typeflag: tar.TypeReg}
		switch f.Mode {
		case "100755":
			h.Mode = 0o755
		case "120000":
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, string(f.text), 0
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(f.text); err != nil {
				return nil, err
			}
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// output runs a command that must succeed.
func output(ctx context.Context, t *runbook.Task, cmd event.Command) (string, error) {
	r, err := t.Exec(ctx, cmd)
	if err != nil {
		return "", err
	}
	if r.Exit != 0 {
		return "", fmt.Errorf("%s: exit code %d: %s", cmd.Line, r.Exit, r.Says())
	}
	return r.Stdout()
}
