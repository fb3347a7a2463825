package event

import (
	"slices"
	"strings"
	"time"
)

// State is a run as its events describe it so far. The zero value is a run of which nothing is known yet.
type State struct {
	Started     Started
	Steps       []*StepState // in plan order
	Current     string       // id of the step that is running or was last
	Nodes       []Node       // by name
	Before      []Node       // each as it was first seen
	Connected   map[string]bool
	Pending     *Question // what the operator is being asked
	PendingStep string
	Asked       time.Time // when the newest question was put
	Hits        []Hit     // every symptom seen, in order
	Ended       *Ended
	Resumes     int       // how often another console took it up
	Drift       []Drifted // what had changed then
	Due         Due       // what is loosened for the time of the work and not put back
	Loosened    Due       // the same, with what was put back
	Paused      bool      // output is not recorded
	Behind      time.Time // what runs is shown as it was then: its console has just taken it up; zero: it is live
	Last        time.Time // of the last event
	Seq         int64

	measured measured
	steps    map[string]*StepState
	commands map[int]*CommandState
}

// StepState is a step as its events describe it so far.
type StepState struct {
	PlannedStep
	Status     Status
	Attempt    int
	Begun      time.Time
	Finished   time.Time
	Operations []Operation
	Commands   []*CommandState
	Gates      []GateChecked // the newest verdict of each, in the order first met
	Hits       []Hit
	Compared   []Compared
	Progress   Progress
	Tasks      []TaskSpan // of its playbook
	Undo       Text       // how it is undone, as its approval said
	Remarks    []Text
	Decisions  []Answered
	Blocked    []GateChecked // gates that blocked the step at some time, each once, as first seen
	Cures      []Cure        // remedies that ran
	Remedy     string        // id of the remedy that is running, "" for none
	Why        Text          // how it ended

	idle time.Duration // of the time since Begun: no console was there and no command ran
}

// Cure is a remedy that ran in a step.
type Cure struct {
	Remedy
	Status Status
}

// CommandState is a command as its events describe it so far.
type CommandState struct {
	CommandStarted
	Output  Tail
	Exit    int
	Outcome Outcome // "" while it runs
	Error   string
	Hint    string
	Begun   time.Time
	Ended   time.Time
}

// How much of a command's output State keeps; it drops the rest when it holds twice that. The journal keeps all.
const (
	tailLimit = 5000    // lines
	tailSize  = 1 << 20 // bytes
)

// Tail is the end of a command's output, by lines.
type Tail struct {
	Lines   []string // complete lines, without their ends
	Partial string   // what came after the last newline
	Dropped int      // lines that were let go at the front

	size int // of Lines, in bytes
}

func (t *Tail) add(text string) {
	if len(t.Partial) > LongLine {
		t.keep(t.Partial)
		t.Partial = ""
	}
	for {
		line, rest, ends := strings.Cut(text, "\n")
		if t.Partial != "" {
			line = t.Partial + line
		}
		if !ends {
			t.Partial = line
			break
		}
		t.keep(strings.TrimSuffix(line, "\r"))
		t.Partial, text = "", rest
	}
}

func (t *Tail) keep(line string) {
	t.Lines, t.size = append(t.Lines, line), t.size+len(line)
	if len(t.Lines) <= 2*tailLimit && t.size <= 2*tailSize {
		return
	}
	// of many at once: to move the rest for each line would cost more than the line
	n := 0
	for ; len(t.Lines)-n > tailLimit || t.size > tailSize; n++ {
		t.size -= len(t.Lines[n])
	}
	t.Lines = slices.Delete(t.Lines, 0, n)
	t.Dropped += n
}

// note adds a line of ours.
func (t *Tail) note(line string) {
	if t.Partial != "" {
		line = "\n" + line
	}
	t.add(line + "\n")
}

// All returns the lines kept, with an unfinished last one.
func (t *Tail) All() []string {
	if t.Partial == "" {
		return t.Lines
	}
	return append(slices.Clip(t.Lines), t.Partial)
}

// Step returns the state of a step, nil if there is none of this id.
func (s *State) Step(id string) *StepState { return s.steps[id] }

// Command returns the state of a command by its number, nil if there is none.
func (s *State) Command(number int) *CommandState { return s.commands[number] }

// Position returns the number of the current step, from 1, and how many there are.
func (s *State) Position() (n, of int) {
	for i, st := range s.Steps {
		if st.ID == s.Current {
			return i + 1, len(s.Steps)
		}
	}
	return 0, len(s.Steps)
}

// Apply folds one event into the state.
func (s *State) Apply(e Event) {
	if s.steps == nil {
		s.steps = map[string]*StepState{}
		s.commands = map[int]*CommandState{}
		s.Connected = map[string]bool{}
	}
	s.clockSet(e)
	last := s.Last
	s.Seq, s.Last = e.Seq, e.Time
	switch d := e.Data.(type) {
	case Started:
		s.Started = d
	case Planned:
		s.plan(d.Steps)
	case NodeChanged:
		s.node(d)
	case Connection:
		s.Connected[d.To] = d.Up
	case Ended:
		s.Ended, s.Pending = &d, nil
	case Resumed:
		s.Ended = nil
		for _, st := range s.Steps {
			if st.Status == Running && st.left() {
				s.Behind = last
			}
			if st.Status == Running && !st.left() {
				st.rest(last, e.Time)
			}
		}
		s.Resumes++
	case Paused:
		s.Paused = true
	case Unpaused:
		s.Paused = false
	case Loosened, Restored:
		s.Due.See(d)
		if l, is := d.(Loosened); is {
			s.Loosened.See(l)
		}
	case Drifted:
		s.Drift = append(s.Drift, d)
	default:
		s.inStep(e)
	}
}

