package engine

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"sync"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Past is a run that was interrupted, as its transcript tells it. A run that is resumed walks its runbook from the
// beginning: what the past holds is answered from it and not written again, and what it does not hold is done. So a
// resumed run knows all that the interrupted one knew, and nothing is done twice.
type Past struct {
	Started *event.Started // nil: it broke off before its first event
	Ended   event.Status   // how it ended, "" where it broke off
	Last    string         // id of the step it broke off in, "" where it was in none

	mu       sync.Mutex
	steps    map[string]*pastStep
	number   int  // of the last command
	caughtUp bool // something has been done that the past does not hold
	same     func(string) string

	reading sync.Mutex
	printed func(number int) iter.Seq2[event.Output, error]
}

// pastStep is what is known of one step since it was last begun anew.
type pastStep struct {
	status   event.Status   // how it ended, "" where it did not
	attempts int            // the last
	before   int            // attempts before it was begun anew
	left     map[string]int // events that were written, by what they say
	commands []*pastCommand
	answers  map[string][]event.Answer
	gates    map[[2]string]event.GateChecked
	hits     []event.Hit
}

type pastCommand struct {
	event.CommandStarted
	end   *event.CommandEnded
	taken bool
}

// NewPast reads the events of an interrupted run. Output among them is passed over: printed gives, of one command, what it
// printed, when that is wanted. masked is what the transcript makes of a text when it writes it: a command line that was
// masked is found again by it.
func NewPast(events iter.Seq[event.Event], printed func(number int) iter.Seq2[event.Output, error], masked func(string) string) *Past {
	p := &Past{steps: map[string]*pastStep{}, printed: printed, same: masked}
	byNumber := map[int]*pastCommand{}
	for e := range events {
		p.read(e, byNumber)
	}
	return p
}

func (p *Past) read(e event.Event, byNumber map[int]*pastCommand) {
	st := p.step(e.Step)
	switch d := e.Data.(type) {
	case event.Output:
		return
	case event.CommandStarted:
		c := &pastCommand{CommandStarted: d}
		byNumber[d.Number] = c
		st.commands = append(st.commands, c)
		p.number = max(p.number, d.Number)
		return
	case event.CommandEnded:
		if c := byNumber[d.Number]; c != nil {
			if c.end = &d; d.Outcome == event.Abandoned {
				st.commands = slices.DeleteFunc(st.commands, func(o *pastCommand) bool { return o == c })
			}
		}
		return
	case event.Started:
		p.Started = &d
	case event.StepStarted:
		if p.Last = e.Step; st.status != "" { // a run that was resumed began it anew
			st = p.forget(e.Step)
		}
		st.attempts = d.Attempt
	case event.StepEnded:
		if st.status = d.Status; !done(d.Status) {
			st = p.forget(e.Step)
			st.status = d.Status
			return
		}
	case event.Resumed:
		p.Ended = ""
	case event.Ended:
		p.Ended = d.Status
		p.endedBefore()
	case event.Answered:
		st.answers[d.Question] = append(st.answers[d.Question], d.Answer)
	case event.GateChecked:
		st.gates[[2]string{d.When, d.Gate}] = d
	case event.Hit:
		st.hits = append(st.hits, d)
	}
	st.left[content(e.Data)]++
}

// done says whether a step that ended so is over. Any other is begun anew by a resumed run.
func done(s event.Status) bool {
	return s == event.Passed || s == event.Skipped || s == event.Overridden
}

func (p *Past) step(id string) *pastStep {
	st := p.steps[id]
	if st == nil {
		st = &pastStep{left: map[string]int{}, answers: map[string][]event.Answer{}, gates: map[[2]string]event.GateChecked{}}
		p.steps[id] = st
	}
	return st
}

// forget lets go of what a step did before it ended without success. The number of its attempts is kept.
func (p *Past) forget(id string) *pastStep {
	attempts := p.step(id).attempts
	delete(p.steps, id)
	st := p.step(id)
	st.attempts, st.before = attempts, attempts
	return st
}

// endedBefore takes back the decision to leave: who resumes a run wants to be asked again.
func (p *Past) endedBefore() {
	for q, list := range p.step("").answers {
		p.steps[""].answers[q] = slices.DeleteFunc(list, func(a event.Answer) bool { return a.Choice == event.ChoiceLeave })
	}
}

