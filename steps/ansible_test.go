package steps

import (
	"slices"
	"testing"

	"spraydeck/runbook"
)

// The line is complete and every value in it is quoted; the output is plain and the pause module is answered.
func TestAnsible(t *testing.T) {
	a := &ansible{Playbook: template(t, "upgrade-cluster.yml"), Inventory: template(t, "inventory/my cluster/hosts.ini"), Become: flag(true),
		Vars: runbook.Named[runbook.Template]{{Name: "serial", Value: template(t, "1")}}, Limit: template(t, "n1:!n2"), Options: template(t, "--diff"), Venv: template(t, "v")}
	tk, _ := task(nil)
	cmd := oneLine(t, a, tk)
	if want := `. v/bin/activate && ansible-playbook upgrade-cluster.yml -b -i 'inventory/my cluster/hosts.ini' -e serial=1 --limit 'n1:!n2' --diff`; cmd.Line != want {
		t.Errorf("got  %s\nwant %s", cmd.Line, want)
	}
	if !cmd.TTY || !slices.Contains(cmd.Env, "ANSIBLE_NOCOWS=1") || len(cmd.Prompts) != 1 || !cmd.Prompts[0].Line.MatchString("Press enter to continue, Ctrl+C to interrupt") {
		t.Errorf("got %+v", cmd)
	}
}
