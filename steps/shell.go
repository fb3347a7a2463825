package steps

import (
	"spraydeck/event"
	"spraydeck/runbook"
)

type shell struct {
	Run runbook.Template `yaml:"run" doc:"the command line; default: an interactive shell"`
}

// Commands: the command has the operator's own terminal. Without hosts it runs on the workstation.
func (s *shell) Commands(t *runbook.Task) ([]event.Command, error) {
	run := s.Run
	if !run.Set() {
		run = interactive
	}
	if len(t.Hosts) == 0 {
		line, err := run.ShellPreview(t.Scope)
		return []event.Command{{Host: event.Workstation, Line: line, TTY: true, Handover: true}}, err
	}
	cmds, err := onHosts(t, run, t.Hosts)
	for i := range cmds {
		cmds[i].TTY, cmds[i].Handover = true, true
	}
	return cmds, err
}

var interactive = func() runbook.Template {
	t, err := runbook.NewTemplate(`exec "$${SHELL:-/bin/sh}" -i`)
	if err != nil {
		panic(err)
	}
	return t
}()

// Accepts: how somebody leaves a shell says nothing; the gates after it do.
func (s *shell) Accepts(int) bool { return true }
