package ui

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/safetext"
)

// section draws a heading and the rows in sight below it.
func (v *homeView) section(title event.Text, n int, l homeList, focused bool, none string, h int, row func(i int) string) []string {
	style := v.Title
	if focused {
		style = v.Selected
	}
	more := ""
	if n > l.scroll.Height && l.scroll.Height > 0 {
		more = v.Faint.Render(v.say(sayRange, l.scroll.Top+1, l.scroll.Top+l.scroll.Height, n)) + " "
	}
	lines := []string{ends(style.Render(" "+strings.ToUpper(v.say(title))+" "), more, v.w)}
	for i := l.scroll.Top; i < min(n, l.scroll.Top+l.scroll.Height); i++ {
		line := fit(row(i), v.w)
		if focused && i == l.cursor {
			line = v.Selected.Render(ansi.Strip(line))
		}
		lines = append(lines, line)
	}
	if n == 0 {
		lines = append(lines, " "+v.Faint.Render(none))
	}
	return fill(lines, v.w, h)
}

func (v *homeView) bookLines(h int) []string {
	f := &v.facts.books
	none := v.missing(f.known, f.err, len(f.value), sayNoRunbooks)
	nameW, hopW := 0, 0
	for _, b := range v.shownBooks {
		nameW = max(nameW, min(width(safetext.Line(b.Name)), 32))
		hopW = max(hopW, width(safetext.Line(hopText(b))))
	}
	return v.section(sayRunbooks, len(v.shownBooks), v.books, !v.inRuns, none, h, func(i int) string {
		b := v.shownBooks[i]
		mark := " "
		for _, name := range v.facts.next.value.Fits {
			if name == b.Name && v.facts.next.err == nil {
				mark = v.Success.Render("▶")
			}
		}
		line := " " + mark + " " + fit(safetext.Line(b.Name), nameW)
		right := v.estimate(b)
		if mark != " " && v.w >= 100 {
			right = v.Success.Render(v.say(sayFitsHere)) + "  " + right
		}
		if v.w >= 100 {
			line += "  " + fit(safetext.Line(hopText(b)), hopW)
		}
		return ends(line+"  "+v.told(b.Title), right+" ", v.w)
	})
}

func hopText(b HomeRunbook) string {
	if b.From == "" {
		return b.To
	}
	return arrow(b.From, b.To)
}

// estimate is how long a runbook took in its recorded runs.
func (v *homeView) estimate(b HomeRunbook) string {
	if b.Estimate < time.Minute {
		return ""
	}
	s := event.Duration(b.Estimate)
	if v.w < 100 {
		s = v.say(sayAbout, s)
	}
	return s
}

// missing says why a list is empty.
func (v *homeView) missing(known bool, err error, all int, none event.Text) string {
	switch {
	case !known:
		return v.say(sayLooking)
	case err != nil:
		return "? " + safetext.Line(firstLine(err.Error()))
	case all > 0:
		return v.say(sayNoMatch)
	}
	return v.say(none)
}

// runTime is when a run began, as it was written there.
func runTime(s HomeSaved) string {
	if s.Header.Started.IsZero() {
		return s.ID
	}
	return s.Header.Started.Format("2006-01-02 15:04")
}

func (v *homeView) runLines(h int) []string {
	f := &v.facts.runs
	none := v.missing(f.known, f.err, len(f.value), sayNoRuns)
	wordW, nameW := 0, 0
	for _, s := range v.shownRuns {
		_, word, _ := v.runSign(s)
		wordW = max(wordW, width(v.say(word)))
		nameW = max(nameW, min(width(safetext.Line(s.Header.Runbook)), 32))
	}
	return v.section(sayRuns, len(v.shownRuns), v.runs, v.inRuns, none, h, func(i int) string {
		s := v.shownRuns[i]
		mark, word, style := v.runSign(s)
		when := runTime(s)
		if v.w < 60 && !s.Header.Started.IsZero() {
			when = when[5:]
		}
		line := " " + fit(safetext.Line(when), max(11, width(when))) + "  " + style.Render(mark+" "+fit(v.say(word), wordW))
		if s.Err != nil {
			return line + "  " + safetext.Line(firstLine(s.Err.Error()))
		}
		took := event.Duration(s.Duration)
		line += "  " + strings.Repeat(" ", max(0, 8-width(took))) + took
		if v.w < 60 {
			return line + "  " + safetext.Line(s.Header.Runbook)
		}
		line += "  " + fit(safetext.Line(s.Header.Runbook), nameW)
		if v.w >= 100 {
			line += "  " + safetext.Line(arrow(s.Header.From, s.Header.To))
		}
		return line + "  " + safetext.Line(s.Header.Cluster)
	})
}
