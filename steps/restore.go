package steps

import (
	"context"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Restore returns the patch that puts the object back.
func (k *kube) Restore(_ context.Context, t *runbook.Task) ([]event.Command, error) {
	if !k.Back.Set() || !k.Patch.Set() {
		return nil, nil
	}
	back := *k
	back.With, back.Back = k.Back, runbook.Template{}
	return back.Commands(t)
}

// Restore returns the command line that puts back what this one loosens, on each node.
func (s *ssh) Restore(_ context.Context, t *runbook.Task) ([]event.Command, error) {
	if !s.Back.Set() {
		return nil, nil
	}
	return onHosts(t, s.Back, t.Hosts)
}

// Restore returns the command line that puts back what this one loosens.
func (c *command) Restore(_ context.Context, t *runbook.Task) ([]event.Command, error) {
	if !c.Back.Set() {
		return nil, nil
	}
	back, err := local(t, c.Back, c.Venv)
	return []event.Command{back}, err
}
