package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

var (
	sayMetSoFar    = event.Text{En: "met so far", Ja: "検出済み"}
	sayMetOpen     = event.Text{En: "%d open", Ja: "未解決 %d"}
	sayMetNoted    = event.Text{En: "%d noted", Ja: "確認のみ %d"}
	sayMetSettled  = event.Text{En: "%d settled", Ja: "解決 %d"}
	sayMetNothing  = event.Text{En: "Nothing yet: no pitfall, no override, nothing open.", Ja: "まだありません。既知の問題、強行、未解決の項目はいずれもなし。"}
	sayGroupOpen   = event.Text{En: "Open", Ja: "未解決"}
	sayGroupNoted  = event.Text{En: "Noted, nothing was done", Ja: "確認のみ"}
	sayGroupSet    = event.Text{En: "Settled", Ja: "解決"}
	sayOverrideOf  = event.Text{En: "%s, reason: %s", Ja: "%s、理由: %s"}
	sayRemedyCount = event.Text{En: "remedies, with r", Ja: "対処 (r で選択)"}
	sayEvidenceOf  = event.Text{En: "what was seen", Ja: "検出内容"}
)

// metSign is the mark and the style of something met.
func (l look) metSign(m event.Met) (mark string, style lipgloss.Style) {
	switch {
	case m.Standing == event.Open:
		return "✗", l.Danger
	case m.Standing == event.Noted:
		return "!", l.Warning
	}
	return "✓", l.Success
}

// metTitle is what was met, in a line.
func (l look) metTitle(m event.Met) string {
	if m.Override != "" {
		return l.say(sayOverrideOf, safetext.Line(m.What.In(l.lang)), safetext.Line(m.Override))
	}
	s := safetext.Line(m.What.In(l.lang))
	if m.Host != "" {
		s += " · " + safetext.Line(m.Host)
	}
	return s
}

// metCounts says how much was met: "1 open · 2 noted · 1 settled". Empty where nothing was.
func (l look) metCounts(list []event.Met) string {
	var n [3]int
	for _, m := range list {
		n[m.Standing]++
	}
	var parts []string
	for i, say := range []event.Text{sayMetOpen, sayMetNoted, sayMetSettled} {
		if n[i] > 0 {
			_, style := l.metSign(event.Met{Standing: event.Standing(i)})
			parts = append(parts, style.Render(l.say(say, n[i])))
		}
	}
	return strings.Join(parts, " · ")
}

// metLines is the list under the steps of a wide screen: what is open first, then what is noted, in at most h lines.
func (l look) metLines(list []event.Met, w, h int) []string {
	if len(list) == 0 || h < 3 {
		return nil
	}
	lines := []string{l.Rule.Render(strings.Repeat("─", w)),
		ends(" "+l.Title.Render(upperFirst(l.say(sayMetSoFar)))+"  "+l.metCounts(list), l.Key.Render("m")+" ", w)}
	for _, standing := range []event.Standing{event.Open, event.Noted} {
		for _, m := range list {
			if m.Standing != standing || len(lines) >= h {
				continue
			}
			mark, style := l.metSign(m)
			lines = append(lines, cut(" "+style.Render(mark)+" "+l.metTitle(m), w))
		}
	}
	return lines
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// metView is the list of everything met, over the whole screen.
type metView struct {
	browser
	state *event.State
}

func newMetView(l look) *metView { return &metView{browser: browser{look: l, empty: sayMetNothing}} }

// SetState takes the run as it is now.
func (v *metView) SetState(state *event.State) {
	v.state = state
	list := state.Met()
	var entries []entry
	for _, standing := range []event.Standing{event.Open, event.Noted, event.Settled} {
		group := []event.Text{sayGroupOpen, sayGroupNoted, sayGroupSet}[standing]
		for i, m := range list {
			if m.Standing != standing {
				continue
			}
			entries = append(entries, entry{id: fmt.Sprint(i), group: v.say(group), text: v.metTitle(m) + "\n" + m.Pitfall,
				row: func(w int) string { return v.row(m, w) }, detail: func(w int) []string { return v.detailOf(m, w) }})
		}
	}
	v.SetEntries(entries)
}

// SetSize takes the room there is.
func (v *metView) SetSize(w, h int) { v.browser.SetSize(w, max(0, h-1)) }

// View draws the list under its title.
func (v *metView) View() string {
	title := " " + v.Title.Render(upperFirst(v.say(sayMetSoFar))) + "   " + v.metCounts(v.state.Met())
	if line := v.filterLine(v.w); line != "" {
		title = line
	}
	return strings.Join(append([]string{fit(title, v.w)}, v.browser.View()...), "\n")
}

// HandleKey moves through the list.
func (v *metView) HandleKey(msg tea.KeyPressMsg) action { return v.browser.HandleKey(msg) }

func (v *metView) row(m event.Met, w int) string {
	mark, style := v.metSign(m)
	right := v.told(m.Note)
	if m.Step != nil {
		right += "  " + v.say(sayStepShort, v.number(m.Step))
	}
	return ends(" "+style.Render(mark)+" "+v.metTitle(m), v.Faint.Render(cut(right, w/2))+" ", w)
}

func (v *metView) number(st *event.StepState) int {
	for i, s := range v.state.Steps {
		if s == st {
			return i + 1
		}
	}
	return 0
}

func (v *metView) detailOf(m event.Met, w int) []string {
	mark, style := v.metSign(m)
	var lines []string
	for _, s := range wrap(v.metTitle(m), w-2) {
		lines = append(lines, " "+v.Title.Render(s))
	}
	head := style.Render(mark + " " + v.told(m.Note))
	if m.Pitfall != "" {
		head += v.Faint.Render(" · " + v.severity(m.Severity) + " · " + safetext.Line(m.Pitfall))
	}
	lines = append(lines, " "+head)
	if m.Step != nil {
		lines = append(lines, fmt.Sprintf(" %s, %s", v.say(sayStepShort, v.number(m.Step)), v.told(m.Step.Title)))
	}
	var remedies, seen []string
	for i, r := range m.Remedies {
		remedies = append(remedies, fmt.Sprintf("%d  %s", i+1, v.told(r.Title)))
	}
	if m.Step != nil {
		for _, g := range m.Step.Gates {
			if g.Title == m.What {
				seen = append(seen, g.Evidence...)
			}
		}
		for _, h := range m.Step.Hits {
			if h.Pitfall == m.Pitfall && m.Pitfall != "" && h.Title == m.What {
				lines = append(lines, "")
				for _, s := range wrapProse(v.told(h.Cause), w-2) {
					lines = append(lines, " "+s)
				}
				seen = append(seen, h.Line)
			}
		}
	}
	lines = append(lines, v.listed(sayEvidenceOf, seen, w)...)
	return append(lines, v.listed(sayRemedyCount, remedies, w)...)
}
