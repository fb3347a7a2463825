package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// runScreen draws a run from its state: steps, the current step, nodes. It has no side effects and asks nobody, so a
// replay shows the very same screen. What the operator means comes back from HandleKey.
type runScreen struct {
	look
	opts    Options
	state   *event.State
	now     time.Time
	w, h    int
	lay     layout
	focus   panel
	zoom    bool   // the focused panel has the whole screen
	looking string // id of the step that is looked at, "" for the current one
	steps   *stepList
	step    *stepPanel
	nodes   *nodeTable
	log     *commandLog
	ask     *ask
	peek    bool      // look behind a dialog that floats
	diff    *diffView // what a question of the form compare is about, or nil
	then    *diffView // what a step printed in the earlier run and now, nil until somebody looks
	plan    *planView // nil until somebody looks at it
	mets    *metView
	end     *endPage
	tasks   *taskView // nil until somebody looks at it
	book    playbook  // of the current step
	shown   playbook  // of the step that is looked at, where that is another
	metSeq  int64
	metList []event.Met
	search  *field
	notice  string
	front   []Key // the keys of what is over the screen, if something does
	more    []Key // the keys of the screen around this one, for the last line
	bare    bool  // without the key line: a replay has its own
}

func newRunScreen(o Options) *runScreen {
	l := newLook(o)
	r := &runScreen{
		look: l, opts: o, state: &event.State{}, focus: panelStep,
		steps: newStepList(l), step: newStepPanel(l), nodes: newNodeTable(l), log: newCommandLog(l), mets: newMetView(l), end: newEndPage(l, o),
	}
	r.step.book = &r.book
	return r
}

// SetState takes the run as it is at a time.
func (r *runScreen) SetState(state *event.State, now time.Time) {
	r.state, r.now = state, now
	r.arrange()
}

// SetSize takes the room there is.
func (r *runScreen) SetSize(w, h int) {
	r.w, r.h = w, h
	r.arrange()
}

// SetAsk puts a question on the screen, or takes it away. The screen goes to the step that asks.
func (r *runScreen) SetAsk(a *ask, diff *diffView) {
	r.ask, r.diff, r.peek = a, diff, false
	if a != nil {
		r.focus, r.zoom, r.looking = panelStep, false, ""
		r.step.details = false
		r.steps.moved = false
	}
	r.arrange()
}

// Notice says something in the last line, until the next key.
func (r *runScreen) Notice(s string) { r.notice = s }

// shownStep is the step in the main panel, and whether it is the current one.
func (r *runScreen) shownStep() (st *event.StepState, current bool) {
	id := r.state.Current
	if r.state.Pending != nil && r.state.PendingStep != "" {
		id = r.state.PendingStep
	}
	if r.looking != "" && r.state.Step(r.looking) != nil && r.looking != id {
		return r.state.Step(r.looking), false
	}
	if st := r.state.Step(id); st != nil {
		return st, true
	}
	if len(r.state.Steps) > 0 {
		return r.state.Steps[0], true
	}
	if r.ask != nil || r.state.Pending != nil { // asked before there is a plan
		return &event.StepState{PlannedStep: event.PlannedStep{Title: r.state.Started.Title}}, true
	}
	return nil, true
}

// arrange returns every part its room and what it shows.
func (r *runScreen) arrange() {
	h := r.h
	if r.bare && h > 0 {
		h++
	}
	r.lay = layoutOf(r.w, h, len(r.state.Nodes))
	r.steps.focused, r.nodes.focused, r.log.focused = r.focus == panelSteps, r.focus == panelNodes, r.focus == panelLog
	main, steps, nodes := r.lay.Main, r.lay.Steps, r.lay.Nodes
	if !r.lay.Wide {
		steps, nodes = main, main
	} else if r.full() {
		main = box{0, 3, r.w, h - 5}
		nodes = main
	}
	st, current := r.shownStep()
	a := r.ask
	if !current {
		a = nil
	}
	if r.lay.Wide && !r.full() {
		steps.H -= len(r.metRows())
	}
	r.steps.SetSize(steps.W, steps.H)
	r.steps.SetState(r.state, r.now)
	r.nodes.SetSize(nodes.W, nodes.H)
	r.nodes.SetState(r.state, r.now)
	r.log.SetSize(main.W, main.H)
	r.log.SetState(r.state, r.now)
	r.readPlaybooks(st, current)
	r.step.calm = !r.lay.Now.Empty()
	r.step.SetSize(main.W, main.H)
	r.step.SetStep(r.state, st, a, r.now)
	r.step.past = !current
	r.step.then = nil
	if st != nil {
		r.step.then = r.opts.Reference.Same(r.state, st.ID)
	}
	r.step.reference = r.opts.Reference
	if r.plan != nil {
		r.plan.SetSize(main.W, main.H)
	}
	if r.atEnd() {
		r.end.SetSize(main.W, main.H)
		r.end.SetState(r.state)
	}
	if r.focus == panelMet {
		r.mets.SetSize(main.W, main.H)
		r.mets.SetState(r.state)
	}
	if r.tasks != nil {
		r.tasks.SetSize(main.W, main.H)
		r.tasks.SetTasks(r.step.book, st, r.now)
	}
	if r.then != nil {
		r.then.SetSize(main.W, main.H)
	}
	if r.diff != nil {
		r.diff.SetSize(main.W, max(0, main.H-len(r.step.foot())))
	}
}

