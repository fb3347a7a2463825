package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// actStart is the intent to begin the run that the plan shows.
type actStart struct{}

var (
	sayKeyStart  = event.Text{En: "start", Ja: "開始"}
	sayKeyFilter = event.Text{En: "filter", Ja: "絞り込み"}
	sayKeyAll    = event.Text{En: "show all", Ja: "すべて表示"}
	sayKeyTake   = event.Text{En: "done", Ja: "確定"}
	sayKeyDetail = event.Text{En: "list or detail", Ja: "一覧・詳細"}
	sayKeyYank   = event.Text{En: "copy the commands", Ja: "コマンドをコピー"}
	sayNothing   = event.Text{En: "nothing to copy here", Ja: "コピーするものがありません"}
	sayNoSteps   = event.Text{En: "the plan has no steps", Ja: "手順がありません"}
	sayNoMatch   = event.Text{En: "nothing fits the filter", Ja: "該当なし"}
	sayFiltered  = event.Text{En: "filter: %s (%d of %d)", Ja: "絞り込み: %s (%d / %d)"}
)

// planView is the Plan screen: findings and steps, and all of the one under the cursor.
type planView struct {
	look
	plan     Plan
	findings []event.GateChecked
	w, h     int
	rows     []planRow
	cursor   int // index into rows
	list     scroll
	detail   scroll
	inDetail bool
	filter   filter
}

// planRow is a line of the list: a heading, a finding, or a step.
type planRow struct {
	heading string
	finding int // index, -1 for none
	step    int // index, -1 for none
}

func newPlanView(l look, p Plan) *planView {
	v := &planView{look: l, plan: p, findings: p.findings()}
	v.arrange()
	return v
}

// SetSize takes the room there is.
func (v *planView) SetSize(w, h int) {
	v.w, v.h = w, h
	v.fit()
}

// arrange lists what passes the filter, and puts the cursor on the first that can be selected.
func (v *planView) arrange() {
	v.rows = v.rows[:0]
	heading := ""
	add := func(title string, r planRow) {
		if title != heading && title != "" {
			heading = title
			v.rows = append(v.rows, planRow{heading: title, finding: -1, step: -1})
		}
		v.rows = append(v.rows, r)
	}
	for i, g := range v.findings {
		if v.filter.passes(v.told(g.Title), g.Pitfall, strings.Join(g.Evidence, "\n")) {
			add(v.say(sayFindings), planRow{finding: i, step: -1})
		}
	}
	for i, st := range v.plan.Steps {
		text := []string{v.told(st.Title), st.ID, strings.Join(st.Hosts, " ")}
		for _, op := range v.plan.Operations[st.ID] {
			text = append(text, op.Line)
		}
		if v.filter.passes(text...) {
			add(v.told(st.Phase), planRow{finding: -1, step: i})
		}
	}
	v.cursor = max(0, slices.IndexFunc(v.rows, planRow.selectable))
	v.detail.Top = 0
	v.fit()
}

func (r planRow) selectable() bool { return r.heading == "" }

// selected is the row under the cursor.
func (v *planView) selected() (planRow, bool) {
	if v.cursor >= len(v.rows) {
		return planRow{}, false
	}
	return v.rows[v.cursor], true
}

func (v *planView) fit() {
	b := v.boxes()
	v.list.Fit(b.list.H, len(v.rows))
	v.list.Show(max(0, v.cursor-1)) // with the heading before the first of a phase
	v.list.Show(v.cursor)
	v.detail.Fit(b.detail.H, len(v.detailLines(b.detail.W)))
}

// planBoxes says where the parts of the screen go.
type planBoxes struct{ list, detail box }

// boxes divides the screen: list beside detail from 100 columns, above it on less, one of them on very little.
func (v *planView) boxes() planBoxes {
	top := len(v.head())
	body := max(0, v.h-top)
	switch {
	case v.w >= 100 && body >= 6:
		left := min(v.w*45/100, 76)
		return planBoxes{list: box{0, top, left, body}, detail: box{left + 1, top, v.w - left - 1, body}}
	case body >= 12:
		detail := body * 2 / 5
		return planBoxes{list: box{0, top, v.w, body - detail - 1}, detail: box{0, top + body - detail, v.w, detail}}
	}
	if v.inDetail {
		return planBoxes{detail: box{0, top, v.w, body}}
	}
	return planBoxes{list: box{0, top, v.w, body}}
}

// Paste puts pasted text into the filter.
func (v *planView) Paste(s string) bool {
	if !v.filter.Paste(s) {
		return false
	}
	v.arrange()
	return true
}

