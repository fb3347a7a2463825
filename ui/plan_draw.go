package ui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/safetext"
)

// View draws the screen.
func (v *planView) View() string {
	b := v.boxes()
	lines := v.head()
	list := v.listLines(b.list)
	detail := fill(v.detail.Window(v.detailLines(b.detail.W)), b.detail.W, b.detail.H)
	v.moreBelow(detail, b.detail)
	switch {
	case b.detail.X > 0:
		rule := v.Rule.Render("│")
		if v.inDetail {
			rule = v.Bold.Render("┃")
		}
		for i := range list {
			lines = append(lines, list[i]+rule+detail[i])
		}
	case b.list.Empty():
		lines = append(lines, detail...)
	case !b.detail.Empty():
		rule := v.Rule.Render(strings.Repeat("─", v.w))
		if v.inDetail {
			rule = v.Bold.Render(strings.Repeat("━", v.w))
		}
		lines = append(append(append(lines, list...), rule), detail...)
	default:
		lines = append(lines, list...)
	}
	return strings.Join(fill(lines, v.w, v.h), "\n")
}

// moreBelow says at the end of the detail pane that it goes on.
func (v *planView) moreBelow(lines []string, b box) {
	if left := v.detail.Total - v.detail.Top - v.detail.Height; left > 0 && len(lines) > 0 {
		lines[len(lines)-1] = ends(lines[len(lines)-1], v.Faint.Render(fmt.Sprintf("+%d ↓", left)), b.W)
	}
}

// Cursor is where the terminal's cursor belongs, if anything is typed.
func (v *planView) Cursor() (x, y int, ok bool) {
	return v.filter.cursor(v.w, max(0, len(v.head())-2))
}

func (v *planView) listLines(b box) []string {
	var lines []string
	for i := v.list.Top; i < min(v.list.Top+v.list.Height, len(v.rows)); i++ {
		line := v.row(v.rows[i], b.W)
		if i == v.cursor {
			line = v.Selected.Render(ansi.Strip(line))
		}
		lines = append(lines, line)
	}
	if len(v.rows) == 0 {
		lines = append(lines, " "+v.Faint.Render(v.say(sayNoMatch)))
	}
	return fill(lines, b.W, b.H)
}

func (v *planView) row(r planRow, w int) string {
	switch {
	case r.finding >= 0:
		g := v.findings[r.finding]
		mark, word, style := v.verdict(g)
		return ends("  "+style.Render(mark)+" "+v.told(g.Title), style.Render(v.say(word))+" ", w)
	case r.step >= 0:
		return v.stepRow(r.step, w)
	}
	style := v.Bold
	if r.heading == v.say(sayFindings) {
		style = v.Danger
	}
	return fit(" "+style.Render(r.heading), w)
}

// stepRow is "  3  Which API server ...     ▲ disrupts    0:05". On little room the danger is only its sign.
func (v *planView) stepRow(i, w int) string {
	st := v.plan.Steps[i]
	right := ""
	if st.NoReturn {
		right = v.Danger.Render("⚑ ")
	}
	if st.Danger != event.ReadOnly && st.Danger != "" {
		word, style := v.danger(st.Danger)
		sign := "▲"
		if w >= 50 {
			sign += " " + v.say(word)
		}
		right += style.Render(sign)
	}
	estimate := ""
	if e := st.Expected(); e > 0 {
		estimate = event.Duration(e)
	}
	right += fmt.Sprintf(" %7s ", estimate)
	return ends(fmt.Sprintf(" %3d  %s", i+1, v.told(st.Title)), right, w)
}

// detailLines is all of what is under the cursor.
func (v *planView) detailLines(w int) []string {
	r, ok := v.selected()
	if !ok || w < 4 {
		return nil
	}
	if r.finding >= 0 {
		return v.findingDetail(v.findings[r.finding], w-2)
	}
	if r.step < 0 {
		return nil
	}
	return v.stepDetail(r.step, w-2)
}

func (v *planView) findingDetail(g event.GateChecked, w int) []string {
	mark, word, style := v.verdict(g)
	lines := v.block(g.Title, w)
	lines[0] = " " + v.Title.Render(strings.TrimPrefix(lines[0], " "))
	about := []string{mark + " " + v.say(word)}
	for _, s := range []string{g.Severity, g.Pitfall} {
		if s != "" {
			about = append(about, safetext.Line(s))
		}
	}
	lines = append(lines, " "+style.Render(strings.Join(about, " · ")))
	if !g.Says.Empty() {
		lines = append(append(lines, ""), v.block(g.Says, w)...)
	}
	if len(g.Evidence) > 0 {
		lines = append(lines, "")
		for _, e := range g.Evidence {
			lines = append(lines, v.hang("", safetext.Line(e), w)...)
		}
	}
	return lines
}

func (v *planView) stepDetail(i, w int) []string {
	st := v.plan.Steps[i]
	word, style := v.danger(st.Danger)
	lines := v.block(st.Title, w)
	lines[0] = " " + v.Title.Render(strings.TrimPrefix(lines[0], " "))
	about := style.Render(v.say(word)) + v.Faint.Render(" · "+safetext.Line(st.Kind)+" · "+safetext.Line(st.ID))
	lines = append(lines, " "+cut(about, w))
	if !st.Why.Empty() {
		lines = append(append(lines, ""), v.block(st.Why, w)...)
	}
	lines = append(lines, "")
	if len(st.Hosts) > 0 {
		lines = append(lines, v.hang(v.say(sayOn)+"  ", safetext.Line(strings.Join(st.Hosts, " ")), w)...)
	}
	ops := v.plan.Operations[st.ID]
	if len(ops) == 0 && st.Kind != "note" && st.Kind != "choose" {
		return append(lines, v.block(sayPlanNoCommands, w)...)
	}
	for _, op := range ops {
		for j, l := range strings.Split(strings.TrimRight(safetext.Visible(op.Line), "\n"), "\n") {
			head := safetext.Line(op.Host) + ": "
			if j > 0 {
				head = strings.Repeat(" ", width(head))
			}
			for _, s := range v.hang(head, safetext.Line(l), w) {
				lines = append(lines, v.Command.Render(s))
			}
		}
		if op.Fed {
			lines = append(lines, v.block(event.SayFed, w)...)
		}
	}
	return lines
}

// block wraps a text.
func (v *planView) block(t event.Text, w int) []string {
	lines := wrapProse(v.told(t), max(1, w))
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

// hang wraps text after a head; the lines after the first are indented by it. Commands are never cut.
func (v *planView) hang(head, text string, w int) []string {
	in := min(width(head), w/2)
	var out []string
	for i, l := range wrap(text, max(1, w-in)) {
		lead := strings.Repeat(" ", in)
		if i == 0 {
			lead = cut(head, in)
		}
		out = append(out, " "+lead+l)
	}
	return out
}
