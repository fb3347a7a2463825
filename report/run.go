package report

import (
	"slices"
	"strconv"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// Seconds is a time since the run started, or how long something took, by a clock that never goes back. In JSON it is a
// number of seconds with at most three digits after the point.
type Seconds time.Duration

// MarshalJSON writes it in seconds.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Round(time.Millisecond).Seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	*s = Seconds(f * float64(time.Second))
	return err
}

// Moment is when something happened. At is what durations are made of; Time is what the console's clock said.
type Moment struct {
	At   Seconds   `json:"at"`
	Time time.Time `json:"time,omitzero"`
}

// run is a transcript folded for a reader who was not there. What the commands printed is in it only if keep says so.
type run struct {
	header  transcript.Header
	check   transcript.Result
	started event.Started
	begun   Moment
	last    Moment
	ended   *event.Ended
	unread  []error // lines that could not be read

	steps       []*Step // in the order of the plan
	prelude     *Step   // what belongs to no step
	commands    []*Command
	gates       []*Gate
	decisions   []*Decision
	hits        []*Hit
	remedies    []*Remedy
	nodes       []*NodeChange
	connections []*Connection
	diffs       []*Diff
	remarks     []*Remark
	resumes     []*Resume
	drift       []*Drift
	pauses      []*Pause
	idle        []span // nothing ran and nothing happened, for long

	keep   *budget // nil keeps no output
	byID   map[string]*Step
	open   map[int]*Command
	asked  map[string]event.Question
	zero   time.Duration
	offset bool
}

// Step is a step of the plan and how it went.
type Step struct {
	ID       string       `json:"id"`
	Number   int          `json:"number"` // from 1, in the order of the plan
	Title    event.Text   `json:"title"`
	Why      event.Text   `json:"why,omitzero"`
	Phase    event.Text   `json:"phase,omitzero"`
	Kind     string       `json:"kind,omitempty"`
	Danger   event.Danger `json:"danger,omitempty"`
	Hosts    []string     `json:"hosts,omitempty"`
	NoReturn bool         `json:"noReturn,omitempty"`
	Status   event.Status `json:"status"`
	Because  event.Text   `json:"because,omitzero"` // why it ended like this
	Attempts int          `json:"attempts"`
	Began    *Moment      `json:"began,omitempty"` // absent: it was not reached
	Took     Seconds      `json:"took"`

	items []any   // everything that happened in it, in order
	idle  Seconds // since it began: no console was there and no command ran
	end   Seconds // of its last attempt
}

// Command is a command line or an API call.
type Command struct {
	Number  int           `json:"command"`
	Step    string        `json:"step,omitempty"`
	Host    string        `json:"host"`
	Line    string        `json:"line"`
	Changes bool          `json:"changes,omitempty"`
	Probe   bool          `json:"probe,omitempty"`
	Fed     bool          `json:"fed,omitempty"` // it read a text on standard input
	Began   Moment        `json:"began"`
	Took    Seconds       `json:"took"`
	Exit    int           `json:"exit"`
	Outcome event.Outcome `json:"outcome"` // "": the transcript ends before it does
	Error   string        `json:"error,omitempty"`
	Hint    string        `json:"hint,omitempty"`
	Printed int64         `json:"printed"` // bytes, on both streams

	output *kept
	would  bool // a dry run: it never ran
}

// Gate is the verdict of a gate.
type Gate struct {
	Step string `json:"step,omitempty"`
	Moment
	event.GateChecked
}

// Decision is what the operator answered, with the question it answers.
type Decision struct {
	Step string `json:"step,omitempty"`
	Moment
	Question string     `json:"question"`
	Form     string     `json:"form,omitempty"`
	Title    event.Text `json:"title,omitzero"`
	Label    event.Text `json:"label,omitzero"` // what the choice said
	Override bool       `json:"override,omitempty"`
	Unknown  bool       `json:"unknown,omitempty"` // nobody knew whether it had already run
	event.Answer
}

// Hit is a known problem that output showed.
type Hit struct {
	Step string `json:"step,omitempty"`
	Moment
	event.Hit
}

// Remedy is a remedy that was started.
type Remedy struct {
	Step   string       `json:"step,omitempty"`
	ID     string       `json:"id"`
	Title  event.Text   `json:"title"`
	Began  Moment       `json:"began"`
	Took   Seconds      `json:"took"`
	Status event.Status `json:"status"` // running: the transcript ends before it does
	Reason string       `json:"reason,omitempty"`

	ends bool // as an item of a step: its end
}

// NodeChange is the state of a node from then on.
type NodeChange struct {
	Moment
	Status  string `json:"status"` // as kubectl get nodes says it
	Deleted bool   `json:"deleted,omitempty"`
	event.Node
}

// Connection is the link to an API server, from then on.
type Connection struct {
	Moment
	event.Connection
}

// Diff is two texts that were compared: what a file was and what it became.
type Diff struct {
	Step string `json:"step,omitempty"`
	Moment
	event.Compared
}

