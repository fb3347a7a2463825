package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/safetext"
)

// entry is a line of a browser and all there is to say about it.
type entry struct {
	id     string
	group  string // entries of a group are together under it as a heading; "" for none
	row    func(w int) string
	detail func(w int) []string
	text   string // what the filter looks at
}

// browser is a list beside the detail of what is under the cursor; with a filter. On little room one of the two.
type browser struct {
	look
	empty    event.Text // said when there are no entries
	entries  []entry
	rows     []int // index of an entry, or -1-index of the entry whose group is a heading here
	cursor   int   // index into rows
	list     scroll
	detail   scroll
	inDetail bool
	filter   filter
	w, h     int
}

// SetSize takes the room there is.
func (b *browser) SetSize(w, h int) {
	b.w, b.h = w, h
	b.fit()
}

// SetEntries takes new entries; the cursor stays on what it is on.
func (b *browser) SetEntries(entries []entry) {
	at := ""
	if e, ok := b.selected(); ok {
		at = e.id
	}
	b.entries = entries
	b.arrange(at)
}

// arrange lists what passes the filter.
func (b *browser) arrange(at string) {
	b.rows = b.rows[:0]
	group := ""
	for i, e := range b.entries {
		if !b.filter.passes(e.text) {
			continue
		}
		if e.group != group {
			group = e.group
			b.rows = append(b.rows, -1-i)
		}
		b.rows = append(b.rows, i)
	}
	b.cursor = slices.IndexFunc(b.rows, func(r int) bool { return r >= 0 && b.entries[r].id == at })
	if b.cursor < 0 {
		b.cursor = max(0, slices.IndexFunc(b.rows, func(r int) bool { return r >= 0 }))
		b.detail.Top = 0
	}
	b.fit()
}

func (b *browser) selected() (entry, bool) {
	if b.cursor >= len(b.rows) || b.rows[b.cursor] < 0 {
		return entry{}, false
	}
	return b.entries[b.rows[b.cursor]], true
}

// boxes divides the room: beside each other from 100 columns, above each other on less, one of them on very little.
func (b *browser) boxes() (list, detail box) {
	switch {
	case b.w >= 100 && b.h >= 6:
		left := min(b.w*45/100, 76)
		return box{0, 0, left, b.h}, box{left + 1, 0, b.w - left - 1, b.h}
	case b.inDetail:
		return box{}, box{0, 0, b.w, b.h}
	case b.h >= 12:
		above := max(3, min(len(b.rows), b.h*3/5))
		return box{0, 0, b.w, above}, box{0, above + 1, b.w, b.h - above - 1}
	}
	return box{0, 0, b.w, b.h}, box{}
}

func (b *browser) fit() {
	list, detail := b.boxes()
	b.list.Fit(list.H, len(b.rows))
	b.list.Show(max(0, b.cursor-1)) // with the heading before the first of a group
	b.list.Show(b.cursor)
	b.detail.Fit(detail.H, len(b.detailLines(detail.W)))
}

func (b *browser) detailLines(w int) []string {
	e, ok := b.selected()
	if !ok || w < 8 {
		return nil
	}
	return e.detail(w)
}

// View draws both panes.
func (b *browser) View() []string {
	lb, db := b.boxes()
	list, detail := b.listLines(lb), fill(b.detail.Window(b.detailLines(db.W)), db.W, db.H)
	if left := b.detail.Total - b.detail.Top - b.detail.Height; left > 0 && len(detail) > 0 {
		detail[len(detail)-1] = ends(detail[len(detail)-1], b.Faint.Render(fmt.Sprintf("+%d ↓", left)), db.W)
	}
	switch {
	case lb.Empty():
		return detail
	case db.Empty():
		return list
	case db.X > 0:
		rule := b.Rule.Render("│")
		if b.inDetail {
			rule = b.Bold.Render("┃")
		}
		for i := range list {
			list[i] += rule + detail[i]
		}
		return list
	}
	return append(append(list, b.Rule.Render(strings.Repeat("─", b.w))), detail...)
}

func (b *browser) listLines(at box) []string {
	var lines []string
	for i, r := range b.rows {
		switch {
		case i < b.list.Top || i >= b.list.Top+b.list.Height:
		case r < 0:
			lines = append(lines, " "+b.Bold.Render(b.entries[-1-r].group))
		case i == b.cursor:
			lines = append(lines, b.marked(ansi.Strip(fit(b.entries[r].row(at.W), at.W))))
		default:
			lines = append(lines, b.entries[r].row(at.W))
		}
	}
	if len(b.rows) == 0 {
		none := sayNoMatch
		if len(b.entries) == 0 {
			none = b.empty
		}
		for _, l := range wrap(b.told(none), max(1, at.W-2)) {
			lines = append(lines, " "+b.Faint.Render(l))
		}
	}
	return fill(lines, at.W, at.H)
}

// Paste puts pasted text into the filter.
func (b *browser) Paste(s string) bool {
	if !b.filter.Paste(s) {
		return false
	}
	b.narrow()
	return true
}

// narrow lists what passes the filter now.
func (b *browser) narrow() {
	e, _ := b.selected()
	b.arrange(e.id)
}

// listed is a heading and the texts below it; nothing if there are none.
func (l look) listed(title event.Text, texts []string, w int) []string {
	if len(texts) == 0 {
		return nil
	}
	lines := []string{"", " " + l.Bold.Render(l.say(title))}
	for _, t := range texts {
		lines = append(lines, l.labelled("·", safetext.Text(t), w, l.Plain)...)
	}
	return lines
}
