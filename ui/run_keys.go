package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"spraydeck/event"
)

// HandleKey says what a key means now: to the question, to the panel with the focus, to the screen, in this order.
func (r *runScreen) HandleKey(msg tea.KeyPressMsg) action {
	r.notice = ""
	a := r.route(msg)
	r.arrange()
	return a
}

func (r *runScreen) route(msg tea.KeyPressMsg) action {
	if r.search != nil {
		return r.searchKey(msg)
	}
	if r.answering() && r.onScreen(msg) {
		if a := r.ask.HandleKey(msg); a != nil {
			if !r.ask.note.Empty() && r.ask.Docked() {
				r.notice = r.say(r.ask.note)
			}
			return a
		}
	}
	if r.ask != nil && !r.ask.Docked() {
		if msg.String() == "tab" {
			r.peek = !r.peek
			return handled{}
		}
		if !r.peek {
			return handled{} // a dialog keeps the keys for itself
		}
	}
	if k, ok := find(r.focused().Keys(), msg); ok && !k.Enabled() {
		return actNotice{k.Disabled}
	}
	switch a := r.focused().HandleKey(msg).(type) {
	case nil:
	case actBack:
		return r.screenKey("esc")
	default:
		return a
	}
	k, ok := find(r.screenKeys(), msg)
	if !ok {
		return nil
	}
	if !k.Enabled() {
		return actNotice{k.Disabled}
	}
	if k.Keys[0] == "y" && r.answering() && !r.isDrawn(msg) { // it may have been meant as yes
		return actNotice{sayNotCopied}
	}
	return r.screenKey(k.Keys[0])
}

// onScreen reports whether the key may answer the question: it is on the screen, or it is no letter of a choice.
func (r *runScreen) onScreen(msg tea.KeyPressMsg) bool {
	if r.ask.Typing() || !r.ask.Docked() || r.ask.listed || r.ask.letter(msg.String()) < 0 {
		return true
	}
	return r.isDrawn(msg)
}

// isDrawn reports whether a key is in the key line.
func (r *runScreen) isDrawn(msg tea.KeyPressMsg) bool {
	_, ok := find(r.drawn(r.allKeys(), r.w), msg)
	return ok
}

// screenKeys are the bindings of the screen itself.
func (r *runScreen) screenKeys() []Key {
	c := runningOf(r.state.Step(r.state.Current))
	_, current := r.shownStep()
	back := r.focus == panelStep && current && !r.zoom
	keys := []Key{
		Key{Keys: []string{"enter"}, Help: sayKeyLookAt}.without(r.focus != panelSteps, sayNothingHere),
		Key{Keys: []string{"ctrl+c"}, Help: sayKeyStop}.without(c == nil, sayNothingRuns),
		Key{Keys: []string{"r"}, Help: sayRemedy}.without(len(r.remedies()) == 0, sayNoRemedy),
		Key{Keys: []string{"/"}, Help: sayKeySearch}.without(r.output() == nil && !r.behindDetails(), sayNoOutput),
		Key{Keys: []string{"i"}, Help: sayKeyTypeIn, Quiet: true}.without(c == nil, sayNothingRuns),
		Key{Keys: []string{"esc"}, Help: sayKeyBack}.without(back, sayNothingToLeave),
		Key{Keys: []string{"y"}, Help: sayKeyCopy}.without(r.copied() == "", sayNoCommandHere),
		{Keys: []string{"tab"}, Help: sayKeyPanel},
		{Keys: []string{"shift+tab"}, Help: sayKeyPanelBack, Quiet: true},
		Key{Keys: []string{"1"}, Help: saySteps, Quiet: true}.without(r.focus == panelSteps && !r.zoom, sayHereAlready),
		{Keys: []string{"2"}, Help: sayStep, Quiet: true},
		Key{Keys: []string{"3"}, Help: sayNodes, Quiet: true}.without(len(r.state.Nodes) == 0, sayNoNodes),
		{Keys: []string{"4"}, Help: sayLog, Quiet: true},
		Key{Keys: []string{"n"}, Help: sayNodes}.without(len(r.state.Nodes) == 0, sayNoNodes),
		Key{Keys: []string{"L"}, Help: sayLog}.without(r.focus == panelLog && r.zoom, sayHereAlready),
		Key{Keys: []string{"t"}, Help: sayKeyTasks, Quiet: len(r.step.book.tasks) == 0}.without(len(r.step.book.tasks) == 0, sayNoTasks),
		Key{Keys: []string{"m"}, Help: sayMetSoFar, Quiet: len(r.met()) == 0}.without(len(r.met()) == 0, sayNothingMet).without(r.focus == panelMet, sayHereAlready),
		Key{Keys: []string{"="}, Help: sayKeyThen, Quiet: r.opts.Reference == nil}.without(r.opts.Reference == nil, sayNoReference),
		Key{Keys: []string{"p", "5"}, Help: sayPlan, Quiet: true}.without(len(r.state.Steps) == 0, sayNoStep),
	}
	toAsk := "esc" // the key that leads back to a question out of sight
	if r.ask != nil && !r.ask.Docked() {
		toAsk = "tab"
	}
	for i := range keys {
		if r.ask != nil && !r.answering() && keys[i].Keys[0] == toAsk {
			keys[i].Help = sayKeyToQuestion
		}
	}
	return keys
}

