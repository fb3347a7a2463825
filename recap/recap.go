// Package recap says what a run came to: how it ended and in which time, the nodes before and after, what is still open, what was
// decided against a check, what was changed and how that is undone, what was restored. The end page of the console, the line
// printer and the text after the console has gone are the same sections, drawn in their own way.
package recap

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"spraydeck/ansible"
	"spraydeck/event"
)

// Section is a heading and its lines. The first section has none.
type Section struct {
	Title event.Text
	Lines []Line
}

// Line is one statement.
type Line struct {
	Mark  Mark
	Text  event.Text
	Under bool // it belongs to the line before
}

// Mark is how a line is to be taken.
type Mark int

const (
	plain Mark = iota
	good
	notice
	bad
)

// Sign is the mark as a character.
func (m Mark) Sign() string {
	return []string{"·", "✓", "!", "✗"}[m]
}

// Of sums up a run that has ended. window is 0 where there is none.
func Of(s *event.State, window time.Duration) []Section {
	if s.Ended == nil {
		return nil
	}
	var out []Section
	add := func(title event.Text, lines []Line) {
		if len(lines) > 0 {
			out = append(out, Section{title, lines})
		}
	}
	add(event.Text{}, verdict(s, window))
	met := s.Met()
	add(event.Text{En: "Still open", Ja: "未解決"}, append(failures(s), lines(s, met, event.Open, bad)...))
	add(event.Text{En: "Nodes", Ja: "ノード"}, nodes(s))
	add(event.Text{En: "Overrides and other decisions, with reasons", Ja: "強行などの判断と理由"}, decisions(s, met))
	add(event.Text{En: "Noted, nothing was done", Ja: "確認のみ"}, lines(s, met, event.Noted, notice))
	add(event.Text{En: "Met and settled", Ja: "検出、解決済み"}, lines(s, met, event.Settled, good))
	add(event.Text{En: "Restored", Ja: "復元済み"}, restored(s))
	add(event.Text{En: "Changed", Ja: "変更した手順"}, changes(s))
	return out
}

func verdict(s *event.State, window time.Duration) []Line {
	mark := map[event.Status]Mark{event.Passed: good, event.Overridden: notice, event.Skipped: good}[s.Ended.Status]
	if mark == plain {
		mark = bad
	}
	word := s.Ended.Status.Text()
	if s.Ended.Status == event.Passed {
		word = event.Text{En: "done", Ja: "完了"}
	}
	head := event.Text{En: "The run has ended: ", Ja: "実行は終了しました: "}.Plus(word)
	out := []Line{{Mark: mark, Text: head}}
	if !s.Ended.Why.Empty() && s.Ended.Why.En != string(s.Ended.Status) {
		out = append(out, Line{Text: s.Ended.Why, Under: true})
	}
	counts := map[event.Status]int{}
	var expected time.Duration
	for _, st := range s.Steps {
		counts[st.Status]++
		if !st.Finished.IsZero() && st.Status != event.Skipped {
			expected += st.Expected()
		}
	}
	text := event.Textf("%d of %d steps done", "%d / %d 手順完了", counts[event.Passed], len(s.Steps))
	for _, status := range []event.Status{event.Skipped, event.Overridden, event.Failed, event.Lost, event.Cancelled, event.Waiting} {
		if n := counts[status]; n > 0 {
			word := status.Text()
			if status == event.Waiting {
				word = event.Text{En: "not reached", Ja: "未着手"}
			}
			text = text.Plus(event.Text{En: fmt.Sprintf(" · %d %s", n, word.En), Ja: fmt.Sprintf(" · %s %d", word.In("ja"), n)})
		}
	}
	out = append(out, Line{Text: text, Under: true})
	took := s.Last.Sub(s.Started.At)
	if s.Started.At.IsZero() {
		return out
	}
	text = event.Textf("took %s", "所要時間 %s", event.Duration(took))
	switch {
	case window > 0 && took > window:
		text = text.Plus(event.Textf(", %s over the window of %s", "、時間枠 %[2]s を %[1]s 超過", event.Duration(took-window), event.Duration(window)))
	case window > 0:
		text = text.Plus(event.Textf(" of the window of %s, %s left", " / 時間枠 %s、残り %s", event.Duration(window), event.Duration(window-took)))
	}
	if expected > 0 {
		text = text.Plus(event.Textf("; estimated %s for these steps", "、見積もり %s", event.Duration(expected)))
	}
	return append(out, Line{Text: text, Under: true})
}

