package ui

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// maxPassing is how many checks that passed are listed one by one.
const maxPassing = 2

// stepDoc says everything about a step that is not output: what does not pass, why, where, what will run, what passed, decisions,
// how it ended. What has to be decided on comes first. q is the question at this step, or nil; all lists the checks that passed.
func (l look) stepDoc(st *event.StepState, q *event.Question, all bool, w int) []block {
	w = max(w, 20)
	var out []block
	add := func(b block) {
		if len(b.lines) > 0 {
			out = append(out, b)
		}
	}
	var bad, passed []event.GateChecked
	for _, g := range st.Gates {
		if g.Verdict == event.Pass {
			passed = append(passed, g)
		} else {
			bad = append(bad, g)
		}
	}
	slices.SortStableFunc(bad, func(a, b event.GateChecked) int { return gateRank(a) - gateRank(b) })
	decided := len(bad) > 0 && gateRank(bad[0]) < 2
	about := func() {
		add(l.whyBlock(st, w))
		add(l.planBlock(st, w))
	}
	if !decided {
		about()
	}
	for _, g := range bad {
		add(l.gateBlock(g, st.Hosts, w))
	}
	for _, h := range slices.Backward(st.Hits) {
		add(l.hitBlock(h, w))
	}
	if q != nil {
		add(l.questionBlock(st, q, w))
	}
	if len(passed) > maxPassing && !all {
		add(l.passedLine(len(passed), w))
	} else {
		for _, g := range passed {
			add(l.gateBlock(g, st.Hosts, w))
		}
	}
	if decided {
		about()
	}
	for _, r := range st.Remarks {
		add(block{lines: l.labelled("·", l.told(r), w, l.Faint), keep: 2})
	}
	for _, d := range st.Decisions {
		add(l.decisionBlock(d, w))
	}
	add(l.endBlock(st, w))
	return out
}

// gateRank orders checks that do not pass: what fails, what could not be checked, what must be read, advice.
func gateRank(g event.GateChecked) int {
	switch {
	case g.Required == event.Advisory:
		return 3
	case g.Required == event.Acknowledge:
		return 2
	case g.Verdict == event.Fail:
		return 0
	}
	return 1
}

// passedLine stands for many checks that passed.
func (l look) passedLine(n, w int) block {
	line := ends(" "+l.Success.Render("✓ "+l.say(sayUnseenChecks, n)), l.Key.Render("v")+" "+l.say(sayKeyChecks)+" ", w)
	return block{lines: []string{line}, short: []string{line}, keep: 5}
}

// labelled is a text with a label before its first line, and the others under the first.
func (l look) labelled(label, text string, w int, style lipgloss.Style) []string {
	label = fmt.Sprintf(" %s ", label)
	n := width(label)
	var out []string
	for i, line := range wrap(text, max(1, w-n-1)) {
		if i > 0 {
			label = strings.Repeat(" ", n)
		}
		out = append(out, label+style.Render(line))
	}
	return out
}

func (l look) whyBlock(st *event.StepState, w int) block {
	why := l.told(st.PlannedStep.Why)
	if why == "" {
		return block{}
	}
	var lines []string
	for _, line := range wrapProse(why, w-2) {
		lines = append(lines, " "+line)
	}
	return block{lines: append(lines, ""), keep: 1}
}

// planBlock is on which hosts what will run, to the letter.
func (l look) planBlock(st *event.StepState, w int) block {
	ops := mergeOperations(st)
	n := max(width(l.say(sayOn)), width(l.say(sayRun)))
	if len(ops) > 0 && ops[len(ops)-1].probe {
		n = max(n, width(l.say(sayProbe)))
	}
	var lines, short []string
	if len(st.Hosts) > 0 {
		lines = l.labelled(fit(l.say(sayOn), n)+" ", safetext.Line(strings.Join(st.Hosts, " ")), w, l.Plain)
	}
	for i, op := range ops {
		label, style := sayRun, l.Command
		if op.probe {
			label, style = sayProbe, l.Faint
		}
		head := l.say(label)
		if i > 0 && ops[i-1].probe == op.probe {
			head = "" // said already
		}
		run := l.labelled(fit(head, n)+" ", safetext.Text(op.line), w, style)
		if op.fed {
			run = append(run, l.labelled(strings.Repeat(" ", n), l.say(event.SayFed), w, l.Faint)...)
		}
		if op.hosts != "" {
			run = append(run, strings.Repeat(" ", n+3)+l.Faint.Render(cut("→ "+op.hosts, w-n-4)))
		}
		lines = append(lines, run...)
		if i == 0 {
			short = run[:1:1]
		}
	}
	if len(lines) == 0 {
		return block{}
	}
	if more := len(lines) - len(short); more > 0 && len(short) > 0 {
		short = append(short, strings.Repeat(" ", n+3)+l.Faint.Render(l.say(sayMoreLines, more)))
	}
	return block{lines: append(lines, ""), short: short, keep: 8}
}

