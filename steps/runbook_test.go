package steps

import (
	"testing"
)

// It stands for the steps of another runbook: the plan has those, so it describes nothing.
func TestRunbook(t *testing.T) {
	i := &include{}
	i.Name.Value = "kubernetes-rolling-restart"
	tk, _ := task(nil)
	if cmds, err := i.Commands(tk); len(cmds) > 0 || err != nil || i.Included().Name.Value != "kubernetes-rolling-restart" {
		t.Errorf("%v, %v", cmds, err)
	}
}
