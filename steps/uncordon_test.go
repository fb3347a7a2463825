package steps

import (
	"testing"

	"spraydeck/runbook"
)

// In a loop it is for the node of the round; outside of one the node is named.
func TestUncordon(t *testing.T) {
	tk, _ := task(nil, "n1")
	a := &uncordon{}
	if cmd := oneLine(t, a, tk); cmd.Line != "kubectl uncordon n1" || cmd.Call.Name != "n1" || cmd.Changes != true {
		t.Errorf("got %+v", cmd)
	}
	a.Node = template(t, "n9")
	if cmd := oneLine(t, a, tk); cmd.Call.Name != "n9" {
		t.Errorf("got %+v", cmd)
	}
	a.Node = runbook.Template{}
	if message, way := a.Wrong(false); message == "" || way == "" {
		t.Error("without a node it is taken for right")
	}
}