// Remark is a line of the engine's own.
type Remark struct {
	Step string `json:"step,omitempty"`
	Moment
	Text event.Text `json:"text"`
}

// Resume is a console that took the run up again.
type Resume struct {
	Moment
	Away     Seconds `json:"away"` // since the last event before
	Operator string  `json:"operator,omitempty"`
	Tool     string  `json:"tool,omitempty"`
	Torn     int64   `json:"torn,omitempty"` // bytes of half a line that were cut off the transcript
}

// Drift is a gate of a finished step that does not hold any more when the run is resumed.
type Drift struct {
	Moment
	event.Drifted
}

// Pause is a time in which the operator did not want the output of commands recorded.
type Pause struct {
	Moment
	Took Seconds `json:"took"`
	Open bool    `json:"open,omitempty"` // the transcript ends before it does
}

// attempt is a step that starts again.
type attempt struct {
	Moment
	number int
}

// away is how long nothing may happen before it is no part of the story: nobody was there. Where a command still ran and
// its console was gone, it may be longer.
const away, gone = 15 * time.Minute, time.Hour

// span is a stretch of the run.
type span struct{ from, to Seconds }

func (s span) length() Seconds { return s.to - s.from }

// fold reads all of a transcript.
func fold(src Source, keep *budget) *run {
	r := &run{header: src.Header, check: src.Check, keep: keep, prelude: &Step{}, byID: map[string]*Step{}, open: map[int]*Command{},
		asked: map[string]event.Question{}}
	for e, err := range src.Entries {
		if err != nil {
			r.unread = append(r.unread, err)
			continue
		}
		r.add(e)
	}
	for _, c := range r.open {
		c.Took = r.last.At - c.Began.At
		c.output.flush()
	}
	for _, st := range r.steps {
		if st.Status == event.Running {
			st.Took = max(0, r.last.At-st.Began.At-st.idle)
		}
	}
	return r
}

func (r *run) add(e transcript.Entry) {
	if !r.offset {
		r.zero, r.offset = e.Elapsed, true
		r.begun = Moment{0, e.Time}
	}
	now := Moment{Seconds(e.Elapsed - r.zero), e.Time}
	gap := now.At - r.last.At
	_, resumed := e.Data.(event.Resumed)
	if gap > Seconds(away) && len(r.open) == 0 || gap > Seconds(gone) && resumed {
		r.idle = append(r.idle, span{r.last.At, now.At})
	}
	r.last, r.ended = now, nil // a run that was left may go on
	switch d := e.Data.(type) {
	case event.Started:
		if r.started.Runbook == "" {
			r.started = d
		}
	case event.Planned:
		r.plan(d.Steps)
	case event.NodeChanged:
		r.nodes = append(r.nodes, &NodeChange{now, d.Node.Status(), d.Deleted, d.Node})
	case event.Connection:
		r.connections = append(r.connections, &Connection{now, d})
	case event.Ended:
		r.ended = &d
	case event.Resumed:
		r.rested(gap)
		m := &Resume{now, gap, d.Operator, d.Tool, d.Torn}
		r.resumes = append(r.resumes, m)
		r.step(e.Step).items = append(r.step(e.Step).items, m)
	case event.Paused:
		m := &Pause{Moment: now, Open: true}
		r.pauses = append(r.pauses, m)
		r.step(e.Step).items = append(r.step(e.Step).items, m)
	case event.Unpaused:
		if n := len(r.pauses); n > 0 {
			r.pauses[n-1].Took, r.pauses[n-1].Open = now.At-r.pauses[n-1].At, false
		}
	case event.Drifted:
		m := &Drift{now, d}
		r.drift = append(r.drift, m)
		r.step(e.Step).items = append(r.step(e.Step).items, m)
	case event.Output:
		if c := r.open[d.Number]; c != nil {
			c.Printed += int64(len(d.Bytes()))
			if d.Omitted {
				c.Printed += int64(d.Size)
			}
			c.output.add(d)
		}
	case event.CommandEnded:
		r.commandEnded(now, d)
	case event.Progress, event.UnknownData: // not reported
	default:
		r.inStep(now, r.step(e.Step), e.Data)
	}
}

func (r *run) plan(steps []event.PlannedStep) {
	r.steps = r.steps[:0]
	for i, p := range steps {
		st := r.byID[p.ID]
		if st == nil {
			st = &Step{Status: event.Waiting}
			r.byID[p.ID] = st
		}
		st.ID, st.Number, st.Title, st.Why, st.Phase = p.ID, i+1, p.Title, p.Why, p.Phase
		st.Kind, st.Danger, st.Hosts, st.NoReturn = p.Kind, p.Danger, p.Hosts, p.NoReturn
		r.steps = append(r.steps, st)
	}
}

// step returns a step by its id. One that was never planned gets a place at the end rather than being lost.
func (r *run) step(id string) *Step {
	if id == "" {
		return r.prelude
	}
	st := r.byID[id]
	if st == nil {
		st = &Step{ID: id, Title: event.T(id), Number: len(r.steps) + 1, Status: event.Waiting}
		r.byID[id] = st
		r.steps = append(r.steps, st)
	}
	return st
}

