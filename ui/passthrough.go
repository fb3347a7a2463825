package ui

import (
	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// passThrough sends a key to the running command. ctrl+] ends it, as in telnet; ctrl+c still stops the command.
func (m *model) passThrough(msg tea.KeyPressMsg) tea.Cmd {
	if msg.String() == "ctrl+]" {
		m.typing = false
		m.run.Notice("")
		return nil
	}
	if keys := keyBytes(msg); len(keys) > 0 {
		m.control(event.Control{Keys: keys}, sayTypingIn)
	}
	return nil
}

// keyBytes is what a terminal sends for a key.
func keyBytes(msg tea.KeyPressMsg) []byte {
	if msg.Text != "" {
		return []byte(msg.Text)
	}
	switch msg.String() {
	case "enter":
		return []byte("\r")
	case "tab":
		return []byte("\t")
	case "esc":
		return []byte("\x1b")
	case "backspace":
		return []byte("\x7f")
	case "delete":
		return []byte("\x1b[3~")
	case "up":
		return []byte("\x1b[A")
	case "down":
		return []byte("\x1b[B")
	case "right":
		return []byte("\x1b[C")
	case "left":
		return []byte("\x1b[D")
	case "home":
		return []byte("\x1b[H")
	case "end":
		return []byte("\x1b[F")
	}
	if msg.Mod == tea.ModCtrl && msg.Code >= 'a' && msg.Code <= 'z' {
		return []byte{byte(msg.Code) - 'a' + 1}
	}
	return nil
}
