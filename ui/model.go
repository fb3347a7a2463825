package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// model is the root: it folds events into the state, gives messages to the part that they are for, and does what the
// operator meant. All drawing and all meaning of keys is in the parts.
type model struct {
	opts     Options
	state    *event.State
	run      *runScreen
	controls chan<- event.Control
	asked    []*asking // questions that wait, the first is on the screen
	over     overlayPart
	quit     bool     // over asks whether to leave
	typing   bool     // keys go to the command that runs
	stops    int      // how often the command that runs was asked to stop
	stopping int      // its number
	retried  string   // the gate that is checked again
	detached bool     // the operator leaves, and what runs goes on
	leaving  bool     // the operator leaves as soon as the run has ended
	held     *holding // an answer that counts in a moment
	holds    int      // how many have been held
	ended    bool
	after    string // what comes when the console has gone
	w, h     int
	drawn    func() // called when a screen of the terminal's size has been drawn, or nil
}

// overlayPart is what is over the Run screen and takes all keys: the palette, or the question whether to leave.
type overlayPart interface {
	HandleKey(tea.KeyPressMsg) action
	View(w, h int) string
	Keys() []Key
}

// holding is an answer that waits: another key takes it back.
type holding struct {
	of     *asking
	answer event.Answer
}

type (
	tick   time.Time
	unheld struct{ number int } // the answer of this number has waited long enough
	awake  struct{}             // the console was stopped, and goes on
	edited struct {
		reply chan error
		err   error
	}
)

func newModel(o Options, controls chan<- event.Control) *model {
	m := &model{opts: o, state: &event.State{Started: event.Started{Rehearses: o.Rehearses}}, run: newRunScreen(o), controls: controls}
	m.run.end.live = true
	return m
}

// Init starts the clock in the header.
func (m *model) Init() tea.Cmd { return nextTick() }

func nextTick() tea.Cmd { return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tick(t) }) }

// Update routes.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.run.SetSize(m.w, m.h)
	case tea.KeyPressMsg:
		cmd = m.key(msg)
	case unheld:
		if h := m.held; h != nil && msg.number == m.holds {
			if m.held = nil; len(m.asked) > 0 && m.asked[0] == h.of {
				m.answer(h.answer)
			}
		}
	case awake:
		m.takeBack(event.Text{})
		if m.run.ask != nil {
			m.run.ask.Restart()
		}
	case tea.PasteMsg:
		m.takeBack(sayPasted)
		if m.over == nil && !m.typing {
			m.run.Paste(msg.Content)
		}
	case batch:
		cmd = m.take(msg)
	case reported:
		m.told(msg)
	case edited:
		msg.reply <- msg.err
	case tick:
		cmd = nextTick()
	}
	m.run.more, m.run.front = m.rootKeys(), nil
	if m.over != nil {
		m.run.front = m.over.Keys()
	}
	m.run.SetState(m.state, m.opts.now())
	return m, cmd
}

// take folds what happened.
func (m *model) take(items batch) tea.Cmd {
	var cmds []tea.Cmd
	for _, item := range items {
		switch item := item.(type) {
		case event.Event:
			m.state.Apply(item)
			if _, ok := item.Data.(event.Ended); ok {
				m.ended = true
			}
		case *asking:
			m.asked = append(m.asked, item)
			m.showAsk()
		case withdrawn:
			m.drop(item.asking)
		case editing:
			reply := item.reply
			cmds = append(cmds, tea.ExecProcess(item.cmd, func(err error) tea.Msg { return edited{reply, err} }))
		case lending:
			reply := item.reply
			cmds = append(cmds, tea.Exec(item, func(err error) tea.Msg { return edited{reply, err} }))
		case sequence:
			cmds = append(cmds, tea.Raw(string(item)))
		case finished:
			m.ended = true
		}
	}
	if c := m.running(); c == nil || c.Number != m.stopping {
		if m.stops > 0 {
			m.run.Notice("") // it has stopped
		}
		m.stops = 0
		m.typing = m.typing && c != nil
	}
	if m.ended && m.leaving {
		return tea.Quit
	}
	return tea.Batch(cmds...)
}

