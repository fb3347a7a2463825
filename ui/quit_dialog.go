package ui

import (
	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// actLeave is a confirmed actQuit, actDetach one that leaves the command running.
type (
	actLeave  struct{}
	actDetach struct{}
)

// leaveDialog asks whether to leave while the run is not over, and says what becomes of it.
type leaveDialog struct {
	look
	running *event.CommandState
	keeps   bool // it is a run that can be resumed
}

func newLeaveDialog(l look, running *event.CommandState, keeps bool) *leaveDialog {
	return &leaveDialog{look: l, running: running, keeps: keeps}
}

// HandleKey leaves on a second q, and on d without ending what runs; enter and Esc stay.
func (d *leaveDialog) HandleKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "q":
		return actLeave{}
	case "d":
		if d.detaches() {
			return actDetach{}
		}
	case "enter", "esc":
		return closed{}
	}
	return handled{}
}

// Keys are what HandleKey knows.
func (d *leaveDialog) Keys() []Key {
	keys := []Key{{Keys: []string{"esc", "enter"}, Help: sayStay}, {Keys: []string{"q"}, Help: d.leaveNow()}}
	if d.detaches() {
		keys = append(keys, Key{Keys: []string{"d"}, Help: sayDetach})
	}
	return keys
}

// detaches reports whether there is a command to leave alone.
func (d *leaveDialog) detaches() bool { return d.keeps && d.running != nil }

func (d *leaveDialog) leaveNow() event.Text {
	if d.running != nil {
		return sayLeaveStopping
	}
	return sayLeaveNow
}

// View draws the dialog.
func (d *leaveDialog) View(w, _ int) string {
	inner := min(w-4, 64) - 4
	body := sayLeaveRehearsal
	if d.keeps {
		body = sayLeaveBody
	}
	lines := wrap(d.say(body), inner)
	if d.running != nil {
		lines = append(lines, "")
		lines = append(lines, wrap(d.say(sayLeaveRunning), inner)...)
		lines = append(lines, d.Command.Render(cut(safetext.Line(d.running.Host)+"  "+safetext.Line(d.running.Line), inner)))
	}
	lines = append(lines, "", d.Selected.Render(" "+fit("Esc", 5)+d.say(sayStay)+" "))
	if d.detaches() {
		lines = append(lines, " "+d.Key.Render(fit("d", 5))+d.say(sayDetach))
	}
	lines = append(lines, " "+d.Key.Render(fit("q", 5))+d.say(d.leaveNow()))
	return d.boxed(d.Bold.Render(d.say(sayLeaveTitle)), lines, inner+4)
}

// helpOver is the help screen as an overlay of the whole screen.
type helpOver struct{ *helpScreen }

// View draws it at the size of the screen.
func (h *helpOver) View(w, height int) string {
	h.SetSize(w, height)
	return h.helpScreen.View()
}
