package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/safetext"
)

// findingsView is the Findings screen: what a checkup of a runbook found, and all there is to know of each.
type findingsView struct {
	browser
	opts  Options
	facts *homeFacts
	book  string
	shown int // the round of the checkup whose findings are listed
}

func newFindingsView(l look, o Options, facts *homeFacts, book string) *findingsView {
	v := &findingsView{browser: browser{look: l, empty: sayNothingChecked}, opts: o, facts: facts, book: book}
	v.Refresh()
	return v
}

// Refresh takes what has become known. While it is looked again, what was found before stays, and is said to be old.
func (v *findingsView) Refresh() {
	f := v.facts.of(v.book)
	v.empty = v.none()
	if !f.known || f.busy || v.shown == f.round {
		return
	}
	v.shown = f.round
	var list []entry
	causes := map[string][]runbook.Finding{}
	for _, finding := range f.value {
		if finding.Verdict == event.Unknown && finding.Cause != "" {
			causes[finding.Cause] = append(causes[finding.Cause], finding)
		}
	}
	for _, finding := range f.value {
		if same := causes[finding.Cause]; finding.Verdict == event.Unknown && len(same) > 1 {
			if same[0].Pitfall == finding.Pitfall {
				list = append(list, v.causeEntry(same))
			}
			continue
		}
		group := v.say(sayFound)
		switch finding.Verdict {
		case event.Unknown:
			group = v.say(sayGroupUntold)
		case event.Pass:
			group = v.say(sayGroupWell)
		}
		text := append([]string{finding.Pitfall, finding.Severity, v.told(finding.Title), v.told(finding.Says)}, finding.Evidence...)
		list = append(list, entry{id: finding.Pitfall, group: group, text: strings.Join(text, "\n"),
			row:    func(w int) string { return v.row(finding, w) },
			detail: func(w int) []string { return v.findingLines(finding, w) }})
	}
	v.SetEntries(list)
}

// causeEntry is one line for all checks that are unknown for one cause.
func (v *findingsView) causeEntry(same []runbook.Finding) entry {
	cause := same[0].Cause
	text := cause
	var names []string
	for _, f := range same {
		names = append(names, safetext.Line(f.Pitfall)+"  "+v.told(f.Title))
		text += "\n" + f.Pitfall + "\n" + v.told(f.Title)
	}
	return entry{id: "cause " + cause, group: v.say(sayGroupUntold), text: text,
		row: func(w int) string {
			return fit(" "+v.Warning.Render("? "+v.say(sayUntoldMany, len(same)))+"  "+safetext.Line(cause), w)
		},
		detail: func(w int) []string {
			var lines []string
			for _, s := range wrap(safetext.Text(cause), w-2) {
				lines = append(lines, " "+v.Title.Render(s))
			}
			lines = append(lines, v.listed(sayEvidence, same[0].Evidence, w)...)
			return append(lines, v.listed(sayUntoldChecks, names, w)...)
		}}
}

var (
	sayUntoldMany   = event.Text{En: "%d unknown", Ja: "不明 %d 件"}
	sayUntoldChecks = event.Text{En: "Checks without an answer for this cause", Ja: "この原因で答えが出ない確認"}
)

// none says why nothing is listed.
func (v *findingsView) none() event.Text {
	f := v.facts.of(v.book)
	switch {
	case f.busy:
		return sayLooking
	case f.known && f.err != nil:
		return event.T(strings.TrimSpace(f.err.Error() + "\n" + event.HintOf(f.err)))
	case f.known:
		return sayNoPitfalls
	}
	return sayNothingChecked
}

// SetSize takes the room there is.
func (v *findingsView) SetSize(w, h int) { v.browser.SetSize(w, max(0, h-len(v.head(w)))) }

// head is always as high, so that the list below it does not jump.
func (v *findingsView) head(w int) []string {
	f := v.facts.of(v.book)
	right := ""
	if f.known && f.err == nil {
		right = v.Faint.Render(v.say(sayCheckedAt, f.began.Add(f.took).Format("15:04"), event.Duration(f.took))) + " "
	}
	title := " " + v.Title.Render(v.say(sayFindingsOf)) + "   " + safetext.Line(v.book)
	if c := v.facts.cluster.value.Name; c != "" {
		title += "   " + safetext.Line(c)
	}
	if width(title+right)+1 > w || f.busy {
		right = ""
	}
	state := ""
	switch {
	case f.busy:
		state = v.Info.Render(v.say(sayLookingPitfalls, event.Duration(v.opts.now().Sub(f.began))))
	case f.known && f.err != nil:
		state = v.Warning.Render("? " + strings.TrimSuffix(v.say(sayCouldNotLook), ":"))
	case f.known:
		state = v.countFindings(f.value)
	default:
		state = v.Faint.Render(v.say(sayNothingChecked))
	}
	return []string{ends(title, right, w), fit(" "+state, w), v.Rule.Render(strings.Repeat("─", max(0, w)))}
}

