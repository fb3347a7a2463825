package steps

import (
	"strings"
	"testing"

	"spraydeck/runbook"
)

// One command for each host, with its own name in it; without hosts it says so.
func TestSSH(t *testing.T) {
	s := &ssh{Run: template(t, "hostname ${node}"), Exit: []runbook.Int{{Value: 1}}}
	tk, _ := task(nil, "n1", "n2")
	cmds, err := s.Commands(tk)
	if err != nil || len(cmds) != 2 || cmds[0].Host != "n1" || cmds[0].Line != "hostname n1" || cmds[1].Line != "hostname n2" {
		t.Errorf("got %+v, %v", cmds, err)
	}
	if !s.Parallel() || !s.Accepts(1) || s.Accepts(2) {
		t.Error("nodes do not wait for each other, and only exit codes that are named are accepted")
	}
	tk, _ = task(nil)
	if _, err := s.Commands(tk); err == nil || !strings.Contains(err.Error(), "names no hosts") {
		t.Errorf("got %v", err)
	}
}
