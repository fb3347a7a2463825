package ui

import (
	"slices"
	"strings"

	"spraydeck/runbook"
)

// Lines draws a docked question: a rule, the title, the choices. With more choices than room they stand in one line.
func (a *ask) Lines(w, h int) []string {
	rule := a.Rule.Render(strings.Repeat("─", w))
	title := ends(" "+a.Warning.Render("?")+" "+a.Bold.Render(a.title()), a.Warning.Render(a.say(a.note)), w)
	if field := a.fieldLine(w); a.field != nil {
		return []string{rule, title, field}
	}
	shown := a.shown()
	if len(shown) == 1 || len(shown)+2 > h || a.q.Form == runbook.AskCompare {
		return []string{rule, title}
	}
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
		if i == a.cursor {
			key = "enter"
		}
		label := a.told(c.Label)
		if strings.HasPrefix(c.ID, runbook.RemedyPrefix) {
			label = a.say(sayRemedy) + ": " + label
		}
		line := fit(key, 6) + " " + label
		if i == a.cursor {
			lines = append(lines, " "+a.Bold.Render("›")+" "+a.Selected.Render(cut(line+" ", w-4)))
			continue
		}
		lines = append(lines, "   "+a.Key.Render(fit(key, 6))+" "+cut(label, w-11))
	}
	return lines
}

// prompt is what stands before the field.
func (a *ask) prompt() string {
	switch {
	case a.reason != nil:
		return a.say(sayReasonPrompt)
	case a.q.Type != "":
		return a.say(sayTypeToGoOn, clean(a.q.Type))
	}
	return a.say(sayValuePrompt)
}

func (a *ask) fieldLine(w int) string {
	if a.field == nil {
		return ""
	}
	prompt := cut(a.prompt(), max(0, w-10))
	line, _ := a.field.View(max(4, w-width(prompt)-4))
	return " " + prompt + " " + a.Bold.Render(line)
}

// cursorX is the column of the cursor in fieldLine.
func (a *ask) cursorX(w int) int {
	prompt := cut(a.prompt(), max(0, w-10))
	_, x := a.field.View(max(4, w-width(prompt)-4))
	return 2 + width(prompt) + x
}

// Float draws the question as a dialog for a screen of w by h. cursor is the place of the text cursor in it, or nil.
func (a *ask) Float(w, h int) (dialog string, cursor *box) {
	inner := min(w-4, 78) - 4
	var text []string
	if body := a.told(a.q.Body); body != "" {
		text = append(text, wrap(body, inner)...)
		text = append(text, "")
	}
	for _, d := range a.q.Details {
		for _, line := range wrap(cleanText(d), inner) {
			text = append(text, a.Command.Render(line))
		}
	}
	var foot []string
	if a.reason != nil {
		foot = append(foot, a.Bold.Render(cut(a.title(), inner)))
	}
	at := len(foot)
	if a.field != nil {
		foot = append(foot, strings.TrimPrefix(a.fieldLine(inner), " "))
	}
	if a.reason == nil && (len(a.q.Choices) > 1 || a.field == nil) {
		if a.field != nil {
			foot = append(foot, a.otherChoices(inner)...)
		} else {
			foot = append(foot, a.choiceLines(inner)...)
		}
	}
	foot = append(foot, cut(a.Warning.Render(a.say(a.note)), inner))
	room := max(1, h-4-len(foot)-2)
	text = slices.Clone(text)
	a.scroll.Fit(min(room, len(text)), len(text))
	body := a.scroll.Window(text)
	if a.scroll.Total > a.scroll.Height {
		body = append(slices.Clone(body), a.Faint.Render(a.say(sayRangeKeys, a.scroll.Top+1, a.scroll.Top+a.scroll.Height, a.scroll.Total)))
	} else {
		body = append(slices.Clone(body), "")
	}
	if a.field != nil {
		cursor = &box{X: 1 + a.cursorX(inner), Y: 1 + len(body) + at}
	}
	title := a.told(a.q.Title)
	if word, style := a.danger(a.q.Danger); a.Red() {
		title = style.Render("▲ "+title) + " · " + a.say(word)
	}
	return a.boxed(title, append(body, foot...), inner+4), cursor
}

// otherChoices are those beside the field: reached with the arrows, because letters are text.
func (a *ask) otherChoices(w int) []string {
	var lines []string
	for i, c := range a.q.Choices {
		if c.ID == runbook.ChoiceContinue {
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
