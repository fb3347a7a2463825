package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/safetext"
)

// whereBlocks say where the operator is and what comes next, in w columns. Where there is little room, what is worth
// least becomes short.
func (v *homeView) whereBlocks(w int) []block {
	labels := []string{v.say(sayCluster), v.say(sayCheckout), v.say(sayNextHop)}
	in := 0
	for _, s := range labels {
		in = max(in, width(s)+2)
	}
	part := func(label string, blocks []block) []block {
		for i := range blocks {
			for _, lines := range [][]string{blocks[i].lines, blocks[i].short} {
				for j := range lines {
					head := ""
					if i == 0 && j == 0 {
						head = v.Faint.Render(label)
					}
					lines[j] = " " + fit(head, in) + lines[j]
				}
			}
		}
		return blocks
	}
	room := max(8, w-in-2)
	return slices.Concat(part(labels[0], v.clusterBlocks(room)), part(labels[1], v.checkoutBlocks(room)), part(labels[2], v.nextBlocks(room)))
}

// always is a line that stays.
func (l look) always(line string, w int) block {
	return block{lines: []string{cut(line, w)}, short: []string{cut(line, w)}, keep: 9}
}

// prose is a text that may take several lines; short of room it is one, and then none.
func (l look) prose(mark, text string, w, keep int) block {
	b := block{keep: keep}
	in := 0
	if mark != "" {
		in = width(mark) + 1
		mark += " "
	}
	for i, line := range wrap(safetext.Text(text), max(1, w-in)) {
		if i == 0 {
			line = mark + line
		} else {
			line = strings.Repeat(" ", in) + line
		}
		b.lines = append(b.lines, line)
	}
	b.short = []string{cut(mark+strings.ReplaceAll(safetext.Text(text), "\n", " "), w)}
	return b
}

// problem reports calmly what could not be learned, with a hint.
func (v *homeView) problem(about string, err error, w int) []block {
	text := safetext.Line(strings.ReplaceAll(err.Error(), "\n", " "))
	if errors.Is(err, context.DeadlineExceeded) {
		text = v.say(sayNoAnswer)
	}
	if about != "" {
		about += "  "
	}
	blocks := []block{v.prose(v.Warning.Render("?"), about+text, w, 8)}
	if hint := event.HintOf(err); hint != "" {
		blocks = append(blocks, v.prose("→", hint, w, 7))
	}
	return blocks
}

func (v *homeView) looking(w int) []block {
	return []block{v.always(v.Faint.Render(v.say(sayLooking)), w)}
}

func (v *homeView) clusterBlocks(w int) []block {
	f := &v.facts.cluster
	c := f.value
	name := v.Bold.Render(safetext.Line(c.Name))
	switch {
	case !f.known:
		return v.looking(w)
	case f.err != nil:
		return v.problem(safetext.Line(c.Name), f.err, w)
	}
	line := name + "   " + safetext.Line(c.Server) + "   " + v.Success.Render("✓ "+v.say(sayAnswers, safetext.Line(c.Version)))
	if c.Context != "" && c.Context != c.Name && width(line)+width(c.Context)+12 <= w {
		line += "   " + v.Faint.Render(v.say(sayContext, safetext.Line(c.Context)))
	}
	if width(line) > w {
		line = name + "   " + v.Success.Render("✓ "+v.say(sayAnswers, safetext.Line(c.Version)))
	}
	return []block{v.always(line, w), v.always(v.nodesLine(c.Nodes), w)}
}

// nodesLine counts: "4 of 4 Ready · 1 cordoned · v1.31.4 ×4". It names those that are not Ready.
func (v *homeView) nodesLine(nodes []event.Node) string {
	ready, cordoned := 0, 0
	var out []string
	versions := map[string]int{}
	for _, n := range nodes {
		if n.Ready == "True" {
			ready++
		} else {
			out = append(out, safetext.Line(n.Name))
		}
		if n.Unschedulable {
			cordoned++
		}
		versions[safetext.Line(n.Version)]++
	}
	first := v.Success.Render("✓ " + v.say(sayNodesReady, ready, len(nodes)))
	if len(out) > 0 {
		first = v.Danger.Render("✗ " + v.say(sayNodesReady, ready, len(nodes)) + ": " + v.say(sayNotThese, strings.Join(out, " ")))
	}
	parts := []string{first}
	if cordoned > 0 {
		parts = append(parts, v.Warning.Render("! "+v.say(sayCordonedCount, cordoned)))
	}
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, fmt.Sprintf("%s ×%d", version, versions[version]))
	}
	return strings.Join(parts, " · ")
}

func (v *homeView) checkoutBlocks(w int) []block {
	f := &v.facts.checkout
	c := f.value
	switch {
	case !f.known:
		return v.looking(w)
	case f.err != nil:
		return v.problem("", f.err, w)
	}
	branch := v.say(sayDetached)
	if c.Branch != "" {
		branch = v.say(sayBranch, safetext.Line(c.Branch))
	}
	tag := v.Warning.Render("? " + v.say(sayNoTag))
	switch {
	case c.Exact:
		tag = v.say(sayAtTag, safetext.Line(c.Tag))
	case c.Tag != "":
		tag = v.say(sayAfterTag, safetext.Line(c.Tag))
	}
	state := v.Success.Render("✓ " + v.say(sayClean))
	switch {
	case c.Changes == 1:
		state = v.Warning.Render("! " + v.say(sayOneChange))
	case c.Changes > 1:
		state = v.Warning.Render("! " + v.say(sayChangesN, c.Changes))
	}
	rest := branch + " · " + tag + " · " + state
	if line := safetext.Line(c.Dir) + "   " + rest; width(line) <= w {
		return []block{v.always(line, w)}
	}
	return []block{v.always(rest, w), {lines: []string{v.Faint.Render(cut(safetext.Line(c.Dir), w))}, keep: 4}}
}

