package ui

import (
	"fmt"
	"time"

	"spraydeck/runbook"
)

// status is the word a verdict line begins with. English says what the transcript says, for whoever greps.
func (p *Plain) status(s runbook.Status) string {
	switch s {
	case runbook.Waiting:
		return p.say("not reached", "未着手")
	case runbook.Running:
		return p.say("not finished", "未完了")
	case runbook.Passed:
		return p.say("passed", "完了")
	case runbook.Failed:
		return p.say("failed", "失敗")
	case runbook.Skipped:
		return p.say("skipped", "省略")
	case runbook.Overridden:
		return p.say("overridden", "強行")
	case runbook.Cancelled:
		return p.say("cancelled", "停止")
	case runbook.Lost:
		return p.say("unknown", "状態不明")
	}
	return string(s)
}

func (p *Plain) danger(d runbook.Danger) string {
	word, _ := look{}.danger(d)
	return word.In(p.o.Lang)
}

// outcome says how a command ended that did not end well.
func (p *Plain) outcome(d runbook.CommandEnded) string {
	s := ""
	switch d.Outcome {
	case runbook.Exited:
		s = p.sayf("exit code %d", "終了コード %d", d.Exit)
	case runbook.NotStarted:
		s = p.say("could not start", "開始できませんでした")
	case runbook.Unreachable:
		s = p.say("host not reached, it never ran", "ホストに到達できず、実行されていません")
	case runbook.StateLost:
		s = p.say("connection lost, nobody knows whether it finished", "接続が切れました。終わったかどうかは不明です")
	case runbook.TimedOut:
		s = p.say("stopped: it took too long", "時間切れで停止しました")
	case runbook.Stopped:
		s = p.say("stopped by the operator", "オペレーターが停止しました")
	case runbook.NotRecorded:
		s = p.say("the recording holds no such command", "記録にこのコマンドはありません")
	default:
		s = string(d.Outcome)
	}
	if d.Error != "" {
		s += ": " + d.Error
	}
	return s
}

// by says who answered.
func (p *Plain) by(who string) string {
	switch who {
	case "operator":
		return p.say("by the operator", "オペレーター")
	case "answers":
		return p.say("from the answers file", "回答ファイル")
	case "recording":
		return p.say("from the recording", "記録")
	}
	return who
}

// plainDuration says how long something took: "1.2 s", "42 s", "4:10", "1:48:03".
func plainDuration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return short(d)
}
