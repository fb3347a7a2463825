package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"spraydeck/event"
)

var (
	sayPhaseSkipped = event.Text{En: "%d, %d skipped", Ja: "%d (省略 %d)"}
	sayUnseen       = event.Text{En: "since your last answer", Ja: "前回の回答以降"}
	sayUnseenStart  = event.Text{En: "since the start", Ja: "開始以降"}
	sayUnseenChecks = event.Text{En: "%d checks ok", Ja: "確認 %d 件合格"}
	sayUnseenAdvice = event.Text{En: "%d with advice", Ja: "注意 %d 件"}
	sayStepsOf      = event.Text{En: "steps %s", Ja: "手順 %s"}
)

// phaseSign is the mark and the style of a phase: how its worst step ended, or where it stands.
func (l look) phaseSign(p event.Phase, current bool) (mark string, style lipgloss.Style) {
	status := event.Waiting
	switch {
	case p.Count(event.Failed, event.Lost) > 0:
		status = event.Failed
	case current && !p.Over():
		status = event.Running
	case p.Count(event.Overridden, event.Cancelled) > 0:
		status = event.Overridden
	case p.Over() && p.Count(event.Skipped) == len(p.Steps):
		status = event.Skipped
	case p.Over():
		status = event.Passed
	}
	mark, _, style = l.sign(status)
	return mark, style
}

// phaseLine is a phase in a line: its mark, its title, how many steps it has.
func (l look) phaseLine(p event.Phase, w int) string {
	mark, style := l.phaseSign(p, false)
	right := fmt.Sprint(len(p.Steps))
	if n := p.Count(event.Skipped); n > 0 {
		right = l.say(sayPhaseSkipped, len(p.Steps)-n, n)
	}
	if p.NoReturn() && !p.Over() {
		right = "⚑ " + l.say(sayNoReturn) + "  " + right
		style = l.Warning
	}
	return style.Render(ends(" "+mark+" "+l.told(p.Title), right+" ", w))
}

// phaseStrip is all phases in a line. Short of room the phases that are over lose their titles, then those to come.
func (l look) phaseStrip(state *event.State, w int) string {
	phases := state.Phases()
	if len(phases) < 2 {
		n, of := state.Position()
		return cut(" "+l.bar(n, of, min(40, w-2)), w)
	}
	for short := range 4 {
		var parts []string
		for _, p := range phases {
			parts = append(parts, l.phasePart(p, p.Has(state.Current), short))
		}
		line := " " + strings.Join(parts, l.Faint.Render(" › "))
		if short > 0 {
			line = " " + joinMarks(parts, l.Faint.Render(" › "))
		}
		if width(line) <= w || short == 3 {
			return cut(line, w)
		}
	}
	return ""
}

// joinMarks joins parts with a separator, and those that are a mark only without one.
func joinMarks(parts []string, sep string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			if width(p) <= 2 && width(parts[i-1]) <= 2 {
				b.WriteString(" ")
			} else {
				b.WriteString(sep)
			}
		}
		b.WriteString(p)
	}
	return b.String()
}

func (l look) phasePart(p event.Phase, current bool, short int) string {
	mark, style := l.phaseSign(p, current)
	if p.NoReturn() && !p.Over() {
		mark += "⚑"
	}
	switch {
	case current:
		done := len(p.Steps) - p.Count(event.Waiting, event.Running)
		text := fmt.Sprintf("%s %s %d/%d", mark, l.told(p.Title), done, len(p.Steps))
		return style.Bold(true).Render(text)
	case short == 3, short > 0 && p.Over():
		return style.Render(mark)
	}
	title := l.told(p.Title)
	if short == 2 {
		title = cut(title, 12)
	}
	return style.Render(fmt.Sprintf("%s %s %d", mark, title, len(p.Steps)))
}

// bar is how many of the steps are done, as a line.
func (l look) bar(n, of, w int) string {
	if of == 0 {
		return ""
	}
	full := w * n / of
	return l.Success.Render(strings.Repeat("━", full)) + l.Faint.Render(strings.Repeat("─", w-full))
}

// unseenBlock is a line on the steps that ended since the operator last decided something.
func (l look) unseenBlock(state *event.State, st *event.StepState, w int) block {
	steps := state.Unseen(st.ID)
	if len(steps) < 2 {
		return block{}
	}
	counts := map[event.Status]int{}
	checks, advice, first := 0, 0, 0
	for i, s := range state.Steps {
		if s == steps[0] {
			first = i + 1
		}
	}
	for _, s := range steps {
		counts[s.Status]++
		for _, g := range s.Gates {
			if g.Verdict == event.Pass {
				checks++
			} else if g.Required == event.Advisory {
				advice++
			}
		}
	}
	parts := []string{}
	for _, status := range []event.Status{event.Passed, event.Skipped, event.Failed, event.Overridden, event.Lost, event.Cancelled} {
		if n := counts[status]; n > 0 {
			_, word, style := l.sign(status)
			parts = append(parts, style.Render(l.say(sayCountOf, n, l.say(word))))
		}
	}
	if checks > 0 {
		parts = append(parts, l.say(sayUnseenChecks, checks))
	}
	if advice > 0 {
		parts = append(parts, l.Warning.Render(l.say(sayUnseenAdvice, advice)))
	}
	since := sayUnseen
	if first == 1 {
		since = sayUnseenStart
	}
	line := " " + l.Success.Render("✓") + " " + l.say(sayStepsOf, fmt.Sprintf("%d-%d", first, first+len(steps)-1)) +
		l.Faint.Render(" "+l.say(since)+": ") + strings.Join(parts, ", ")
	if state.Pending == nil {
		return block{lines: []string{cut(line, w)}, keep: 1}
	}
	return block{lines: []string{cut(line, w)}, short: []string{cut(line, w)}, keep: 6}
}
