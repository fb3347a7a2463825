package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"spraydeck/runbook"
)

// timeMark is what a column of the timeline shows. A higher rank hides a lower one in the same column.
type timeMark struct {
	sign  string
	rank  int
	style func(look) lipgloss.Style
}

var (
	markStep     = timeMark{"┬", 1, func(l look) lipgloss.Style { return l.Rule }} // a phase begins
	markPassed   = timeMark{"✓", 2, func(l look) lipgloss.Style { return l.Success }}
	markNoReturn = timeMark{"⚑", 3, func(l look) lipgloss.Style { return l.Danger }}
	markOverride = timeMark{"!", 4, func(l look) lipgloss.Style { return l.Warning }}
	markFailed   = timeMark{"✗", 5, func(l look) lipgloss.Style { return l.Danger }}
)

// timeMarks gives what stands on the timeline, by position.
func (t *tape) timeMarks() map[int]timeMark {
	marks := map[int]timeMark{}
	noReturn := map[string]bool{}
	phases := map[string]string{}
	phase := ""
	put := func(at int, m timeMark) {
		if marks[at].rank < m.rank {
			marks[at] = m
		}
	}
	for i, e := range t.events {
		switch d := e.Data.(type) {
		case runbook.Planned:
			for _, st := range d.Steps {
				noReturn[st.ID], phases[st.ID] = st.NoReturn, st.Phase.En
			}
		case runbook.StepStarted:
			if p := phases[e.Step]; p != phase {
				phase = p
				put(i+1, markStep)
			}
			if noReturn[e.Step] {
				put(i+1, markNoReturn)
			}
		case runbook.Answered:
			if d.Choice == runbook.ChoiceOverride || d.Choice == runbook.ChoiceSkip {
				put(i+1, markOverride)
			}
		case runbook.StepEnded:
			switch d.Status {
			case runbook.Passed:
				put(i+1, markPassed)
			case runbook.Overridden:
				put(i+1, markOverride)
			}
		}
		if wentWrong(e.Data) {
			put(i+1, markFailed)
		}
	}
	return marks
}

// timeline draws the run as a line of w columns: where its steps ended and how, and where the player is.
func (l look) timeline(p *player, marks map[int]timeMark, w int) string {
	from, to := short(0), short(p.tape.total)
	cells := w - width(from) - width(to) - 6
	if cells < 5 {
		return fit("", w)
	}
	last := max(1, p.at[len(p.at)-1])
	column := func(pos int) int {
		if pos == 0 {
			return 0
		}
		return int(int64(p.at[pos-1]) * int64(cells-1) / int64(last))
	}
	line := make([]timeMark, cells)
	for pos, m := range marks {
		if c := column(pos); line[c].rank < m.rank {
			line[c] = m
		}
	}
	here := min(cells-1, int(int64(p.clock)*int64(cells-1)/int64(last)))
	var b strings.Builder
	for i, m := range line {
		switch {
		case i == here:
			b.WriteString(l.Bold.Render("●"))
		case m.sign != "":
			b.WriteString(m.style(l).Render(m.sign))
		case i < here:
			b.WriteString(l.Bold.Render("━"))
		default:
			b.WriteString(l.Rule.Render("─"))
		}
	}
	return fit(fmt.Sprintf(" %s %s%s%s %s", from, l.Rule.Render("├"), b.String(), l.Rule.Render("┤"), to), w)
}