// failures names the task, the host and the innermost message of playbooks that failed.
func failures(s *event.State) []Line {
	var out []Line
	for _, st := range s.Steps {
		if st.Status != event.Failed || st.Progress.Tasks == 0 || len(st.Commands) == 0 {
			continue
		}
		var story ansible.Story
		r := &ansible.Reader{Each: story.Add}
		for _, line := range st.Commands[len(st.Commands)-1].Output.All() {
			r.Line([]byte(line))
		}
		r.Close()
		story.End()
		if f := story.First(); f != nil {
			out = append(out, Line{Mark: bad, Text: event.Textf("task %s on %s: %s", "%[2]s のタスク %[1]s: %[3]s", f.Task, f.Host, f.Innermost())})
		}
	}
	return out
}

func number(s *event.State, st *event.StepState) int { return slices.Index(s.Steps, st) + 1 }

// lines are those of what was met that stand so, decisions left out.
func lines(s *event.State, met []event.Met, standing event.Standing, mark Mark) []Line {
	var out []Line
	for _, m := range met {
		if m.Standing != standing || m.Override != "" {
			continue
		}
		text := m.What
		if m.Host != "" {
			text = text.Plus(event.T(" · " + m.Host))
		}
		if m.Pitfall != "" {
			text = text.Plus(event.T(" (" + m.Pitfall + ")"))
		}
		if m.Step != nil {
			text = event.T(fmt.Sprintf("#%d ", number(s, m.Step))).Plus(text)
		}
		out = append(out, Line{Mark: mark, Text: text.Plus(event.T(": ")).Plus(m.Note)})
	}
	return out
}

func decisions(s *event.State, met []event.Met) []Line {
	var out []Line
	for _, m := range met {
		if m.Override == "" {
			continue
		}
		out = append(out, Line{Mark: notice, Text: event.T(fmt.Sprintf("#%d ", number(s, m.Step))).Plus(m.Step.Title).
			Plus(event.Textf(": %s, reason: %s", ": %s、理由: %s", m.What.En, m.Override))})
	}
	return out
}

// nodes groups the nodes that went the same way.
func nodes(s *event.State) []Line {
	type way struct{ from, to, status string }
	before := map[string]string{}
	for _, n := range s.Before {
		before[n.Name] = n.Version
	}
	var order []way
	names := map[way][]string{}
	for _, n := range s.Nodes {
		w := way{before[n.Name], n.Version, n.Status()}
		if names[w] == nil {
			order = append(order, w)
		}
		names[w] = append(names[w], n.Name)
	}
	var out []Line
	for _, w := range order {
		list := names[w]
		text := strings.Join(list[:min(8, len(list))], " ")
		if len(list) > 8 {
			text += fmt.Sprintf(" … (%d)", len(list))
		}
		version := w.to
		if w.from != "" && w.from != w.to {
			version = w.from + " → " + w.to
		}
		mark := good
		if w.status != "Ready" {
			mark = bad
		}
		out = append(out, Line{Mark: mark, Text: event.T(text + ": " + version + ", " + w.status)})
	}
	return out
}

func restored(s *event.State) []Line {
	var out []Line
	for _, l := range s.Loosened {
		if !slices.ContainsFunc(s.Due, func(d event.Loosened) bool { return d.ID == l.ID }) {
			out = append(out, Line{Mark: good, Text: l.Title})
		}
	}
	return out
}

func changes(s *event.State) []Line {
	var out []Line
	for _, c := range s.Changes() {
		many := event.Textf(": %d commands", ": コマンド %d 件", len(c.Commands))
		if len(c.Commands) == 1 {
			many = event.Text{En: ": 1 command", Ja: ": コマンド 1 件"}
		}
		out = append(out, Line{Text: event.T(fmt.Sprintf("#%d ", number(s, c.Step))).Plus(c.Step.Title).Plus(many)})
		if !c.Undo.Empty() {
			out = append(out, Line{Under: true, Text: event.Text{En: "undo: ", Ja: "元に戻すには: "}.Plus(c.Undo)})
		}
	}
	return out
}

// maxLines is how many lines of a section Text has.
const maxLines = 8

// Text gives the sections as lines without styles. A long section is cut where rest is not empty: the command that shows the others.
func Text(sections []Section, lang, rest string) []string {
	var out []string
	for _, sec := range sections {
		if !sec.Title.Empty() {
			out = append(out, "", sec.Title.In(lang))
		}
		for i, l := range sec.Lines {
			if rest != "" && i == maxLines && len(sec.Lines) > maxLines+1 {
				out = append(out, event.Textf("  … %d more: %s", "  … 残り %d 行: %s", len(sec.Lines)-i, rest).In(lang))
				break
			}
			text := strings.ReplaceAll(l.Text.In(lang), "\n", " ")
			if l.Under {
				out = append(out, "    "+text)
			} else {
				out = append(out, "  "+l.Mark.Sign()+" "+text)
			}
		}
	}
	return out
}