// readPlaybooks takes what the playbooks of the current step and of the one that is shown have printed since.
func (r *runScreen) readPlaybooks(st *event.StepState, current bool) {
	if c := playbookOf(r.state.Step(r.state.Current)); c != nil {
		r.book.read(c)
	} else {
		r.book = playbook{}
	}
	r.step.book = &r.book
	if !current || st != nil && st.ID != r.state.Current {
		r.step.book = &r.shown
		if c := playbookOf(st); c != nil {
			r.shown.read(c)
		} else {
			r.shown = playbook{}
		}
	}
}

// met is what the run has come across so far.
func (r *runScreen) met() []event.Met {
	if r.metSeq != r.state.Seq || r.metList == nil {
		r.metSeq, r.metList = r.state.Seq, r.state.Met()
	}
	return r.metList
}

// metRows is what was met, below the steps of a wide screen.
func (r *runScreen) metRows() []string {
	return r.metLines(r.met(), r.lay.Steps.W, r.lay.Steps.H/2)
}

// View draws the screen.
func (r *runScreen) View() string {
	if r.lay.TooSmall {
		return strings.Join(fill(wrap(r.say(sayTooSmall, r.w, r.h, minWidth, minHeight), r.w), r.w, r.h), "\n")
	}
	lines := []string{r.header(r.state, r.opts, r.now, r.w)}
	if r.lay.Wide {
		lines = append(lines, r.wide()...)
	} else {
		if !r.lay.Phases.Empty() {
			lines = append(lines, fit(r.phaseStrip(r.state, r.w), r.w), r.nowRow(r.w))
		}
		lines = append(lines, strings.Split(r.mainView(), "\n")...)
		if !r.lay.Strip.Empty() {
			lines = append(lines, r.nodes.Strip(r.w))
		}
	}
	if !r.bare {
		lines = append(lines, r.lastLine(r.allKeys()))
	}
	screen := strings.Join(lines, "\n")
	if r.floats() {
		dialog, _ := r.ask.Float(r.w, r.h)
		screen = overlay(screen, dialog, r.w, r.h)
	}
	return screen
}

// full reports whether the main panel has the whole screen: two texts side by side want the width.
func (r *runScreen) full() bool {
	return r.zoom || r.diff != nil && r.ask != nil && r.focus == panelStep && r.looking == ""
}

// wide draws the panels between rules.
func (r *runScreen) wide() []string {
	rule := func(joint string) string {
		s := strings.Repeat("─", r.w)
		if joint != "" {
			s = strings.Repeat("─", r.lay.Steps.W) + joint + strings.Repeat("─", r.w-r.lay.Steps.W-1)
		}
		return r.Rule.Render(s)
	}
	now := r.nowRow(r.w)
	if r.full() {
		return append(append([]string{now, rule("")}, strings.Split(r.mainView(), "\n")...), rule(""))
	}
	lines := []string{now, rule("┬")}
	bar := r.Rule.Render("│")
	main := strings.Split(r.mainView(), "\n")
	for i, left := range append(strings.Split(r.steps.View(), "\n"), fill(r.metRows(), r.lay.Steps.W, len(r.metRows()))...) {
		if i < len(main) {
			lines = append(lines, left+bar+main[i])
		}
	}
	lines = append(lines, rule("┴"))
	if !r.lay.Nodes.Empty() {
		lines = append(append(lines, strings.Split(r.nodes.View(), "\n")...), rule(""))
	}
	return lines
}

// mainView is what is in the main panel: on a narrow screen, or zoomed, whatever has the focus.
func (r *runScreen) mainView() string {
	small := !r.lay.Wide || r.full()
	switch {
	case r.focus == panelLog:
		return r.log.View()
	case r.focus == panelPlan:
		return r.plan.View()
	case r.focus == panelThen:
		return r.then.View()
	case r.focus == panelMet:
		return r.mets.View()
	case r.focus == panelTask:
		return r.tasks.View()
	case r.focus == panelNodes && small:
		return r.nodes.View()
	case r.focus == panelSteps && small:
		return r.steps.View()
	case r.atEnd():
		return r.end.View()
	case r.diff != nil && r.ask != nil && r.looking == "":
		return r.diff.View() + "\n" + strings.Join(fill(r.step.foot(), r.step.w, len(r.step.foot())), "\n")
	}
	return r.step.View()
}

