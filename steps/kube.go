package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

type kube struct {
	Get       runbook.Template `yaml:"get" doc:"read objects: a resource as kubectl takes it"`
	Apply     runbook.Template `yaml:"apply" doc:"apply manifests: the YAML itself"`
	Patch     runbook.Template `yaml:"patch" doc:"patch one object: its resource"`
	With      runbook.Template `yaml:"with" doc:"the patch, as YAML or JSON"`
	Back      runbook.Template `yaml:"restore" doc:"the patch that puts the object back as it is now, where it is loosened for the time of the work"`
	Type      runbook.Str      `yaml:"type" doc:"kind of patch: merge (default), strategic or json" enum:"merge|strategic|json"`
	Delete    runbook.Template `yaml:"delete" doc:"delete one object: its resource"`
	Namespace runbook.Template `yaml:"namespace" doc:"the namespace; default: all"`
	Name      runbook.Template `yaml:"name" doc:"the object's name"`
	Selector  runbook.Template `yaml:"selector" doc:"a label selector"`
}

func (k *kube) Commands(t *runbook.Task) ([]event.Command, error) {
	c := event.Call{PatchType: "merge"}
	verbs := 0
	for _, v := range []struct {
		verb event.Verb
		tpl  runbook.Template
		to   *string
	}{
		{event.Get, k.Get, &c.Resource}, {event.Patch, k.Patch, &c.Resource}, {event.Delete, k.Delete, &c.Resource},
		{"", k.Namespace, &c.Namespace}, {"", k.Name, &c.Name}, {"", k.Selector, &c.Selector},
	} {
		if !v.tpl.Set() {
			continue
		}
		value, err := v.tpl.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		*v.to = value
		if v.verb != "" {
			c.Verb = v.verb
			verbs++
		}
	}
	body := k.With
	if k.Apply.Set() {
		c.Verb, body = event.Apply, k.Apply
		verbs++
	}
	if verbs != 1 {
		return nil, fmt.Errorf("step %s: kube takes exactly one of get, apply, patch and delete", t.Step)
	}
	if body.Set() {
		text, err := body.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		c.Body = []byte(text)
	}
	if k.Type.Value != "" {
		c.PatchType = k.Type.Value
	}
	return []event.Command{api(c)}, nil
}

// Wrong: one verb, and what goes with it.
func (k *kube) Wrong(bool) (message, way string) {
	var verbs []string
	for _, v := range []struct {
		verb string
		tpl  runbook.Template
	}{{"get", k.Get}, {"apply", k.Apply}, {"patch", k.Patch}, {"delete", k.Delete}} {
		if v.tpl.Set() {
			verbs = append(verbs, v.verb)
		}
	}
	switch {
	case len(verbs) == 0:
		return "kube does nothing", "give it one of get, apply, patch and delete"
	case len(verbs) > 1:
		return "kube takes one of get, apply, patch and delete, and has " + strings.Join(verbs, " and "), "make a step of each"
	case (k.Patch.Set() || k.Delete.Set()) && !k.Name.Set():
		return verbs[0] + " names no object", "add name"
	case k.Patch.Set() && !k.With.Set():
		return "patch says not what to change", "add with: the patch, as YAML or JSON"
	case !k.Patch.Set() && k.With.Set():
		return "with belongs to patch", "leave it out"
	}
	return "", ""
}

// Run is the commands; a get gives its objects to the steps after it.
func (k *kube) Run(ctx context.Context, t *runbook.Task) (any, error) {
	cmds, err := k.Commands(t)
	if err != nil {
		return nil, err
	}
	r, err := t.Exec(ctx, cmds[0])
	if err != nil || cmds[0].Call.Verb != event.Get {
		return nil, err
	}
	return listed(r)
}

// listed reads what a get gave.
func listed(got runbook.Returned) (any, error) {
	res, err := got.Result()
	if err != nil {
		return nil, err
	}
	return objects([]runbook.Result{res})
}

// api makes a command of an API call, with the kubectl line that does the same.
func api(c event.Call) event.Command {
	words := []string{"kubectl"}
	add := func(w ...string) { words = append(words, w...) }
	if c.Namespace != "" {
		add("-n", runbook.Quote(c.Namespace))
	}
	switch c.Verb {
	case event.Get:
		add("get", runbook.Quote(c.Resource))
		if c.Name != "" {
			add(runbook.Quote(c.Name))
		} else if c.Namespace == "" && c.Resource != "nodes" {
			add("--all-namespaces")
		}
		if c.Selector != "" {
			add("-l", runbook.Quote(c.Selector))
		}
		if c.Fields != "" {
			add("--field-selector", runbook.Quote(c.Fields))
		}
		add("-o", "json")
	case event.Apply:
		add("apply", "--server-side", "-f", "-", "<<'EOF'\n"+strings.TrimSpace(string(c.Body))+"\nEOF")
	case event.Patch:
		add("patch", runbook.Quote(c.Resource), runbook.Quote(c.Name), "--type", c.PatchType, "-p", runbook.Quote(strings.TrimSpace(string(c.Body))))
	case event.Delete:
		add("delete", runbook.Quote(c.Resource), runbook.Quote(c.Name))
	case event.Cordon, event.Uncordon:
		add(string(c.Verb), runbook.Quote(c.Name))
	case event.Drain:
		add("drain", runbook.Quote(c.Name), "--ignore-daemonsets")
		if c.Force {
			add("--force")
		}
		if c.DeleteEmptyDir {
			add("--delete-emptydir-data")
		}
		if c.DryRun {
			add("--dry-run=server")
		}
	case event.Budgets:
		add("get", "poddisruptionbudgets,pods", "--all-namespaces", "-o", "json")
	}
	reads := c.Verb == event.Get || c.Verb == event.Budgets || c.DryRun
	return event.Command{Host: event.API, Line: strings.Join(words, " "), Call: &c, Changes: !reads}
}

// objects reads what a get printed.
func objects(results []runbook.Result) (any, error) {
	if r := results[0]; r.Exit != 0 {
		return nil, errors.New(strings.TrimPrefix(strings.TrimSpace(r.Stderr), "error: "))
	}
	var list []any
	if err := json.Unmarshal([]byte(results[0].Stdout), &list); err != nil {
		return nil, fmt.Errorf("read the objects: %w", err)
	}
	if list == nil {
		list = []any{}
	}
	return list, nil
}

// Changing says that all but a get changes something.
func (k *kube) Changing() bool { return !k.Get.Set() }