// HandleKey moves through the plan. Esc takes the filter away first and leaves the screen then.
func (v *planView) HandleKey(msg tea.KeyPressMsg) action {
	if v.filter.typing() {
		v.filter.HandleKey(msg)
		v.arrange()
		return handled{}
	}
	if m := motionOf(msg); m != noMotion {
		if v.inDetail {
			v.detail.Move(m)
		} else {
			v.move(m)
		}
		return handled{}
	}
	switch msg.String() {
	case "enter":
		if len(v.plan.Steps) == 0 {
			return actNotice{sayNoSteps}
		}
		return actStart{}
	case "/":
		v.filter.begin()
		v.inDetail = false
	case "tab":
		v.inDetail = !v.inDetail
		v.fit()
	case "y":
		r, ok := v.selected()
		if ok && r.step >= 0 && len(v.plan.Operations[v.plan.Steps[r.step].ID]) > 0 {
			return actCopy{copyLines(v.plan.Operations[v.plan.Steps[r.step].ID])}
		}
		return actNotice{sayNothing}
	case "esc":
		if v.filter.text == "" {
			return actBack{}
		}
		v.filter.text = ""
		v.arrange()
	default:
		return nil
	}
	return handled{}
}

func copyLines(ops []event.Operation) string {
	lines := make([]string, len(ops))
	for i, op := range ops {
		lines[i] = op.Line
	}
	return strings.Join(lines, "\n")
}

// move goes through the rows that can be selected.
func (v *planView) move(m motion) {
	mover := scroll{Top: v.cursor, Height: 1, Total: len(v.rows)}
	if m == pageUp || m == pageDown {
		mover.Height = max(2, v.list.Height)
		mover.Total += mover.Height - 1
	}
	mover.Move(m)
	to := min(mover.Top, len(v.rows)-1)
	step := 1
	if m == lineUp || m == pageUp || m == toEnd {
		step = -1
	}
	for _, direction := range []int{step, -step} {
		for i := to; i >= 0 && i < len(v.rows); i += direction {
			if v.rows[i].selectable() {
				if i != v.cursor {
					v.detail.Top = 0
				}
				v.cursor = i
				v.fit()
				return
			}
		}
	}
}

// Keys are what HandleKey knows.
func (v *planView) Keys() []Key {
	if v.filter.typing() {
		return v.filter.Keys()
	}
	r, ok := v.selected()
	noCommands := !ok || r.step < 0 || len(v.plan.Operations[v.plan.Steps[r.step].ID]) == 0
	keys := []Key{
		Key{Keys: []string{"enter"}, Help: sayKeyStart}.without(len(v.plan.Steps) == 0, sayNoSteps),
		{Keys: []string{"/"}, Help: sayKeyFilter},
		Key{Keys: []string{"y"}, Help: sayKeyYank}.without(noCommands, sayNothing),
		{Keys: []string{"tab"}, Help: sayKeyDetail},
	}
	keys = append(keys, motionKeys()...)
	if v.filter.text != "" {
		return append(keys, Key{Keys: []string{"esc"}, Help: sayKeyAll})
	}
	return append(keys, Key{Keys: []string{"esc"}, Help: sayKeyBack})
}

// head is the title, the sums, and the point of no return.
func (v *planView) head() []string {
	right := ""
	if v.plan.KnownTo != "" {
		right = v.Faint.Render(v.say(sayCatalogue, safetext.Line(v.plan.KnownTo))) + " "
	}
	title := " " + v.Title.Render(v.told(v.plan.Title))
	for _, s := range []string{v.plan.Cluster, arrow(v.plan.From, v.plan.To)} {
		if s != "" {
			title += "   " + safetext.Line(s)
		}
	}
	if width(title+right)+1 > v.w {
		right = ""
	}
	lines := []string{ends(title, right, v.w), " " + v.plan.sumsLine(v.lang)}
	if len(v.plan.Inputs) > 0 {
		given := make([]string, len(v.plan.Inputs))
		for i, in := range v.plan.Inputs {
			given[i] = safetext.Line(in.Name) + " " + in.shown(v.lang)
		}
		lines = append(lines, " "+v.Faint.Render(cut(strings.Join(given, " · "), v.w-2)))
	}
	if point := v.plan.pointLine(v.lang); point != "" {
		lines = append(lines, " "+v.Danger.Render("⚑ "+point))
	}
	switch {
	case v.filter.typing():
		lines = append(lines, v.filter.line(v.w))
	case v.filter.text != "":
		n := 0
		for _, r := range v.rows {
			if r.selectable() {
				n++
			}
		}
		lines = append(lines, " "+v.Info.Render(v.say(sayFiltered, v.filter.text, n, len(v.plan.Steps)+len(v.findings))))
	}
	if v.h < minHeight {
		return lines[:1]
	}
	return append(lines, v.Rule.Render(strings.Repeat("─", max(0, v.w))))
}

func arrow(from, to string) string {
	if from == "" && to == "" {
		return ""
	}
	return fmt.Sprintf("%s → %s", from, to)
}