// lastLine is the search, a notice, or the keys that work now.
func (r *runScreen) lastLine(keys []Key) string {
	switch {
	case r.search != nil:
		line, _ := r.search.View(r.w - 3)
		return fit(" /"+line, r.w)
	case r.front != nil:
		return r.keyLine(r.front, r.w)
	case r.notice != "":
		return fit(" "+r.Warning.Render("! "+r.notice), r.w)
	}
	return r.keyLine(keys, r.w)
}

// floats reports whether a dialog is over the screen.
func (r *runScreen) floats() bool {
	return r.ask != nil && !r.ask.Docked() && !r.peek && !r.lay.TooSmall
}

// Cursor is where text is typed, nil for nowhere.
func (r *runScreen) Cursor() *tea.Cursor {
	switch {
	case r.lay.TooSmall:
		return nil
	case r.search != nil:
		_, x := r.search.View(r.w - 3)
		return tea.NewCursor(2+x, r.lay.Keys.Y)
	case r.floats():
		dialog, at := r.ask.Float(r.w, r.h)
		if at == nil {
			return nil
		}
		x, y := centred(dialog, r.w, r.h)
		return tea.NewCursor(x+at.X, y+at.Y)
	case r.diff != nil && r.focus == panelStep && r.looking == "":
		if x, y, ok := r.diff.Cursor(); ok {
			return tea.NewCursor(r.lay.Main.X+x, r.lay.Main.Y+y)
		}
	case r.ask != nil && r.ask.Typing() && r.ask.Docked() && r.answering():
		return tea.NewCursor(r.lay.Main.X+r.ask.cursorX(r.lay.Main.W)-1, r.lay.Main.Y+r.lay.Main.H-1)
	}
	return nil
}

// answering reports whether keys go to the question: it is in sight and nothing else has the focus.
func (r *runScreen) answering() bool {
	if r.diff != nil && r.diff.search != nil {
		return false // what is typed is looked for in the texts
	}
	return r.ask != nil && !r.peek && (!r.ask.Docked() || r.focus == panelStep && r.looking == "" && r.search == nil)
}

// focused is the part that takes the keys.
func (r *runScreen) focused() interface {
	HandleKey(tea.KeyPressMsg) action
	Keys() []Key
} {
	switch r.focus {
	case panelSteps:
		return r.steps
	case panelNodes:
		return r.nodes
	case panelLog:
		return r.log
	case panelPlan:
		return r.plan
	case panelThen:
		return r.then
	case panelMet:
		return r.mets
	case panelTask:
		return r.tasks
	}
	switch {
	case r.atEnd():
		return r.end
	case r.diff != nil && r.ask != nil:
		return r.diff
	}
	return r.step
}

// atEnd reports whether the main panel shows what the run came to: it has ended, and no step is looked at.
func (r *runScreen) atEnd() bool {
	return r.state.Ended != nil && r.ask == nil && r.looking == "" && r.focus == panelStep
}

// output is what / searches in, nil where there is nothing to search.
func (r *runScreen) output() *outputView {
	switch {
	case r.focus == panelLog:
		return r.log.open
	case r.focus == panelStep && r.step.output.h > 0 && !r.atEnd():
		return r.step.output
	}
	return nil
}

// behindDetails reports whether the step has output, and shows its details in its place.
func (r *runScreen) behindDetails() bool {
	return r.focus == panelStep && !r.atEnd() && r.step.details && r.step.output.Rows() > 0
}

// remedies are what the pitfalls seen at the current step offer, the newest first, while it runs.
func (r *runScreen) remedies() []event.Remedy {
	st := r.state.Step(r.state.Current)
	if st == nil || st.Status != event.Running || st.Remedy != "" {
		return nil
	}
	var out []event.Remedy
	for _, h := range slices.Backward(st.Hits) {
		for _, remedy := range h.Remedies {
			if !slices.ContainsFunc(out, func(o event.Remedy) bool { return o.ID == remedy.ID }) {
				out = append(out, remedy)
			}
		}
	}
	return out
}

// ShowPlan puts the run's plan over the whole screen.
func (r *runScreen) ShowPlan() {
	r.plan = newPlanView(r.look, planOf(r.state))
	r.focus, r.zoom = panelPlan, true
	r.arrange()
}

// planOf is the plan of a run, with the commands that its steps have said so far.
func planOf(state *event.State) Plan {
	s := state.Started
	p := Plan{Title: s.Title, Runbook: s.Runbook + " " + s.Version, Cluster: s.Cluster, From: s.From, To: s.To,
		Operations: map[string][]event.Operation{}}
	for _, st := range state.Steps {
		p.Steps = append(p.Steps, st.PlannedStep)
		p.Operations[st.ID] = st.Operations
		p.Findings = append(p.Findings, st.Gates...)
	}
	return p
}

func (r *runScreen) copied() string {
	if r.focus == panelLog {
		if c := r.log.AtCursor(); c != nil {
			return c.Line
		}
		return ""
	}
	if r.atEnd() {
		return ""
	}
	return r.step.Copied()
}
