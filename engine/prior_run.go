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

// PriorRun is a run that was interrupted, as its transcript tells it. A run that is resumed walks its runbook from the
// beginning: what the past holds is answered from it and not written again, and what it does not hold is done. So a
// resumed run knows all that the interrupted one knew, and nothing is done twice.
type PriorRun struct {
	Started *event.Started // nil: it broke off before its first event
	Ended   event.Status   // how it ended, "" where it broke off
	Last    string         // id of the step it broke off in, "" where it was in none
	Unread  []string       // inputs of which the record has only a masked copy, besides those of Started

	mu       sync.Mutex
	steps    map[string]*priorStep
	parts    map[string]bool // phases and included runbooks: whether their steps are done
	due      event.Due       // what it had loosened and not put back
	putBack  map[string]bool // what it had put back
	number   int             // of the last command
	own      *priorCommand   // the last that changed something and belongs to no step: it takes or releases the claim
	caughtUp bool            // something has been done that the past does not hold
	foreign  event.Text      // why its answers are not this operator's; empty where they are
	same     func(string) string

	reading sync.Mutex
	printed func(number int) iter.Seq2[event.Output, error]
}

// priorStep is what is known of one step since it was last begun anew.
type priorStep struct {
	status   event.Status              // how it ended, "" where it did not
	attempts int                       // the last
	before   int                       // attempts before it was begun anew
	left     map[string]int            // events that were written, by what they say
	asked    map[string]event.Question // the newest of each id
	lost     map[string]bool           // commands that changed something and of which no end is known, by host and line
	unknown  bool                      // it ended with an unknown outcome
	commands []*priorCommand
	changed  reach // where commands of attempts that ended without success got to
	answers  map[string][]event.Answer
	gates    map[[2]string]event.GateChecked
	hits     []event.Hit
}

type priorCommand struct {
	event.CommandStarted
	end   *event.CommandEnded
	taken bool
}

// NewPriorRun reads the events of an interrupted run. Output among them is passed over: printed gives, of one command, what it
// printed, when that is wanted. masked is what the transcript makes of a text when it writes it: a command line that was
// masked is found again by it.
func NewPriorRun(events iter.Seq[event.Event], printed func(number int) iter.Seq2[event.Output, error], masked func(string) string) *PriorRun {
	p := &PriorRun{steps: map[string]*priorStep{}, parts: map[string]bool{}, putBack: map[string]bool{}, printed: printed, same: masked}
	byNumber := map[int]*priorCommand{}
	for e := range events {
		p.read(e, byNumber)
	}
	return p
}

func (p *PriorRun) read(e event.Event, byNumber map[int]*priorCommand) {
	st := p.step(e.Step)
	switch d := e.Data.(type) {
	case event.Output:
		return
	case event.CommandStarted:
		c := &priorCommand{CommandStarted: d}
		byNumber[d.Number] = c
		st.commands = append(st.commands, c)
		p.number = max(p.number, d.Number)
		if e.Step == "" && d.Changes {
			p.own = c
		}
		return
	case event.CommandEnded:
		if c := byNumber[d.Number]; c != nil {
			if c.end = &d; d.Outcome == event.Abandoned {
				st.commands = slices.DeleteFunc(st.commands, func(o *priorCommand) bool { return o == c })
			}
		}
		return
	case event.Started:
		p.Started = &d
	case event.Decided:
		p.parts[d.Part] = d.Needed
	case event.StepStarted:
		if p.Last = e.Step; st.status != "" { // a run that was resumed began it anew
			st = p.restart(e.Step)
		}
		st.attempts = d.Attempt
	case event.StepEnded:
		if st.status = d.Status; !done(d.Status) {
			again := slices.ContainsFunc(st.commands, func(c *priorCommand) bool { return c.Changes })
			st = p.restart(e.Step)
			st.status, st.unknown = d.Status, d.Status == event.Lost || st.unknown && !again
			return
		}
	case event.Resumed:
		p.Ended = ""
	case event.Ended:
		p.Ended = d.Status
		p.dropLeaveAnswers()
	case event.Asked:
		st.asked[d.ID] = d.Question
	case event.Answered:
		st.answers[d.Question] = append(st.answers[d.Question], d.Answer)
	case event.GateChecked:
		st.gates[[2]string{d.When, d.Gate}] = d
	case event.Loosened:
		p.due.See(d)
		delete(p.putBack, d.ID)
	case event.Restored:
		p.due.See(d)
		p.putBack[d.ID] = true
	case event.Hit:
		st.hits = append(st.hits, d)
	}
	st.left[content(e.Data)]++
}

