package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/diff"
	"spraydeck/safetext"
)

// head is what is above the texts: what is compared, where the operator is, and the note.
func (v *diffView) head() []string {
	where := v.say(sayNoHunk)
	if n := len(v.t.Hunks); n > 0 {
		where = v.t.Stat() + "   " + v.say(sayHunk, v.hunk+1, n)
	}
	path, left, right := safetext.Line(v.c.Path), safetext.Line(v.c.Left), safetext.Line(v.c.Right)
	title := " " + v.Title.Render(path)
	names := left + " → " + right
	onTitle := !v.wide() && width(title+names+where)+5 <= v.w
	if onTitle {
		title += "   " + names
	}
	lines := []string{ends(title, where+" ", v.w)}
	if !v.wide() && !onTitle && v.h >= minHeight {
		lines = append(lines, v.Faint.Render(" "+names))
	}
	if !v.c.Note.Empty() && v.h >= minHeight {
		for i, l := range wrap(v.told(v.c.Note), max(1, v.w-4)) {
			if i == 3 {
				break
			}
			sign := "  "
			if i == 0 {
				sign = "! "
			}
			lines = append(lines, " "+v.Warning.Render(sign+l))
		}
	}
	if v.wide() {
		side := v.sideWidth()
		lines = append(lines, v.Faint.Render(fit(" "+left, side))+v.Rule.Render("│")+v.Faint.Render(fit(" "+right, side)))
	}
	return lines
}

func (v *diffView) sideWidth() int { return (v.w - 1) / 2 }

func (v *diffView) bodyHeight() int {
	n := v.h - len(v.head())
	if v.search != nil || v.missed {
		n--
	}
	return max(0, n)
}

// View draws the part.
func (v *diffView) View() string {
	lines := v.head()
	height := v.bodyHeight()
	v.scroll.Fit(height, len(v.items))
	for i := v.scroll.Top; i < min(v.scroll.Top+height, len(v.items)); i++ {
		lines = append(lines, v.item(v.items[i]))
	}
	switch {
	case v.search != nil:
		line, _ := v.search.View(v.w - 2)
		lines = append(fill(lines, v.w, v.h-1), " /"+line)
	case v.missed:
		lines = append(fill(lines, v.w, v.h-1), " "+v.Warning.Render(v.say(sayNotFound, v.query)))
	}
	return strings.Join(fill(lines, v.w, v.h), "\n")
}

// Cursor is where the terminal's cursor belongs, if anything is typed.
func (v *diffView) Cursor() (x, y int, ok bool) {
	if v.search == nil {
		return 0, 0, false
	}
	_, at := v.search.View(v.w - 2)
	return at + 2, v.h - 1, true
}

func (v *diffView) item(it diffItem) string {
	if it.count > 0 {
		label := " ┄┄ " + v.say(sayEqualLines, it.count) + " "
		return v.Faint.Render(label + strings.Repeat("┄", max(0, v.w-width(label)-1)))
	}
	r := v.t.Rows[it.row]
	here := v.hunk < len(v.t.Hunks) && it.row >= v.t.Hunks[v.hunk].From && it.row < v.t.Hunks[v.hunk].To
	var leftSpans, rightSpans []diff.Span
	if r.Kind == diff.Changed {
		leftSpans, rightSpans = diff.ChangedSpans(diff.Shown(v.t.Old[r.Old-1], true), diff.Shown(v.t.New[r.New-1], true))
	}
	left := func(w int) string {
		return v.side(v.t.Old, r.Old, "-", v.Removed, leftSpans, v.t.OldCut, r.Kind, here, w)
	}
	right := func(w int) string {
		return v.side(v.t.New, r.New, "+", v.Added, rightSpans, v.t.NewCut, r.Kind, here, w)
	}
	if v.wide() {
		side := v.sideWidth()
		return left(side) + v.Rule.Render("│") + right(side)
	}
	if it.side == rightSide || r.Old == 0 {
		return right(v.w)
	}
	return left(v.w)
}

