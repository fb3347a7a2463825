package transcript

import (
	"errors"

	"spraydeck/runbook"
)

// output gives what stands in the output lines of a transcript.
type output struct{}

func newOutput(string) output { return output{} }

// of gives the output of a line, and its step.
func (output) of(line []byte) (runbook.Output, string, error) {
	r, data, err := parse(line)
	if err != nil {
		return runbook.Output{}, "", err
	}
	o, ok := data.(runbook.Output)
	if !ok {
		return o, "", errors.New("not output")
	}
	return o, r.step, nil
}

func (output) Close() error { return nil }
