package steps

import (
	"testing"

	"spraydeck/runbook"
)

// A check runs nothing itself: its gates are the engine's.
func TestCheck(t *testing.T) {
	c := &check{Gates_: []runbook.Gate{{ID: runbook.Str{Value: "ready"}}}, Rest_: flag(true)}
	tk, _ := task(nil)
	if cmds, err := c.Commands(tk); len(cmds) > 0 || err != nil {
		t.Errorf("it describes %v, %v", cmds, err)
	}
	if g := c.Gates(); len(g) != 1 || g[0].ID.Value != "ready" || !c.Rest() {
		t.Errorf("gates %v", g)
	}
}
