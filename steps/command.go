package steps

import (
	"errors"
	"io"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

type command struct {
	Run   runbook.Template `yaml:"run,required" doc:"the command line, for a POSIX shell"`
	Venv  runbook.Template `yaml:"venv" doc:"a Python virtual environment to activate first, below the checkout; empty for none"`
	Dir   runbook.Template `yaml:"dir" doc:"the directory to run in; default: the checkout"`
	TTY   runbook.Flag     `yaml:"tty" doc:"give it a terminal, of 500 columns however wide the window is, for programs that ask; with stdin, what it reads is that text all the same"`
	Stdin runbook.Template `yaml:"stdin" doc:"what it reads on standard input: the place for a secret, which must not stand in a command line"`
	Back  runbook.Template `yaml:"restore" doc:"the command line that puts back what this one loosens for the time of the work, as it is now"`
	Exit  []runbook.Int    `yaml:"exit" doc:"exit codes that count as success besides 0"`
}

func (c *command) Commands(t *runbook.Task) ([]event.Command, error) {
	cmd, err := local(t, c.Run, c.Venv)
	if err != nil {
		return nil, err
	}
	if cmd.Dir, err = c.Dir.Prose(t.Scope); err != nil {
		return nil, err
	}
	cmd.TTY = c.TTY.Value
	if cmd.Stdin, err = stdin(t, c.Stdin); err != nil {
		return nil, err
	}
	cmd.Fed = c.Stdin.Set()
	return []event.Command{cmd}, nil
}

// Accepts takes the exit codes that the author named.
func (c *command) Accepts(exit int) bool {
	return slices.ContainsFunc(c.Exit, func(i runbook.Int) bool { return i.Value == exit })
}

// stdin is what a command reads. What is not known yet is not read yet.
func stdin(t *runbook.Task, tpl runbook.Template) (io.Reader, error) {
	if !tpl.Set() {
		return nil, nil
	}
	text, err := tpl.Prose(t.Scope)
	if errors.Is(err, runbook.ErrNotKnownYet) {
		return nil, nil
	}
	return strings.NewReader(text), err
}

// local makes a command of the workstation, with its virtual environment in the line, so that what is shown is all
// there is.
func local(t *runbook.Task, run, venv runbook.Template) (event.Command, error) {
	line, err := run.ShellPreview(t.Scope)
	if err != nil {
		return event.Command{}, err
	}
	dir, err := venv.Prose(t.Scope)
	if err != nil {
		return event.Command{}, err
	}
	if dir != "" {
		line = ". " + runbook.Quote(dir+"/bin/activate") + " && " + line
	}
	return event.Command{Host: event.Workstation, Line: line}, nil
}
