package event

// Text names the status. English matches the transcript.
func (s Status) Text() Text {
	ja := map[Status]string{
		Waiting: "未着手", Running: "実行中", Passed: "完了", Failed: "失敗", Skipped: "省略", Overridden: "強行",
		Cancelled: "停止", Lost: "状態不明", "interrupted": "中断",
	}[s]
	return Text{En: string(s), Ja: ja}
}

// Text is the verdict as people read it.
func (v Verdict) Text() Text {
	switch v {
	case Pass:
		return Text{En: "ok", Ja: "合格"}
	case Fail:
		return Text{En: "failed", Ja: "不合格"}
	}
	return Text{En: "unknown", Ja: "不明"}
}

// Text says how a command ended, without its exit code.
func (o Outcome) Text() Text {
	switch o {
	case NotStarted:
		return Text{En: "could not start", Ja: "開始できませんでした"}
	case Unreachable:
		return Text{En: "host not reached, it never ran", Ja: "ホストに到達できず、実行されていません"}
	case StateLost:
		return Text{En: "connection lost, state unknown", Ja: "接続が切れました。状態は不明です"}
	case TimedOut:
		return Text{En: "stopped: it took too long", Ja: "時間切れで停止しました"}
	case Stopped:
		return Text{En: "stopped by the operator", Ja: "オペレーターが停止しました"}
	case NotRecorded:
		return Text{En: "the recording holds no such command", Ja: "記録にこのコマンドはありません"}
	case Abandoned:
		return Text{En: "its console died; it was run again", Ja: "コンソールが終了したため再実行しました"}
	}
	return Text{En: string(o)}
}

// SeverityText names how bad a pitfall is. An unknown severity is returned unchanged.
func SeverityText(severity string) Text {
	ja := map[string]string{"blocks": "進行不可", "outage": "障害", "data": "データ損失", "nuisance": "軽微"}[severity]
	if severity == "data" {
		severity = "data loss"
	}
	return Text{En: severity, Ja: ja}
}