// Keys are the keys that work now, the most useful first.
func (r *runScreen) Keys() []Key {
	switch {
	case r.search != nil:
		return []Key{{Keys: []string{"enter"}, Help: sayKeySearch}, {Keys: []string{"esc"}, Help: sayKeyBack}}
	case r.answering() && !r.ask.Docked():
		keys := append(r.ask.Keys(), Key{Keys: []string{"tab"}, Help: sayKeyPeek})
		// the exit is last, where the key line never drops it
		slices.SortStableFunc(keys, func(a, b Key) int { return isEsc(a) - isEsc(b) })
		return keys
	}
	var keys []Key
	taken := map[string]bool{}
	add := func(ks []Key) {
		for _, k := range ks {
			if !taken[k.Keys[0]] {
				keys = append(keys, k)
			}
		}
		for _, k := range ks {
			for _, name := range k.Keys {
				taken[name] = true
			}
		}
	}
	if r.answering() {
		add(r.ask.Keys())
		if r.ask.Typing() {
			return append(keys, Key{Keys: []string{"tab"}, Help: sayKeyPanel})
		}
	}
	for _, k := range r.focused().Keys() {
		if r.focus == panelPlan && k.Is(pressOf("enter")) {
			k.Help = sayKeyBack // the run has begun already
		}
		add([]Key{k})
	}
	add(r.screenKeys())
	slices.SortStableFunc(keys, func(a, b Key) int { return urgency(a) - urgency(b) })
	return keys
}

func isEsc(k Key) int {
	if k.Keys[0] == "esc" {
		return 1
	}
	return 0
}

// urgency puts the question's enter first, then what stops and what helps, before what merely shows.
func urgency(k Key) int {
	switch k.Keys[0] {
	case "enter":
		return 0
	case "r", "ctrl+c":
		return 1
	}
	return 2
}

func (r *runScreen) screenKey(name string) action {
	switch name {
	case "enter":
		if st := r.steps.AtCursor(); st != nil {
			r.looking, r.focus = st.ID, panelStep
		}
	case "r":
		return actPick{r.remedies()}
	case "/":
		f := newField("", false, true)
		r.search = &f
		if r.behindDetails() {
			r.step.details = false
		}
	case "ctrl+c":
		return actStop{}
	case "i":
		return actTypeIn{}
	case "esc":
		r.focus, r.zoom, r.looking = panelStep, false, ""
		r.steps.Home()
	case "y":
		return actCopy{r.copied()}
	case "tab":
		r.turn(1)
	case "shift+tab":
		r.turn(-1)
	case "n":
		r.focus, r.zoom = panelNodes, true
	case "L":
		r.focus, r.zoom = panelLog, true
	case "=":
		return r.ShowThen()
	case "m":
		r.focus, r.zoom = panelMet, true
	case "t":
		r.tasks = newTaskView(r.look)
		r.focus, r.zoom = panelTask, true
	case "p":
		r.ShowPlan()
	case "1", "2", "3", "4":
		r.focus, r.zoom = panel(name[0]-'0'), false
		if r.focus == panelStep {
			r.looking = ""
		}
	}
	return handled{}
}

// turn moves the focus to the next panel there is.
func (r *runScreen) turn(by int) {
	r.zoom = false
	for range 4 {
		r.focus = (min(r.focus, panelLog)-1+panel(by)+4)%4 + 1
		if r.focus != panelNodes || len(r.state.Nodes) > 0 {
			return
		}
	}
}

// searchKey edits the search; enter goes to the first match.
func (r *runScreen) searchKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc":
		r.search = nil
	case "enter":
		o, query := r.output(), r.search.Value()
		r.search = nil
		if o != nil && !o.Search(query) {
			return actNotice{event.Textf(sayNotFound.En, sayNotFound.Ja, query)}
		}
	default:
		r.search.HandleKey(msg)
	}
	return handled{}
}

// Paste goes to where text is typed.
func (r *runScreen) Paste(s string) {
	switch {
	case r.search != nil:
		r.search.Paste(s)
	case r.focus == panelPlan:
		r.plan.Paste(s)
	case r.focus == panelMet:
		r.mets.Paste(s)
	case r.focus == panelTask:
		r.tasks.Paste(s)
	case r.diff != nil && r.diff.Paste(s):
	case r.answering():
		r.ask.Paste(s)
		if !r.ask.note.Empty() {
			r.notice = r.say(r.ask.note)
		}
	}
}

// overlay puts a dialog over the middle of a screen.
func overlay(screen, dialog string, w, h int) string {
	x, y := centred(dialog, w, h)
	canvas := lipgloss.NewCanvas(w, h)
	canvas.Compose(lipgloss.NewCompositor(lipgloss.NewLayer(screen), lipgloss.NewLayer(dialog).X(x).Y(y).Z(1)))
	return canvas.Render()
}

func centred(dialog string, w, h int) (x, y int) {
	return max(0, (w-lipgloss.Width(dialog))/2), max(0, (h-1-strings.Count(dialog, "\n")-1)/2)
}

// allKeys are the screen's keys and those of the screen around it.
func (r *runScreen) allKeys() []Key {
	keys := r.Keys()
	if r.search == nil && !(r.answering() && (r.ask.Typing() || !r.ask.Docked())) {
		for _, k := range r.more {
			if _, taken := find(keys, pressOf(k.Keys[0])); !taken {
				keys = append(keys, k)
			}
		}
	}
	if r.w < 100 || !r.opts.Recording { // a rehearsal is not kept
		for i := range keys {
			if keys[i].Help == sayKeyLeave {
				keys[i].Help = sayKeyLeaveShort
			}
		}
	}
	return keys
}
