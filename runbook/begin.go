package runbook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"

	"spraydeck/event"
)

// begin fills the scope: inputs, places for the results of steps, the inventory. It emits Started, which is always the
// first event.
func (r *Run) begin(ctx context.Context) error {
	if err := r.releases(); err != nil {
		return err
	}
	values, err := r.inputs(ctx)
	if err != nil {
		return err
	}
	for name, typ := range r.book.resultTypes() {
		r.scope.Set(name, typ, nil)
	}
	started := r.env.Started
	started.Runbook, started.Version = r.book.Name.Value, r.book.Version.Value
	started.Digest, started.Title = r.book.Digest(), r.book.Title.Text(r.scope)
	started.To, started.DryRun, started.Inputs = r.book.To.Value, r.env.DryRun, values
	if started.From == "" {
		started.From = r.book.From.Source
	}
	if r.env.Past == nil || r.env.Past.Started == nil {
		err = r.emit("", started)
	} else {
		err = r.emit("", r.resumed(started))
	}
	if err != nil {
		return err
	}
	return r.inventory(ctx)
}

// resultTypes gives the names of the steps' results.
func (b *Runbook) resultTypes() Vars {
	vars := Vars{}
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			if s.Kind != nil && s.Kind.Result != nil {
				vars[resultName(s.ID.Value)] = s.Kind.Result
			}
		}
	}
	return vars
}

// celType gives the type of an input in expressions.
func (i Input) celType() *cel.Type {
	switch i.Type.Value {
	case "bool":
		return cel.BoolType
	case "int":
		return cel.IntType
	}
	return cel.StringType
}

// Convert checks the text of an input and gives its value.
func (i Input) Convert(name, text string) (any, error) {
	switch i.Type.Value {
	case "bool":
		v, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("input %s: %q is neither true nor false", name, text)
		}
		return v, nil
	case "int":
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("input %s: %q is no whole number", name, text)
		}
		return v, nil
	case "choice":
		var words []string
		for _, c := range i.Choices {
			words = append(words, c.Value)
		}
		if !slices.Contains(words, text) {
			return nil, fmt.Errorf("input %s: %q is none of %s", name, text, strings.Join(words, ", "))
		}
	}
	if i.Match.Value != "" {
		if ok, err := regexp.MatchString("^(?:"+i.Match.Value+")$", text); err != nil || !ok {
			return nil, fmt.Errorf("input %s: %q does not match %s", name, text, i.Match.Value)
		}
	}
	return text, nil
}

// UsageError is a mistake in what the operator gave, such as an input that does not exist.
type UsageError struct{ Message, Way string }

func (u *UsageError) Error() string { return u.Message }

// Hint is the way out.
func (u *UsageError) Hint() string { return u.Way }

// CheckInputs says whether the values given fit the runbook, before anything begins.
func (b *Runbook) CheckInputs(given map[string]string) error {
	if tag, other := b.LeadsElsewhere(given); other {
		return &UsageError{fmt.Sprintf("%s leads to %s, not to %s", b.Name.Value, b.To.Value, tag), "take the runbook that leads there: spraydeck runbooks list names them"}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		in, ok := b.Inputs.Get(name)
		if !ok {
			var names []string
			for _, e := range b.Inputs {
				names = append(names, e.Name)
			}
			return &UsageError{fmt.Sprintf("%s has no input %q", b.Name.Value, name), DidYouMean(name, names)}
		}
		if _, err := in.Convert(name, given[name]); err != nil {
			return &UsageError{err.Error(), in.Prompt.Text(NewScope()).En}
		}
	}
	return nil
}

// LeadsElsewhere says whether target_tag is given, and is another release than the runbook's own: its checks, its notes and
// its defaults are those of one release.
func (b *Runbook) LeadsElsewhere(given map[string]string) (tag string, other bool) {
	tag, ok := given["target_tag"]
	_, has := b.Inputs.Get("target_tag")
	return tag, ok && has && b.To.Value != "" && asTag(tag) != asTag(b.To.Value)
}

// inputs settles the inputs in the order they are written: what was given, else the default, else a question.
func (r *Run) inputs(ctx context.Context) ([]event.Value, error) {
	if err := r.book.CheckInputs(r.env.Inputs); err != nil {
		return nil, err
	}
	var values []event.Value
	for _, e := range r.book.Inputs {
		text, ok := r.env.Inputs[e.Name]
		if !ok && e.Value.Default.Given() {
			var err error
			text, err = e.Value.Default.Prose(r.scope)
			if err != nil && !errors.Is(err, ErrNotKnownYet) {
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
			return nil, &UsageError{err.Error(), e.Value.Prompt.Text(r.scope).En}
		}
		r.scope.Set("inputs."+e.Name, e.Value.celType(), v)
		if e.Value.Secret.Value {
			text = ""
		}
		values = append(values, event.Value{Name: e.Name, Text: text, Secret: e.Value.Secret.Value})
	}
	return values, nil
}

// inventory runs the command that prints the inventory, where the runbook has one.
func (r *Run) inventory(ctx context.Context) error {
	if !r.book.Inventory.Set() || r.book.lang.Inventory == nil {
		return nil
	}
	line, err := r.book.Inventory.Shell(r.scope)
	if err != nil {
		return err
	}
	res, err := r.exec(ctx, "", event.Command{Host: event.Workstation, Line: line, Probe: true})
	if err != nil {
		return fmt.Errorf("read the inventory with %q: %w", line, err)
	}
	if res.Exit != 0 {
		way := "check --checkout and --inventory, and that Ansible is installed where the runbook looks for it"
		if strings.Contains(res.Stderr, "preferred locale") {
			way = "this machine has no locale as LANG or LC_ALL names it: start spraydeck with LC_ALL=C.UTF-8, and with --lang ja for Japanese"
		}
		return &UsageError{fmt.Sprintf("the inventory could not be read: exit code %d: %s", res.Exit, lastLine(res.Stderr)), way + "\nthe command is: " + line}
	}
	inv, err := r.book.lang.Inventory([]byte(res.Stdout))
	if err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	r.hosts = inv.Hosts
	r.scope.Set("inventory.groups", givenTypes["inventory.groups"], inv.Groups)
	r.scope.Set("inventory.vars", givenTypes["inventory.vars"], inv.Vars)
	return nil
}

// givenTypes is what every expression may use, whatever the runbook.
var givenTypes = Vars{
	"inventory.groups": cel.MapType(cel.StringType, cel.ListType(cel.StringType)),
	"inventory.vars":   cel.MapType(cel.StringType, cel.MapType(cel.StringType, cel.DynType)),
	"release.from":     cel.MapType(cel.StringType, cel.DynType),
	"release.to":       cel.MapType(cel.StringType, cel.DynType),
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