// done says whether a step that ended so is over. Any other is begun anew by a resumed run.
func done(s event.Status) bool {
	return s == event.Passed || s == event.Skipped || s == event.Overridden
}

func (p *PriorRun) step(id string) *priorStep {
	st := p.steps[id]
	if st == nil {
		st = &priorStep{left: map[string]int{}, answers: map[string][]event.Answer{}, gates: map[[2]string]event.GateChecked{},
			asked: map[string]event.Question{}, lost: map[string]bool{}}
		p.steps[id] = st
	}
	return st
}

// restart drops what a step did before it ended without success. The number of its attempts is kept, and which of its
// commands may have run.
func (p *PriorRun) restart(id string) *priorStep {
	old := p.step(id)
	delete(p.steps, id)
	st := p.step(id)
	st.attempts, st.before, st.lost, st.unknown = old.attempts, old.attempts, old.lost, old.unknown
	st.changed = old.changed
	for _, c := range old.commands {
		if c.Changes {
			st.changed |= reachOf(c.Host, c.Line)
		}
		if key := p.lostKey(c.Host, c.Line); c.end != nil && c.end.Outcome != event.StateLost {
			delete(st.lost, key)
		} else if c.Changes {
			st.lost[key] = true
		}
	}
	return st
}

func (p *PriorRun) lostKey(host, line string) string { return host + "\n" + p.masked(line) }

// masked is a text as the transcript has it.
func (p *PriorRun) masked(s string) string {
	if p == nil || p.same == nil {
		return s
	}
	return p.same(s)
}

// dropLeaveAnswers drops recorded "leave" answers, so that a resumed run asks again.
func (p *PriorRun) dropLeaveAnswers() {
	for q, list := range p.step("").answers {
		p.steps[""].answers[q] = slices.DeleteFunc(list, func(a event.Answer) bool { return a.Choice == event.ChoiceLeave })
	}
}

