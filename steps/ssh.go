package steps

import (
	"slices"

	"spraydeck/event"
	"spraydeck/runbook"
)

type ssh struct {
	Run   runbook.Template `yaml:"run,required" doc:"the command line, for a POSIX shell on the node"`
	Back  runbook.Template `yaml:"restore" doc:"the command line that puts back what this one loosens for the time of the work, as it is now"`
	Exit  []runbook.Int    `yaml:"exit" doc:"exit codes that count as success besides 0"`
	Stdin runbook.Template `yaml:"stdin" doc:"what it reads on standard input: the place for a secret, which must not stand in a command line"`
}

func (s *ssh) Commands(t *runbook.Task) ([]event.Command, error) {
	cmds, err := onHosts(t, s.Run, t.Hosts)
	for i := range cmds {
		cmds[i].Fed = s.Stdin.Set()
		if cmds[i].Stdin, err = stdin(t, s.Stdin); err != nil {
			return nil, err
		}
	}
	return cmds, err
}

// Parallel: nodes do not wait for each other. One after the other is what on.each is for.
func (s *ssh) Parallel() bool { return true }

// Accepts takes the exit codes that the author named.
func (s *ssh) Accepts(exit int) bool {
	return slices.ContainsFunc(s.Exit, func(i runbook.Int) bool { return i.Value == exit })
}

// noHostsError means that there is nobody to ask.
type noHostsError struct{ step string }

func (e noHostsError) Error() string { return "step " + e.step + " names no hosts to run on" }

// Cause is the same for every step.
func (noHostsError) Cause() string { return "the inventory has no host in the groups that are asked" }

// onHosts makes the same command for each host. Inside it, node is the host it goes to.
func onHosts(t *runbook.Task, run runbook.Template, hosts []string) ([]event.Command, error) {
	if len(hosts) == 0 {
		return nil, noHostsError{t.Step}
	}
	cmds := make([]event.Command, len(hosts))
	for i, h := range hosts {
		scope := t.With()
		scope.Set("node", stringType, h)
		line, err := run.ShellPreview(scope)
		if err != nil {
			return nil, err
		}
		cmds[i] = event.Command{Host: h, Line: line}
	}
	return cmds, nil
}
