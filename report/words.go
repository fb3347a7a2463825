package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/transcript"
)

// language says things in the reader's language.
type language string

func (l language) say(en, ja string, args ...any) string {
	s := event.Text{En: en, Ja: ja}.In(string(l))
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

func (l language) severity(s string) string { return l.text(event.SeverityText(s)) }

func (l language) text(t event.Text) string { return plain(t.In(string(l))) }

func (l language) status(s event.Status) string {
	switch s {
	case event.Passed:
		return l.say("passed", "完了")
	case event.Failed:
		return l.say("failed", "失敗")
	case event.Skipped:
		return l.say("skipped", "省略")
	case event.Overridden:
		return l.say("overridden", "強行")
	case event.Cancelled:
		return l.say("stopped", "停止")
	case event.Lost:
		return l.say("state unknown", "状態不明")
	case event.Running:
		return l.say("not ended", "未終了")
	case event.Waiting:
		return l.say("not reached", "未到達")
	}
	return string(s)
}

func (l language) verdict(v event.Verdict) string { return l.text(v.Text()) }

// outcome is how a command ended, in a word or two.
func (l language) outcome(c *Command) string {
	switch c.Outcome {
	case event.Done:
		return ""
	case event.Exited:
		return l.say("exit %d", "終了コード %d", c.Exit)
	case event.NotStarted:
		return l.say("could not start", "開始できず")
	case event.Unreachable:
		return l.say("host not reached, never ran", "到達できず、未実行")
	case event.StateLost:
		return l.say("connection lost, state unknown", "接続断、状態不明")
	case event.TimedOut:
		return l.say("stopped, took too long", "時間切れで停止")
	case event.Stopped:
		return l.say("stopped by the operator", "オペレーターが停止")
	case event.Abandoned:
		return l.say("left by a console that went away, run again", "コンソールの異常終了により中断、再実行")
	case event.NotRecorded:
		return l.say("not in the recording", "記録になし")
	case "":
		return l.say("no end recorded", "終了の記録なし")
	}
	return string(c.Outcome)
}

func (l language) by(by string) string {
	switch by {
	case "operator":
		return l.say("by the operator", "オペレーター")
	case "answers":
		return l.say("from the answers file", "回答ファイル")
	case "recording":
		return l.say("from the recording", "記録")
	}
	return by
}

func (l language) danger(d event.Danger) string {
	switch d {
	case event.Changes:
		return l.say("changes", "変更あり")
	case event.Disrupts:
		return l.say("disrupts", "停止を伴う")
	case event.Destroys:
		return l.say("destroys", "削除を伴う")
	}
	return ""
}

// took is how long something took.
func (l language) took(s Seconds) string { return event.Duration(time.Duration(s)) }

func (l language) bytes(n int64) string {
	switch {
	case n < 1000:
		return l.say("%d bytes", "%d バイト", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// verified says what is known of the record itself, in one sentence.
func (l language) verified(r transcript.Result) string {
	switch {
	case r.Bad != nil:
		return l.say("line %d: %s. The %d events before it are as they were written; nothing is known of the rest.",
			"%d 行目: %s。それより前の %d 件は書き込まれたままですが、以降は保証されません。", r.Bad.Line, r.Bad.Why, r.Events)
	case r.Torn > 0:
		return l.say("the last line is torn: %[1]d bytes after %[2]d events. A console that dies may leave that; resume repairs it.",
			"最終行が途切れています (%[2]d 件の後に %[1]d バイト)。コンソールの異常終了などで残ることがあり、resume で修復されます。", r.Torn, r.Events)
	}
	return l.say("all %d events are as they were written", "全 %d 件が書き込まれたままです", r.Events)
}

// resumed says who took the run up again, and drifted what had changed by then.
func (l language) resumed(m *Resume) string {
	s := l.say("Taken up again after %s", "%s 後に再開", l.took(m.Away))
	if m.Operator != "" {
		s += l.say(" by %s", " (%s)", plain(m.Operator))
	}
	return s
}

// paused says how long the output of commands was not recorded, and omitted how much of one it was.
func (l language) paused(m *Pause) string {
	if m.Open {
		return l.say("The operator paused the recording of output.", "オペレーターが出力の記録を停止しました。")
	}
	return l.say("The operator paused the recording of output for %s.", "オペレーターが出力の記録を %s の間停止しました。", l.took(m.Took))
}

func (l language) omitted(n int) string {
	return l.say("… %s not recorded: recording was paused …", "… %s は記録なし (記録停止中) …", l.bytes(int64(n)))
}

func (l language) drifted(d *Drift) string {
	return l.say("Changed since: %s: %s, now %s", "前回からの変化: %s: %s から %s へ", l.text(d.Title), l.verdict(d.Was), l.verdict(d.Now))
}

// name is what the run is called: its runbook's title.
func (r *run) name(l language) string {
	if s := l.text(r.started.Title); s != "" {
		return s
	}
	return plain(r.header.Runbook)
}

// release is the way it went, "" where there is none.
func (r *run) release() string {
	from, to := plain(or(r.started.From, r.header.From)), plain(or(r.started.To, r.header.To))
	switch {
	case from != "" && to != "":
		return from + " → " + to
	case to != "":
		return "→ " + to
	}
	return from
}

// status is how the run stands; one without an end was cut off, or still goes on.
func (r *run) status() event.Status {
	if r.ended == nil {
		return event.Running
	}
	return r.ended.Status
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// short cuts a text to a width on the screen, where a Japanese character takes two columns.
func short(s string, width int) string {
	return ansi.Truncate(strings.ReplaceAll(s, "\n", " "), max(1, width), "…")
}

// glimpse is the beginning of a command, where there is no room for all of it: its first line, and how many it has.
func glimpse(l language, line string, width int) string {
	line = strings.TrimRight(line, "\n")
	first, rest, more := strings.Cut(line, "\n")
	first = short(first, width)
	if more {
		first = strings.TrimSuffix(first, "…") + l.say(" … (%d lines)", " … (全 %d 行)", strings.Count(rest, "\n")+2)
	}
	return first
}

// phase is the row of the chart that a step belongs to: the phase of the runbook, without those of runbooks it includes.
func (l language) phase(st *Step) string {
	name, _, _ := strings.Cut(l.text(st.Phase), " › ")
	return or(name, l.say("Steps", "手順"))
}

// padded fills to a width on the screen.
func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// mark is the sign of a status: colour never stands alone.
func mark(s event.Status) string {
	switch s {
	case event.Passed:
		return "✓"
	case event.Failed:
		return "✗"
	case event.Skipped:
		return "–"
	case event.Overridden:
		return "!"
	case event.Cancelled:
		return "■"
	case event.Lost:
		return "?"
	case event.Running:
		return "…"
	}
	return "·"
}
