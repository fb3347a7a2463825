package report

import (
	"fmt"
	"strconv"
	"strings"

	"spraydeck/event"
)

// verdict is the result in one line.
func (r *run) verdict(l language) string {
	s := []rune(l.status(r.status()))
	text := strings.ToUpper(string(s[:1])) + string(s[1:])
	if r.started.DryRun {
		text += l.say(" (dry run)", " (ドライラン)")
	}
	if or(r.started.Rehearses, r.header.Rehearses) != "" {
		text += l.say(" (rehearsal)", " (リハーサル)")
	}
	return text
}

// choice is what was answered, as the operator read it.
func (l language) choice(d *Decision) string {
	if s := l.text(d.Label); s != "" {
		return s
	}
	return plain(d.Choice)
}

// leftOut says how much of an output is not shown.
func (l language) leftOut(k *kept) string {
	return l.say("… %s lines (%s) omitted here; the transcript has them …", "… %s 行 (%s) を省略。記録にはあります …", thousands(k.leftLines), l.bytes(k.leftBytes))
}

func (l language) moreOfLine(n int) string {
	return l.say(" … %s more of this line", " … この行の残り %s", l.bytes(int64(n)))
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// notes are lesser things worth knowing: what did not hold and was only advice, nodes that were away, the API server,
// commands of unknown outcome, breaks, lines that could not be read.
func (r *run) notes(l language) []string {
	var list []string
	advice := map[string]bool{}
	for _, g := range r.gates {
		if g.Verdict != event.Pass && g.Required == event.Advisory && g.Pitfall == "" && !advice[g.Gate] {
			advice[g.Gate] = true
			list = append(list, l.say("Advice: %s: %s", "注意: %s: %s", l.text(g.Title), l.verdict(g.Verdict)))
		}
	}
	for _, n := range r.lanes() {
		if d := n.total(nodeSpan.notReady); d > 0 {
			list = append(list, l.say("%s was NotReady for %s.", "%s は %s の間 NotReady でした。", plain(n.name), l.took(d)))
		}
		if n.gone() {
			list = append(list, l.say("%s was deleted.", "%s は削除されました。", plain(n.name)))
		}
	}
	for _, o := range r.outages() {
		list = append(list, l.say("The API server was not reached for %s.", "API サーバーに %s の間接続できませんでした。", l.took(o.length())))
	}
	for _, c := range r.commands {
		switch c.Outcome {
		case event.StateLost, event.TimedOut, event.Stopped, "":
			list = append(list, fmt.Sprintf("%s: %s: %s", plain(c.Host), glimpse(l, plain(c.Line), 100), l.outcome(c)))
		}
	}
	for _, m := range r.resumes {
		list = append(list, l.resumed(m)+" · "+m.Time.Format("15:04:05"))
	}
	for _, m := range r.pauses {
		list = append(list, l.paused(m)+" · "+m.Time.Format("15:04:05"))
	}
	for _, d := range r.drift {
		list = append(list, l.drifted(d))
	}
	for _, b := range r.idle {
		list = append(list, l.say("Nothing happened for %s.", "%s の間、動きがありませんでした。", l.took(b.length())))
	}
	for i, err := range r.unread {
		if i == 3 {
			list = append(list, l.say("%d more lines could not be read.", "ほかに %d 行を読めませんでした。", len(r.unread)-i))
			break
		}
		list = append(list, l.say("Not readable: %s", "読めない行: %s", plain(err.Error())))
	}
	return list
}
