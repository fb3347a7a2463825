package ui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/safetext"
	"spraydeck/transcript"
)

// homeRoom is how many lines each part of the screen gets. 0: it is not shown.
type homeRoom struct {
	Rules       bool // lines between the parts
	Where       int
	Books, Runs int // with their headings
}

// homeRoomOf divides h lines. where, books and runs are what the parts would take.
//
//	header
//	where: cluster, checkout, next hop
//	─────
//	RUNBOOKS     on under 16 lines only the list with the focus
//	SAVED RUNS
func homeRoomOf(h, where, books, runs int, inRuns bool) homeRoom {
	r := homeRoom{Rules: h >= 20}
	h-- // the header
	if r.Rules {
		h -= 3
	}
	least := 6
	if h < 14 {
		least = 4
	}
	r.Where = max(0, min(where, h-least, h*3/5))
	h = max(0, h-r.Where)
	switch {
	case h < 6 && inRuns:
		r.Runs = h
	case h < 6:
		r.Books = h
	default:
		r.Books = min(books, max(h/2, h-runs))
		if r.Books+runs < h {
			r.Books++ // a line of air
		}
		r.Runs = h - r.Books
	}
	return r
}

func (v *homeView) room() homeRoom {
	whole := 0
	for _, b := range v.whereBlocks(v.w) {
		whole += len(b.lines)
	}
	return homeRoomOf(v.h, whole, max(1, len(v.shownBooks))+1, max(1, len(v.shownRuns))+1, v.inRuns)
}

// View draws the screen.
func (v *homeView) View() string {
	r := v.room()
	lines := []string{v.header()}
	rule := func() {
		if r.Rules {
			lines = append(lines, v.Rule.Render(strings.Repeat("─", v.w)))
		}
	}
	rule()
	where, _ := squeeze(v.whereBlocks(v.w), r.Where)
	lines = append(lines, fill(where, v.w, r.Where)...)
	rule()
	if r.Books > 0 {
		lines = append(lines, v.bookLines(r.Books)...)
	}
	if r.Runs > 0 {
		lines = append(lines, v.runLines(r.Runs)...)
	}
	if r.Rules {
		lines = append(fill(lines, v.w, v.h-1), v.Rule.Render(strings.Repeat("─", v.w)))
	}
	return strings.Join(fill(lines, v.w, v.h), "\n")
}

// header is what this is, or the filter that is typed.
func (v *homeView) header() string {
	if v.filter.typing() {
		return fit(v.filter.line(v.w), v.w)
	}
	pieces := []piece{{text: v.Title.Render("spraydeck"), keep: 9}, {text: v.say(sayHome), keep: 2},
		{text: v.Faint.Render(safetext.Line(v.opts.Version)), keep: 1, right: true}}
	if v.filter.text != "" {
		n, of := len(v.shownBooks)+len(v.shownRuns), len(v.facts.books.value)+len(v.facts.runs.value)
		pieces = append(pieces, piece{text: v.Info.Render(v.say(sayFiltered, v.filter.text, n, of)), keep: 8})
	}
	return layPieces(pieces, v.w)
}

// runSign is the mark, the word and the style of how a saved run stands.
func (v *homeView) runSign(s HomeSaved) (mark string, word event.Text, style lipgloss.Style) {
	switch {
	case s.Err != nil:
		return "?", sayUnreadable, v.Warning
	case s.Runs:
		return "!", sayStillRuns, v.Warning
	case s.MayRun:
		return "!", sayMayRun, v.Warning
	case s.Due:
		return "!", sayDue, v.Warning
	case s.Status == transcript.Interrupted:
		return "!", sayInterrupted, v.Warning
	}
	return v.sign(s.Status)
}