func (v *homeView) nextBlocks(w int) []block {
	f := &v.facts.next
	switch {
	case !f.known:
		return v.looking(w)
	case f.err != nil:
		return v.problem("", f.err, w)
	}
	var blocks []block
	for _, warning := range f.value.Warnings {
		blocks = append(blocks, v.prose(v.Warning.Render("!"), v.told(warning), w, 5))
	}
	c := f.value.Chain
	if len(c.Hops) == 0 {
		return append([]block{v.always(v.say(sayNowhere, safetext.Line(c.Stops[0].Release), safetext.Line(c.KnownUpTo)), w)}, blocks...)
	}
	hop, to := c.Hops[0], c.Stops[1]
	line := v.Bold.Render(safetext.Line(arrow(hop.From, hop.To))) + "   Kubernetes " + safetext.Line(arrow(f.value.Kubernetes, to.Kubernetes.Version))
	if far := "   " + v.say(sayFirstOf, len(c.Hops), safetext.Line(c.Stops[len(c.Stops)-1].Release)); len(c.Hops) > 1 && width(line+far) <= w {
		line += v.Faint.Render(far)
	}
	blocks = append([]block{v.always(line, w)}, blocks...)
	for _, a := range hop.Avoided {
		blocks = append(blocks, v.prose("·", v.say(sayNotRelease, a.Release, v.told(a.Why)), w, 3))
	}
	todo := 0
	for _, cond := range hop.Conditions {
		if cond.Unmet {
			blocks = append(blocks, v.prose(v.Danger.Render("✗"), v.say(sayUnmet, v.told(cond.Says)), w, 6))
		} else {
			todo++
		}
	}
	if todo > 0 {
		b := v.prose("·", v.say(sayFirstN, todo), w, 2)
		b.short = nil
		blocks = append(blocks, b)
	}
	return append(blocks, v.runbookBlocks(hop, w)...)
}

// runbookBlocks say which runbook leads on, and what a checkup for it found.
func (v *homeView) runbookBlocks(hop release.Hop, w int) []block {
	name := v.facts.fitting()
	if name == "" {
		return []block{v.prose("·", v.say(sayNoRunbook, hop.To), w, 6)}
	}
	line := v.say(sayRunbookIs, v.Bold.Render(safetext.Line(name)))
	if hops := v.facts.next.value.Hops; len(hops) > 0 && hops[0].Runbook != name {
		for _, b := range v.facts.books.value {
			if b.Name == name {
				line += "  " + v.Warning.Render("! "+v.say(sayOtherTarget, safetext.Line(b.To), safetext.Line(hop.To)))
			}
		}
	}
	return append([]block{v.always(line, w)}, v.findingsBlocks(name, w)...)
}

// findingsBlocks count what a checkup found, or say how it stands with it.
func (v *homeView) findingsBlocks(book string, w int) []block {
	f := v.facts.of(book)
	switch {
	case f.busy:
		return []block{v.always(v.Faint.Render(v.say(sayLookingPitfalls, event.Duration(v.opts.now().Sub(f.began)))), w)}
	case !f.known:
		return []block{v.always(v.Faint.Render(v.say(sayNotLooked)), w)}
	case f.err != nil:
		return v.problem(v.say(sayCouldNotLook), f.err, w)
	}
	line := v.say(sayFindingsAre, v.countFindings(f.value))
	if width(line) > w {
		line = v.countFindings(f.value)
	}
	return []block{v.always(line, w)}
}

// countFindings returns "✗ 1 outage · ! 1 advice · ? 2 unknown · ✓ 9 well".
func (l look) countFindings(list []runbook.Finding) string {
	if len(list) == 0 {
		return l.Faint.Render(l.say(sayNoneKnown))
	}
	counts := map[string]int{}
	advice, unknown, well := 0, 0, 0
	for _, f := range list {
		switch {
		case f.Verdict == event.Pass:
			well++
		case f.Verdict == event.Unknown:
			unknown++
		case f.Required == event.Advisory:
			advice++
		default:
			counts[f.Severity]++
		}
	}
	var parts []string
	for _, severity := range []string{"data", "outage", "blocks", "nuisance"} {
		if n := counts[severity]; n > 0 {
			parts = append(parts, l.Danger.Render("✗ "+l.say(sayCountOf, n, l.say(countWord(severity)))))
		}
	}
	if len(parts) == 0 && unknown == 0 {
		parts = append(parts, l.Success.Render(l.say(sayNoneFound)))
	}
	if advice > 0 {
		parts = append(parts, l.Warning.Render("! "+l.say(sayCountOf, advice, l.say(sayAdvice))))
	}
	if unknown > 0 {
		parts = append(parts, l.Warning.Render("? "+l.say(sayCountOf, unknown, l.say(sayUntold))))
	}
	if well > 0 {
		parts = append(parts, l.Success.Render("✓ "+l.say(sayCountOf, well, l.say(sayWell))))
	}
	return strings.Join(parts, " · ")
}

// countWord names a number of findings of a severity: "1 blocking", "2 outage".
func countWord(severity string) event.Text {
	if severity == "blocks" {
		return sayBlocking
	}
	return event.SeverityText(severity)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