// showAsk puts the first question that waits on the screen, unless it is there already.
func (m *model) showAsk() {
	if len(m.asked) == 0 {
		m.run.SetAsk(nil, nil)
		return
	}
	q := m.asked[0].q
	if m.run.ask != nil && m.run.ask.of == m.asked[0] {
		return
	}
	a := newAsk(m.run.look, q, m.opts.now)
	a.of = m.asked[0]
	m.typing = false
	if q.ID == m.retried {
		m.run.Notice(m.run.say(sayCheckedAgain, m.opts.now().Format(time.TimeOnly))) // else nothing shows that it was
	}
	m.retried = ""
	if q.Form == event.AskCompare {
		m.run.SetState(m.state, m.opts.now())
		if st, _ := m.run.shownStep(); st != nil && len(st.Compared) > 0 {
			m.run.SetAsk(a, newDiffView(m.run.look, st.Compared[len(st.Compared)-1]))
			return
		}
	}
	m.run.SetAsk(a, nil)
}

// drop takes a question away, answered or not.
func (m *model) drop(a *asking) {
	for i, other := range m.asked {
		if other == a {
			m.asked = append(m.asked[:i:i], m.asked[i+1:]...)
			break
		}
	}
	m.showAsk()
}

// answer replies to the question on the screen. It can be replied to only once: it leaves the screen with the reply.
func (m *model) answer(answer event.Answer) {
	if len(m.asked) == 0 {
		return
	}
	a := m.asked[0]
	if a.q.Form == event.AskGate && answer.Choice == event.ChoiceRetry {
		m.retried = a.q.ID
	}
	a.reply <- answer
	m.drop(a)
}

// hold lets an answer count in a moment, unless another key comes.
func (m *model) hold(answer event.Answer) tea.Cmd {
	m.held = &holding{m.asked[0], answer}
	m.holds++
	number := m.holds
	return tea.Tick(holdFor, func(time.Time) tea.Msg { return unheld{number} })
}

// takeBack takes an answer back that is held, and reports whether there was one.
func (m *model) takeBack(why event.Text) bool {
	if m.held == nil {
		return false
	}
	m.held = nil
	if m.run.ask != nil {
		m.run.ask.Restart()
		m.run.ask.note = why
	}
	if !why.Empty() {
		m.run.Notice(m.run.say(why))
	}
	return true
}

// key returns a key to whatever is in front.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	if m.takeBack(sayPasted) {
		return nil
	}
	switch {
	case msg.String() == "ctrl+c" && m.running() != nil:
		return m.act(actStop{})
	case msg.String() == "ctrl+c":
		return m.act(actQuit{})
	case m.over != nil:
		return m.act(m.over.HandleKey(msg))
	case m.typing:
		return m.passThrough(msg)
	}
	a := m.run.HandleKey(msg)
	if a == nil {
		a = m.rootKey(msg)
	}
	return m.act(a)
}

// rootKeys are the bindings that work wherever nothing else has them.
func (m *model) rootKeys() []Key {
	leave := Key{Keys: []string{"q"}, Help: sayKeyLeave}
	if m.ended {
		leave.Help = sayKeyQuit
	}
	pause := Key{Keys: []string{"R"}, Help: sayPauseRecording, Quiet: true}.without(m.opts.Pause == nil, sayNoRecording).without(m.ended, sayRunOver)
	if m.state.Paused {
		pause.Help, pause.Quiet = sayRecordAgain, false
	}
	return []Key{pause, {Keys: []string{":"}, Help: sayActions}, {Keys: []string{"?"}, Help: sayHelp}, leave}
}

func (m *model) rootKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case ":":
		return actPalette{}
	case "?":
		return actHelp{}
	case "q":
		return actQuit{}
	case "R":
		if k, _ := find(m.rootKeys(), msg); !k.Enabled() {
			return actNotice{k.Disabled}
		}
		return actPause{}
	}
	return nil
}

// pause turns the recording of output off or on. It writes, and so it is done beside the screen; if it fails the run
// stops and says why.
func (m *model) pause() tea.Cmd {
	pause, on := m.opts.Pause, !m.state.Paused
	m.run.Notice(m.run.say(map[bool]event.Text{true: sayPausing, false: sayRecordingAgain}[on]))
	return func() tea.Msg {
		_ = pause(on)
		return nil
	}
}