// side draws one text's line of a row: the mark of the current hunk, the number, a sign, the line.
func (v *diffView) side(lines []string, n int, sign string, style lipgloss.Style, spans []diff.Span, cutOff bool, kind diff.Kind,
	here bool, w int) string {
	digits := v.numberWidth()
	if n == 0 {
		return strings.Repeat(" ", w)
	}
	if kind == diff.Equal {
		style, sign = v.Plain, " "
	}
	if kind == diff.Changed && v.wide() {
		sign = "~"
	}
	edge := " "
	if here {
		edge = v.Bold.Render("▌")
	}
	head := edge + v.Faint.Render(fmt.Sprintf("%*d ", digits, n)) + style.Render(sign) + " "
	text := diff.Shown(lines[n-1], kind != diff.Equal)
	if cutOff && n == len(lines) && kind != diff.Equal {
		text += "  (" + v.say(sayNoEnd) + ")"
	}
	marks := make([]marked, 0, len(spans))
	for _, s := range spans {
		marks = append(marks, marked{s, style.Bold(true).Underline(true)})
	}
	for _, s := range findAll(text, v.query) {
		marks = append(marks, marked{s, v.Match})
	}
	return head + slide(text, style, marks, v.left, w-digits-4)
}

// widest is the width of the widest line in sight.
func (v *diffView) widest() int {
	widest := 0
	for i := v.scroll.Top; i < min(v.scroll.Top+v.scroll.Height, len(v.items)); i++ {
		r := v.t.Rows[v.items[i].row]
		if r.Old > 0 {
			widest = max(widest, width(safetext.Line(v.t.Old[r.Old-1])))
		}
		if r.New > 0 {
			widest = max(widest, width(safetext.Line(v.t.New[r.New-1])))
		}
	}
	return widest
}

// marked is a piece of a line that has a style of its own. Of two marks on one place the later counts.
type marked struct {
	diff.Span
	style lipgloss.Style
}

// slide draws the columns from left to left+w of a line, exactly w of them. A wide character that is cut in two leaves
// a blank, and an ellipsis says where there is more.
func slide(text string, base lipgloss.Style, marks []marked, left, w int) string {
	if w <= 0 {
		return ""
	}
	total := width(text)
	cells := slideCells(text, marks, left, w)
	if left > 0 && total > 0 {
		cells.replace(0, "…")
	}
	if total > left+w {
		cells.replace(w-1, "…")
	}
	var b strings.Builder
	var run strings.Builder
	mark := -1
	flush := func() {
		style := base
		if mark >= 0 {
			style = marks[mark].style
		}
		if run.Len() > 0 {
			b.WriteString(style.Render(run.String()))
		}
		run.Reset()
	}
	for _, c := range cells {
		if c.mark != mark {
			flush()
			mark = c.mark
		}
		run.WriteString(c.text)
	}
	flush()
	return b.String()
}

// slideCell is a column. A wide character is in its first column; its second is empty.
type slideCell struct {
	text string
	mark int // index into the marks, -1 for none
}

type slideLine []slideCell

func slideCells(text string, marks []marked, left, w int) slideLine {
	cells := make(slideLine, w)
	for i := range cells {
		cells[i] = slideCell{" ", -1}
	}
	at := 0 // column
	for offset := 0; offset < len(text) && at < left+w; {
		cluster, cw := ansi.FirstGraphemeCluster(text[offset:], ansi.GraphemeWidth)
		mark := -1
		for i, m := range marks {
			if offset >= m.From && offset < m.To {
				mark = i
			}
		}
		if cw > 0 && at >= left && at+cw <= left+w {
			cells[at-left] = slideCell{cluster, mark}
			for i := 1; i < cw; i++ {
				cells[at-left+i] = slideCell{"", mark}
			}
		}
		at += cw
		offset += len(cluster)
	}
	return cells
}

// replace puts a narrow sign into a column, and a blank where half a wide character is left over.
func (c slideLine) replace(i int, sign string) {
	if c[i].text == "" && i > 0 { // the second half
		c[i-1].text = " "
	}
	if i+1 < len(c) && c[i+1].text == "" { // the first half
		c[i+1].text = " "
	}
	c[i].text = sign
}
