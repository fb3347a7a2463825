package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/diff"
)

func (v *diffView) typing(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc":
		v.search = nil
	case "enter":
		v.query, v.search = v.search.Value(), nil
		v.find(true)
	default:
		v.search.HandleKey(msg)
	}
	return handled{}
}

// find goes to the next line that holds what is searched, round the end, and opens the fold it is in.
func (v *diffView) find(forward bool) {
	if v.query == "" {
		return
	}
	row, step := -1, -1
	if v.scroll.Top < len(v.items) {
		row = v.items[v.scroll.Top].row
	}
	if forward {
		step = 1
	}
	n := len(v.t.Rows)
	for range n {
		row = ((row+step)%n + n) % n
		r := v.t.Rows[row]
		if (r.Old == 0 || !v.matches(v.t.Old[r.Old-1])) && (r.New == 0 || !v.matches(v.t.New[r.New-1])) {
			continue
		}
		if v.items[v.itemOf(row)].count > 0 {
			v.folded = false
			v.arrange()
		}
		v.scroll.Top = v.itemOf(row)
		v.scroll.Fit(v.bodyHeight(), len(v.items))
		v.followScroll()
		return
	}
	v.missed = true
}

func (v *diffView) matches(line string) bool { return len(findAll(line, v.query)) > 0 }

// findAll returns where a query is in a line. A query without capitals finds both.
func findAll(line, query string) []diff.Span {
	if query == "" {
		return nil
	}
	if strings.ToLower(query) == query && len(strings.ToLower(line)) == len(line) {
		line = strings.ToLower(line)
	}
	var spans []diff.Span
	for at := 0; ; {
		i := strings.Index(line[at:], query)
		if i < 0 {
			return spans
		}
		spans = append(spans, diff.Span{From: at + i, To: at + i + len(query)})
		at += i + len(query)
	}
}