type mergedOperation struct {
	line, hosts string
	probe, fed  bool
}

// mergeOperations puts the hosts that run the same line together. Hosts are not said again where all of them are meant.
// What a step does comes before what it only runs to learn a fact.
func mergeOperations(st *event.StepState) []mergedOperation {
	var lines []string
	hosts, probe, fed := map[string][]string{}, map[string]bool{}, map[string]bool{}
	for _, op := range st.Operations {
		if _, ok := hosts[op.Line]; !ok {
			lines = append(lines, op.Line)
		}
		hosts[op.Line] = append(hosts[op.Line], op.Host)
		probe[op.Line], fed[op.Line] = op.Probe, op.Fed
	}
	var out []mergedOperation
	for _, line := range lines {
		on := hosts[line]
		m := mergedOperation{line: line, probe: probe[line], fed: fed[line]}
		if !slices.Equal(on, st.Hosts) && !slices.Equal(on, []string{event.Workstation}) && !slices.Equal(on, []string{event.API}) {
			m.hosts = safetext.Line(strings.Join(on, " "))
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b mergedOperation) int {
		switch {
		case a.probe == b.probe:
			return 0
		case b.probe:
			return -1
		}
		return 1
	})
	return out
}

// gateBlock is a check: the verdict in a sentence, the evidence for each node, and what is known of it.
func (l look) gateBlock(g event.GateChecked, hosts []string, w int) block {
	mark, word, style := l.verdict(g)
	right := l.say(word)
	if g.Verdict != event.Pass && g.Severity != "" && w >= 60 {
		right = l.severity(g.Severity) + " · " + right
	}
	title := wrap(l.told(g.Title), max(12, w-width(mark)-width(right)-4))
	lines := []string{ends(" "+style.Render(mark)+" "+l.Bold.Render(title[0]), style.Render(right)+" ", w)}
	for _, s := range title[1:] {
		lines = append(lines, "   "+l.Bold.Render(s))
	}
	if g.Verdict == event.Pass {
		lines[0] = ends(" "+style.Render(mark+" "+strings.Join(title, " ")), style.Render(right)+" ", w)
		lines = lines[:1]
	}
	head := len(lines)
	for _, e := range byNode(g.Evidence, hosts) {
		for _, line := range wrap(safetext.Text(e), w-6) {
			lines = append(lines, "     "+line)
		}
	}
	if says := l.told(g.Says); says != "" {
		for _, line := range wrapProse(says, w-4) {
			lines = append(lines, "   "+line)
		}
	}
	if g.Verdict == event.Pass {
		return block{lines: lines, short: lines[:1:1], keep: 3}
	}
	if g.Pitfall != "" {
		lines = append(lines, "   "+l.Faint.Render(l.say(sayKnownAs, safetext.Line(g.Pitfall))))
	}
	short := slices.Clone(lines[:min(head+2, len(lines))])
	return block{lines: append(lines, ""), short: short, keep: 9}
}

// byNode puts the nodes together of which the evidence says the same: "node2 node3: https://10.0.0.9:6443".
func byNode(evidence, hosts []string) []string {
	var out []string
	nodes := map[string][]string{}
	for _, e := range evidence {
		host, text, found := strings.Cut(e, ": ")
		if !found || strings.Contains(e, "\n") || !slices.Contains(hosts, host) && len(hosts) > 0 || strings.ContainsAny(host, " /") {
			out = append(out, e)
			continue
		}
		if nodes[text] == nil {
			out = append(out, "\x00"+text)
		}
		nodes[text] = append(nodes[text], host)
	}
	for i, e := range out {
		if text, ok := strings.CutPrefix(e, "\x00"); ok {
			out[i] = strings.Join(nodes[text], " ") + ": " + text
		}
	}
	return out
}

