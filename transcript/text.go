package transcript

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"spraydeck/event"
)

// TextOptions chooses what Text prints.
type TextOptions struct {
	Step   string // only this step, "" for all
	Output bool   // what the commands printed, too
	Follow bool   // the events come as they happen: every line is printed at once, and whole
}

// NoStepError says that a run has no such step.
type NoStepError struct {
	Step  string
	Steps []string // those there are
}

func (e *NoStepError) Error() string {
	return fmt.Sprintf("find step %q: the run has no such step", e.Step)
}

// Hint names the steps there are.
func (e *NoStepError) Hint() string { return "its steps: " + strings.Join(e.Steps, " ") }

// Text prints a run for reading and for grep: each step with every command in order - host, line, how it ended -, the
// gates, decisions with their reasons, known problems met, nodes that changed, and the verdict. Nothing that a remote
// command printed can act on the terminal. A line of the transcript that can not be read is said in its place; the
// first such error is given at the end.
func Text(w io.Writer, events iter.Seq2[event.Event, error], lang string, o TextOptions) error {
	p := &text{w: bufio.NewWriter(event.ShowAll(w)), lang: lang, o: o, commands: map[int]event.Event{}, nodes: map[string]string{}, partial: map[streamKey]string{}}
	var first error
	for e, err := range events {
		if err != nil {
			if first == nil {
				first = err
			}
			p.row(time.Time{}, "!", err.Error())
			continue
		}
		p.event(e)
		if o.Follow {
			p.endRow()
			if err := p.w.Flush(); err != nil {
				return fmt.Errorf("print transcript: %w", err)
			}
		}
	}
	switch {
	case o.Step != "" && !p.found:
		return &NoStepError{o.Step, p.steps}
	case !p.ended && o.Step == "" && !o.Follow:
		p.line("")
		p.line(p.say("not ended: the transcript stops here", "未終了: 記録はここまでです"))
	}
	p.endRow()
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("print transcript: %w", err)
	}
	return first
}

type text struct {
	w    *bufio.Writer
	lang string
	o    TextOptions

	steps    []string
	titles   map[string]event.Text
	phases   map[string]event.Text
	begun    map[string]time.Time
	start    time.Time
	dry      bool
	found    bool // something of the one step was printed
	ended    bool
	printed  bool
	open     int                  // the command whose row still waits for its end, 0 for none
	commands map[int]event.Event  // running, by number
	nodes    map[string]string    // what was last said of each
	partial  map[streamKey]string // output after the last newline
	asked    event.Question
}

func (p *text) say(en, ja string) string { return event.Text{En: en, Ja: ja}.In(p.lang) }

func (p *text) in(t event.Text) string { return t.In(p.lang) }

