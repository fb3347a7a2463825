package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// begin fills the scope: inputs, places for the results of steps, the inventory. It emits Started, which is always the
// first event.
func (r *Run) begin(ctx context.Context) error {
	if err := r.started(ctx); err != nil {
		return err
	}
	return r.inventory(ctx)
}

// started is begin without the inventory.
func (r *Run) started(ctx context.Context) error {
	if err := r.releases(); err != nil {
		return err
	}
	values, err := r.inputs(ctx)
	if err != nil {
		return err
	}
	for name, typ := range r.book.ResultTypes() {
		r.scope.Set(name, typ, nil)
	}
	started := r.env.Started
	started.Runbook, started.Version = r.book.Name.Value, r.book.Version.Value
	started.Digest, started.Title = r.book.Digest(), r.book.Title.Text(r.scope)
	started.To, started.DryRun, started.Inputs = r.book.To.Value, r.env.DryRun, values
	if started.From == "" {
		started.From = r.book.From.Source
	}
	if r.env.PriorRun == nil || r.env.PriorRun.Started == nil {
		err = r.emit("", started)
	} else {
		err = r.emit("", r.resumed(started))
	}
	return err
}

// inputs settles the inputs in the order they are written: what was given, else the default, else a question.
func (r *Run) inputs(ctx context.Context) ([]event.Value, error) {
	if err := r.book.CheckInputs(r.env.Inputs); err != nil {
		return nil, err
	}
	var values []event.Value
	for _, e := range r.book.Inputs {
		text, ok := r.env.Inputs[e.Name]
		if !ok && e.Value.Default.Given() && !slices.Contains(r.unread, e.Name) {
			var err error
			text, err = e.Value.Default.Prose(r.scope)
			if err != nil && !errors.Is(err, runbook.ErrNotKnownYet) {
				return nil, err
			}
			ok = err == nil // a release that nothing is known of has no versions to propose
		}
		if !ok {
			// asked before Started is written: the answer is part of it
			q := event.Question{ID: "inputs." + e.Name, Form: event.AskInput, Title: e.Value.Prompt.Text(r.scope), Secret: e.Value.Secret.Value}
			for _, c := range e.Value.Choices {
				q.Form = event.AskChoose
				q.Choices = append(q.Choices, event.Choice{ID: c.Value, Label: event.T(c.Value)})
			}
			a, err := r.env.Ask(ctx, q)
			if err != nil {
				return nil, err
			}
			if text = a.Text; text == "" {
				text = a.Choice
			}
		}
		if e.Value.Secret.Value {
			r.env.Mask(text)
		}
		v, err := e.Value.Convert(e.Name, text)
		if err != nil {
			return nil, &runbook.UsageError{Message: err.Error(), Way: e.Value.Prompt.Text(r.scope).En}
		}
		r.scope.Set("inputs."+e.Name, e.Value.CelType(), v)
		if e.Value.Secret.Value {
			text = ""
		}
		values = append(values, event.Value{Name: e.Name, Text: text, Secret: e.Value.Secret.Value})
	}
	return values, nil
}

// inventory runs the command that prints the inventory, where the runbook has one.
func (r *Run) inventory(ctx context.Context) error {
	if !r.book.Inventory.Set() || r.book.Language().Inventory == nil {
		return nil
	}
	line, err := r.book.Inventory.Shell(r.scope)
	if err != nil {
		return err
	}
	got, err := r.exec(ctx, "", event.Command{Host: event.Workstation, Line: line, Probe: true})
	if err != nil {
		return fmt.Errorf("read the inventory with %q: %w", line, err)
	}
	if lang := r.book.Language(); got.Exit != 0 && lang.OwnReader != nil {
		if again, ok := lang.OwnReader(line, got.Exit, got.Says()); ok {
			if got, err = r.ownReader(ctx, again, got); err != nil {
				return err
			}
		}
	}
	if got.Exit != 0 {
		way := "check --checkout and --inventory, and that Ansible is installed where the runbook looks for it"
		if strings.Contains(got.Says(), "preferred locale") {
			way = "this machine has no locale as LANG or LC_ALL names it: start spraydeck with LC_ALL=C.UTF-8, and with --lang ja for Japanese"
		}
		return &runbook.UsageError{Message: fmt.Sprintf("the inventory could not be read: exit code %d: %s", got.Exit, lastLine(got.Says())), Way: way + "\nthe command is: " + line}
	}
	text, err := got.Stdout()
	if err != nil {
		return err
	}
	inv, err := r.book.Language().Inventory([]byte(text))
	if err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	if r.env.Learn != nil {
		r.env.Learn(inv)
	}
	r.hosts, r.control = inv.Hosts, inv.ControlPlane
	r.scope.Set("inventory.groups", runbook.GivenTypes["inventory.groups"], inv.Groups)
	r.scope.Set("inventory.dynamic", runbook.GivenTypes["inventory.dynamic"], append([]string{}, inv.Dynamic...))
	r.scope.Set("inventory.vars", runbook.GivenTypes["inventory.vars"], inv.Vars)
	return nil
}

// ownReader reads the inventory once more, by our own reader. What it does not know is remarked.
func (r *Run) ownReader(ctx context.Context, again string, refused runbook.Returned) (runbook.Returned, error) {
	got, err := r.exec(ctx, "", event.Command{Host: event.Workstation, Line: again, Probe: true})
	if err != nil || got.Exit != 0 {
		return refused, err
	}
	if named := got.Says(); named != "" {
		err = r.emit("", event.Remark{Text: event.T(named)})
	}
	return got, err
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// confirmStart shows what the run will work with before its first step.
func (r *Run) confirmStart(ctx context.Context) error {
	q := event.Question{
		ID: "start", Form: event.AskApprove,
		Title: event.Textf("Start %s?", "%s を開始しますか？", r.book.Name.Value),
		Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: event.Text{En: "start", Ja: "開始"}},
			{ID: event.ChoiceLeave, Label: event.Text{En: "leave", Ja: "やめる"}},
		},
	}
	for _, e := range r.book.Inputs {
		value := "[secret]"
		if !e.Value.Secret.Value {
			value = fmt.Sprint(r.scope.Values["inputs."+e.Name])
		}
		q.Details = append(q.Details, e.Name+" = "+value)
	}
	a, err := r.ask(ctx, "", q)
	if err == nil && a.Choice != event.ChoiceContinue {
		err = errLeft
	}
	return err
}

// releases makes known what is known of the releases that the runbook leads between. One that is not in the catalogue stays unknown,
// and with it what is said in its words.
func (r *Run) releases() error {
	for _, name := range []string{"release.from", "release.to"} {
		r.scope.Set(name, runbook.GivenTypes[name], nil)
	}
	if r.book.Language() == nil || r.book.Language().Releases == nil {
		return nil
	}
	from, to, err := r.book.Language().Releases(r.book)
	if err != nil {
		return err
	}
	if from != nil {
		r.scope.Set("release.from", runbook.GivenTypes["release.from"], from)
	}
	if to != nil {
		r.scope.Set("release.to", runbook.GivenTypes["release.to"], to)
	}
	return nil
}
