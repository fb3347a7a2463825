package ui

import (
	"slices"
	"strings"

	"spraydeck/event"
)

// letters are the keys of the choices that mean the same in every question.
var letters = map[string]string{
	event.ChoiceContinue: "c",
	event.ChoiceRetry:    "a",
	event.ChoiceOverride: "o",
	event.ChoiceSkip:     "s",
	event.ChoiceEdit:     "e",
	event.ChoiceLeave:    "q",
}

func letterOf(c event.Choice) string {
	if strings.HasPrefix(c.ID, event.RemedyPrefix) {
		return "r"
	}
	return letters[c.ID]
}

// letter returns the first choice of a key, -1 for none.
func (a *ask) letter(key string) int {
	return slices.IndexFunc(a.q.Choices, func(c event.Choice) bool { return letterOf(c) == key && key != "" })
}

// Keys are what HandleKey knows: the choices by their letters.
func (a *ask) Keys() []Key {
	if a.field != nil {
		enter := Key{Keys: []string{"enter"}, Help: sayKeyConfirm}
		esc := Key{Keys: []string{"esc"}, Help: sayKeyBack}
		if a.reason == nil {
			enter.Help = a.q.Choices[a.cursor].Label
			esc.Help = a.labelOf(a.q.Safe)
			enter = enter.without(a.q.Type != "" && a.cursor == a.initialChoice() && a.field.Value() != a.q.Type, sayWordWrong)
		}
		keys := []Key{enter}
		if a.reason == nil && len(a.q.Choices) > 2 { // more than the field and Esc
			keys = append(keys, Key{Keys: []string{"down", "up"}, Help: sayKeyOtherChoice})
		}
		return append(keys, esc)
	}
	keys := []Key{{Keys: []string{"enter"}, Help: a.q.Choices[a.cursor].Label, Quiet: a.spent && letterOf(a.q.Choices[a.cursor]) != ""}}
	if a.picking {
		keys = append(keys, Key{Keys: []string{"esc"}, Help: sayKeyBack})
		return append(keys, a.motions()...)
	}
	for i, c := range a.q.Choices {
		letter := letterOf(c)
		if letter == "" || i == a.cursor && !a.spent || letter == "r" && i != a.letter("r") {
			continue
		}
		help := c.Label
		switch letter {
		case "r":
			help = sayRemedy
		case "q":
			help = sayKeyLeave
		}
		keys = append(keys, Key{Keys: []string{letter}, Help: help})
	}
	if a.q.Safe != "" || a.Red() {
		keys = append(keys, Key{Keys: []string{"esc"}, Help: a.labelOf(a.q.Safe), Quiet: !a.Red()})
	}
	return append(keys, a.motions()...)
}

// motions are the keys that move the cursor, or the text of a dialog.
func (a *ask) motions() []Key {
	if a.q.Form == event.AskCompare {
		return nil // they move in the texts
	}
	keys := []Key{{Keys: []string{"up", "k"}, Help: sayKeyUp, Quiet: true}, {Keys: []string{"down", "j"}, Help: sayKeyDown, Quiet: true}}
	if a.Red() {
		keys = append(keys, Key{Keys: []string{"pgup", "ctrl+u"}, Help: sayKeyPageUp, Quiet: true},
			Key{Keys: []string{"pgdown", "ctrl+d"}, Help: sayKeyPageDown, Quiet: true},
			Key{Keys: []string{"g"}, Help: sayKeyTop, Quiet: true}, Key{Keys: []string{"G"}, Help: sayKeyEnd, Quiet: true})
	}
	return keys
}

func (a *ask) labelOf(id string) event.Text {
	for _, c := range a.q.Choices {
		if c.ID == id {
			return c.Label
		}
	}
	return sayKeyBack
}
