package ui

import (
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/safetext"
)

// Lines draws a docked question: a rule, the title, the choices. With more choices than room they are in one line.
func (a *ask) Lines(w, h int) []string {
	rule := a.Rule.Render(strings.Repeat("─", w))
	title := cut(" "+a.Warning.Render("?")+" "+a.Bold.Render(a.title()), w)
	if a.field != nil {
		return append([]string{rule, title}, a.fieldLines(w)...)
	}
	shown := a.shown()
	a.listed = false
	if len(shown) == 1 || len(shown)+2 > h || a.q.Form == event.AskCompare {
		return []string{rule, title}
	}
	a.listed = true
	return append([]string{rule, title}, a.choiceLines(w)...)
}

func (a *ask) title() string {
	switch {
	case a.reason != nil:
		return a.say(sayReasonFor, a.told(a.reason.Label))
	case a.picking:
		return a.say(sayWhichRemedy)
	}
	return a.told(a.q.Title)
}

func (a *ask) choiceLines(w int) []string {
	var lines []string
	for _, i := range a.shown() {
		c := a.q.Choices[i]
		key := letterOf(c)
		if key == "r" && (a.picking || len(a.remedyChoices()) > 1 && i != a.letter("r")) {
			key = ""
		}
		if i == a.cursor && (!a.spent || key == "") {
			key = "enter"
		}
		label := a.told(c.Label)
		if strings.HasPrefix(c.ID, event.RemedyPrefix) {
			label = a.say(sayRemedy) + ": " + label
		}
		line := fit(key, 6) + " " + label
		if i == a.cursor {
			lines = append(lines, " "+a.Bold.Render("›")+" "+a.Selected.Render(cut(line+" ", w-4)))
			continue
		}
		for n, part := range wrap(label, max(8, w-11)) {
			if n > 0 {
				key = ""
			}
			lines = append(lines, "   "+a.Key.Render(fit(key, 6))+" "+part)
		}
	}
	return lines
}

// prompt is what is before the field.
func (a *ask) prompt() string {
	switch {
	case a.reason != nil:
		return a.say(sayReasonPrompt)
	case a.q.Type != "":
		return a.say(sayTypeToGoOn, safetext.Line(a.q.Type))
	}
	return a.say(sayValuePrompt)
}

// fieldLines are the prompt and the field, on one line if there is room for both.
func (a *ask) fieldLines(w int) []string {
	prompt, x := a.fieldAt(w)
	line, _ := a.field.View(w - x - 1)
	if x > 3 {
		return []string{" " + prompt + " " + a.Bold.Render(line)}
	}
	return []string{" " + cut(prompt, w-2), " › " + a.Bold.Render(line)}
}

// fieldAt returns the prompt, and the column that the field begins in.
func (a *ask) fieldAt(w int) (prompt string, x int) {
	prompt = a.prompt()
	if n := width(prompt); n+20 <= w {
		return prompt, n + 2
	}
	return prompt, 3
}

// cursorX is the column of the cursor in the last of fieldLines.
func (a *ask) cursorX(w int) int {
	_, x := a.fieldAt(w)
	_, at := a.field.View(w - x - 1)
	return x + at
}

// Float draws the question as a dialog for a screen of w by h. cursor is the place of the text cursor in it, or nil.
func (a *ask) Float(w, h int) (dialog string, cursor *box) {
	inner := min(w-4, 78) - 4
	text := a.floatText(inner)
	var foot []string
	if a.reason != nil {
		foot = append(foot, a.Bold.Render(cut(a.title(), inner)))
	}
	if a.field != nil {
		for _, line := range a.fieldLines(inner + 1) {
			foot = append(foot, strings.TrimPrefix(line, " "))
		}
	}
	at := len(foot) - 1
	switch {
	case a.reason != nil, a.field != nil && h < 16: // Esc is in the key line
	case a.field != nil:
		foot = append(foot, a.otherChoices(inner)...)
	default:
		foot = append(foot, a.choiceLines(inner)...)
	}
	if h >= 16 || !a.note.Empty() {
		foot = append(foot, cut(a.Warning.Render(a.say(a.note)), inner))
	}
	room := max(1, h-4-len(foot)-2)
	a.scroll.Fit(min(room, len(text)), len(text))
	body := a.scroll.Window(text)
	if a.scroll.Total > a.scroll.Height {
		body = append(slices.Clone(body), a.Faint.Render(a.say(sayRangeKeys, a.scroll.Top+1, a.scroll.Top+a.scroll.Height, a.scroll.Total)))
	} else {
		body = append(slices.Clone(body), "")
	}
	if a.field != nil {
		cursor = &box{X: 1 + a.cursorX(inner+1), Y: 1 + len(body) + at}
	}
	title := a.told(a.q.Title)
	if word, style := a.danger(a.q.Danger); a.Red() {
		title = style.Render("▲ "+title) + " · " + a.say(word)
	}
	return a.boxed(title, append(body, foot...), inner+4), cursor
}

// floatText is what there is to read: the exact commands and effects first, then the explanation.
func (a *ask) floatText(w int) []string {
	var text []string
	for _, d := range a.q.Details {
		for _, line := range wrap(safetext.Text(d), w) {
			text = append(text, a.Bold.Render(line))
		}
	}
	if body := a.told(a.q.Body); body != "" {
		if len(text) > 0 {
			text = append(text, "")
		}
		text = append(text, wrapProse(body, w)...)
	}
	return text
}

// otherChoices are those beside the field: reached with the arrows, because letters are text.
func (a *ask) otherChoices(w int) []string {
	var lines []string
	for i, c := range a.q.Choices {
		if c.ID == event.ChoiceContinue {
			continue
		}
		key := ""
		if c.ID == a.q.Safe {
			key = "Esc"
		}
		line := fit(key, 4) + a.told(c.Label)
		if i == a.cursor {
			line = a.Bold.Render("›") + " " + a.Selected.Render(cut(line+" ", w-3))
		} else {
			line = "  " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// boxed draws a frame of w columns with a title in its upper edge.
func (l look) boxed(title string, lines []string, w int) string {
	title = cut(title, w-6)
	out := []string{"┌ " + title + " " + strings.Repeat("─", max(0, w-4-width(title))) + "┐"}
	for _, line := range lines {
		out = append(out, "│ "+fit(line, w-4)+" │")
	}
	return strings.Join(append(out, "└"+strings.Repeat("─", max(0, w-2))+"┘"), "\n")
}
