package report

import (
	"strings"

	"spraydeck/event"
)

// pitfallHit is a pitfall that the run came across: a gate found it before, or output showed it.
type pitfallHit struct {
	pitfall  string
	title    event.Text
	severity string
	step     string
	moment   Moment
	seen     []string // evidence of the gate, or the line of output
	advice   event.Text
	remedies []*Remedy
	decision *Decision // what the operator did about it, where no remedy shows it
	holds    bool      // the gate holds now
	hint     bool      // it may be so, or not
}

// pitfalls returns what was met, each once for each step, with what was done about it.
func (r *run) pitfalls() []*pitfallHit {
	var list []*pitfallHit
	byKey := map[string]*pitfallHit{}
	find := func(step, pitfall string) *pitfallHit { return byKey[step+"\x00"+pitfall] }
	for _, g := range r.gates {
		if g.Pitfall == "" {
			continue
		}
		m := find(g.Step, g.Pitfall)
		switch {
		case g.Verdict == event.Pass:
			if m != nil {
				m.holds = true
			}
			continue
		case m == nil:
			m = &pitfallHit{pitfall: g.Pitfall, step: g.Step, moment: g.Moment}
			byKey[g.Step+"\x00"+g.Pitfall] = m
			list = append(list, m)
			m.title, m.seen = g.Title, g.Evidence
		}
		m.severity, m.holds, m.advice = g.Severity, false, g.Says
	}
	for _, h := range r.hits {
		m := find(h.Step, h.Pitfall)
		if m == nil {
			m = &pitfallHit{pitfall: h.Pitfall, step: h.Step, moment: h.Moment, title: h.Title, severity: h.Severity, hint: h.Hit.Hint, advice: h.Cause}
			byKey[h.Step+"\x00"+h.Pitfall] = m
			list = append(list, m)
		}
		if line := strings.TrimSpace(strings.Join([]string{h.Host, h.Line}, " ")); len(m.seen) < 5 {
			m.seen = append(m.seen, line)
		}
	}
	for _, m := range list {
		for _, x := range r.remedies {
			if x.Step == m.step && strings.HasPrefix(x.ID, m.pitfall+"/") {
				m.remedies = append(m.remedies, x)
			}
		}
		for _, d := range r.decisions {
			if d.Step == m.step && strings.HasSuffix(d.Question, m.pitfall) && !strings.HasPrefix(d.Choice, event.RemedyPrefix) {
				m.decision = d
			}
		}
	}
	return list
}

// blocked reports whether a gate blocked it.
func blocked(g *Gate) bool { return g.Verdict != event.Pass && g.Required != event.Advisory }
