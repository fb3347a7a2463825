package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
	"spraydeck/transcript"
)

// goPalette lists where one can go in a recording: its steps, what went wrong, overrides, known problems. What is typed
// narrows the list; a time, such as 2:13:00, can be typed too.
type goPalette struct {
	*palette
	screen *replayScreen
	places []paletteItem
}

// jumpTo is what an item of it means.
type jumpTo struct{ transcript.Place }

func newGoPalette(r *replayScreen) *goPalette {
	g := &goPalette{screen: r}
	rec := r.player.rec
	for _, m := range rec.Marks(transcript.MarkStep | transcript.MarkFailure | transcript.MarkOverride | transcript.MarkHit | transcript.MarkResumed |
		transcript.MarkPause) {
		if text := r.markText(m); text != "" {
			g.places = append(g.places, paletteItem{event.Duration(m.Elapsed), text, jumpTo{m.Place}})
		}
	}
	g.palette = newPalette(r.look, r.say(sayGoToTitle), g.places, true)
	return g
}

// markText says what is at a mark.
func (r *replayScreen) markText(m transcript.Mark) string {
	e, _ := r.player.rec.Event(m.Pos)
	step := safetext.Line(m.Step)
	switch d := e.Data.(type) {
	case event.StepStarted:
		text := step
		if d.Attempt > 1 {
			text += " " + r.say(sayAttempt, d.Attempt)
		}
		return r.say(sayGoStep) + " " + text
	case event.GateChecked:
		return r.say(sayGoFailure) + " " + step + ": " + r.told(d.Title)
	case event.Hit:
		return r.say(sayGoHit) + " " + step + ": " + r.told(d.Title)
	case event.CommandEnded:
		return r.say(sayGoFailure) + " " + step + ": " + r.say(d.Outcome.Text())
	case event.StepEnded:
		_, word, _ := r.sign(d.Status)
		if d.Status == event.Overridden {
			return "" // the decision is in the list
		}
		return strings.TrimSuffix(r.say(sayGoFailure)+" "+step+": "+r.say(word)+", "+r.told(d.Why), ", ")
	case event.Connection:
		return r.say(sayGoFailure) + " " + r.say(sayAPIDown, safetext.Line(d.To))
	case event.Answered:
		return r.say(sayGoOverride) + " " + step + ": " + safetext.Line(d.Reason)
	case event.Resumed:
		return r.say(sayGoResumed) + " " + safetext.Line(d.Operator)
	case event.Paused:
		return r.say(sayRecPaused)
	case event.Unpaused:
		return r.say(sayRecAgain)
	}
	return ""
}

// HandleKey narrows, moves and picks.
func (g *goPalette) HandleKey(msg tea.KeyPressMsg) action {
	before := g.field.Value()
	a := g.palette.HandleKey(msg)
	if typed := g.field.Value(); typed != before {
		g.items = g.places
		p := g.screen.player
		if d, err := parseJump(strings.TrimPrefix(typed, "go to "), p.at.Elapsed, p.rec.End().Elapsed); err == nil {
			to := p.rec.AtElapsed(d)
			g.items = append([]paletteItem{{event.Duration(to.Elapsed), fmt.Sprintf("%s  (%s)", typed, g.say(sayGoTime)), jumpTo{to}}}, g.places...)
		}
	}
	return a
}

// pick goes where an item of the palette leads.
func (r *replayScreen) pick(means any) action {
	if to, ok := means.(jumpTo); ok {
		r.player.playing = false
		r.seekTo(to.Place)
	}
	return handled{}
}
