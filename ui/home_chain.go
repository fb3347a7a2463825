package ui

import (
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/release"
	"spraydeck/safetext"
)

// chainView is the whole way from here to the newest release: its hops, and what to know of each.
type chainView struct {
	browser
	facts *homeFacts
	next  HomeNext // as it is shown
	outer box      // with the head
}

func newChainView(l look, facts *homeFacts) *chainView {
	v := &chainView{browser: browser{look: l, empty: sayNoChain}, facts: facts}
	v.Refresh()
	return v
}

// Refresh takes what has become known.
func (v *chainView) Refresh() {
	v.next = v.facts.next.value
	if v.next.Chain == nil {
		v.SetEntries(nil)
		return
	}
	var list []entry
	for i, h := range v.next.Chain.Hops {
		text := []string{h.From, h.To}
		for _, about := range [][]string{v.avoided(h), v.conditions(h), v.saidBy(h.Faults), v.saidBy(h.Notes)} {
			text = append(text, about...)
		}
		list = append(list, entry{id: h.To, text: strings.Join(text, "\n"),
			row:    func(w int) string { return v.row(i, w) },
			detail: func(w int) []string { return v.hopDetail(i, w) }})
	}
	v.SetEntries(list)
	v.SetSize(v.outer.W, v.outer.H) // the head may be higher now
}

// SetSize takes the room there is.
func (v *chainView) SetSize(w, h int) {
	v.outer = box{W: w, H: h}
	v.browser.SetSize(w, max(0, h-len(v.head(w))))
}

func (v *chainView) head(w int) []string {
	c := v.next.Chain
	if c == nil {
		return []string{fit(" "+v.say(sayNoChain), w), v.Rule.Render(strings.Repeat("─", max(0, w)))}
	}
	lines := []string{" " + v.Title.Render(v.say(sayChainFrom, safetext.Line(c.Stops[0].Release), safetext.Line(c.Stops[len(c.Stops)-1].Release), v.told(v.next.Source)))}
	count := v.say(sayChainHops, len(c.Hops))
	switch len(c.Hops) {
	case 0:
		count = v.say(sayNowhere, safetext.Line(c.Stops[0].Release), safetext.Line(c.KnownUpTo))
	case 1:
		count = v.say(sayChainHop)
	}
	lines = append(lines, " "+v.Faint.Render(count+" · "+v.say(sayChainKnown, safetext.Line(c.KnownUpTo))))
	for _, warning := range v.next.Warnings {
		lines = append(lines, v.labelled("!", v.told(warning), w, v.Warning)...)
	}
	lines = append(lines, v.Rule.Render(strings.Repeat("─", max(0, w))))
	for i := range lines {
		lines[i] = fit(lines[i], w)
	}
	return lines
}

// View draws the screen.
func (v *chainView) View() string {
	lines := append(v.head(v.w), v.browser.View()...)
	if line := v.filterLine(v.w); line != "" {
		lines[0] = fit(line, v.w)
	}
	return strings.Join(lines, "\n")
}

// Cursor is where the terminal's cursor belongs, if anything is typed.
func (v *chainView) Cursor() (x, y int, ok bool) { return v.filterCursor() }

// row is "v2.27.0 → v2.28.1   1.31.4 → 1.32.8   etcd 3.5.22   runbook 1:50"; on little room only its beginning.
func (v *chainView) row(i, w int) string {
	h, to := v.next.Chain.Hops[i], v.next.Chain.Stops[i+1]
	mark := v.Faint.Render("·")
	if slices.ContainsFunc(h.Conditions, func(c release.Condition) bool { return c.Unmet }) {
		mark = v.Danger.Render("✗")
	}
	line := " " + mark + " " + fit(safetext.Line(arrow(h.From, h.To)), 19) + "  " + fit(safetext.Line(arrow(v.from(i), to.Kubernetes.Version)), 17)
	right := ""
	if i < len(v.next.Hops) && v.next.Hops[i].Runbook != "" {
		right = v.Success.Render(v.say(sayRunbook)) + " "
		if e := v.next.Hops[i].Estimate; e > 0 {
			right += event.Duration(e) + " "
		}
	}
	for _, name := range []string{"etcd", "calico"} {
		if s := "  " + name + " " + safetext.Line(to.Components[name]); width(line+s+right) < w && to.Components[name] != "" {
			line += s
		}
	}
	return ends(line, right, w)
}

// from is the Kubernetes that a hop starts with.
func (v *chainView) from(i int) string {
	if i == 0 && v.next.Kubernetes != "" {
		return v.next.Kubernetes
	}
	return v.next.Chain.Stops[i].Kubernetes.Version
}

func (v *chainView) avoided(h release.Hop) []string {
	var out []string
	for _, a := range h.Avoided {
		out = append(out, v.say(sayNotRelease, safetext.Line(a.Release), v.told(a.Why)))
	}
	return out
}

func (v *chainView) conditions(h release.Hop) []string {
	var out []string
	for _, c := range h.Conditions {
		s := v.told(c.Says)
		if c.Unmet {
			s = "✗ " + v.say(sayUnmetHere) + ": " + s
		}
		if len(c.Nodes) > 0 {
			s += " (" + safetext.Line(strings.Join(c.Nodes, " ")) + ")"
		}
		out = append(out, s)
	}
	return out
}

func (v *chainView) saidBy(list []release.Told) []string {
	var out []string
	for _, t := range list {
		out = append(out, v.told(t.Says))
	}
	return out
}

func (v *chainView) hopDetail(i, w int) []string {
	h, to := v.next.Chain.Hops[i], v.next.Chain.Stops[i+1]
	lines := []string{" " + v.Title.Render(safetext.Line(arrow(h.From, h.To))) + "  " + v.Faint.Render(safetext.Line(to.Date))}
	if i < len(v.next.Hops) && v.next.Hops[i].Runbook != "" {
		lines = append(lines, " "+v.say(sayRunbookIs, safetext.Line(v.next.Hops[i].Runbook)))
	} else {
		lines = append(lines, " "+v.Faint.Render(v.say(sayNoHopDetail)))
	}
	installed := []string{"Kubernetes " + arrow(v.from(i), to.Kubernetes.Version)}
	for _, name := range []string{"etcd", "containerd", "calico"} {
		if to.Components[name] != "" {
			installed = append(installed, name+" "+to.Components[name])
		}
	}
	installed = append(installed, "Ansible "+to.Ansible.Package)
	if to.Python != nil {
		installed = append(installed, v.say(sayPython, to.Python.Min, to.Python.Max))
	}
	var older []string
	for _, b := range h.Backwards {
		older = append(older, b.Component+" "+arrow(b.From, b.To))
	}
	for _, part := range []struct {
		title event.Text
		lines []string
	}{{sayBefore, v.conditions(h)}, {sayPassedBy, v.avoided(h)}, {sayOlder, older}, {sayFaults, v.saidBy(h.Faults)}, {sayNews, v.saidBy(h.Notes)},
		{sayInstalls, []string{strings.Join(installed, " · ")}}} {
		lines = append(lines, v.listed(part.title, part.lines, w)...)
	}
	return lines
}
