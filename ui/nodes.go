package ui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// nodeTable shows the cluster's nodes: as a table with a heading, or as a strip of one line.
type nodeTable struct {
	look
	state   *event.State
	now     time.Time
	w, h    int
	scroll  scroll
	focused bool
}

func newNodeTable(l look) *nodeTable { return &nodeTable{look: l, state: &event.State{}} }

// SetSize takes the room there is.
func (t *nodeTable) SetSize(w, h int) { t.w, t.h = w, h; t.fit() }

// SetState takes the run as it is now.
func (t *nodeTable) SetState(state *event.State, now time.Time) {
	t.state, t.now = state, now
	t.fit()
}

func (t *nodeTable) fit() { t.scroll.Fit(t.h-1, len(t.state.Nodes)) }

// HandleKey scrolls.
func (t *nodeTable) HandleKey(msg tea.KeyPressMsg) action {
	if t.scroll.Move(motionOf(msg)) {
		return handled{}
	}
	return nil
}

// Keys are what HandleKey knows.
func (t *nodeTable) Keys() []Key { return motionKeys() }

// column is one of the table. The last columns go first when there is no room.
type column struct {
	name event.Text
	of   func(t *nodeTable, n event.Node) string
}

var nodeColumns = []column{
	{colName, func(t *nodeTable, n event.Node) string { return n.Name }},
	{colStatus, func(t *nodeTable, n event.Node) string { return t.status(n) }},
	{colVersion, func(t *nodeTable, n event.Node) string { return n.Version }},
	{colSince, func(t *nodeTable, n event.Node) string { return t.since(n) }},
	{colRoles, func(t *nodeTable, n event.Node) string { return strings.Join(n.Roles, ",") }},
	{colRuntime, func(t *nodeTable, n event.Node) string { return strings.Replace(n.Runtime, "://", " ", 1) }},
	{colOS, func(t *nodeTable, n event.Node) string { return n.OS }},
	{colAddress, func(t *nodeTable, n event.Node) string { return n.Address }},
	{colKernel, func(t *nodeTable, n event.Node) string { return n.Kernel }},
}

// View draws the heading and the nodes in sight.
func (t *nodeTable) View() string {
	widths := t.widths()
	lines := []string{t.heading()}
	if t.h > len(t.state.Nodes)+1 {
		lines = append(lines, t.names(widths))
	}
	for i, n := range t.state.Nodes {
		if i < t.scroll.Top || i >= t.scroll.Top+t.scroll.Height {
			continue
		}
		var b strings.Builder
		for k, w := range widths {
			if w < 0 {
				continue
			}
			cell := fit(safetext.Line(nodeColumns[k].of(t, n)), w)
			b.WriteString(" " + t.styleOf(k, n).Render(cell) + " ")
		}
		lines = append(lines, b.String())
	}
	return strings.Join(fill(lines, t.w, t.h), "\n")
}

// names are the heads of the columns, where there is room for them.
func (t *nodeTable) names(widths []int) string {
	var b strings.Builder
	for k, w := range widths {
		if w < 0 {
			continue
		}
		b.WriteString(" " + fit(t.say(nodeColumns[k].name), w) + " ")
	}
	return t.Faint.Render(b.String())
}

func (t *nodeTable) styleOf(column int, n event.Node) lipgloss.Style {
	switch {
	case column != 1:
		return t.Plain
	case n.Ready != "True":
		return t.Danger
	case n.Unschedulable || len(n.Pressure) > 0:
		return t.Warning
	}
	return t.Success
}

// widths returns the columns that fit, each as wide as its widest cell.
func (t *nodeTable) widths() []int {
	var out []int
	left := t.w
	for _, c := range nodeColumns {
		w := -2 // an empty column takes no room, but keeps its place
		for _, n := range t.state.Nodes {
			if n := width(safetext.Line(c.of(t, n))); n > 0 {
				w = max(w, n, width(t.say(c.name)))
			}
		}
		if w+2 > left {
			break
		}
		left -= w + 2
		out = append(out, w)
	}
	return out
}

