package transcript

import (
	"maps"
	"slices"
	"sort"
	"time"

	"spraydeck/event"
)

// idleLimit is what a longer pause counts in Place.Played.
const idleLimit = 2 * time.Second

// Place is a position in a recording: what it is after its first Pos events.
type Place struct {
	Pos     int
	Offset  int64         // in the file, after the last of these events
	Elapsed time.Duration // since the run started
	Played  time.Duration // the same with every longer pause cut down to idleLimit
}

// Marks say why somebody may want to go to an event.
type Marks uint16

// What an event may be. One can be several.
const (
	MarkPlan     Marks = 1 << iota // the list of steps, or a new one
	MarkStep                       // a step begins
	MarkStepEnd                    // a step ends
	MarkGate                       // a verdict
	MarkFailure                    // something went wrong
	MarkOverride                   // the operator let something through
	MarkHit                        // a known problem shows
	MarkRemedy                     // a remedy begins
	MarkQuestion                   // the operator is asked
	MarkResumed                    // another console took the run up
	MarkEnd                        // the run ends
	MarkPause                      // output is recorded no more, or again
)

// index knows, for a file of any size, what it takes to be anywhere in it at once: every event but the output, and a
// place at least every blockSize bytes. It never knows more than the file says: it is built from it in one pass, and
// what is kept of it in a file of its own can be deleted at any time.
type index struct {
	reached                // the end of what is indexed
	blocks  []Place        // where each block begins
	events  []*indexed     // all but output, in order
	prints  map[int][]span // number of a command to the blocks that hold its output
	last    map[string]int // what events tell of that later ones tell again, to the last of them
}

// reached is how far a scan has come.
type reached struct {
	Place
	bad   int  // first line that could not be read, 0 for none
	ended bool // the last event is the end of the run
}

// indexed is an event as the index keeps it: the line itself, decoded when it is first needed.
type indexed struct {
	Place  // after it
	marks  Marks
	step   string
	topic  string // an event is of no more use once a later one has the same; "" for one that stays
	until  int    // the position of that later one, 0 for none
	line   []byte
	event  event.Event
	parsed bool
}

// get returns the event; one that cannot be read has no data.
func (e *indexed) get() event.Event {
	if !e.parsed {
		e.parsed = true
		if r, data, err := parse(e.line); err == nil {
			e.event = event.Event{Seq: r.seq, Time: r.time, Step: r.step, Data: data, Elapsed: e.Elapsed}
		}
	}
	return e.event
}

// span is a stretch of blocks, both ends included.
type span struct{ from, to int }

// blockSize is how much of the file is read to find an event between two known places.
const blockSize = 64 << 10

func newIndex(at int64) *index {
	x := &index{prints: map[int][]span{}, last: map[string]int{}}
	x.Offset = at
	return x
}

// after returns an empty index that goes on where this one ends, to be filled elsewhere and then joined.
func (x *index) after() *index {
	y := newIndex(0)
	y.reached = x.reached
	if n := len(x.blocks); n > 0 {
		y.blocks = append(y.blocks, x.blocks[n-1]) // stands for what x has; join leaves it out
	}
	return y
}

// join takes in what after gave.
func (x *index) join(y *index) {
	base := max(0, len(x.blocks)-1)
	x.reached = y.reached
	x.blocks = append(x.blocks[:min(base, len(x.blocks))], y.blocks...)
	for _, e := range y.events {
		x.add(e)
	}
	for number, spans := range y.prints {
		for _, s := range spans {
			x.prints[number] = grown(x.prints[number], base+s.from, base+s.to)
		}
	}
}

// still returns a copy that stays as it is, for pack, while this one grows.
func (x *index) still() *index {
	y := *x
	y.blocks, y.events, y.prints, y.last = slices.Clone(x.blocks), slices.Clone(x.events), maps.Clone(x.prints), nil
	for number, spans := range y.prints {
		y.prints[number] = slices.Clone(spans)
	}
	return &y
}

func (x *index) add(e *indexed) {
	if e.topic != "" {
		if i, ok := x.last[e.topic]; ok {
			x.events[i].until = e.Pos
		}
		x.last[e.topic] = len(x.events)
	}
	x.events = append(x.events, e)
}

// grown adds blocks at the end of some. A gap of a few is not worth a span.
func grown(spans []span, from, to int) []span {
	if n := len(spans); n > 0 && from <= spans[n-1].to+4 {
		spans[n-1].to = max(spans[n-1].to, to)
		return spans
	}
	return append(spans, span{from, to})
}

// block returns the block in which a search by some rising measure ends: the last one that begins at or before it.
func (x *index) block(beyond func(Place) bool) int {
	return max(0, sort.Search(len(x.blocks), func(i int) bool { return beyond(x.blocks[i]) })-1)
}

// eventsIn returns the events after one position, up to and with another.
func (x *index) eventsIn(from, to int) []*indexed {
	i := sort.Search(len(x.events), func(i int) bool { return x.events[i].Pos > from })
	j := sort.Search(len(x.events), func(i int) bool { return x.events[i].Pos > to })
	return x.events[i:max(i, j)]
}

// printedIn returns the last blocks that hold output of a command, the last one first, at most n, none after block to.
func (x *index) printedIn(number, to, n int) []int {
	var out []int
	for _, s := range slices.Backward(x.prints[number]) {
		for b := min(s.to, to); b >= s.from && len(out) < n; b-- {
			out = append(out, b)
		}
	}
	return out
}

// marksOf says what an event is, and what it is about if the next of its kind makes it obsolete.
func marksOf(e event.Event) (m Marks, topic string) {
	switch d := e.Data.(type) {
	case event.Planned:
		m = MarkPlan
	case event.StepStarted:
		m = MarkStep
	case event.GateChecked:
		m = MarkGate
		if d.Verdict != event.Pass && d.Required != event.Advisory {
			m |= MarkFailure
		}
	case event.Hit:
		m = MarkHit | MarkFailure
	case event.CommandEnded:
		if d.Outcome == event.StateLost {
			m = MarkFailure
		}
	case event.RemedyStarted:
		m = MarkRemedy
	case event.Asked:
		m = MarkQuestion
	case event.Answered:
		if d.Choice == event.ChoiceOverride || d.Choice == event.ChoiceSkip {
			m = MarkOverride
		}
	case event.StepEnded:
		m = MarkStepEnd
		switch d.Status {
		case event.Failed, event.Lost, event.Cancelled:
			m |= MarkFailure
		case event.Overridden:
			m |= MarkOverride
		}
	case event.Resumed:
		m = MarkResumed
	case event.Paused, event.Unpaused:
		m = MarkPause
	case event.Ended:
		m = MarkEnd
	case event.Connection:
		topic = "connection " + d.To
		if !d.Up {
			m = MarkFailure
		}
	case event.NodeChanged:
		topic = "node " + d.Node.Name
	case event.Progress:
		topic = "progress " + e.Step
	}
	return m, topic
}