func (p *text) event(e event.Event) {
	p.learn(e)
	if p.o.Step != "" && e.Step != p.o.Step {
		return
	}
	p.found = true
	switch d := e.Data.(type) {
	case event.Started:
		p.started(d)
	case event.StepStarted:
		p.stepStarted(e, d)
	case event.Described:
		if p.dry {
			for _, op := range d.Operations {
				p.command(e.Time, p.say("would run", "実行予定"), op.Host, op.Line, op.Fed)
			}
		}
	case event.CommandStarted:
		p.commands[d.Number] = e
		p.command(e.Time, fmt.Sprintf("#%d", d.Number), d.Host, d.Line, d.Fed)
		p.open = d.Number
	case event.Output:
		if p.o.Output {
			p.output(d)
		}
	case event.CommandEnded:
		p.commandEnded(e, d)
	case event.GateChecked:
		p.gate(e, d)
	case event.Hit:
		p.row(e.Time, p.say("known", "既知"), join(d.Pitfall, p.in(event.SeverityText(d.Severity)), p.in(d.Title)), join(d.Host, clean(d.Line)))
	case event.RemedyStarted:
		p.row(e.Time, p.say("remedy", "対処"), join(d.ID, p.in(d.Title)))
	case event.RemedyEnded:
		p.row(e.Time, p.say("remedy", "対処"), join(d.ID, p.status(d.Status), d.Reason))
	case event.Answered:
		p.answered(e, d)
	case event.NodeChanged:
		p.node(e, d)
	case event.Connection:
		p.row(e.Time, p.say("link", "接続"), join(d.To, map[bool]string{true: p.say("up", "正常"), false: p.say("down", "切断")}[d.Up], d.Error))
	case event.Compared:
		p.row(e.Time, p.say("compared", "比較"), fmt.Sprintf("%s: %s | %s", d.Path, d.Left, d.Right))
	case event.Remark:
		p.row(e.Time, p.say("note", "注記"), p.in(d.Text))
	case event.Decided:
		p.row(e.Time, p.say("decided", "判断"), p.in(d.Told(p.phases[e.Step])))
	case event.StepEnded:
		took := ""
		if begun, ok := p.begun[e.Step]; ok {
			took = event.Duration(e.Time.Sub(begun))
		} else { // skipped without having begun
			p.stepStarted(e, event.StepStarted{Attempt: 1})
		}
		p.row(e.Time, p.status(d.Status), join(took, p.in(d.Why)))
	case event.Resumed:
		p.line("")
		p.row(e.Time, p.say("resumed", "再開"), join(d.Operator, d.Tool))
	case event.Paused:
		p.row(e.Time, p.say("paused", "記録停止"), p.say("the output of commands is not recorded from here on", "ここからコマンドの出力を記録しません"))
	case event.Unpaused:
		p.row(e.Time, p.say("recording", "記録再開"), p.say("the output of commands is recorded again", "コマンドの出力の記録を再開しました"))
	case event.Drifted:
		p.row(e.Time, p.say("drift", "変化"), join(d.Step, d.Gate, string(d.Was)+" -> "+string(d.Now), p.in(d.Says)), d.Evidence...)
	case event.Ended:
		p.line("")
		p.row(e.Time, p.status(d.Status), join(fmt.Sprintf("exit %d", d.Exit), event.Duration(e.Time.Sub(p.start)), p.in(d.Why)))
	}
}

// learn takes what later lines need, printed or not.
func (p *text) learn(e event.Event) {
	p.ended = false
	switch d := e.Data.(type) {
	case event.Started:
		p.start, p.dry = e.Time, d.DryRun
	case event.Planned:
		p.steps, p.titles, p.phases = nil, map[string]event.Text{}, map[string]event.Text{}
		for _, s := range d.Steps {
			p.steps = append(p.steps, s.ID)
			p.titles[s.ID], p.phases[s.ID] = s.Title, s.Phase
		}
	case event.StepStarted:
		if p.begun == nil {
			p.begun = map[string]time.Time{}
		}
		if d.Attempt <= 1 {
			p.begun[e.Step] = e.Time
		}
	case event.Asked:
		p.asked = d.Question
	case event.Ended:
		p.ended = true
	}
}

func (p *text) started(d event.Started) {
	release := ""
	if d.From != "" || d.To != "" {
		release = d.From + " -> " + d.To
	}
	p.line(join(d.Runbook, d.Version, p.in(d.Title)))
	wide := 11
	if p.lang == "ja" {
		wide = 16
	}
	for _, f := range []struct{ en, ja, value string }{
		{"cluster", "クラスター", d.Cluster},
		{"release", "リリース", release},
		{"started", "開始", p.start.Format("2006-01-02 15:04:05 -07:00")},
		{"operator", "オペレーター", d.Operator},
		{"spraydeck", "spraydeck", d.Tool},
		{"rehearses", "リハーサルの元", d.Rehearses},
	} {
		if f.value != "" {
			p.line("  " + pad(p.say(f.en, f.ja), wide) + f.value)
		}
	}
	if d.DryRun {
		p.line("  " + p.say("dry run: nothing was executed", "ドライラン: 何も実行していません"))
	}
}

