package ui

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"spraydeck/runbook"
	"spraydeck/transcript"
)

// idleLimit is what a longer pause becomes while idle time is skipped.
const idleLimit = 2 * time.Second

// tape is a recorded run in memory, with its places of interest.
//
// A position is a number of events: the state at position n is the fold of the first n. Going forward folds on; going
// back folds from the start, which costs some 20 ms for 100,000 events. For much longer runs, base is the
// place to start from the nearest kept state instead.
type tape struct {
	events   []tapeEvent
	total    time.Duration // real time of the last event
	steps    []int         // positions just after a step started
	failures []int         // positions just after something went wrong
	badLine  int           // of the first line that could not be read or verified, 0 for none
	torn     bool          // the file ends within a line
	ended    bool          // the run came to its end
	header   transcript.Header
}

type tapeEvent struct {
	runbook.Event
	after   time.Duration // since the event before
	elapsed time.Duration // since the start
}

// readTape reads a transcript, and verifies it. What can be read is replayed; what is wrong with it is remembered.
func readTape(path string) (*tape, error) {
	checked, err := transcript.Verify(path)
	if err != nil {
		return nil, err
	}
	r, err := transcript.Read(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t := &tape{header: r.Header(), ended: checked.Ended != nil}
	if checked.Bad != nil {
		t.badLine = checked.Bad.Line
	}
	line := 1
	for e, err := range r.Entries() {
		var bad *transcript.LineError
		if errors.As(err, &bad) {
			if t.badLine == 0 || bad.Line < t.badLine {
				t.badLine = bad.Line
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		line = e.Line
		t.add(e.Event, e.After, e.Elapsed)
	}
	if r.Torn() > 0 {
		t.torn = true
		if t.badLine == 0 {
			t.badLine = line + 1
		}
	}
	if len(t.events) == 0 {
		return nil, fmt.Errorf("replay %s: nothing is recorded in it yet", path)
	}
	return t, nil
}

func (t *tape) add(e runbook.Event, after, elapsed time.Duration) {
	t.events = append(t.events, tapeEvent{e, max(0, after), elapsed})
	t.total = max(t.total, elapsed)
	at := len(t.events)
	if _, ok := e.Data.(runbook.StepStarted); ok {
		t.steps = append(t.steps, at)
	}
	if wentWrong(e.Data) {
		t.failures = append(t.failures, at)
	}
}

// wentWrong says whether an event is what somebody looking for trouble wants to see.
func wentWrong(d runbook.Data) bool {
	switch d := d.(type) {
	case runbook.GateChecked:
		return d.Verdict != runbook.Pass && d.Required != runbook.Advisory
	case runbook.Hit:
		return true
	case runbook.CommandEnded:
		return d.Outcome == runbook.StateLost
	case runbook.StepEnded:
		return d.Status == runbook.Failed || d.Status == runbook.Lost || d.Status == runbook.Cancelled
	case runbook.Connection:
		return !d.Up
	}
	return false
}

// base gives a state to fold on from, and its position, for a position: the nearest keyframe, once there are any.
func (t *tape) base(int) (*runbook.State, int) { return &runbook.State{}, 0 }

// clock gives the time at which each event plays: the recorded pace, or with every long pause cut short.
func (t *tape) clock(skipIdle bool) []time.Duration {
	at := make([]time.Duration, len(t.events))
	var now time.Duration
	for i, e := range t.events {
		after := e.after
		if skipIdle {
			after = min(after, idleLimit)
		}
		now += after
		at[i] = now
	}
	return at
}

// atElapsed gives the position at a real time since the start: all that had happened by then.
func (t *tape) atElapsed(d time.Duration) int {
	return sort.Search(len(t.events), func(i int) bool { return t.events[i].elapsed > d })
}

// stepStart gives the position at which a step started first.
func (t *tape) stepStart(id string) (int, error) {
	var ids []string
	for _, at := range t.steps {
		step := t.events[at-1].Step
		if step == id {
			return at, nil
		}
		if !slices.Contains(ids, step) {
			ids = append(ids, step)
		}
	}
	return 0, fmt.Errorf("replay from step %q: it was never started; started were: %s", id, strings.Join(ids, ", "))
}

// next gives the first of some positions after at, previous the last one before it.
func next(places []int, at int) (int, bool) {
	i := sort.SearchInts(places, at+1)
	if i == len(places) {
		return 0, false
	}
	return places[i], true
}

func previous(places []int, at int) (int, bool) {
	i := sort.SearchInts(places, at)
	if i == 0 {
		return 0, false
	}
	return places[i-1], true
}

// find gives the positions at which a text was said: by a command, in its output, by a gate, a pitfall or the operator.
// Text that was cut into pieces on its way is found too.
func (t *tape) find(query string) []int {
	var found []int
	partial := map[int]string{} // what each command has printed of an unfinished line
	for i, e := range t.events {
		said := ""
		switch d := e.Data.(type) {
		case runbook.Output:
			said = partial[d.Number] + d.Text
			last := said[strings.LastIndexByte(said, '\n')+1:]
			if len(findAll(last, query)) > 0 || len(last) > 4096 {
				last = "" // found once is enough
			}
			partial[d.Number] = last
		case runbook.CommandStarted:
			said = d.Line
		case runbook.CommandEnded:
			delete(partial, d.Number)
			said = d.Error
		case runbook.GateChecked:
			said = strings.Join(append([]string{d.Title.En, d.Title.Ja, d.Says.En, d.Says.Ja}, d.Evidence...), "\n")
		case runbook.Hit:
			said = strings.Join([]string{d.Pitfall, d.Title.En, d.Title.Ja, d.Cause.En, d.Cause.Ja}, "\n")
		case runbook.Answered:
			said = d.Reason
		case runbook.StepEnded:
			said = d.Why.En + "\n" + d.Why.Ja
		case runbook.Remark:
			said = d.Text.En + "\n" + d.Text.Ja
		}
		if len(findAll(said, query)) > 0 {
			found = append(found, i+1)
		}
	}
	return found
}
