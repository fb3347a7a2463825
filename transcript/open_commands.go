package transcript

import (
	"slices"
	"time"

	"spraydeck/runbook"
)

// OpenCommand is a command that was started and of which no end was written.
type OpenCommand struct {
	runbook.CommandStarted
	At time.Time // it was started
}

// OpenCommands gives the commands of a run that have no end, in the order of their start: those that a console left behind
// when it went away, or those of a run that is being written.
func OpenCommands(dir string) ([]OpenCommand, error) {
	r, err := Read(dir)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var open []OpenCommand
	for e, err := range r.WithoutOutput() {
		if err != nil {
			return open, err
		}
		switch d := e.Data.(type) {
		case runbook.CommandStarted:
			open = append(open, OpenCommand{d, e.Time})
		case runbook.CommandEnded:
			open = slices.DeleteFunc(open, func(c OpenCommand) bool { return c.Number == d.Number })
		}
	}
	return open, nil
}
