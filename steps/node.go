package steps

import "spraydeck/runbook"

// cordon, uncordon and drain work on the node named, or on the node of the loop.

type cordon struct {
	Node runbook.Template `yaml:"node" doc:"the node; in a loop its node when left out"`
}

type uncordon struct {
	Node runbook.Template `yaml:"node" doc:"the node; in a loop its node when left out"`
}

type drain struct {
	Node           runbook.Template `yaml:"node" doc:"the node; in a loop its node when left out"`
	Force          runbook.Flag     `yaml:"force" doc:"delete pods that nothing will start again elsewhere"`
	DeleteEmptyDir runbook.Flag     `yaml:"deleteEmptyDir" doc:"go on although emptyDir volumes are lost"`
	DryRun         runbook.Flag     `yaml:"dryRun" doc:"let the server say what would happen and change nothing"`
}

func (c *cordon) Commands(t *runbook.Task) ([]runbook.Command, error) {
	return nodeCall(t, c.Node, runbook.Call{Verb: "cordon"})
}

func (u *uncordon) Commands(t *runbook.Task) ([]runbook.Command, error) {
	return nodeCall(t, u.Node, runbook.Call{Verb: "uncordon"})
}

func (d *drain) Commands(t *runbook.Task) ([]runbook.Command, error) {
	return nodeCall(t, d.Node, runbook.Call{Verb: "drain", Force: d.Force.Value, DeleteEmptyDir: d.DeleteEmptyDir.Value, DryRun: d.DryRun.Value})
}

func nodeCall(t *runbook.Task, node runbook.Template, c runbook.Call) ([]runbook.Command, error) {
	name := t.Node
	if node.Set() {
		var err error
		if name, err = node.Prose(t.Scope); err != nil {
			return nil, err
		}
	}
	c.Name = name
	return []runbook.Command{api(c)}, nil
}
