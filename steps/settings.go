package steps

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Given are the facts in scope without declaration: the settings of the inventory, and what the releases of a hop say.
func Given() runbook.Named[runbook.Fact] {
	var facts runbook.Named[runbook.Fact]
	for _, g := range []struct {
		name  string
		probe runbook.Probe
	}{
		{"settings", settingsProbe{}},
		{"defaults.old", releaseProbe{"inputs.previous_tag", "defaults"}},
		{"defaults.new", releaseProbe{"inputs.target_tag", "defaults"}},
		{"sample.old", releaseProbe{"inputs.previous_tag", "sample"}},
		{"sample.new", releaseProbe{"inputs.target_tag", "sample"}},
		{"reads", releaseProbe{"inputs.target_tag", "reads"}},
	} {
		facts = append(facts, runbook.Entry[runbook.Fact]{Name: g.name, Value: runbook.Fact{Probe: g.probe}})
	}
	return facts
}

// settingsProbe learns the settings of the inventory, and the defaults of the release gone to, or else of the checkout.
type settingsProbe struct{}

func (settingsProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	inventory, _ := t.Values["inputs.inventory"].(string)
	if inventory == "" { // Ansible reads the directory as well
		inventory, _ = t.Values["inputs.inventory_dir"].(string)
	}
	if inventory == "" {
		return nil, errors.New("the runbook names no inventory")
	}
	cmds := []event.Command{read(event.ReadSettings, inventory, "spraydeck inventory settings --inventory ")}
	tag, _ := t.Values["inputs.target_tag"].(string)
	if tag == "" {
		tag = "HEAD" // the release of the checkout
	}
	return append(cmds, read(event.ReadRelease, tag, "spraydeck releases settings ")), nil
}

func read(verb event.Verb, what, line string) event.Command {
	return event.Command{Host: event.Workstation, Line: line + runbook.Quote(what), Reads: true, Call: &event.Call{Verb: verb, Name: what}}
}

func (settingsProbe) Type() *cel.Type { return runbook.SettingsType }
func (settingsProbe) Shared() string  { return "settings" }
func (settingsProbe) Value(r []runbook.Result) (any, error) {
	if r[0].Exit != 0 {
		return nil, ended(r[0])
	}
	s, err := runbook.ParseSettings([]byte(r[0].Stdout))
	if err != nil {
		return nil, err
	}
	s.Unlearned = errors.New("it is not set, and the default is unknown: no release is named")
	if len(r) > 1 {
		s.Defaults, err = releaseDefaults.settings(r[1])
		if err != nil {
			s.Unlearned = fmt.Errorf("it is not set, and the default is unknown: %w", err)
		}
	}
	return s, nil
}

var releaseDefaults = releaseProbe{of: "defaults"}

// releaseProbe learns what a release says of variables.
type releaseProbe struct{ tag, of string }

func (p releaseProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	tag, _ := t.Values[p.tag].(string)
	if tag == "" {
		return nil, errors.New("the runbook names no release")
	}
	if p.of == "reads" {
		return []event.Command{read(event.ReadReads, tag, "spraydeck releases settings --reads ")}, nil
	}
	return []event.Command{read(event.ReadRelease, tag, "spraydeck releases settings ")}, nil
}

func (releaseProbe) Type() *cel.Type                         { return runbook.SettingsType }
func (p releaseProbe) Shared() string                        { return p.of }
func (p releaseProbe) Value(r []runbook.Result) (any, error) { return p.settings(r[0]) }
func (p releaseProbe) settings(r runbook.Result) (*runbook.Settings, error) {
	if r.Exit != 0 {
		return nil, ended(r)
	}
	if p.of == "reads" {
		s := &runbook.Settings{Source: "reads", Settings: map[string][]runbook.Setting{}}
		for _, word := range strings.Fields(r.Stdout) {
			s.Settings[word] = []runbook.Setting{{}}
		}
		return s, nil
	}
	var v struct{ Defaults, Sample *runbook.Settings }
	if err := runbook.ParseRelease(r.Stdout, &v); err != nil {
		return nil, err
	}
	s := v.Defaults
	if p.of == "sample" {
		s = v.Sample
	}
	if s == nil {
		return nil, errors.New("the release says nothing of variables")
	}
	s.Plain()
	if p.of == "defaults" {
		s.Unlearned = nil
	}
	return s, nil
}
