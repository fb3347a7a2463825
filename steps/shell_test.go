package steps

import (
	"testing"

	"spraydeck/event"
)

func TestShell(t *testing.T) {
	tk, _ := task(nil)
	cmds, err := (&shell{}).Commands(tk)
	if err != nil || len(cmds) != 1 || cmds[0].Host != event.Workstation || !cmds[0].Handover || cmds[0].Line != `exec "${SHELL:-/bin/sh}" -i` {
		t.Errorf("an interactive shell: %+v %v", cmds, err)
	}
	tk, _ = task(nil, "n1")
	cmds, err = (&shell{Run: template(t, "sudo do-release-upgrade")}).Commands(tk)
	if err != nil || cmds[0].Host != "n1" || !cmds[0].Handover || cmds[0].Line != "sudo do-release-upgrade" {
		t.Errorf("on a node: %+v %v", cmds, err)
	}
}