// hitBlock is the card of a symptom that was seen in the output.
func (l look) hitBlock(h event.Hit, w int) block {
	known := sayKnown
	if h.Hint {
		known = sayPerhaps
	}
	head := l.say(known, safetext.Line(h.Pitfall), l.severity(h.Severity)) + " · " + l.told(h.Title)
	if h.Host != "" {
		head += " · " + safetext.Line(h.Host)
	}
	card := wrap(head, w-4)
	short := slices.Clone(card[:min(1, len(card))])
	if h.Hint {
		card = append(card, wrap(l.say(event.HintNote), w-4)...)
	}
	if cause := l.told(h.Cause); cause != "" {
		card = append(card, wrap(cause, w-4)...)
	}
	card = append(card, l.Faint.Render(cut("> "+safetext.Line(h.Line), w-4)))
	remedies := l.remedies(h.Remedies, w)
	short = append(short, remedies[:min(1, len(remedies))]...)
	return block{lines: append(l.card(append(card, remedies...), l.Warning), ""), short: l.card(short, l.Warning), keep: 9}
}

func (l look) card(lines []string, style lipgloss.Style) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = " " + style.Render("┃") + " " + line
	}
	if len(out) > 0 {
		out[0] = " " + style.Render("┃") + " " + l.Bold.Render(lines[0])
	}
	return out
}

// remedies says what the key r offers.
func (l look) remedies(rs []event.Remedy, w int) []string {
	var out []string
	for i, r := range rs {
		key := l.Key.Render("r") + " "
		if i > 0 {
			key = "  "
		}
		for k, line := range wrap(l.say(sayRemedy)+": "+l.told(r.Title), w-8) {
			if k > 0 {
				key = "  "
			}
			out = append(out, key+line)
		}
	}
	return out
}

// severity names how bad a pitfall is.
func (l look) severity(s string) string { return safetext.Line(l.say(event.SeverityText(s))) }

func (l look) decisionBlock(d event.Answered, w int) block {
	if d.Reason == "" {
		return block{}
	}
	return block{lines: l.labelled("!", l.say(sayDecided, safetext.Line(d.Choice), safetext.Line(d.Reason)), w, l.Warning), keep: 5}
}

// endBlock says why a step ended as it did, with what the commands that failed said.
func (l look) endBlock(st *event.StepState, w int) block {
	mark, word, style := l.sign(st.Status)
	var lines []string
	if why := l.told(st.Why); why != "" {
		lines = l.labelled(style.Render(mark), l.say(word)+": "+why, w, style)
	}
	for _, c := range st.Commands {
		if st.Status == event.Passed || c.Hint == "" {
			continue
		}
		lines = append(lines, l.labelled("→", safetext.Text(c.Hint), w, l.Plain)...)
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return block{lines: lines, short: lines[:min(2, len(lines))], keep: 9}
}

// questionBlock is the part of a question that is read, not pressed.
func (l look) questionBlock(st *event.StepState, q *event.Question, w int) block {
	var lines []string
	if body := l.told(q.Body); body != "" && body != l.told(st.PlannedStep.Why) && !l.gateSays(st, body) {
		for _, line := range wrapProse(body, w-2) {
			lines = append(lines, " "+line)
		}
	}
	for _, d := range q.Details {
		if !saidAlready(st, d) {
			for _, line := range wrap(safetext.Text(d), w-4) {
				lines = append(lines, "   "+line)
			}
		}
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return block{lines: lines, short: lines[:min(3, len(lines))], keep: 7}
}

// gateSays reports whether a gate of the step is on the screen with these words.
func (l look) gateSays(st *event.StepState, body string) bool {
	return slices.ContainsFunc(st.Gates, func(g event.GateChecked) bool { return l.told(g.Says) == body })
}

// saidAlready reports whether a detail of a question is on the screen as a command or as evidence.
func saidAlready(st *event.StepState, detail string) bool {
	return slices.ContainsFunc(st.Operations, func(o event.Operation) bool {
		return strings.HasSuffix(detail, o.Line) && len(detail) <= len(o.Host)+len(o.Line)+4
	}) || slices.ContainsFunc(st.Gates, func(g event.GateChecked) bool { return slices.Contains(g.Evidence, detail) })
}
