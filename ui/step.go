package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// stepPanel shows one step: what it is, what it will run, what its gates found, how far it is, what it prints, and the
// question it asks. Output gets the room that is left; with no output the rest scrolls.
type stepPanel struct {
	look
	state  *event.State
	step   *event.StepState
	now    time.Time
	ask    *ask // the question that is answered here, nil for none
	output *outputView
	past   bool // it is not the current step
	calm   bool // what happens now has a line of its own on the screen
	book   *playbook
	checks bool // the checks that passed are listed too

	reference *event.Reference // the earlier run, or nil
	then      *event.StepState // what it did here

	details bool // everything, to scroll through, without the output
	cutOff  bool // something is not in the panel
	doc     scroll
	w, h    int
}

func newStepPanel(l look) *stepPanel {
	return &stepPanel{look: l, state: &event.State{}, output: newOutputView(l)}
}

// SetSize takes the room there is.
func (p *stepPanel) SetSize(w, h int) { p.w, p.h = w, h; p.arrange() }

// SetStep takes the step to show; a step not shown before starts at its end.
func (p *stepPanel) SetStep(state *event.State, st *event.StepState, a *ask, now time.Time) {
	if p.step == nil || st == nil || p.step.ID != st.ID {
		p.output.Reset()
		p.doc, p.details, p.checks = scroll{}, false, false
	}
	p.state, p.step, p.ask, p.now = state, st, a, now
	p.arrange()
}

// question is what is asked at this step: live, or, in a replay, as it was.
func (p *stepPanel) question() *event.Question {
	switch {
	case p.step == nil:
		return nil
	case p.ask != nil:
		return &p.ask.q
	case p.state.PendingStep == p.step.ID:
		return p.state.Pending
	}
	return nil
}

// shownCommands are the step's own commands; what was run to learn a fact shows as evidence and in the command log.
func shownCommands(st *event.StepState) []*event.CommandState {
	var out []*event.CommandState
	for _, c := range st.Commands {
		if !c.Probe || c.Outcome != "" && c.Outcome != event.Done && c.Outcome != event.Exited {
			out = append(out, c)
		}
	}
	return out
}

// stepView is how the panel divides its height.
type stepView struct{ doc, status, foot []string }

// arrange divides the height, so that scrolling knows how far it can go.
func (p *stepPanel) arrange() stepView {
	if p.step == nil {
		return stepView{}
	}
	v := stepView{status: p.status(), foot: p.foot()}
	commands := shownCommands(p.step)
	p.output.SetCommands(commands)
	room := max(0, p.h-1-len(v.status)-len(v.foot))
	blocks := p.stepDoc(p.step, p.question(), p.checks || p.details, p.w)
	if p.step.Status != event.Passed {
		blocks = append([]block{p.failureBlock(p.book.standing(), p.w)}, blocks...)
	}
	if !p.past {
		blocks = append([]block{p.unseenBlock(p.state, p.step, p.w)}, blocks...)
	}
	if p.past && p.step.Begun.IsZero() && p.step.Status == event.Waiting && len(p.step.Operations) == 0 {
		blocks = append(blocks, block{lines: p.labelled("·", p.say(sayNotBegun), p.w, p.Faint), keep: 3})
	}
	if p.reference != nil && p.step.ID != "" {
		blocks = append(blocks, p.thenBlock(p.reference, p.then, p.w))
	}
	rows := p.output.Rows()
	if q := p.question(); q != nil && q.Form == event.AskApprove && len(only(blocks, 0))+min(rows, 3) > room {
		rows = 0 // what is about to run goes before what did
	}
	if p.details || rows == 0 {
		v.doc = only(blocks, 0)
		p.cutOff = rows > 0 || p.details
		if len(v.doc) > room && !p.details {
			v.doc, p.cutOff = only(blocks, 2), true // why can be read with d
		}
		if len(v.doc) < room {
			v.doc = append([]string{""}, v.doc...) // air under the title
		}
		p.output.SetSize(p.w, 0)
		p.doc.Fit(room, len(v.doc))
		return v
	}
	want := min(rows, max(4, room/2)) // what output needs at least
	if p.step.Status != event.Running || p.ask != nil {
		want = min(rows, max(3, room/4))
	}
	var whole bool
	v.doc, whole = squeeze(blocks, room-want)
	p.cutOff = true // the output takes room, and may have less than it wants
	v.doc = v.doc[:min(len(v.doc), room)]
	if !whole {
		v.doc = p.hint(v.doc)
	}
	p.doc.Fit(len(v.doc), len(v.doc))
	p.output.SetSize(p.w, room-len(v.doc))
	return v
}

