package ui

import (
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"sync"
	"time"

	"spraydeck/runbook"
)

// PlainOptions say how the line printer prints. The zero value is English, calm, without prompts.
type PlainOptions struct {
	Lang       string        // en or ja
	Transcript string        // where the transcript is, named at the end; "" says nothing
	Times      bool          // put the time since the start before each line
	Probes     bool          // print what probes answered too, not only their command lines
	Prompts    io.Writer     // where Ask prompts; nil = where the lines go
	Reference  *Reference    // an earlier run; what happened there is printed at the end of each step
	Echo       func(on bool) // turns the echo of the operator's terminal off and on, for a secret; nil = it cannot

	pause func() <-chan time.Time // how long typing must pause before a question stands; nil = a tenth of a second
}

// Plain prints a run line by line, for a pipe, for CI and for whoever wants no screen. It is safe for use by several
// goroutines. It prints what the events say and nothing else: a run, its replay and its rehearsal print alike.
type Plain struct {
	o PlainOptions

	mu       sync.Mutex
	w        io.Writer
	err      error
	asking   bool // Ask is used: choices are printed where the operator types
	started  runbook.Started
	begun    time.Time
	now      time.Time
	steps    []*plainStep
	byID     map[string]*plainStep
	phase    string
	current  string // step whose heading stands above
	open     map[int]*plainCommand
	nodes    map[string]string // what was last printed of each
	nameWide int
	down     map[string]bool
	asked    map[string]runbook.Question
	typist   *typist         // who reads the terminal; nil without one
	lent     bool            // a program has the terminal
	held     []runbook.Event // what happened meanwhile
	state    runbook.State   // of the steps, where there is a reference
}

type plainStep struct {
	runbook.PlannedStep
	number  int
	attempt int
	begun   time.Time
	status  runbook.Status
	printed map[string]bool // commands a dry run has printed
}

type plainCommand struct {
	runbook.CommandStarted
	partial string
	shared  bool // it ran beside another one: each line names its host
	handed  bool // it has the terminal: what it shows is seen there
}

// NewPlain gives a line printer.
func NewPlain(w io.Writer, o PlainOptions) *Plain {
	if o.Prompts == nil {
		o.Prompts = w
	}
	return &Plain{
		o: o, w: w,
		byID:  map[string]*plainStep{},
		open:  map[int]*plainCommand{},
		nodes: map[string]string{},
		down:  map[string]bool{},
		asked: map[string]runbook.Question{},
	}
}

