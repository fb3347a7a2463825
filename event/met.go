package event

import (
	"slices"
	"strings"
)

// Met is one thing of a run that somebody will ask about: a check that did not pass, a known pitfall, a decision against a check,
// a step that failed, a setting that is still loosened.
type Met struct {
	Step     *StepState // nil: it belongs to the run
	Standing Standing
	What     Text // the bad case, in a sentence
	Note     Text // what became of it
	Pitfall  string
	Severity string
	Host     string
	Override string   // the reason given against a check
	Remedies []Remedy // offered and not used
}

// Standing is what became of something met.
type Standing int

// In the order in which they matter.
const (
	Open    Standing = iota // nothing has settled it
	Noted                   // advice, or perhaps nothing
	Settled                 // it passes now, was remedied, or its step passed
)

// Met lists what the run has come across, in the order of the plan.
func (s *State) Met() []Met {
	var out []Met
	for _, st := range s.Steps {
		out = append(out, st.met()...)
	}
	for _, d := range s.Drift {
		if d.Now != Pass {
			out = append(out, Met{Step: s.Step(d.Step), What: d.Title, Note: Text{En: "passed before the run was resumed, does not now", Ja: "再開前は合格、現在は不合格"}})
		}
	}
	for _, l := range s.Due {
		m := Met{Step: s.Step(l.ID), What: l.Title, Note: Text{En: "still applied", Ja: "適用されたまま"}}
		if !l.Undo.Empty() {
			m.Note = m.Note.Plus(T("; ")).Plus(undoPrefix).Plus(l.Undo)
		}
		out = append(out, m)
	}
	return out
}

func (st *StepState) met() (out []Met) {
	seen := map[string]bool{} // pitfalls, each once a step
	for _, g := range st.Blocked {
		now := g
		if i := slices.IndexFunc(st.Gates, func(o GateChecked) bool { return o.Gate == g.Gate && o.When == g.When }); i >= 0 {
			now = st.Gates[i]
		}
		m := Met{Step: st, What: g.Title, Pitfall: g.Pitfall, Severity: g.Severity}
		switch {
		case now.Verdict == Pass && st.cured():
			m.Standing, m.Note = Settled, sayCured
		case now.Verdict == Pass:
			m.Standing, m.Note = Settled, Text{En: "passes now", Ja: "現在は合格"}
		case g.Required == Acknowledge:
			m.Standing, m.Note = Noted, Text{En: "read; nothing was done", Ja: "確認のみ、対処なし"}
		case st.Status == Overridden:
			m.Note = Text{En: "overridden, still so", Ja: "強行、解消していません"}
		default:
			m.Note = Text{En: "blocks", Ja: "進行不可"}
		}
		seen[g.Pitfall] = g.Pitfall != ""
		out = append(out, m)
	}
	for _, g := range st.Gates {
		if g.Verdict != Pass && g.Required == Advisory {
			seen[g.Pitfall] = g.Pitfall != ""
			out = append(out, Met{Step: st, Standing: Noted, What: g.Title, Pitfall: g.Pitfall, Severity: g.Severity,
				Note: Text{En: "advice; nothing was done", Ja: "注意のみ、対処なし"}})
		}
	}
	for _, h := range st.Hits {
		if seen[h.Pitfall] {
			continue
		}
		seen[h.Pitfall] = true
		out = append(out, st.metHit(h))
	}
	for _, d := range st.Decisions {
		if d.Reason != "" {
			out = append(out, Met{Step: st, Standing: Noted, Override: d.Reason, What: T(d.Choice), Note: Text{En: "decided by the operator", Ja: "オペレーターの判断"}})
		}
	}
	switch st.Status {
	case Failed, Lost, Cancelled:
		out = append(out, Met{Step: st, What: st.Title, Note: st.Status.Text().Plus(colon(st.Why))})
	}
	return out
}

func (st *StepState) metHit(h Hit) Met {
	m := Met{Step: st, What: h.Title, Pitfall: h.Pitfall, Severity: h.Severity, Host: h.Host}
	switch {
	case st.cured():
		m.Standing, m.Note = Settled, sayCured
	case st.Status == Passed || st.Status == Overridden && h.Hint:
		m.Standing, m.Note = Settled, Text{En: "the step passed", Ja: "手順は完了"}
	case h.Hint:
		m.Standing, m.Note, m.Remedies = Noted, Text{En: "perhaps", Ja: "可能性"}, h.Remedies
	default:
		m.Note, m.Remedies = Text{En: "open", Ja: "未解決"}, h.Remedies
	}
	return m
}

// cured reports whether a remedy has passed in the step.
func (st *StepState) cured() bool {
	return slices.ContainsFunc(st.Cures, func(c Cure) bool { return c.Status == Passed })
}

// Changed is a step that changed something: which commands, and how it is undone where the runbook says so.
type Changed struct {
	Step     *StepState
	Commands []*CommandState
	Undo     Text
}

// Changes lists the steps whose commands changed something, or may have.
func (s *State) Changes() []Changed {
	var out []Changed
	for _, st := range s.Steps {
		c := Changed{Step: st, Undo: st.Undo}
		for _, k := range st.Commands {
			if k.Changes && k.Outcome != NotStarted && k.Outcome != Unreachable {
				c.Commands = append(c.Commands, k)
			}
		}
		if len(c.Commands) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// undoIn reads how a step is undone from the question for its approval.
func undoIn(q Question) Text {
	en, is := strings.CutPrefix(q.Body.En, undoPrefix.En)
	if q.Form != AskApprove || !is {
		return Text{}
	}
	return Text{En: en, Ja: strings.TrimPrefix(q.Body.Ja, undoPrefix.Ja)}
}

// UndoBody is the body of a question for an approval: how the step is undone. It must say so: it may look like one more command
// to be run now.
func UndoBody(undo Text) Text {
	if undo.Empty() {
		return undo
	}
	return undoPrefix.Plus(undo)
}

var (
	undoPrefix = Text{En: "Undo: ", Ja: "元に戻すには: "}
	sayCured   = Text{En: "remedied", Ja: "対処済み"}
)

func colon(t Text) Text {
	if t.Empty() {
		return t
	}
	return T(": ").Plus(t)
}