// hint marks a text that was cut.
func (p *stepPanel) hint(doc []string) []string {
	more := " " + p.Key.Render("d") + " " + p.Faint.Render(p.say(sayMoreDetails))
	for len(doc) > 0 && strings.TrimSpace(doc[len(doc)-1]) == "" {
		doc = doc[:len(doc)-1]
	}
	if len(doc) == 0 {
		return doc
	}
	last := doc[len(doc)-1]
	if width(last)+width(more)+1 <= p.w {
		doc = slices.Clone(doc)
		doc[len(doc)-1] = ends(last, more, p.w)
	}
	return doc
}

// whole reports whether everything about the step is in the panel already: there are no details to open.
func (p *stepPanel) whole() bool { return p.step == nil || !p.details && !p.cutOff }

// passing is how many checks of the step passed.
func (p *stepPanel) passing() (n int) {
	if p.step == nil {
		return 0
	}
	for _, g := range p.step.Gates {
		if g.Verdict == event.Pass {
			n++
		}
	}
	return n
}

// View draws the panel.
func (p *stepPanel) View() string {
	if p.step == nil {
		return strings.Join(fill([]string{"", " " + p.say(sayNoStep)}, p.w, p.h), "\n")
	}
	v := p.arrange()
	lines := []string{p.title()}
	doc := p.doc.Window(v.doc)
	if p.doc.Total > p.doc.Height && p.doc.Height > 0 {
		doc = slices.Clone(doc)
		more := p.Faint.Render(p.say(sayRange, p.doc.Top+1, p.doc.Top+len(doc), p.doc.Total)) + " "
		doc[len(doc)-1] = ends(doc[len(doc)-1], more, p.w)
	}
	lines = append(append(lines, doc...), v.status...)
	if p.output.h > 0 {
		lines = append(lines, strings.Split(p.output.View(), "\n")...)
	}
	lines = fill(lines, p.w, max(0, p.h-len(v.foot)))
	return strings.Join(append(lines, fill(v.foot, p.w, min(len(v.foot), p.h))...), "\n")
}

// title is the number, the name, and what the step can do to the system.
func (p *stepPanel) title() string {
	n := slices.Index(p.state.Steps, p.step) + 1
	if n == 0 {
		return p.Bold.Render(" " + p.told(p.state.Started.Title)) // before the first step
	}
	danger := p.step.Danger
	if p.ask != nil && p.ask.q.Danger != "" { // a remedy has a danger of its own
		danger = p.ask.q.Danger
	}
	word, style := p.danger(danger)
	right := style.Render(p.say(word)) + " "
	if danger != event.ReadOnly && danger != "" {
		right = style.Render("▲ "+p.say(word)) + " "
	}
	if p.step.NoReturn {
		right = p.Danger.Render("⚑ "+p.say(sayNoReturn)) + "  " + right
	}
	if p.step.Attempt > 1 {
		right = p.Faint.Render(p.say(sayAttempt, p.step.Attempt)) + "  " + right
	}
	if p.past {
		right = p.Warning.Render("("+p.say(sayNotCurrent)+")") + "  " + right
	}
	title := p.told(p.step.Title)
	if n > 0 {
		title = fmt.Sprintf("%d  %s", n, title)
	}
	return ends(" "+p.Title.Render(title), right, p.w)
}

// status is one line on what is happening now: the remedy, the playbook, or the command that runs.
func (p *stepPanel) status() []string {
	if p.step.Status != event.Running {
		return nil
	}
	var lines []string
	if p.step.Remedy != "" {
		lines = append(lines, " "+p.Warning.Render("▶ "+p.say(sayRemedyRuns, safetext.Line(p.step.Remedy))))
	}
	if at := p.state.Behind; !at.IsZero() && !p.calm {
		return append(lines, " "+p.Warning.Render("… "+p.say(sayBehind, at.Format("15:04:05"))))
	}
	c := p.Running()
	if p.calm && p.step.Progress.Tasks == 0 {
		return lines
	}
	if g := p.step.Progress; g.Tasks > 0 && (c != nil || p.ask != nil) {
		lines = append(lines, p.progress(g, c))
	} else if c != nil {
		what := safetext.Line(c.Host) + "  " + safetext.Line(c.Line)
		if c.Probe {
			what = p.say(sayChecking) + "  " + what
		}
		lines = append(lines, " "+p.Bold.Render("▶ "+event.Duration(p.now.Sub(c.Begun)))+"  "+what)
	}
	return lines
}