// Err gives the first error of writing, such as a closed pipe. Lines after it are lost; the transcript has them.
func (p *Plain) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Recall takes the events that were printed by the console before this one, but the output, and the state they led to: they
// are known from then on, and not printed.
func (p *Plain) Recall(events iter.Seq[runbook.Event], state *runbook.State) {
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
func (p *Plain) Emit(e runbook.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, output := e.Data.(runbook.Output); p.lent && !output {
		p.held = append(p.held, e)
		return
	}
	p.print(e)
}

func (p *Plain) print(e runbook.Event) {
	if p.begun.IsZero() {
		p.begun = e.Time
	}
	p.now = e.Time
	if _, output := e.Data.(runbook.Output); p.o.Reference != nil && !output {
		p.state.Apply(e)
	}
	switch d := e.Data.(type) {
	case runbook.Started:
		p.start(d)
	case runbook.Planned:
		p.plan(d)
	case runbook.NodeChanged:
		p.node(d)
	case runbook.Connection:
		p.connection(d)
	case runbook.Resumed:
		p.resumed(d)
	case runbook.Drifted:
		p.drifted(d)
	case runbook.Paused:
		p.item(p.say("recording", "記録"), p.say("paused: the output of commands is not written", "停止: コマンドの出力を書き込みません"))
	case runbook.Unpaused:
		p.item(p.say("recording", "記録"), p.say("on again", "再開"))
	case runbook.Ended:
		p.end(d)
	default:
		p.inStep(e)
	}
}

func (p *Plain) inStep(e runbook.Event) {
	switch d := e.Data.(type) {
	case runbook.Progress, runbook.UnknownData:
		return
	case runbook.StepStarted:
		st := p.step(e.Step)
		if st.begun.IsZero() {
			st.begun = e.Time
		}
		st.status, st.attempt = runbook.Running, d.Attempt
		if d.Attempt > 1 {
			p.current = "" // what it asked to know whether it is needed stands under the heading already
		}
		p.heading(st)
		return
	case runbook.Output:
		if c := p.open[d.Number]; c != nil && p.prints(c) {
			p.heading(p.step(e.Step))
			p.output(c, d)
		}
		return
	}
	st := p.step(e.Step)
	p.heading(st)
	switch d := e.Data.(type) {
	case runbook.Described:
		p.described(st, d)
	case runbook.CommandStarted:
		p.commandStarted(st, d)
	case runbook.CommandEnded:
		p.commandEnded(d)
	case runbook.GateChecked:
		p.gate(d)
	case runbook.Hit:
		p.hit(d)
	case runbook.RemedyStarted:
		p.item(p.say("remedy", "対処"), d.Title.In(p.o.Lang), d.ID)
	case runbook.RemedyEnded:
		p.item(p.say("remedy", "対処"), p.status(d.Status), d.Reason)
	case runbook.Asked:
		p.question(d.Question)
	case runbook.Answered:
		p.answer(d)
	case runbook.Compared:
		p.compared(d)
	case runbook.Remark:
		p.item(p.say("note", "補足"), d.Text.In(p.o.Lang))
	case runbook.StepEnded:
		p.stepEnded(st, d)
	}
}

// step finds the step of an event, also of one that was never planned.
func (p *Plain) step(id string) *plainStep {
	st := p.byID[id]
	if st == nil {
		st = &plainStep{PlannedStep: runbook.PlannedStep{ID: id, Title: runbook.T(id)}, status: runbook.Waiting}
		p.byID[id] = st
		if id != "" {
			p.steps = append(p.steps, st)
			st.number = len(p.steps)
		}
	}
	return st
}

func (p *Plain) plan(d runbook.Planned) {
	p.steps = p.steps[:0]
	for i, s := range d.Steps {
		st := p.byID[s.ID]
		if st == nil {
			st = &plainStep{status: runbook.Waiting}
			p.byID[s.ID] = st
		}
		st.PlannedStep, st.number = s, i+1
		p.steps = append(p.steps, st)
	}
}

// heading names the step that the next lines belong to, unless it stands there already.
func (p *Plain) heading(st *plainStep) {
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
	if st.Danger != "" && st.Danger != runbook.ReadOnly {
		title += "  [" + p.danger(st.Danger) + "]"
	}
	if st.NoReturn {
		title += "  [" + p.say("no way back after this", "以後は元に戻せません") + "]"
	}
	p.line(title)
}

func (p *Plain) start(d runbook.Started) {
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

func (p *Plain) end(d runbook.Ended) {
	p.flush()
	p.blank()
	p.item2(p.status(d.Status), p.sayf("exit %d", "終了コード %d", d.Exit), plainDuration(p.now.Sub(p.begun)),
		d.Why.In(p.o.Lang))
	p.line(p.counts())
	if p.o.Transcript != "" {
		p.item2(p.say("transcript", "記録"), p.o.Transcript)
		if d.Status != runbook.Passed {
			p.item2(p.say("go on with", "続きは"), "spraydeck resume "+filepath.Base(p.o.Transcript))
		}
	}
}

// counts sums the steps up: "31 steps: 28 passed, 2 skipped, 1 not reached".
func (p *Plain) counts() string {
	n := map[runbook.Status]int{}
	for _, st := range p.steps {
		n[st.status]++
	}
	many := "%d steps"
	if len(p.steps) == 1 {
		many = "%d step"
	}
	s := p.sayf(many, "%d 手順", len(p.steps))
	sep := ": "
	for _, status := range []runbook.Status{runbook.Passed, runbook.Overridden, runbook.Skipped, runbook.Failed,
		runbook.Cancelled, runbook.Lost, runbook.Running, runbook.Waiting} {
		if n[status] > 0 {
			s += fmt.Sprintf("%s%d %s", sep, n[status], p.status(status))
			sep = ", "
		}
	}
	return s
}