// result is what a command gave when it ran.
func (p *PriorRun) result(c *priorCommand) (runbook.Returned, error) {
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
func (p *PriorRun) seen(c *priorCommand) (*event.Seen, error) {
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
func (p *PriorRun) reread(c *priorCommand, see func(event.Output)) error {
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
func (p *PriorRun) has(step string, d event.Data) bool {
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

// forgetOwn drops what belongs to the run and to no step, so that it is written anew. The map of steps stays as it is: the
// node watch reads it meanwhile.
func (p *PriorRun) forgetOwn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own := p.steps[""]; own != nil {
		*own = priorStep{}
	}
}

// decided gives whether the steps of a phase or of an included runbook were done.
func (p *PriorRun) decided(part string) (needed, known bool) {
	if p == nil {
		return false, false
	}
	needed, known = p.parts[part]
	return needed, known
}

// undecided says whether a step was begun in a transcript that holds no decision about its phase.
func (p *PriorRun) undecided(part, step string) bool {
	if p == nil || p.steps[step] == nil {
		return false
	}
	_, known := p.parts[part]
	return !known && len(p.steps[step].commands) > 0 && p.catchingUp()
}

// wasRestored says whether what a step had loosened was put back.
func (p *PriorRun) wasRestored(id string) bool { return p != nil && p.putBack[id] }

// wrote reports whether an event of a step stands in the transcript and has not been asked for yet.
func (p *PriorRun) wrote(step string, d event.Data) bool {
	if p == nil || p.steps[step] == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.steps[step].left[content(d)] > 0
}

// take gives the command that a step ran before and that has not been asked for yet, nil if it never ran.
func (p *PriorRun) take(step string, c event.Command) *priorCommand {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	if st == nil {
		return nil
	}
	line := p.masked(c.Line)
	for _, old := range st.commands {
		if !old.taken && old.Host == c.Host && p.masked(old.Line) == line && old.Answers(c) {
			old.taken = true
			return old
		}
	}
	return nil
}

// answer gives a decision that was made about the very same question. why says what has changed, where there is a decision
// that is void because of it. What was secret is nowhere in the transcript and has to be asked again. old: nothing will
// run because of the answer that has not run already, so that another version of the runbook does no harm.
func (p *PriorRun) answer(step string, q event.Question, book string, old bool) (a event.Answer, why event.Text, ok bool) {
	if p == nil || q.Secret {
		return event.Answer{}, event.Text{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	if st == nil {
		return event.Answer{}, event.Text{}, false
	}
	shown := q.Digest(p.masked)
	for len(st.answers[q.ID]) > 0 {
		a, st.answers[q.ID] = st.answers[q.ID][0], st.answers[q.ID][1:]
		switch {
		case strings.Contains(a.Text, event.Masked): // given with it, so that it is asked for once more
			return a, event.Text{En: "what was typed then is a secret, which the record does not hold", Ja: "入力された値は秘密のため、記録にありません"}, false
		case !p.foreign.Empty() && !p.restored(step):
			why = p.foreign
		case a.Shown == "":
			why = event.Text{En: "the record does not say what was shown when it was answered", Ja: "回答した時に何が表示されていたかが記録にありません"}
		case a.Shown != shown:
			why = q.Changed(st.asked[q.ID], p.masked)
			if why.Empty() {
				why = event.Text{En: "the question has changed since it was answered", Ja: "回答した時から質問が変わっています"}
			}
		case a.Book != book && !old:
			why = event.Text{En: "the runbook has changed since it was answered", Ja: "回答した時から手順書が変わっています"}
		case q.Accept(a) == nil:
			return a, event.Text{}, true
		}
	}
	return event.Answer{}, why, false
}

// restored says whether a step is over, so that its decisions only bring back what they led to.
func (p *PriorRun) restored(step string) bool {
	return p.steps[step] != nil && done(p.steps[step].status)
}

// ran says whether a command of the step was started, and has been taken up or has ended.
func (p *PriorRun) ran(step string, c event.Command) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	return st != nil && slices.ContainsFunc(st.commands, func(old *priorCommand) bool {
		return !old.taken && old.Host == c.Host && p.masked(old.Line) == p.masked(c.Line)
	})
}

// mayHaveRun returns the commands of a step that changed something and whose outcome is unknown: those it has now, in
// earlier attempts, and those that were started under another line than it has now. step is the one the events belong to.
func (p *PriorRun) mayHaveRun(step string, now []event.Command) []string {
	if p == nil || p.steps[step] == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.steps[step]
	var lines []string
	for _, c := range now {
		if st.lost[p.lostKey(c.Host, c.Line)] {
			lines = append(lines, c.Host+": "+c.Line)
		}
	}
	for _, c := range st.commands {
		same := func(n event.Command) bool { return n.Host == c.Host && p.masked(n.Line) == p.masked(c.Line) }
		if c.end == nil && !c.taken && c.Changes && !slices.ContainsFunc(now, same) {
			lines = append(lines, c.Host+": "+c.Line)
		}
	}
	return lines
}

// endedUnknown reports whether the last attempt that did anything ended with an unknown outcome.
func (p *PriorRun) endedUnknown(id string) bool {
	return p != nil && p.steps[id] != nil && p.steps[id].unknown
}

// finished says whether a step is over.
func (p *PriorRun) finished(id string) bool {
	return p != nil && p.steps[id] != nil && done(p.steps[id].status)
}

// live notes that the run goes on from here: what is written from now on is new.
func (p *PriorRun) live() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.caughtUp = true
}

func (p *PriorRun) catchingUp() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.caughtUp
}

// attempts says how often a step was begun before it was begun anew.
func (p *PriorRun) attempts(id string) int {
	if p == nil || p.steps[id] == nil {
		return 0
	}
	return p.steps[id].before
}

// prompts says how many questions a command of the step has asked on its terminal that were answered.
func (p *PriorRun) prompts(step string) int {
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
func (p *PriorRun) open(step string) []*priorCommand {
	if p == nil || p.steps[step] == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*priorCommand
	for _, c := range p.steps[step].commands {
		if c.end == nil && !c.taken {
			c.taken = true
			list = append(list, c)
		}
	}
	return list
}
