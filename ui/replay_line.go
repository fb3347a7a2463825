package ui

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/transcript"
)

// timeMark is what a column of the timeline shows. A higher rank hides a lower one in the same column.
type timeMark struct {
	sign  string
	rank  int
	style func(look) lipgloss.Style
}

var (
	markGate     = timeMark{"·", 1, func(l look) lipgloss.Style { return l.Rule }} // a gate that passed
	markStep     = timeMark{"┬", 2, func(l look) lipgloss.Style { return l.Rule }} // a phase begins
	markPassed   = timeMark{"✓", 3, func(l look) lipgloss.Style { return l.Success }}
	markRemedy   = timeMark{"+", 4, func(l look) lipgloss.Style { return l.Warning }}
	markResumed  = timeMark{"↻", 5, func(l look) lipgloss.Style { return l.Warning }}
	markPaused   = timeMark{"‖", 5, func(l look) lipgloss.Style { return l.Warning }} // what commands print is recorded no more
	markUnpaused = timeMark{"‣", 5, func(l look) lipgloss.Style { return l.Warning }} // and again
	markHit      = timeMark{"◆", 6, func(l look) lipgloss.Style { return l.Warning }}
	markNoReturn = timeMark{"⚑", 7, func(l look) lipgloss.Style { return l.Danger }}
	markOverride = timeMark{"!", 8, func(l look) lipgloss.Style { return l.Warning }}
	markFailed   = timeMark{"✗", 9, func(l look) lipgloss.Style { return l.Danger }}
)

// timeline is what is on the line below the run: where its steps begin and how they end, and what else one may
// want to go to.
type timeline struct {
	marks  []transcript.Mark // all of them, to jump to
	shown  []shownMark
	taken  int // position up to which the recording is in marks
	phases map[string]string
	turns  map[string]bool // steps after which there is no way back
	phase  string
}

type shownMark struct {
	transcript.Place
	timeMark
}

// take adds what the recording has more of now.
func (t *timeline) take(rec *transcript.Recording) {
	if t.phases == nil {
		t.phases, t.turns = map[string]string{}, map[string]bool{}
	}
	for _, m := range rec.MarksAfter(t.taken, ^transcript.Marks(0)) {
		t.add(rec, m)
	}
	t.taken = rec.Len()
}

func (t *timeline) add(rec *transcript.Recording, m transcript.Mark) {
	t.marks = append(t.marks, m)
	put := func(sign timeMark) { t.shown = append(t.shown, shownMark{m.Place, sign}) }
	if m.What&transcript.MarkPlan != 0 {
		if e, ok := rec.Event(m.Pos); ok {
			for _, st := range e.Data.(event.Planned).Steps {
				t.turns[st.ID], t.phases[st.ID] = st.NoReturn, st.Phase.En
			}
		}
	}
	if m.What&transcript.MarkStep != 0 {
		if p := t.phases[m.Step]; p != t.phase {
			t.phase = p
			put(markStep)
		}
		if t.turns[m.Step] {
			put(markNoReturn)
		}
	}
	switch {
	case m.What&transcript.MarkHit != 0:
		put(markHit)
	case m.What&transcript.MarkFailure != 0:
		put(markFailed)
	case m.What&transcript.MarkOverride != 0:
		put(markOverride)
	case m.What&transcript.MarkResumed != 0:
		put(markResumed)
	case m.What&transcript.MarkPause != 0:
		sign := markUnpaused
		if e, ok := rec.Event(m.Pos); ok && e.Data == event.Data(event.Paused{}) {
			sign = markPaused
		}
		put(sign)
	case m.What&transcript.MarkRemedy != 0:
		put(markRemedy)
	case m.What&transcript.MarkGate != 0:
		put(markGate)
	case m.What&transcript.MarkStepEnd != 0:
		if e, ok := rec.Event(m.Pos); ok && e.Data.(event.StepEnded).Status == event.Passed {
			put(markPassed)
		}
	}
}

// jump returns the nearest position of a mark of a kind, after a position or, with by below 0, before it.
func (t *timeline) jump(what transcript.Marks, pos, by int) (int, bool) {
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].Pos > pos })
	if by < 0 {
		i = sort.Search(len(t.marks), func(i int) bool { return t.marks[i].Pos >= pos }) - 1
	}
	for ; i >= 0 && i < len(t.marks); i += by {
		if t.marks[i].What&what != 0 {
			return t.marks[i].Pos, true
		}
	}
	return 0, false
}

// draw returns the line in w columns, and where the player is.
func (t *timeline) draw(l look, p *player, w int) string {
	from, to := event.Duration(0), event.Duration(p.rec.End().Elapsed)
	cells := w - width(from) - width(to) - 6
	if cells < 5 {
		return fit("", w)
	}
	last := float64(max(1, p.length()))
	column := func(at time.Duration) int { return min(cells-1, int(float64(at)*float64(cells-1)/last)) }
	line := make([]timeMark, cells)
	for _, m := range t.shown {
		if c := column(p.line(m.Place)); line[c].rank < m.rank {
			line[c] = m.timeMark
		}
	}
	here := column(p.clock)
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
