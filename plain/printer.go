package plain

import (
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"sync"
	"time"

	"spraydeck/event"
	"spraydeck/recap"
	"spraydeck/safetext"
)

// Options say how the line printer prints. The zero value is English, calm, without prompts.
type Options struct {
	Lang       string           // en or ja
	Transcript string           // where the transcript is, named at the end; "" says nothing
	Times      bool             // put the time since the start before each line
	Probes     bool             // print what probes answered too, not only their command lines
	Prompts    io.Writer        // where Ask prompts; nil = where the lines go
	Window     time.Duration    // how long the maintenance window is; 0 means that there is none
	Reference  *event.Reference // an earlier run; what happened there is printed at the end of each step
	Echo       func(on bool)    // turns the echo of the operator's terminal off and on, for a secret; nil = it cannot

	Flush    func() // discards what was typed at the operator's terminal and not read yet; nil = it cannot
	Brackets bool   // prompts go to a terminal that marks pasted text where it is asked to

	pause func(time.Duration) <-chan time.Time // waits; nil = as long as it says
}

// Printer prints a run line by line, for a pipe, for CI and for a screen reader. It is safe for use by several
// goroutines. It prints what the events say and nothing else: a run, its replay and its rehearsal print alike.
type Printer struct {
	o Options

	mu       sync.Mutex
	w        io.Writer
	err      error
	asking   bool // Ask is used: choices are printed where the operator types
	started  event.Started
	begun    time.Time
	now      time.Time
	steps    []*step
	byID     map[string]*step
	phase    string
	current  string // step whose heading is above
	open     map[int]*command
	nodes    map[string]string // what was last printed of each
	nameWide int
	down     map[string]bool
	asked    map[string]event.Question
	typist   *typist       // who reads the terminal; nil without one
	lent     bool          // a program has the terminal
	held     []event.Event // what happened meanwhile
	state    event.State   // of the run
}

type step struct {
	event.PlannedStep
	number  int
	attempt int
	begun   time.Time
	status  event.Status
	printed map[string]bool // commands a dry run has printed
}

type command struct {
	event.CommandStarted
	partial string
	shared  bool // it ran beside another one: each line names its host
	handed  bool // it has the terminal: what it shows is seen there
}

// New returns a line printer.
func New(w io.Writer, o Options) *Printer {
	if o.Prompts == nil {
		o.Prompts = w
	}
	return &Printer{
		o: o, w: w,
		byID:  map[string]*step{},
		open:  map[int]*command{},
		nodes: map[string]string{},
		down:  map[string]bool{},
		asked: map[string]event.Question{},
	}
}