// View draws the screen.
func (v *findingsView) View() string {
	lines := append(v.head(v.w), v.browser.View()...)
	if line := v.filterLine(v.w); line != "" {
		lines[0] = fit(line, v.w)
	}
	return strings.Join(lines, "\n")
}

// Cursor is where the terminal's cursor belongs, if anything is typed.
func (v *findingsView) Cursor() (x, y int, ok bool) { return v.filterCursor() }

// HandleKey knows one key more than the list.
func (v *findingsView) HandleKey(msg tea.KeyPressMsg) action {
	if !v.filter.typing() && msg.String() == "r" {
		return actAgain{}
	}
	return v.browser.HandleKey(msg)
}

// Keys are what HandleKey knows.
func (v *findingsView) Keys() []Key {
	keys := v.browser.Keys()
	if v.filter.typing() {
		return keys
	}
	return append([]Key{keys[0], keys[1], {Keys: []string{"r"}, Help: sayKeyAgain}}, keys[2:]...)
}

// findingSign is the mark, the word and the style of a finding.
func (l look) findingSign(f runbook.Finding) (mark string, word event.Text, style lipgloss.Style) {
	switch {
	case f.Verdict == event.Pass:
		return "✓", sayWell, l.Success
	case f.Verdict == event.Unknown:
		return "?", sayUntoldTitle, l.Warning
	case f.Required == event.Advisory:
		return "!", sayAdvice, l.Warning
	}
	return "✗", sayFinding, l.Danger
}

// row is "✗ finding  outage     vip-notready-v2.28  Nodes use the virtual address". On less room the id goes, then the
// severity; the detail has them.
func (v *findingsView) row(f runbook.Finding, w int) string {
	mark, word, style := v.findingSign(f)
	wordW, severityW, idW := 0, 0, 0
	for _, other := range v.facts.of(v.book).value { // columns are as wide as this list needs
		_, t, _ := v.findingSign(other)
		wordW = max(wordW, width(v.say(t)))
		severityW = max(severityW, width(v.severity(other.Severity)))
		idW = max(idW, min(width(safetext.Line(other.Pitfall)), 28))
	}
	line := " " + style.Render(mark+" "+fit(v.say(word), wordW))
	if w >= 50 {
		line += "  " + fit(v.severity(f.Severity), severityW)
	}
	if w >= 72 {
		line += "  " + v.Faint.Render(fit(safetext.Line(f.Pitfall), idW))
	}
	return fit(line+"  "+v.told(f.Title), w)
}

// findingLines is all of a finding.
func (v *findingsView) findingLines(f runbook.Finding, w int) []string {
	mark, word, style := v.findingSign(f)
	var lines []string
	for _, s := range wrap(v.told(f.Title), w-2) {
		lines = append(lines, " "+v.Title.Render(s))
	}
	lines = append(lines, " "+style.Render(mark+" "+v.say(word))+v.Faint.Render(" · "+v.severity(f.Severity)+" · "+safetext.Line(f.Pitfall)))
	if says := v.told(f.Says); says != "" {
		lines = append(lines, "")
		for _, s := range wrapProse(says, w-2) {
			lines = append(lines, " "+s)
		}
	}
	var evidence, remedies []string
	for _, e := range f.Evidence {
		evidence = append(evidence, safetext.Text(e))
	}
	for _, r := range f.Remedies {
		remedies = append(remedies, v.told(r.Title))
	}
	lines = append(lines, v.listed(sayEvidence, evidence, w)...)
	if why := v.told(f.Why); why != "" {
		lines = append(lines, v.listed(sayWhyTitle, []string{why}, w)...)
	}
	lines = append(lines, v.listed(sayRemediesTitle, remedies, w)...)
	return append(lines, v.listed(saySourcesTitle, f.Sources, w)...)
}