// result is what a command gave when it ran.
func (p *Past) result(c *pastCommand) (runbook.Returned, error) {
	var stdout, stderr captured
	var copy copied
	err := p.reread(c, func(o event.Output) {
		b := &stdout
		if o.Stream == "stderr" {
			b = &stderr
		}
		copy.see(o)
		b.add(bytesOf(o), resultLimit(c.Probe))
	})
	if err != nil {
		return runbook.Returned{}, err
	}
	res := runbook.Gave(c.Host, c.end.Exit, stdout.String(), stderr.String())
	res.Outcome, res.Error = string(c.end.Outcome), c.end.Error
	if copy.any() {
		res = res.Masked(c.Line)
	}
	if c.end.Outcome == event.Done || c.end.Outcome == event.Exited {
		return res, nil
	}
	return res, &recordedEnd{*c.end}
}

// seen is how much of a command's output the transcript has.
func (p *Past) seen(c *pastCommand) (*event.Seen, error) {
	var seen event.Seen
	var copy copied
	err := p.reread(c, func(o event.Output) {
		copy.see(o)
		if o.Stream == "stderr" {
			seen.Stderr += int64(o.Printed())
		} else {
			seen.Stdout += int64(o.Printed())
		}
	})
	seen.Masked = copy.any()
	return &seen, err
}

// reread goes through what a command printed.
func (p *Past) reread(c *pastCommand, see func(event.Output)) error {
	p.reading.Lock()
	defer p.reading.Unlock()
	for o, err := range p.printed(c.Number) {
		if err != nil {
			return err
		}
		see(o)
	}
	return nil
}

// content is an event without its time and number.
func content(d event.Data) string {
	b, err := json.Marshal(d)
	if err != nil {
		return ""
	}
	return d.Kind() + " " + string(b)
}

// has says whether an event that a resumed run would write stands in the transcript already. Each is found once.
func (p *Past) has(step string, d event.Data) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	if p.caughtUp || st == nil {
		return false
	}
	s := content(d)
	if st.left[s] == 0 {
		return false
	}
	st.left[s]--
	return true
}

// take gives the command that a step ran before and that has not been asked for yet, nil if it never ran.
func (p *Past) take(step string, c event.Command) *pastCommand {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	if st == nil {
		return nil
	}
	line := p.same(c.Line)
	for _, old := range st.commands {
		if !old.taken && old.Host == c.Host && p.same(old.Line) == line {
			old.taken = true
			return old
		}
	}
	return nil
}

// answer gives a decision that was made. What was secret is nowhere in the transcript and has to be asked again.
func (p *Past) answer(step string, q event.Question) (event.Answer, bool) {
	if p == nil || q.Secret {
		return event.Answer{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	if st == nil || len(st.answers[q.ID]) == 0 {
		return event.Answer{}, false
	}
	a := st.answers[q.ID][0]
	st.answers[q.ID] = st.answers[q.ID][1:]
	if strings.Contains(a.Text, event.Masked) { // what was typed is not known any more
		return event.Answer{}, false
	}
	return a, q.Accept(a) == nil
}

// finished says whether a step is over.
func (p *Past) finished(id string) bool {
	return p != nil && p.steps[id] != nil && done(p.steps[id].status)
}

// live notes that the run goes on from here: what is written from now on is new.
func (p *Past) live() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.caughtUp = true
}

func (p *Past) catchingUp() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.caughtUp
}

// attempts says how often a step was begun before it was begun anew.
func (p *Past) attempts(id string) int {
	if p == nil || p.steps[id] == nil {
		return 0
	}
	return p.steps[id].before
}

// prompts says how many questions a command of the step has asked on its terminal that were answered.
func (p *Past) prompts(step string) int {
	if p == nil || p.steps[step] == nil {
		return 0
	}
	n := 0
	for id := range p.steps[step].answers {
		if strings.HasPrefix(id, step+promptInfix) {
			n++
		}
	}
	return n
}

// open gives the commands of a step of which no end is known and that nobody asked for again.
func (p *Past) open(step string) []*pastCommand {
	if p == nil || p.steps[step] == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*pastCommand
	for _, c := range p.steps[step].commands {
		if c.end == nil && !c.taken {
			c.taken = true
			list = append(list, c)
		}
	}
	return list
}
