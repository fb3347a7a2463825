package transcript

import (
	"slices"
	"time"

	"spraydeck/event"
)

// OpenCommand is a command that was started and of which no end is known.
type OpenCommand struct {
	event.CommandStarted
	At   time.Time // it was started
	step string
	lost bool
}

// OpenCommands returns the commands of a run of which no end is known, in the order of their start: those that a console left
// behind when it went away, those of a run that is being written, and those whose connection was lost for good. The last
// are settled when their step is: then somebody has decided.
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
		case event.CommandStarted:
			open = append(open, OpenCommand{d, e.Time, e.Step, false})
		case event.CommandEnded:
			i := slices.IndexFunc(open, func(c OpenCommand) bool { return c.Number == d.Number })
			switch {
			case i < 0:
			case d.Outcome == event.StateLost:
				open[i].lost = true
			default:
				open = slices.Delete(open, i, i+1)
			}
		case event.StepEnded:
			if d.Status == event.Passed || d.Status == event.Overridden || d.Status == event.Skipped {
				open = slices.DeleteFunc(open, func(c OpenCommand) bool { return c.lost && c.step == e.Step })
			}
		}
	}
	return open, nil
}
