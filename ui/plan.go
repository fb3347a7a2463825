package ui

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"spraydeck/runbook"
)

// Plan is what a run is going to do, before it does anything.
type Plan struct {
	Title      runbook.Text
	Runbook    string // name and version
	Cluster    string
	From, To   string
	KnownTo    string // the newest release the catalogue of pitfalls knows
	Inputs     []PlanInput
	Steps      []runbook.PlannedStep
	Operations map[string][]runbook.Operation // by step; a step without any says its commands when it runs
	Findings   []runbook.GateChecked          // what was checked beforehand; those that pass are left out
}

// PlanInput is a value the run was given.
type PlanInput struct {
	Name, Value string
	Secret      bool // Value is not shown
}

var (
	saySumSteps       = runbook.Text{En: "%d steps, %d change something, %d of them disrupt or destroy", Ja: "%d 手順、変更あり %d、うち停止・削除を伴う %d"}
	sayAbout          = runbook.Text{En: "about %s", Ja: "約 %s"}
	sayPoint          = runbook.Text{En: "no way back after step %d: %s", Ja: "手順 %d 以後は元に戻せません: %s"}
	sayFindings       = runbook.Text{En: "Findings to mend first", Ja: "先に対処すべき項目"}
	sayCatalogue      = runbook.Text{En: "the catalogue knows up to %s", Ja: "既知の問題は %s まで収録"}
	sayPlanNoCommands = runbook.Text{En: "says its commands when it runs: they depend on what it finds", Ja: "コマンドは実行時の状況で決まり、その時に表示されます"}
	sayOwnFiles       = runbook.Text{En: "(given, not shown)", Ja: "(入力済み、非表示)"}
	sayInputs         = runbook.Text{En: "Inputs", Ja: "入力"}
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
		if st.Danger != runbook.ReadOnly && st.Danger != "" {
			s.changes++
		}
		if st.Danger == runbook.Disrupts || st.Danger == runbook.Destroys {
			s.red++
		}
		s.estimate += st.Estimate
		if st.NoReturn && s.noReturn < 0 {
			s.noReturn = i
		}
	}
	return s
}

// findings are those that do not pass, the worst first.
func (p Plan) findings() []runbook.GateChecked {
	var out []runbook.GateChecked
	for _, g := range p.Findings {
		if g.Verdict != runbook.Pass {
			out = append(out, g)
		}
	}
	rank := map[runbook.Required]int{runbook.Success: 0, runbook.Acknowledge: 1, runbook.Advisory: 2}
	slices.SortStableFunc(out, func(a, b runbook.GateChecked) int { return rank[a.Required] - rank[b.Required] })
	return out
}

// sumsLine gives "31 steps, 14 change something, 4 of them disrupt or destroy, about 1:50".
func (p Plan) sumsLine(lang string) string {
	s := p.sums()
	line := fmt.Sprintf(saySumSteps.In(lang), s.steps, s.changes, s.red)
	if s.estimate > 0 {
		line += runbook.Text{En: ", ", Ja: "、"}.In(lang) + fmt.Sprintf(sayAbout.In(lang), hours(s.estimate))
	}
	return line
}

func (p Plan) pointLine(lang string) string {
	i := p.sums().noReturn
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(sayPoint.In(lang), i+1, clean(p.Steps[i].Title.In(lang)))
}

// PrintPlan prints a plan for a pipe, with the exact commands of each step.
func PrintPlan(w io.Writer, plan Plan, lang string) error {
	p := NewPlain(w, PlainOptions{Lang: lang})
	p.item2(plan.Title.In(lang), plan.Runbook)
	if plan.From != "" || plan.To != "" {
		p.item2(plan.From+" → "+plan.To, plan.Cluster)
	}
	p.line(plan.sumsLine(lang))
	if s := plan.pointLine(lang); s != "" {
		p.line(s)
	}
	if plan.KnownTo != "" {
		p.line(fmt.Sprintf(sayCatalogue.In(lang), clean(plan.KnownTo)))
	}
	if len(plan.Inputs) > 0 {
		p.blank()
		p.line("== " + sayInputs.In(lang))
		for _, in := range plan.Inputs {
			p.item(in.Name, in.shown(lang))
		}
	}
	if found := plan.findings(); len(found) > 0 {
		p.blank()
		p.line("== " + sayFindings.In(lang))
		for _, g := range found {
			p.gate(g)
		}
	}
	phase := ""
	for i, st := range plan.Steps {
		if name := st.Phase.In(lang); name != phase {
			phase = name
			p.blank()
			p.line("== " + clean(name))
		}
		p.plannedStep(i+1, st, plan.Operations[st.ID])
	}
	return p.Err()
}

func (p *Plain) plannedStep(n int, st runbook.PlannedStep, ops []runbook.Operation) {
	estimate, danger := "", ""
	if st.Estimate > 0 {
		estimate = short(st.Estimate)
	}
	if st.Danger != runbook.ReadOnly && st.Danger != "" {
		danger = "[" + p.danger(st.Danger) + "]"
	}
	noReturn := ""
	if st.NoReturn {
		noReturn = "[" + p.say("no way back after this", "以後は元に戻せません") + "]"
	}
	p.item2(fmt.Sprintf("%3d  %s", n, clean(st.Title.In(p.o.Lang))), "("+st.ID+")", estimate, danger, noReturn,
		strings.Join(st.Hosts, " "))
	for _, op := range ops {
		lines := strings.Split(strings.TrimRight(visible(op.Line), "\n"), "\n")
		p.line("       " + p.say("run", "実行") + "  " + op.Host + ": " + lines[0])
		for _, l := range lines[1:] {
			p.line("           " + l)
		}
	}
}

func (in PlanInput) shown(lang string) string {
	if in.Secret {
		return sayOwnFiles.In(lang)
	}
	return clean(in.Value)
}
