package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/safetext"
)

// field is a line that the operator types into. (The text input of bubbles reads the clipboard of the machine it runs
// on, and counts characters where the terminal counts columns; neither will do here.)
type field struct {
	text   []rune
	at     int  // the cursor is before this character
	secret bool // shown as dots
	paste  bool // pasted text is taken
}

func newField(value string, secret, paste bool) field {
	return field{text: []rune(value), at: len([]rune(value)), secret: secret, paste: paste}
}

// Value is what was typed.
func (f *field) Value() string { return string(f.text) }

// HandleKey edits the line, and reports whether the key did something.
func (f *field) HandleKey(msg tea.KeyPressMsg) bool {
	switch msg.String() {
	case "left", "ctrl+b":
		f.at = max(0, f.at-1)
	case "right", "ctrl+f":
		f.at = min(len(f.text), f.at+1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.text)
	case "backspace", "ctrl+h":
		f.remove(max(0, f.at-1), f.at)
	case "delete", "ctrl+d":
		f.remove(f.at, min(len(f.text), f.at+1))
	case "ctrl+u":
		f.remove(0, f.at)
	case "ctrl+k":
		f.remove(f.at, len(f.text))
	case "ctrl+w", "alt+backspace":
		f.remove(f.wordBefore(), f.at)
	default:
		if msg.Text == "" {
			return false
		}
		f.insert(msg.Text)
	}
	return true
}

func (f *field) insert(s string) {
	r := []rune(safetext.Line(s))
	f.text = slices.Insert(f.text, f.at, r...)
	f.at += len(r)
}

func (f *field) remove(from, to int) {
	f.text = slices.Delete(f.text, from, to)
	f.at = from
}

func (f *field) wordBefore() int {
	head := strings.TrimRight(string(f.text[:f.at]), " ")
	return len([]rune(head[:strings.LastIndexByte(head, ' ')+1]))
}

// Paste takes pasted text if this field may be pasted into. Only its first line is kept.
func (f *field) Paste(s string) bool {
	if !f.paste {
		return false
	}
	s, _, _ = strings.Cut(strings.TrimLeft(s, "\r\n"), "\n")
	f.insert(s)
	return true
}

// View returns the line in w columns, and the column of the cursor. Of a value that is too long, the part before the
// cursor is shown.
func (f *field) View(w int) (line string, cursor int) {
	text := f.text
	if f.secret {
		text = []rune(strings.Repeat("•", len(text)))
	}
	before, after := text[:f.at], text[f.at:]
	for len(before) > 0 && width(string(before)) > w-2 {
		before = before[1:]
	}
	return cut(string(before)+string(after)+" ", w), width(string(before))
}