func (r *run) inStep(now Moment, st *Step, data event.Data) {
	switch d := data.(type) {
	case event.StepStarted:
		st.Status, st.Attempts = event.Running, d.Attempt
		if st.Began == nil {
			st.Began = &now
		}
		if st.end > 0 {
			st.idle, st.end = st.idle+now.At-st.end, 0
		}
		if d.Attempt > 1 {
			st.items = append(st.items, attempt{now, d.Attempt})
		}
	case event.StepEnded:
		if st.Began == nil {
			st.Began = &now
		}
		st.Status, st.Because, st.Took, st.end = d.Status, d.Why, max(0, now.At-st.Began.At-st.idle), now.At
	case event.Described:
		if r.started.DryRun {
			for _, op := range d.Operations {
				st.items = append(st.items, &Command{Step: st.ID, Host: op.Host, Line: op.Line, Changes: op.Changes, Probe: op.Probe, Fed: op.Fed, Began: now, would: true})
			}
		}
	case event.CommandStarted:
		if r.open[d.Number] != nil { // taken up again after the console went away
			return
		}
		c := &Command{Number: d.Number, Step: st.ID, Host: d.Host, Line: d.Line, Changes: d.Changes, Probe: d.Probe, Fed: d.Fed, Began: now, output: r.keep.output()}
		r.open[d.Number] = c
		r.commands = append(r.commands, c)
		st.items = append(st.items, c)
	case event.GateChecked:
		g := &Gate{st.ID, now, d}
		r.gates = append(r.gates, g)
		st.items = append(st.items, g)
	case event.Hit:
		h := &Hit{st.ID, now, d}
		r.hits = append(r.hits, h)
		st.items = append(st.items, h)
	case event.RemedyStarted:
		m := &Remedy{Step: st.ID, ID: d.ID, Title: d.Title, Began: now, Status: event.Running}
		r.remedies = append(r.remedies, m)
		st.items = append(st.items, m)
	case event.RemedyEnded:
		r.remedyEnded(now, st, d)
	case event.Asked:
		r.asked[d.Question.ID] = d.Question
	case event.Answered:
		a := r.decision(now, st.ID, d)
		r.decisions = append(r.decisions, a)
		st.items = append(st.items, a)
	case event.Compared:
		c := &Diff{st.ID, now, d}
		r.diffs = append(r.diffs, c)
		st.items = append(st.items, c)
	case event.Decided:
		m := &Remark{st.ID, now, d.Told(st.Phase)}
		r.remarks = append(r.remarks, m)
		st.items = append(st.items, m)
	case event.Remark:
		m := &Remark{st.ID, now, d.Text}
		r.remarks = append(r.remarks, m)
		st.items = append(st.items, m)
	}
}

func (r *run) commandEnded(now Moment, d event.CommandEnded) {
	c := r.open[d.Number]
	if c == nil {
		return
	}
	c.Took, c.Exit, c.Outcome, c.Error, c.Hint = now.At-c.Began.At, d.Exit, d.Outcome, d.Error, d.Hint
	if ran := Seconds(d.At.Sub(c.Began.Time)); !d.At.IsZero() && ran >= 0 && ran < c.Took {
		st := r.step(c.Step)
		c.Took, st.idle = ran, st.idle+c.Took-ran
	}
	c.output.flush()
	delete(r.open, d.Number)
}

// rested takes a time without a console out of the steps of which no command ran meanwhile.
func (r *run) rested(gap Seconds) {
	for _, st := range r.steps {
		left := false
		for _, c := range r.open {
			left = left || c.Step == st.ID && !c.Probe
		}
		if st.Status == event.Running && !left {
			st.idle += gap
		}
	}
}

func (r *run) remedyEnded(now Moment, st *Step, d event.RemedyEnded) {
	for _, m := range slices.Backward(r.remedies) {
		if m.ID == d.ID && m.Status == event.Running {
			m.Status, m.Reason, m.Took = d.Status, d.Reason, now.At-m.Began.At
			end := *m
			end.Began, end.ends = now, true
			st.items = append(st.items, &end)
			return
		}
	}
}

func (r *run) decision(now Moment, step string, d event.Answered) *Decision {
	q := r.asked[d.Question]
	delete(r.asked, d.Question)
	a := &Decision{Step: step, Moment: now, Question: d.Question, Form: q.Form, Title: q.Title, Unknown: q.Unknown, Answer: d.Answer}
	for _, c := range q.Choices {
		if c.ID == d.Choice {
			a.Label = c.Label
		}
	}
	a.Override = d.Reason != "" && (d.Choice == event.ChoiceOverride || d.Choice == event.ChoiceSkip)
	return a
}

// overrides are the decisions to go on without the proof, or to leave a step out.
func (r *run) overrides() []*Decision {
	var list []*Decision
	for _, d := range r.decisions {
		if d.Override {
			list = append(list, d)
		}
	}
	return list
}
