package ui

import (
	"fmt"
	"slices"
	"time"

	"spraydeck/event"
	"spraydeck/safetext"
)

// Plan is what a run is going to do, before it does anything.
type Plan struct {
	Title      event.Text
	Runbook    string // name and version
	Cluster    string
	From, To   string
	KnownTo    string // the newest release the catalogue of pitfalls knows
	Inputs     []PlanInput
	Steps      []event.PlannedStep
	Operations map[string][]event.Operation // by step; a step without any says its commands when it runs
	Findings   []event.GateChecked          // what was checked beforehand; those that pass are skipped
}

// PlanInput is a value the run was given.
type PlanInput struct {
	Name, Value string
	Secret      bool // Value is not shown
}

var (
	saySumSteps       = event.Text{En: "%d steps, %d change something, %d of them disrupt or destroy", Ja: "%d 手順、変更あり %d、うち停止・削除を伴う %d"}
	sayAbout          = event.Text{En: "~%s", Ja: "約 %s"}
	sayPoint          = event.Text{En: "no way back after step %d: %s", Ja: "手順 %d 以後は元に戻せません: %s"}
	sayFindings       = event.Text{En: "Findings to fix first", Ja: "先に対処すべき項目"}
	sayCatalogue      = event.Text{En: "the catalogue knows up to %s", Ja: "既知の問題は %s まで収録"}
	sayPlanNoCommands = event.Text{En: "its commands are shown when it runs: they depend on what it finds", Ja: "コマンドは実行時の状況で決まり、その時に表示されます"}
	sayOwnFiles       = event.Text{En: "(given, not shown)", Ja: "(入力済み、非表示)"}
)

// planSums is what a plan adds up to.
type planSums struct {
	steps, changes, red int
	estimate            time.Duration
	noReturn            int // index of the first step without a way back, -1 for none
}

func (p Plan) sums() planSums {
	s := planSums{steps: len(p.Steps), noReturn: -1}
	for i, st := range p.Steps {
		if st.Danger != event.ReadOnly && st.Danger != "" {
			s.changes++
		}
		if st.Danger == event.Disrupts || st.Danger == event.Destroys {
			s.red++
		}
		s.estimate += st.Expected()
		if st.NoReturn && s.noReturn < 0 {
			s.noReturn = i
		}
	}
	return s
}

// findings are those that do not pass, the worst first.
func (p Plan) findings() []event.GateChecked {
	var out []event.GateChecked
	for _, g := range p.Findings {
		if g.Verdict != event.Pass {
			out = append(out, g)
		}
	}
	rank := map[event.Required]int{event.Success: 0, event.Acknowledge: 1, event.Advisory: 2}
	slices.SortStableFunc(out, func(a, b event.GateChecked) int { return rank[a.Required] - rank[b.Required] })
	return out
}

// sumsLine returns "31 steps, 14 change something, 4 of them disrupt or destroy, about 1:50".
func (p Plan) sumsLine(lang string) string {
	s := p.sums()
	line := fmt.Sprintf(saySumSteps.In(lang), s.steps, s.changes, s.red)
	if s.estimate > 0 {
		line += event.Text{En: ", ", Ja: "、"}.In(lang) + fmt.Sprintf(sayAbout.In(lang), event.Duration(s.estimate))
	}
	return line
}

func (p Plan) pointLine(lang string) string {
	i := p.sums().noReturn
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(sayPoint.In(lang), i+1, safetext.Line(p.Steps[i].Title.In(lang)))
}

func (in PlanInput) shown(lang string) string {
	if in.Secret {
		return sayOwnFiles.In(lang)
	}
	return safetext.Line(in.Value)
}
