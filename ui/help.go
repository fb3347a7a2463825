package ui

import (
	"strings"

	"charm.land/bubbles/v2/viewport"
	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// helpScreen lists every key, also those that do nothing now, and why; then the signs.
type helpScreen struct {
	look
	version string
	keys    []Key
	page    viewport.Model
}

func newHelpScreen(l look, version string, keys []Key) *helpScreen {
	s := &helpScreen{look: l, version: version, keys: keys, page: viewport.New()}
	s.page.SetContentLines(s.lines())
	return s
}

// SetSize takes the room there is.
func (s *helpScreen) SetSize(w, h int) {
	s.page.SetWidth(w)
	s.page.SetHeight(max(0, h-1))
}

// HandleKey scrolls; anything that means leaving leaves.
func (s *helpScreen) HandleKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc", "q", "?", "enter":
		return closed{}
	}
	switch motionOf(msg) {
	case lineUp:
		s.page.ScrollUp(1)
	case lineDown:
		s.page.ScrollDown(1)
	case pageUp:
		s.page.PageUp()
	case pageDown:
		s.page.PageDown()
	case toTop:
		s.page.GotoTop()
	case toEnd:
		s.page.GotoBottom()
	}
	return handled{}
}

// Keys are what HandleKey knows.
func (s *helpScreen) Keys() []Key {
	keys := motionKeys()
	keys[1].Quiet, keys[0].Quiet = false, false
	return append(keys, Key{Keys: []string{"esc", "q", "?", "enter"}, Help: sayKeyBack})
}

func (s *helpScreen) lines() []string {
	lines := []string{" " + s.Title.Render(s.say(sayHelpTitle)) + "  " + s.Faint.Render("spraydeck "+s.version), ""}
	for _, k := range s.keys {
		names := make([]string, len(k.Keys))
		for i, name := range k.Keys {
			names[i] = keyNames.Replace(name)
		}
		line := " " + s.Key.Render(fit(strings.Join(names, " "), 20)) + " " + s.told(k.Help)
		if !k.Enabled() {
			line = " " + s.Faint.Render(fit(strings.Join(names, " "), 20)+" "+s.told(k.Help)+"  ("+s.say(k.Disabled)+")")
		}
		lines = append(lines, line)
	}
	lines = append(lines, "", " "+s.Title.Render(s.say(saySigns)))
	for _, status := range []event.Status{event.Waiting, event.Running, event.Passed, event.Failed,
		event.Skipped, event.Overridden, event.Cancelled, event.Lost} {
		mark, word, style := s.sign(status)
		lines = append(lines, " "+style.Render(mark)+"  "+s.say(word))
	}
	return append(lines, " "+s.Danger.Render("▲")+"  "+s.say(sayChangesSystem), " "+s.Danger.Render("⚑")+"  "+s.say(sayNoReturn), "")
}

// View draws the lines in sight, and the keys of this screen.
func (s *helpScreen) View() string {
	lines := fill(strings.Split(s.page.View(), "\n"), s.page.Width(), s.page.Height())
	return strings.Join(append(lines, s.keyLine(s.Keys(), s.page.Width())), "\n")
}
