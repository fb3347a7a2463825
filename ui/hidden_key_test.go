//go:build !race

// Some 6,000 consoles, one after the other in one goroutine.

package ui

import (
	"strings"
	"testing"

	"spraydeck/event"
)

// TestNoHiddenKeyAnswers presses every key at every question: one that answers anything but the safe choice is on the
// screen.
func TestNoHiddenKeyAnswers(t *testing.T) {
	var keys []string
	for r := '!'; r <= '~'; r++ {
		keys = append(keys, string(r))
	}
	for r := 'a'; r <= 'z'; r++ {
		keys = append(keys, "ctrl+"+string(r), "alt+"+string(r))
	}
	keys = append(keys, "enter", "esc", "tab", "space", "backspace", "delete", "up", "down", "left", "right", "home", "end",
		"pgup", "pgdown", "f1", "f2", "f5", "insert", "shift+tab", "alt+enter", "ctrl+enter", "shift+enter")
	pressed := 0
	for _, name := range []string{"approve", "gate", "failed", "red", "compare", "input"} {
		for _, lang := range []string{"en", "ja"} {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {160, 50}} {
				asking := func() *driver {
					d := newDriver(t, lang, size[0], size[1])
					d.play(sceneNamed(t, name))
					return d
				}
				screen := asking().screen()
				for _, key := range keys {
					pressed++
					d := asking()
					d.press(key)
					a := d.answer()
					if a == nil || a.Choice == d.asked.q.Safe || a.Choice == event.ChoiceRetry {
						continue
					}
					if !hasWord(screen, key) {
						t.Errorf("%s, %s, %v: %q is not on the screen and answers %+v\n%s", name, lang, size, key, a, screen)
					}
				}
			}
		}
	}
	t.Logf("%d keys pressed", pressed)
}

// hasWord reports whether a key is named on a screen.
func hasWord(screen, key string) bool {
	for _, f := range strings.Fields(screen) {
		if strings.EqualFold(f, key) {
			return true
		}
	}
	return false
}
