package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// filter narrows a list to what holds a text. It works while it is typed; enter keeps it, esc takes it away.
type filter struct {
	text  string
	field *field // while it is typed
}

func (f *filter) begin() {
	field := newField(f.text, false, true)
	f.field = &field
}

func (f *filter) typing() bool { return f.field != nil }

// passes reports whether one of the texts holds what is looked for.
func (f *filter) passes(texts ...string) bool {
	return f.text == "" || slices.ContainsFunc(texts, func(s string) bool { return len(findAll(s, f.text)) > 0 })
}

// HandleKey takes a key while it is typed.
func (f *filter) HandleKey(msg tea.KeyPressMsg) {
	switch msg.String() {
	case "esc":
		*f = filter{}
	case "enter":
		f.field = nil
	default:
		f.field.HandleKey(msg)
		f.text = f.field.Value()
	}
}

// Paste reports whether it has taken the text.
func (f *filter) Paste(s string) bool {
	if !f.typing() || !f.field.Paste(s) {
		return false
	}
	f.text = f.field.Value()
	return true
}

// Keys are what HandleKey knows.
func (f *filter) Keys() []Key {
	return []Key{{Keys: []string{"enter"}, Help: sayKeyTake}, {Keys: []string{"esc"}, Help: sayKeyAll}}
}

// line is what is typed.
func (f *filter) line(w int) string {
	text, _ := f.field.View(w - 2)
	return " /" + text
}

// cursor is where the terminal's cursor belongs when the line is at y.
func (f *filter) cursor(w, y int) (int, int, bool) {
	if !f.typing() {
		return 0, 0, false
	}
	_, at := f.field.View(w - 2)
	return at + 2, y, true
}
