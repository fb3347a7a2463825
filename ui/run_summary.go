package ui

import (
	"fmt"
	"strings"

	"spraydeck/event"
	"spraydeck/safetext"
)

// endLines say how the run ended, and what became of its steps.
func (p *stepPanel) endLines() []string {
	end := p.state.Ended
	mark, word, style := p.sign(end.Status)
	counts := map[event.Status]int{}
	for _, st := range p.state.Steps {
		counts[st.Status]++
	}
	parts := []string{p.say(sayRunCounts, counts[event.Passed], len(p.state.Steps))}
	for _, s := range []event.Status{event.Skipped, event.Overridden, event.Failed, event.Lost, event.Cancelled, event.Waiting} {
		if n := counts[s]; n > 0 {
			_, word, style := p.sign(s)
			parts = append(parts, style.Render(p.say(sayCountOf, n, p.say(word))))
		}
	}
	parts = append(parts, p.say(sayRunTook, event.Duration(p.state.Last.Sub(p.state.Started.At))))
	lines := []string{p.Rule.Render(strings.Repeat("─", p.w)),
		" " + style.Render(mark+" "+p.say(sayRunEnded, p.say(word)))}
	for _, line := range wrap(p.told(end.Why), p.w-4) {
		if line != "" {
			lines = append(lines, "   "+line)
		}
	}
	return append(lines, "   "+strings.Join(parts, " · "))
}

// notable lists, once the run has ended, what somebody will ask about: gates that blocked, remedies, pitfalls met, decisions
// with a reason, and what failed. Steps that were skipped for no other reason are only counted.
func (p *stepPanel) notable() []string {
	var lines []string
	for i, st := range p.state.Steps {
		var what []string
		for _, g := range st.Blocked {
			what = append(what, p.say(sayGateBlocked, p.told(g.Title)))
		}
		for _, c := range st.Cures {
			_, word, _ := p.sign(c.Status)
			what = append(what, p.say(sayCured, p.told(c.Title), p.say(word)))
		}
		for _, h := range st.Hits {
			met := sayMet
			if h.Hint {
				met = sayMetPerhaps
			}
			what = append(what, p.say(met, safetext.Line(h.Pitfall), p.told(h.Title)))
		}
		for _, d := range st.Decisions {
			if d.Reason != "" {
				what = append(what, p.say(sayDecided, safetext.Line(d.Choice), safetext.Line(d.Reason)))
			}
		}
		mark, word, style := p.sign(st.Status)
		if len(what) == 0 && (st.Status == event.Passed || st.Status == event.Waiting || st.Status == event.Skipped) {
			continue
		}
		head := fmt.Sprintf("%2d %s", i+1, p.told(st.Title))
		lines = append(lines, ends(" "+style.Render(mark)+" "+head, style.Render(p.say(word))+" ", p.w))
		for _, s := range what {
			lines = append(lines, p.labelled("    ", s, p.w, p.Faint)...)
		}
	}
	if len(lines) > 0 {
		lines = append([]string{"", " " + p.Title.Render(p.say(sayWorthALook))}, lines...)
	}
	return lines
}
