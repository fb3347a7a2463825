package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// How long the keyboard must have been quiet before a question takes a key. Longer where the question opened by itself, or
// where the answer changes something: a keyboard waits up to 660 ms before it repeats a key that is held down.
const (
	pauseLong = 700 * time.Millisecond
	pauseCalm = 200 * time.Millisecond
)

// Keys that come closer to each other than burst are pasted, not typed. An answer that changes something is held for
// holdFor: another key in that time, such as the next enter of a key that is held down, takes it back.
const (
	burst   = 20 * time.Millisecond
	holdFor = 120 * time.Millisecond
)

// ask is a question to the operator. A calm one stands docked under its step; one that can do harm floats over
// everything. It answers with actAnswer, or actQuit where the operator wants to leave.
type ask struct {
	look
	q       event.Question
	clock   func() time.Time
	lastKey time.Time // when the question opened, or the newest key that came too early
	newest  time.Time // the newest key of all
	spent   bool      // an enter came too early: plain enter does not answer until another key was pressed
	listed  bool      // the choices are on the screen with their keys
	ready   bool      // the keyboard has been quiet: keys count from here on
	cursor  int
	reason  *event.Choice // the choice a reason is being typed for
	picking bool          // choosing among remedies
	field   *field        // the value, the word or the reason; nil where nothing is typed
	scroll  scroll        // of the body
	note    event.Text    // why the last key did nothing
	of      *asking       // who asks; nil in tests
}

func newAsk(l look, q event.Question, clock func() time.Time) *ask {
	if len(q.Choices) == 0 && q.Form != event.AskInput {
		q.Choices = []event.Choice{{ID: event.ChoiceContinue, Label: sayContinue}}
	}
	if q.Form == event.AskInput && !hasChoice(q, event.ChoiceContinue) {
		q.Choices = append([]event.Choice{{ID: event.ChoiceContinue, Label: sayContinue}}, q.Choices...)
	}
	a := &ask{look: l, q: q, clock: clock, lastKey: clock()}
	switch {
	case q.Form == event.AskInput:
		value := q.Default
		if q.Secret {
			value = ""
		}
		f := newField(value, q.Secret, true)
		a.field = &f
	case q.Type != "":
		f := newField("", false, false)
		a.field = &f
	}
	a.cursor = a.initialChoice()
	return a
}

func hasChoice(q event.Question, id string) bool {
	return slices.ContainsFunc(q.Choices, func(c event.Choice) bool { return c.ID == id })
}

// initialChoice is the choice selected when the question opens: the safe one; where nothing can break, the one to go on with.
func (a *ask) initialChoice() int {
	want := a.q.Safe
	switch {
	case a.field != nil, !a.Red() && (a.q.Form == event.AskApprove || a.q.Form == event.AskAcknowledge || a.q.Form == event.AskCompare):
		want = event.ChoiceContinue
	case a.q.Form == event.AskGate && hasChoice(a.q, event.ChoiceRetry):
		want = event.ChoiceRetry // checking again only reads
	case a.q.Form == event.AskChoose && a.q.Default != "":
		want = a.q.Default
	}
	return max(0, slices.IndexFunc(a.q.Choices, func(c event.Choice) bool { return c.ID == want }))
}

// Red reports whether a wrong answer can do harm.
func (a *ask) Red() bool {
	return a.q.Type != "" || a.q.Danger == event.Disrupts || a.q.Danger == event.Destroys || a.q.Unknown && a.q.Form == event.AskApprove
}

// changes reports whether an answer may let something run that changes something.
func (a *ask) changes() bool { return a.Red() || a.q.MayChange() }

// Holds reports whether an answer waits a moment before it counts. The safe one does not.
func (a *ask) Holds(answer event.Answer) bool {
	return a.changes() && answer.Choice != a.q.Safe && answer.Choice != event.ChoiceLeave
}

// Docked reports whether the question is under its step, not over the screen. A prompt for a secret belongs to no step.
func (a *ask) Docked() bool { return !a.Red() && !(a.q.Secret && a.q.Opens) }

// Typing reports whether letters are text now.
func (a *ask) Typing() bool { return a.field != nil }

// Restart makes the question wait for a quiet keyboard again: what was typed before now was not meant for it.
func (a *ask) Restart() {
	a.lastKey, a.ready, a.spent, a.note = a.clock(), false, a.changes(), sayTooSoon
}

// early reports whether a key comes before the question can have been read, and keeps count of it.
func (a *ask) early(msg tea.KeyPressMsg) bool {
	if a.ready {
		return msg.IsRepeat && msg.Text == "" // a held-down enter
	}
	pause := pauseCalm
	if a.q.Opens || a.changes() {
		pause = pauseLong
	}
	now := a.clock()
	if now.Sub(a.lastKey) < pause {
		a.lastKey = now
		return true
	}
	a.ready = true
	return false
}

