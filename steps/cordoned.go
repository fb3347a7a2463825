package steps

import (
	"context"
	"fmt"
	"slices"

	"spraydeck/event"
	"spraydeck/runbook"
)

// cordoned returns the nodes that take no new pods now.
func cordoned(ctx context.Context, t *runbook.Task) ([]string, error) {
	got, err := t.Exec(ctx, api(event.Call{Verb: "get", Resource: "nodes", Only: []string{"metadata.name", "spec.unschedulable"}}))
	if err != nil {
		return nil, err
	}
	value, err := listed(got)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range value.([]any) {
		node, _ := o.(map[string]any)
		spec, _ := node["spec"].(map[string]any)
		meta, _ := node["metadata"].(map[string]any)
		if on, _ := spec["unschedulable"].(bool); on {
			names = append(names, fmt.Sprint(meta["name"]))
		}
	}
	slices.Sort(names)
	return names, nil
}

// restoreCordon returns the commands that let pods onto the nodes again; a node that was cordoned before stays so.
func restoreCordon(ctx context.Context, t *runbook.Task, node runbook.Template) ([]event.Command, error) {
	cmds, err := nodeCall(t, node, event.Call{Verb: "uncordon"})
	if err != nil {
		return nil, err
	}
	before, err := cordoned(ctx, t)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(cmds, func(c event.Command) bool { return slices.Contains(before, c.Call.Name) }), nil
}

func (c *cordon) Restore(ctx context.Context, t *runbook.Task) ([]event.Command, error) {
	return restoreCordon(ctx, t, c.Node)
}

func (d *drain) Restore(ctx context.Context, t *runbook.Task) ([]event.Command, error) {
	if d.DryRun.Value {
		return nil, nil
	}
	return restoreCordon(ctx, t, d.Node)
}

// Guard refuses a drain while another node is cordoned that this run has not cordoned: the pods need somewhere to go, and two
// drains at once are two outages at once.
func (d *drain) Guard(ctx context.Context, t *runbook.Task) (*event.GateChecked, error) {
	if d.DryRun.Value {
		return nil, nil
	}
	c := &event.GateChecked{Gate: "one-drain", When: "before", Required: event.Success, Verdict: event.Pass,
		Title: event.Text{En: "No other node is cordoned", Ja: "ほかにコードンされているノードがない"}}
	fails := event.Text{En: "Another node is cordoned, and not by this run", Ja: "この実行によらずコードンされているノードがほかにある"}
	own, err := nodeCall(t, d.Node, event.Call{Verb: "uncordon"})
	var now []string
	if err == nil {
		now, err = cordoned(ctx, t)
	}
	if err != nil {
		c.Title = fails
		return c, err
	}
	ours := append(own, t.Due...)
	for _, name := range now {
		if !slices.ContainsFunc(ours, func(o event.Command) bool { return o.Call != nil && o.Call.Verb == "uncordon" && o.Call.Name == name }) {
			c.Evidence = append(c.Evidence, name+" SchedulingDisabled")
		}
	}
	if len(c.Evidence) > 0 {
		c.Verdict, c.Title = event.Fail, fails
		c.Says = event.Text{En: "Somebody else drains or has drained it. One node at a time: wait for it, or say why it is all right.",
			Ja: "他の作業者がドレイン中か、ドレイン済みです。ノードは 1 台ずつ扱います。戻るまで待つか、問題ない理由を記してください。"}
	}
	return c, nil
}