// act does what the operator meant.
func (m *model) act(a action) tea.Cmd {
	switch a := a.(type) {
	case picked:
		m.over, m.quit = nil, false
		if press, ok := a.means.(tea.KeyPressMsg); ok {
			return m.key(press)
		}
		return m.act(a.means)
	case closed:
		m.over, m.quit = nil, false
	case actAnswer:
		if m.run.ask != nil && m.run.ask.Holds(a.Answer) && len(m.asked) > 0 {
			return m.hold(a.Answer)
		}
		m.answer(a.Answer)
	case actStart: // enter on the plan; the run has begun already
		m.run.screenKey("esc")
	case actQuit:
		return m.askToQuit()
	case actLeave:
		return m.left()
	case actDetach:
		m.detached = true
		return tea.Quit
	case actStop:
		m.stop()
	case actPause:
		return m.pause()
	case actPick:
		m.over = remedyPalette(m.run.look, a.Remedies)
	case actRemedy:
		m.control(event.Control{Remedy: a.ID}, sayRemedyAsked)
	case actReport:
		return m.report()
	case actAfter:
		m.after = a.what
		return m.askToQuit()
	case actTypeIn:
		m.typing = true
		m.run.Notice(m.run.say(sayTypingIn))
	case actCopy:
		m.run.Notice(m.run.say(sayCopied, copiedLine(a.Text)))
		return tea.SetClipboard(a.Text)
	case actNotice:
		m.run.Notice(m.run.say(a.Text))
	case actHelp:
		m.over = &helpOver{newHelpScreen(m.run.look, m.opts.Version, m.run.allKeys())}
	case actPalette:
		m.over = actionPalette(m.run.look, m.run.allKeys())
	}
	return nil
}

func (m *model) running() *event.CommandState { return runningOf(m.state.Step(m.state.Current)) }

// stop ends the running command: with an interrupt first, then by killing it.
func (m *model) stop() {
	c := m.running()
	if c.Number != m.stopping {
		m.stopping, m.stops = c.Number, 0
	}
	m.stops++
	say := sayStopping
	if m.stops > 1 {
		say = sayStoppingNow
	}
	m.control(event.Control{Stop: true}, say)
}

func (m *model) control(c event.Control, say event.Text) {
	select {
	case m.controls <- c:
		m.run.Notice(m.run.say(say))
	default: // nobody takes them; waiting would freeze the screen
		m.run.Notice(m.run.say(sayNotTaken))
	}
}

// askToQuit asks first while there is something to lose, and asks no twice.
func (m *model) askToQuit() tea.Cmd {
	switch {
	case m.quit, m.leaving:
		return m.left()
	case m.ended && len(m.asked) == 0:
		return tea.Quit
	}
	m.quit = true
	m.over = newLeaveDialog(m.run.look, m.running(), m.opts.Recording)
	return nil
}

// left leaves: by the answer that stops the run where a question waits, else by leaving the screen.
func (m *model) left() tea.Cmd {
	m.over, m.quit = nil, false
	if m.leaving || len(m.asked) == 0 || !hasChoice(m.asked[0].q, event.ChoiceLeave) {
		return tea.Quit
	}
	m.leaving = true
	m.answer(event.Answer{Choice: event.ChoiceLeave, By: "operator"})
	m.run.Notice(m.run.say(sayLeaving))
	return nil
}

// View draws the Run screen, and what is over it.
func (m *model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.WindowTitle = "spraydeck"
	if m.drawn != nil && m.w > 0 {
		m.drawn()
	}
	if m.over == nil {
		v.Cursor = m.run.Cursor()
	}
	return v
}

func (m *model) screen() string {
	screen := m.run.View()
	if m.over == nil || m.run.lay.TooSmall {
		return screen
	}
	if help, ok := m.over.(*helpOver); ok {
		return help.View(m.w, m.h)
	}
	return overlay(screen, m.over.View(m.w, m.h), m.w, m.h)
}