// HandleKey returns the answer, once there is one.
func (a *ask) HandleKey(msg tea.KeyPressMsg) action {
	now := a.clock()
	gap := now.Sub(a.newest)
	if a.newest = now; !a.knows(msg) {
		return nil
	}
	enter := msg.String() == "enter"
	switch {
	case a.early(msg):
		a.note, a.spent = sayTooSoon, a.spent || enter && a.changes()
		return handled{}
	case gap < burst && (enter || a.field == nil):
		a.Restart()
		a.note = sayPasted
		return handled{}
	case enter && a.spent && (a.field == nil || a.q.Type == "" || a.cursor != a.initialChoice()):
		a.note = sayEnterSpent
		return handled{}
	}
	a.note = event.Text{}
	if a.field != nil {
		a.spent = a.spent && enter
		return a.typeKey(msg)
	}
	does := a.chooseKey(msg)
	a.spent = false
	return does
}

// knows reports whether the key is the question's to handle: it is text, or one of Keys. What it does not know, the screen
// behind may use.
func (a *ask) knows(msg tea.KeyPressMsg) bool {
	if a.field != nil {
		return msg.String() != "tab"
	}
	_, ok := find(a.Keys(), msg)
	return ok
}

func (a *ask) chooseKey(msg tea.KeyPressMsg) action {
	switch key := msg.String(); key {
	case "enter":
		return a.choose(a.q.Choices[a.cursor])
	case "esc":
		if a.picking {
			a.picking, a.cursor = false, a.initialChoice()
			return handled{}
		}
		return a.safe()
	case "up", "k":
		a.step(-1)
	case "down", "j":
		a.step(1)
	default:
		if a.scroll.Move(motionOf(msg)) {
			return handled{}
		}
		i := a.letter(key)
		if key == "r" && len(a.remedyChoices()) > 1 && !a.picking {
			a.picking, a.cursor = true, i
			return handled{}
		}
		return a.choose(a.q.Choices[i])
	}
	return handled{}
}

// step moves the cursor over the choices in sight.
func (a *ask) step(by int) {
	shown := a.shown()
	at := max(0, slices.Index(shown, a.cursor))
	a.cursor = shown[max(0, min(at+by, len(shown)-1))]
}

// shown are the choices that can be picked now: all of them, or the remedies.
func (a *ask) shown() []int {
	if a.picking {
		return a.remedyChoices()
	}
	all := make([]int, len(a.q.Choices))
	for i := range all {
		all[i] = i
	}
	return all
}

func (a *ask) remedyChoices() []int {
	var out []int
	for i, c := range a.q.Choices {
		if strings.HasPrefix(c.ID, event.RemedyPrefix) {
			out = append(out, i)
		}
	}
	return out
}

func (a *ask) typeKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc":
		if a.reason != nil {
			a.endReason()
			return handled{}
		}
		return a.safe()
	case "up", "down":
		if a.reason == nil {
			a.step(map[string]int{"up": -1, "down": 1}[msg.String()])
		}
		return handled{}
	case "pgup", "pgdown":
		a.scroll.Move(motionOf(msg))
		return handled{}
	case "enter":
		return a.confirmKey()
	}
	a.field.HandleKey(msg)
	if a.reason == nil {
		a.cursor = a.initialChoice() // who types means the field
	}
	return handled{}
}

// confirmKey is Enter, disabled until the text matches.
func (a *ask) confirmKey() action {
	text := a.field.Value()
	c := a.q.Choices[a.cursor]
	switch {
	case a.reason != nil:
		if strings.TrimSpace(text) == "" {
			a.note = sayReasonEmpty
			return handled{}
		}
		return a.answer(event.Answer{Choice: a.reason.ID, Reason: strings.TrimSpace(text)})
	case c.ID != event.ChoiceContinue:
		return a.choose(c)
	case a.q.Type != "" && text != a.q.Type:
		a.note = sayWordWrong
		return handled{}
	case text == "" && a.q.Type == "":
		a.note = sayValueEmpty
		return handled{}
	}
	return a.answer(event.Answer{Choice: c.ID, Text: text})
}

// choose takes a choice: at once, or after a reason. Leaving is confirmed by the root.
func (a *ask) choose(c event.Choice) action {
	switch {
	case c.ID == event.ChoiceLeave:
		return actQuit{}
	case c.NeedsReason:
		f := newField("", false, false)
		a.field, a.reason, a.picking = &f, &c, false
		return handled{}
	}
	return a.answer(event.Answer{Choice: c.ID})
}

func (a *ask) endReason() {
	a.field, a.reason = nil, nil
	if a.q.Type != "" {
		f := newField("", false, false)
		a.field = &f
	}
	a.cursor = a.initialChoice()
}

// safe is Esc.
func (a *ask) safe() action {
	if a.q.Safe == "" {
		return handled{}
	}
	i := slices.IndexFunc(a.q.Choices, func(c event.Choice) bool { return c.ID == a.q.Safe })
	if i < 0 {
		return a.answer(event.Answer{Choice: a.q.Safe})
	}
	return a.choose(a.q.Choices[i])
}

func (a *ask) answer(answer event.Answer) action {
	answer.By = "operator"
	return actAnswer{answer}
}

// Paste takes pasted text as a value. It never answers, and never fills a word or a reason.
func (a *ask) Paste(s string) {
	if a.field == nil || a.early(tea.KeyPressMsg{}) || !a.field.Paste(s) {
		a.note = sayNoPaste
	}
}
