package runbooks

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// TestDemoHits: what the commands of the demo printed is looked at again, at the times at which it came. Every hit must be
// deserved by its command: none of a command that ended well without trouble is raised, during it or after.
func TestDemoHits(t *testing.T) {
	zipped, err := gzip.NewReader(bytes.NewReader(Demo))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zipped)
	if err != nil {
		t.Fatal(err)
	}
	var pitfalls []*runbook.Pitfall
	for _, f := range load(t) {
		if f.Pitfall != nil {
			pitfalls = append(pitfalls, f.Pitfall)
		}
	}
	stream := runbook.NewSymptoms(pitfalls).Set.Stream()
	type open struct {
		in    symptom.Input
		rest  map[string]string
		probe bool
	}
	commands := map[int]*open{}
	var got []string
	told := func(hits []symptom.Hit) {
		for _, h := range hits {
			if !slices.Contains(got, h.ID) {
				got = append(got, h.ID)
			}
		}
	}
	var last time.Time
	for line := range strings.Lines(string(text)) {
		var e struct {
			Time time.Time       `json:"time"`
			Kind string          `json:"kind"`
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		d, err := event.DecodeData(e.Kind, e.Data)
		if err != nil {
			continue // the header
		}
		last = e.Time
		told(stream.Flush(e.Time))
		switch d := d.(type) {
		case event.CommandStarted:
			commands[d.Number] = &open{in: symptom.Input{Host: d.Host, Name: e.Kind + d.Line}, rest: map[string]string{}, probe: d.Probe}
		case event.Output:
			c := commands[d.Number]
			if c.probe {
				continue
			}
			c.in.Pipe = d.Stream
			all := c.rest[d.Stream] + d.Text
			i := strings.LastIndexByte(all, '\n') + 1
			if c.rest[d.Stream] = all[i:]; i > 0 {
				told(stream.FeedLines(c.in, all[:i-1], e.Time))
			}
		case event.CommandEnded:
			if c := commands[d.Number]; c != nil {
				told(stream.Done(c.in.Name, d.Exit == 0))
			}
		}
	}
	told(stream.Flush(last.Add(time.Hour)))
	slices.Sort(got)
	t.Logf("%d commands, hits: %v", len(commands), got)
	if len(commands) < 250 {
		t.Errorf("only %d commands were looked at", len(commands))
	}
	for _, id := range got {
		if !slices.Contains(deserved, id) {
			t.Errorf("%s is not deserved", id)
		}
	}
}

// deserved are the symptoms that the faults of the demo show.
var deserved = []string{}