func (p *text) stepStarted(e event.Event, d event.StepStarted) {
	n := slices.Index(p.steps, e.Step) + 1
	head := e.Step
	if n > 0 {
		head = fmt.Sprintf("%d/%d  %s", n, len(p.steps), e.Step)
	}
	head = join(head, p.in(p.titles[e.Step]))
	if d.Attempt > 1 {
		head = join(head, fmt.Sprintf(p.say("(attempt %d)", "(%d 回目)"), d.Attempt))
	}
	if p.o.Step == "" || p.printed {
		p.line("")
	}
	p.line(head)
}

func (p *text) command(at time.Time, word, host, line string, fed bool) {
	if fed {
		line = strings.TrimRight(line, "\n") + "\n(" + p.in(event.SayFed) + ")"
	}
	p.row(at, word, pad(host, 12)+strings.ReplaceAll(clean(strings.TrimRight(line, "\n")), "\n", "\n"+strings.Repeat(" ", 12)))
}

func (p *text) commandEnded(e event.Event, d event.CommandEnded) {
	for _, stream := range []string{"stdout", "stderr"} {
		if key := (streamKey{d.Number, stream}); p.partial[key] != "" {
			p.outputLine(d.Number, p.partial[key])
			delete(p.partial, key)
		}
	}
	s := fmt.Sprintf("exit %d", d.Exit)
	if d.Outcome != event.Done && d.Outcome != event.Exited {
		s = p.outcome(d.Outcome)
	}
	begun := p.commands[d.Number]
	if ended := e.Time; !begun.Time.IsZero() {
		if !d.At.IsZero() {
			ended = d.At
		}
		s += ", " + event.Duration(ended.Sub(begun.Time))
	}
	if d.Error != "" && d.Outcome != event.Exited {
		s += ": " + clean(d.Error)
	}
	if p.open == d.Number && d.Number != 0 {
		fmt.Fprintf(p.w, "  [%s]", s)
		p.endRow()
	} else {
		c, _ := begun.Data.(event.CommandStarted)
		p.row(e.Time, fmt.Sprintf("#%d", d.Number), pad(c.Host, 12)+"["+s+"]")
	}
	delete(p.commands, d.Number)
}

func (p *text) gate(e event.Event, d event.GateChecked) {
	verdict := map[event.Verdict]string{
		event.Pass: p.say("pass", "合格"), event.Fail: p.say("FAIL", "不合格"), event.Unknown: p.say("UNKNOWN", "不明"),
	}[d.Verdict]
	var more []string
	if !d.Says.Empty() {
		more = append(more, p.in(d.Says))
	}
	if d.Verdict != event.Pass {
		more = append(more, d.Evidence...)
	}
	p.row(e.Time, p.say("gate", "ゲート"), join(verdict, p.in(d.Title)), more...)
}

func (p *text) answered(e event.Event, d event.Answered) {
	choice, question := d.Choice, d.Question
	if p.asked.ID == d.Question {
		question = join(d.Question, p.in(p.asked.Title))
	}
	if d.Text != "" {
		choice = join(choice, fmt.Sprintf("%q", d.Text))
	}
	var more []string
	if d.Reason != "" {
		more = []string{p.say("reason: ", "理由: ") + d.Reason}
	}
	by := map[string]string{
		"operator": p.say("by the operator", "オペレーター"), "answers": p.say("from the answers file", "回答ファイル"),
		"recording": p.say("from the recording", "記録"),
	}[d.By]
	p.row(e.Time, p.say("decided", "判断"), join(choice, question, by), more...)
}

// node says what changed of a node that a person would see in the table; a new heartbeat is not that.
func (p *text) node(e event.Event, d event.NodeChanged) {
	s := join(d.Node.Status(), d.Node.Version)
	if d.Deleted {
		s = p.say("deleted", "削除")
	}
	if p.nodes[d.Node.Name] != s {
		p.nodes[d.Node.Name] = s
		p.row(e.Time, p.say("node", "ノード"), pad(d.Node.Name, 12)+s)
	}
}

func (p *text) status(s event.Status) string { return p.in(s.Text()) }

func (p *text) outcome(o event.Outcome) string { return p.in(o.Text()) }