// progress is a playbook's line. There is no telling how many tasks are to come, so the bar goes by the time the step
// is expected to take, and stops short of full until the end is there.
func (p *stepPanel) progress(g event.Progress, c *event.CommandState) string {
	line := " "
	elapsed := p.step.Worked(p.now)
	if e := p.step.Expected(); c != nil && e > 0 {
		cells := min(24, p.w/6)
		full := min(cells-1, int(float64(cells)*float64(elapsed)/float64(e)))
		line += p.Success.Render(strings.Repeat("█", max(0, full))) + p.Faint.Render(strings.Repeat("░", cells-max(0, full)))
		about := sayOfAbout
		if elapsed > e {
			about = sayOverAbout
		}
		line += " " + p.say(about, event.Duration(elapsed), event.Duration(e))
	} else if c != nil {
		line += event.Duration(elapsed)
	}
	bad := p.say(sayBad, g.Failed)
	if g.Unreachable > 0 {
		bad = p.say(sayBadHosts, g.Failed, g.Unreachable)
	}
	if g.Failed+g.Unreachable > 0 {
		bad = p.Danger.Render("✗ " + bad)
	}
	if c != nil {
		line += "  "
	}
	number := p.say(sayTaskNumber, g.Tasks)
	if p.step.PlannedStep.Tasks > 0 {
		number = p.say(sayTaskOfAbout, g.Tasks, max(g.Tasks, p.step.PlannedStep.Tasks))
	}
	return line + number + "  " + p.say(sayTask, g.OK, g.Changed) + " " + bad
}

// Running is the command that runs, nil for none. Of several it is the newest.
func (p *stepPanel) Running() *event.CommandState { return runningOf(p.step) }

func runningOf(st *event.StepState) *event.CommandState {
	if st == nil {
		return nil
	}
	for _, c := range slices.Backward(st.Commands) {
		if c.Outcome == "" {
			return c
		}
	}
	return nil
}

// foot is the question, where it is answered here.
func (p *stepPanel) foot() []string {
	q := p.question()
	switch {
	case p.state.Ended != nil, q == nil:
		return nil
	case p.ask != nil && p.ask.Docked():
		return p.ask.Lines(p.w, max(2, p.h/2))
	}
	return []string{p.Rule.Render(strings.Repeat("─", p.w)), " " + p.Warning.Render("? ") + p.Bold.Render(p.told(q.Title))}
}

// Copied is what y takes: the command that runs, or the step's command lines.
func (p *stepPanel) Copied() string {
	if p.step == nil {
		return ""
	}
	if c := p.Running(); c != nil && !c.Probe {
		return c.Line
	}
	var lines []string
	ops := mergeOperations(p.step)
	for _, o := range ops {
		if o.probe && !ops[0].probe {
			break // what is run to learn a fact is copied only where there is nothing else
		}
		lines = append(lines, o.line)
	}
	return strings.Join(lines, "\n")
}

// HandleKey scrolls the output if there is some, else the text.
func (p *stepPanel) HandleKey(msg tea.KeyPressMsg) action {
	switch {
	case msg.String() == "v" && p.passing() > maxPassing:
		p.checks, p.doc.Top = !p.checks, 0
		return handled{}
	case msg.String() == "d" && p.whole():
		return actNotice{sayAllShown}
	case msg.String() == "d" || p.details && msg.String() == "esc":
		p.details = !p.details
		p.doc.Top = 0
		return handled{}
	case p.output.h > 0:
		return p.output.HandleKey(msg)
	case p.doc.Move(motionOf(msg)):
		return handled{}
	}
	return nil
}

// Keys are what HandleKey knows.
func (p *stepPanel) Keys() []Key {
	keys := []Key{Key{Keys: []string{"d"}, Help: sayKeyDetails}.without(p.whole(), sayAllShown)}
	if p.passing() > maxPassing {
		v := Key{Keys: []string{"v"}, Help: sayKeyChecks}
		if p.checks {
			v.Help = sayKeyFoldChecks
		}
		keys = append(keys, v)
	}
	if p.details {
		keys[0].Help = sayKeyNoDetails
		keys = append(keys, Key{Keys: []string{"esc"}, Help: sayKeyBack, Quiet: true})
	}
	if p.output.h > 0 {
		keys = append(p.output.Keys(), keys...)
	}
	return append(keys, motionKeys()...)
}
