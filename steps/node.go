package steps

import (
	"fmt"

	"spraydeck/event"
	"spraydeck/runbook"
)

// cordon, uncordon and drain work on the node named, or on the node of the loop.

type cordon struct {
	Node runbook.Template `yaml:"node" doc:"the node; default: in a loop its node"`
}

type uncordon struct {
	Node runbook.Template `yaml:"node" doc:"the node; default: in a loop its node"`
}

type drain struct {
	Node           runbook.Template `yaml:"node" doc:"the node; default: in a loop its node"`
	Force          runbook.Flag     `yaml:"force" doc:"delete pods that nothing will start again elsewhere"`
	DeleteEmptyDir runbook.Flag     `yaml:"deleteEmptyDir" doc:"go on although emptyDir volumes are lost"`
	DryRun         runbook.Flag     `yaml:"dryRun" doc:"let the server say what would happen and change nothing"`
}

func (c *cordon) Commands(t *runbook.Task) ([]event.Command, error) {
	return nodeCall(t, c.Node, event.Call{Verb: event.Cordon})
}

func (u *uncordon) Commands(t *runbook.Task) ([]event.Command, error) {
	return nodeCall(t, u.Node, event.Call{Verb: event.Uncordon})
}

func (d *drain) Commands(t *runbook.Task) ([]event.Command, error) {
	return nodeCall(t, d.Node, event.Call{Verb: event.Drain, Force: d.Force.Value, DeleteEmptyDir: d.DeleteEmptyDir.Value, DryRun: d.DryRun.Value})
}

func (c *cordon) Changing() bool   { return true }
func (u *uncordon) Changing() bool { return true }
func (d *drain) Changing() bool    { return !d.DryRun.Value }

// wrongNode: outside of a loop the node is named.
func wrongNode(node runbook.Template, hosts bool) (message, way string) {
	if node.Set() || hosts {
		return "", ""
	}
	return "no node is named", "add node, or on: {each: ...}"
}

func (c *cordon) Wrong(hosts bool) (string, string)   { return wrongNode(c.Node, hosts) }
func (u *uncordon) Wrong(hosts bool) (string, string) { return wrongNode(u.Node, hosts) }
func (d *drain) Wrong(hosts bool) (string, string)    { return wrongNode(d.Node, hosts) }

// nodeCall makes the call for the node named, or for each node of the round.
func nodeCall(t *runbook.Task, node runbook.Template, c event.Call) ([]event.Command, error) {
	names := t.Hosts
	if node.Set() {
		name, err := node.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		names = []string{name}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("step %s names no node", t.Step)
	}
	var cmds []event.Command
	for _, name := range names {
		c.Name = name
		cmds = append(cmds, api(c))
	}
	return cmds, nil
}

// Parallel: the nodes of one round of a loop do not wait for each other.
func (c *cordon) Parallel() bool   { return true }
func (u *uncordon) Parallel() bool { return true }
func (d *drain) Parallel() bool    { return true }