func (s *State) plan(steps []PlannedStep) {
	s.Steps = s.Steps[:0]
	for _, p := range steps {
		st := s.steps[p.ID]
		if st == nil {
			st = &StepState{Status: Waiting}
			s.steps[p.ID] = st
		}
		st.PlannedStep = p
		s.Steps = append(s.Steps, st)
	}
}

func (s *State) node(d NodeChanged) {
	i, found := slices.BinarySearchFunc(s.Nodes, d.Node.Name, func(n Node, name string) int {
		return strings.Compare(n.Name, name)
	})
	switch {
	case d.Deleted && found:
		s.Nodes = slices.Delete(s.Nodes, i, i+1)
	case d.Deleted:
	case found:
		s.Nodes[i] = d.Node
	default:
		s.Nodes = slices.Insert(s.Nodes, i, d.Node)
		if !slices.ContainsFunc(s.Before, func(n Node) bool { return n.Name == d.Node.Name }) {
			s.Before = append(s.Before, d.Node)
		}
	}
}

// inStep folds an event that belongs to a step. Events of a step that was never planned, as a later version may write
// them, get a step of their own rather than being lost.
func (s *State) inStep(e Event) {
	st := s.steps[e.Step]
	if st == nil {
		st = &StepState{PlannedStep: PlannedStep{ID: e.Step, Title: T(e.Step)}, Status: Waiting}
		s.steps[e.Step] = st
		if e.Step != "" {
			s.Steps = append(s.Steps, st)
		}
	}
	switch e.Data.(type) {
	case Output, CommandEnded, StepEnded, Progress:
		s.Behind = time.Time{}
	}
	switch d := e.Data.(type) {
	case StepStarted:
		st.Status, st.Attempt = Running, d.Attempt
		st.rest(st.Finished, e.Time)
		st.Why, st.Finished = Text{}, time.Time{} // how it ended before is not how it stands
		if d.Attempt == 1 {
			st.Begun = e.Time
		}
		s.Current = e.Step
	case Described:
		st.Operations = d.Operations
	case CommandStarted:
		c := &CommandState{CommandStarted: d, Begun: e.Time}
		s.commands[d.Number] = c
		st.Commands = append(st.Commands, c)
	case Output:
		if c := s.commands[d.Number]; c != nil {
			c.Output.add(d.Text)
			if gap := d.Omission(); !gap.Empty() {
				c.Output.note(gap.In(s.Started.Locale))
			}
		}
	case CommandEnded:
		if c := s.commands[d.Number]; c != nil {
			c.Exit, c.Outcome, c.Error, c.Hint, c.Ended = d.Exit, d.Outcome, d.Error, d.Hint, e.Time
			if !c.Probe {
				st.endTask(e.Time)
			}
			if d.At.After(c.Begun) && d.At.Before(e.Time) {
				c.Ended = d.At
				st.rest(d.At, e.Time)
			}
		}
	case GateChecked:
		if d.Verdict != Pass && d.Required != Advisory && !slices.ContainsFunc(st.Blocked, func(g GateChecked) bool { return g.Gate == d.Gate && g.When == d.When }) {
			st.Blocked = append(st.Blocked, d)
		}
		i := slices.IndexFunc(st.Gates, func(g GateChecked) bool { return g.Gate == d.Gate && g.When == d.When })
		if i < 0 {
			st.Gates = append(st.Gates, d)
		} else {
			st.Gates[i] = d
		}
	case Hit:
		st.Hits = append(st.Hits, d)
		s.Hits = append(s.Hits, d)
	case RemedyStarted:
		st.Remedy = d.ID
		st.Cures = append(st.Cures, Cure{Remedy(d), Running})
	case RemedyEnded:
		st.Remedy = ""
		if n := len(st.Cures); n > 0 {
			st.Cures[n-1].Status = d.Status
		}
	case Asked:
		q := d.Question
		s.Pending, s.PendingStep, s.Asked = &q, e.Step, e.Time
		if undo := undoIn(q); !undo.Empty() && q.ID == e.Step+"/approve" {
			st.Undo = undo
		}
	case Answered:
		s.Pending, s.PendingStep = nil, ""
		st.Decisions = append(st.Decisions, d)
	case Progress:
		st.progress(d, e.Time)
	case Compared:
		st.Compared = append(st.Compared, d)
	case Decided:
		st.Remarks = append(st.Remarks, d.Told(st.Phase))
	case Remark:
		st.Remarks = append(st.Remarks, d.Text)
	case StepEnded:
		st.Status, st.Why, st.Finished = d.Status, d.Why, e.Time
	}
}

// LongLine is from where a line without an end is looked at in pieces.
const LongLine = 64 << 10
