package transcript

import (
	"bytes"
	"errors"
	"path/filepath"

	"spraydeck/event"
)

// output gives what commands printed: from the lines of a transcript, or from the spools that they refer to.
type output struct{ spools spools }

func newOutput(path string) output { return output{spools{dir: filepath.Dir(path)}} }

var errNotOutput = errors.New("not output")

// printer returns the command whose output an event is.
func printer(data event.Data) (number int, ok bool) {
	switch d := data.(type) {
	case event.Output:
		return d.Number, true
	case spooled:
		return d.Number, true
	}
	return 0, false
}

// of returns the output of a line, and its step. Output that is not in its spool comes with an error that says so.
func (o *output) of(line []byte) (event.Output, string, error) {
	r, data, err := parse(line)
	if err != nil {
		return event.Output{}, "", err
	}
	switch d := data.(type) {
	case event.Output:
		return d, r.step, nil
	case spooled:
		out, err := o.spools.output(d)
		return out, r.step, err
	}
	return event.Output{}, "", errNotOutput
}

// seen is of for a screen: where output is missing, it says so in its place.
func (o *output) seen(line []byte) (event.Output, string, error) {
	out, step, err := o.of(line)
	var missing *SpoolError
	if errors.As(err, &missing) {
		out.Text, err = "✗ "+missing.Error()+"\n", nil
	}
	return out, step, err
}

// text returns only the text, as a string of JSON has it (escaped) or as it was printed. It is good until the next call.
func (o *output) text(line []byte) (text []byte, escaped bool, err error) {
	if i := bytes.Index(line, []byte(`,"text":"`)); i >= 0 {
		rest := line[i+len(`,"text":"`):]
		if end := closingQuote(rest); end >= 0 {
			return rest[:end], true, nil
		}
	}
	_, data, err := parse(line)
	switch d := data.(type) {
	case spooled:
		text, err = o.spools.read(d)
		return text, false, err
	case event.Output:
		return []byte(d.Text), false, nil
	}
	return nil, false, errors.Join(err, errNotOutput)
}

func (o *output) close() { o.spools.close() }
