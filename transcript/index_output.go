package transcript

import (
	"bytes"
	"errors"

	"spraydeck/runbook"
)

// output gives what stands in the output lines of a transcript.
type output struct{}

func newOutput(string) output { return output{} }

var errNotOutput = errors.New("not output")

// of gives the output of a line, and its step.
func (output) of(line []byte) (runbook.Output, string, error) {
	r, data, err := parse(line)
	if err != nil {
		return runbook.Output{}, "", err
	}
	o, ok := data.(runbook.Output)
	if !ok {
		return o, "", errNotOutput
	}
	return o, r.step, nil
}

// text gives only the text, as a string of JSON has it (escaped) or as it was printed. It is good until the next call.
func (o output) text(line []byte) (text []byte, escaped bool, err error) {
	if i := bytes.Index(line, []byte(`,"text":"`)); i >= 0 {
		rest := line[i+len(`,"text":"`):]
		if end := closingQuote(rest); end >= 0 {
			return rest[:end], true, nil
		}
	}
	out, _, err := o.of(line)
	return []byte(out.Text), false, err
}

func (output) Close() error { return nil }