// Err returns the first error of writing, such as a closed pipe. Lines after it are lost; the transcript has them.
func (p *Printer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Recall takes the events that were printed by the console before this one, but the output, and the state they led to: they
// are known from then on, and not printed.
func (p *Printer) Recall(events iter.Seq[event.Event], state *event.State) {
	w := p.w
	p.w = io.Discard
	for e := range events {
		p.Emit(e)
	}
	p.w = w
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, c := range p.open { // a line that goes on is printed whole
		c.partial = state.Command(n).Output.Partial
	}
}

// Emit prints an event. Events the reader learns nothing from print nothing.
func (p *Printer) Emit(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, output := e.Data.(event.Output); p.lent && !output {
		p.held = append(p.held, e)
		return
	}
	p.print(e)
}

func (p *Printer) print(e event.Event) {
	if p.begun.IsZero() {
		p.begun = e.Time
	}
	p.now = e.Time
	p.state.Apply(e)
	switch d := e.Data.(type) {
	case event.Started:
		p.start(d)
	case event.Planned:
		p.plan(d)
	case event.NodeChanged:
		p.node(d)
	case event.Connection:
		p.connection(d)
	case event.Resumed:
		p.resumed(d)
	case event.Drifted:
		p.drifted(d)
	case event.Paused:
		p.item(p.say("recording", "記録"), p.say("paused: the output of commands is not written", "停止: コマンドの出力を書き込みません"))
	case event.Unpaused:
		p.item(p.say("recording", "記録"), p.say("on again", "再開"))
	case event.Ended:
		p.end(d)
	default:
		p.inStep(e)
	}
}

func (p *Printer) inStep(e event.Event) {
	switch d := e.Data.(type) {
	case event.Progress, event.UnknownData:
		return
	case event.StepStarted:
		st := p.step(e.Step)
		if st.begun.IsZero() {
			st.begun = e.Time
		}
		st.status, st.attempt = event.Running, d.Attempt
		if d.Attempt > 1 {
			p.current = "" // the commands that decided whether it is needed are under the heading already
		}
		p.heading(st)
		return
	case event.Output:
		if c := p.open[d.Number]; c != nil && p.prints(c) {
			p.heading(p.step(e.Step))
			p.output(c, d)
		}
		return
	}
	st := p.step(e.Step)
	p.heading(st)
	switch d := e.Data.(type) {
	case event.Described:
		p.described(st, d)
	case event.CommandStarted:
		p.commandStarted(st, d)
	case event.CommandEnded:
		p.commandEnded(d)
	case event.GateChecked:
		p.gate(d)
	case event.Hit:
		p.hit(d)
	case event.RemedyStarted:
		p.item(p.say("remedy", "対処"), d.Title.In(p.o.Lang), d.ID)
	case event.RemedyEnded:
		p.item(p.say("remedy", "対処"), p.status(d.Status), d.Reason)
	case event.Asked:
		p.question(d.Question)
	case event.Answered:
		p.answer(d)
	case event.Compared:
		p.compared(d)
	case event.Decided:
		p.item(p.say("decided", "判断"), d.Told(st.Phase).In(p.o.Lang))
	case event.Remark:
		p.item(p.say("note", "補足"), d.Text.In(p.o.Lang))
	case event.StepEnded:
		p.stepEnded(st, d)
	}
}

// step finds the step of an event, also of one that was never planned.
func (p *Printer) step(id string) *step {
	st := p.byID[id]
	if st == nil {
		st = &step{PlannedStep: event.PlannedStep{ID: id, Title: event.T(id)}, status: event.Waiting}
		p.byID[id] = st
		if id != "" {
			p.steps = append(p.steps, st)
			st.number = len(p.steps)
		}
	}
	return st
}

func (p *Printer) plan(d event.Planned) {
	p.steps = p.steps[:0]
	for i, s := range d.Steps {
		st := p.byID[s.ID]
		if st == nil {
			st = &step{status: event.Waiting}
			p.byID[s.ID] = st
		}
		st.PlannedStep, st.number = s, i+1
		p.steps = append(p.steps, st)
	}
}

// heading prints the step that the next lines belong to, unless it is printed already.
func (p *Printer) heading(st *step) {
	if st.ID == "" || p.current == st.ID {
		return
	}
	p.current = st.ID
	if phase := st.Phase.In(p.o.Lang); phase != "" && phase != p.phase {
		p.phase = phase
		p.blank()
		p.line("== " + phase)
	}
	p.blank()
	title := fmt.Sprintf("%d/%d %s", st.number, len(p.steps), st.Title.In(p.o.Lang))
	if st.attempt > 1 {
		title += p.sayf("  (attempt %d)", "  (%d 回目)", st.attempt)
	}
	if st.Danger != "" && st.Danger != event.ReadOnly {
		title += "  [" + p.danger(st.Danger) + "]"
	}
	if st.NoReturn {
		title += "  [" + p.say("no way back after this", "以後は元に戻せません") + "]"
	}
	p.line(title)
}

func (p *Printer) start(d event.Started) {
	p.started = d
	title := "spraydeck  " + d.Title.In(p.o.Lang)
	if d.Title.Empty() {
		title = "spraydeck  " + d.Runbook
	}
	p.line(title)
	p.item(p.say("runbook", "手順書"), d.Runbook, d.Version)
	if d.From != "" || d.To != "" {
		p.item(p.say("release", "リリース"), d.From+" → "+d.To)
	}
	if d.Cluster != "" {
		p.item(p.say("cluster", "クラスター"), d.Cluster)
	}
	if d.Checkout != "" {
		p.item(p.say("checkout", "チェックアウト"), d.Checkout)
	}
	if d.Operator != "" {
		p.item(p.say("operator", "オペレーター"), d.Operator)
	}
	switch {
	case d.DryRun:
		p.item(p.say("dry run", "ドライラン"), p.say("the commands are printed, none of them runs", "コマンドを表示するだけで、実行しません"))
	case d.Rehearses != "":
		p.item(p.say("rehearsal", "リハーサル"), p.sayf("commands are answered from a recording: %s",
			"コマンドには記録が答えます: %s", d.Rehearses))
	}
}

func (p *Printer) end(d event.Ended) {
	p.flush()
	p.sumUp()
	p.blank()
	p.item2(p.status(d.Status), p.sayf("exit %d", "終了コード %d", d.Exit), event.Duration(p.now.Sub(p.begun)),
		d.Why.In(p.o.Lang))
	p.line(p.counts())
	if p.o.Transcript != "" {
		p.item2(p.say("transcript", "記録"), p.o.Transcript)
		if d.Status != event.Passed {
			p.item2(p.say("go on with", "続きは"), "spraydeck resume "+filepath.Base(p.o.Transcript))
		}
	}
}

// sumUp prints what the run came to, but the verdict, which comes last.
func (p *Printer) sumUp() {
	if p.started.DryRun || len(p.steps) == 0 {
		return
	}
	rest := "" // nothing is recorded
	if p.o.Transcript != "" {
		rest = "spraydeck sessions show " + filepath.Base(p.o.Transcript)
	}
	for _, line := range recap.Text(recap.Of(&p.state, p.o.Window)[1:], p.o.Lang, rest) {
		if line = safetext.Line(line); line == "" {
			p.blank()
		} else {
			p.line(line)
		}
	}
}

// counts sums the steps up: "31 steps: 28 passed, 2 skipped, 1 not reached".
func (p *Printer) counts() string {
	n := map[event.Status]int{}
	for _, st := range p.steps {
		n[st.status]++
	}
	many := "%d steps"
	if len(p.steps) == 1 {
		many = "%d step"
	}
	s := p.sayf(many, "%d 手順", len(p.steps))
	sep := ": "
	for _, status := range []event.Status{event.Passed, event.Overridden, event.Skipped, event.Failed,
		event.Cancelled, event.Lost, event.Running, event.Waiting} {
		if n[status] > 0 {
			s += fmt.Sprintf("%s%d %s", sep, n[status], p.status(status))
			sep = ", "
		}
	}
	return s
}
