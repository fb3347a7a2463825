package steps

import (
	"testing"

	"spraydeck/runbook"
)

// Every probe only reads, and says what it runs.
func TestProbesOnlyRead(t *testing.T) {
	tk, _ := task(nil, "n1")
	tk.HostsOf = func(string) ([]string, error) { return []string{"n1"}, nil }
	for name, p := range map[string]runbook.Probe{
		"command": &commandProbe{Run: template(t, "cat a")}, "ssh": &sshProbe{Run: template(t, "cat b"), On: template(t, "all")},
		"objects": &objectsProbe{Resource: template(t, "nodes")}, "budgets": &budgetsProbe{}, "values": &valuesProbe{Run: template(t, "cat c")},
	} {
		cmds, err := p.Commands(tk)
		if err != nil || len(cmds) != 1 || cmds[0].Changes || cmds[0].Line == "" {
			t.Errorf("%s: %+v, %v", name, cmds, err)
		}
	}
}
