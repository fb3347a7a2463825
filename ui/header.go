package ui

import (
	"slices"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/safetext"
)

// piece is a part of the header. The pieces with the lowest keep go first when there is no room.
type piece struct {
	text  string
	keep  int
	right bool // is at the right end
}

// header is the first line: which cluster, which runbook, how far, how late it is, whether it is recorded and connected.
func (l look) header(state *event.State, o Options, now time.Time, w int) string {
	s := state.Started
	pieces := []piece{{text: l.Title.Render("spraydeck"), keep: 1}}
	add := func(p piece) {
		if p.text != "" {
			pieces = append(pieces, p)
		}
	}
	switch {
	case s.Rehearses != "":
		add(piece{text: l.Warning.Render(l.say(sayRehearsal)), keep: 8})
	case s.DryRun:
		add(piece{text: l.Warning.Render(l.say(sayDryRun)), keep: 8})
	}
	add(piece{text: l.Bold.Render(safetext.Line(s.Cluster)), keep: 9})
	name := safetext.Line(s.Runbook)
	if s.From != "" || s.To != "" {
		add(piece{text: name, keep: 0})
		add(piece{text: safetext.Line(s.From) + " → " + safetext.Line(s.To), keep: 4})
	} else {
		add(piece{text: name, keep: 6})
	}
	if n, of := state.Position(); of > 0 {
		add(piece{text: l.say(sayStepOf, n, of), keep: 7})
	}
	add(piece{text: l.window(state, o, now), keep: 5})
	if left := remaining(state, now); left > 0 && state.Ended == nil {
		add(piece{text: l.say(sayToGo, event.Duration(left)), keep: 2})
	}
	add(l.abort(state, o, now))
	switch {
	case state.Ended != nil:
		mark, word, style := l.sign(state.Ended.Status)
		add(piece{text: style.Render(mark + " " + l.say(word)), keep: 10})
	case o.Recording && state.Paused:
		add(piece{text: l.Warning.Render("‖ " + l.say(sayRecPaused)), keep: 9, right: true})
	case o.Recording:
		add(piece{text: l.Danger.Render("●") + " " + l.say(sayRec), keep: 6, right: true})
	default:
		add(piece{text: l.Warning.Render(l.say(sayNotRecorded)), keep: 6, right: true})
	}
	if text, up, known := l.connectionOf(state); known {
		keep := 3
		if !up {
			text, keep = l.Danger.Render("✗ "+text), 9
		}
		add(piece{text: text, keep: keep, right: true})
	}
	return layPieces(pieces, w)
}

// layPieces drops pieces until the rest fits, and spreads the rest.
func layPieces(pieces []piece, w int) string {
	for {
		var left, right []string
		for _, p := range pieces {
			if p.right {
				right = append(right, p.text)
			} else {
				left = append(left, p.text)
			}
		}
		for _, gap := range []string{"    ", "   ", "  "} {
			a, b := " "+strings.Join(left, gap), strings.Join(right, gap)
			if len(right) > 0 {
				b = gap + b + " "
			}
			if width(a)+width(b) <= w {
				return fit(a, w-width(b)) + b
			}
		}
		if len(pieces) <= 1 {
			return fit(" "+strings.Join(append(left, right...), " "), w)
		}
		least := slices.MinFunc(pieces, func(a, b piece) int { return a.keep - b.keep })
		pieces = slices.DeleteFunc(slices.Clone(pieces), func(p piece) bool { return p == least })
	}
}

// window is how much of the maintenance window is gone.
func (l look) window(state *event.State, o Options, now time.Time) string {
	at := state.Started.At
	if at.IsZero() {
		return ""
	}
	if state.Ended != nil {
		now = state.Last
	}
	gone := now.Sub(at)
	switch {
	case o.Window <= 0:
		return event.Duration(gone)
	case gone > o.Window:
		return l.Danger.Render("✗ " + l.say(sayWindowOver, event.Duration(gone), event.Duration(o.Window), event.Duration(gone-o.Window)))
	case gone > o.Window*9/10:
		return l.Warning.Render("! " + l.say(sayWindow, event.Duration(gone), event.Duration(o.Window)))
	}
	return l.say(sayWindow, event.Duration(gone), event.Duration(o.Window))
}

// remaining is how long what is still to do takes by what was measured; 0 where nothing was.
func remaining(state *event.State, now time.Time) time.Duration {
	var left time.Duration
	for _, st := range state.Steps {
		switch st.Status {
		case event.Waiting:
			left += st.Expected()
		case event.Running:
			left += max(0, st.Expected()-st.Worked(now))
		}
	}
	return left
}