// heading counts versions, and says how live the table is.
func (t *nodeTable) heading() string {
	style := t.Title
	if t.focused {
		style = t.Selected
	}
	more := ""
	if n := len(t.state.Nodes) - t.scroll.Height; n > 0 {
		more = "   " + t.say(sayRange, t.scroll.Top+1, min(t.scroll.Top+t.scroll.Height, len(t.state.Nodes)), len(t.state.Nodes))
	}
	left := style.Render(" "+strings.ToUpper(t.say(sayNodes))+" ") + "  " + t.counts() + more
	return ends(left, t.connection()+" ", t.w)
}

// counts says how many nodes there are of each kind that matters.
func (t *nodeTable) counts() string {
	ready, cordoned := 0, 0
	versions := map[string]int{}
	for _, n := range t.state.Nodes {
		if n.Ready == "True" {
			ready++
		}
		if n.Unschedulable {
			cordoned++
		}
		versions[safetext.Line(n.Version)]++
	}
	total := len(t.state.Nodes)
	parts := []string{t.say(sayOfReady, ready, total)}
	if ready < total {
		parts[0] = t.Danger.Render("✗ " + parts[0])
	}
	if cordoned > 0 {
		parts = append(parts, t.Warning.Render(t.say(sayCordonedCount, cordoned)))
	}
	for _, v := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, fmt.Sprintf("%s ×%d", v, versions[v]))
	}
	return strings.Join(parts, " · ")
}

// connectionOf says how the link to the API is; known is false before anything was heard of it.
func (l look) connectionOf(state *event.State) (text string, up, known bool) {
	up = true
	var names []string
	for _, to := range slices.Sorted(maps.Keys(state.Connected)) {
		if !state.Connected[to] {
			return l.say(sayAPIDown, safetext.Line(to)), false, true
		}
		names = append(names, safetext.Line(to))
	}
	return l.say(sayAPIUp, strings.Join(names, " ")), true, len(names) > 0
}

// connection reports whether what the table shows is live.
func (t *nodeTable) connection() string {
	_, up, known := t.connectionOf(t.state)
	switch {
	case !known:
		return t.Faint.Render(t.say(sayNotWatched))
	case !up:
		return t.Danger.Render("✗ " + t.say(sayNotLive))
	}
	return t.Faint.Render(t.say(sayLive))
}

// status is the status of a node as kubectl prints it, shortened.
func (t *nodeTable) status(n event.Node) string {
	s := "✓ " + t.say(sayReady)
	if n.Ready != "True" {
		s = "✗ " + t.say(sayNotReady)
	}
	if n.Unschedulable {
		s += " ! " + t.say(sayCordoned)
	}
	if len(n.Pressure) > 0 {
		s += " ! " + strings.Join(n.Pressure, ",")
	}
	return s
}

// since is for how long the node has been ready, or not.
func (t *nodeTable) since(n event.Node) string {
	if n.Since.IsZero() || t.now.IsZero() {
		return "-"
	}
	return t.say(sayFor, t.age(t.now.Sub(n.Since)))
}

// age writes how long ago something was, in its largest unit.
func (l look) age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return l.say(saySeconds, int(d/time.Second))
	case d < 2*time.Hour:
		return l.say(sayMinutes, int(d/time.Minute))
	case d < 48*time.Hour:
		return l.say(sayHours, int(d/time.Hour))
	}
	return l.say(sayDays, int(d/(24*time.Hour)))
}

// Strip draws the nodes in one line: each of them if they fit, else those that need a look, and counts.
func (t *nodeTable) Strip(w int) string {
	var parts []string
	var odd []string
	for _, n := range t.state.Nodes {
		part := safetext.Line(n.Name) + " " + safetext.Line(n.Version) + " "
		switch {
		case n.Ready != "True":
			part += t.Danger.Render(t.status(n))
		case n.Unschedulable:
			part += t.Warning.Render("! " + t.say(sayCordoned))
		default:
			part += t.Success.Render("✓")
		}
		parts = append(parts, part)
		if n.Ready != "True" || n.Unschedulable {
			odd = append(odd, part)
		}
	}
	if line := " " + strings.Join(parts, "  "); width(line) <= w {
		return fit(line, w)
	}
	return fit(" "+strings.Join(append(odd, t.counts()), "  "), w)
}
