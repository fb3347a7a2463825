package ui

import "spraydeck/runbook"

// What the console itself says, in both languages. A test finds any that lacks one.
var (
	sayWaiting    = runbook.Text{En: "waiting", Ja: "未着手"}
	sayRunning    = runbook.Text{En: "running", Ja: "実行中"}
	sayPassed     = runbook.Text{En: "done", Ja: "完了"}
	sayFailed     = runbook.Text{En: "failed", Ja: "失敗"}
	saySkipped    = runbook.Text{En: "skipped", Ja: "省略"}
	sayOverridden = runbook.Text{En: "overridden", Ja: "強行"}
	sayCancelled  = runbook.Text{En: "stopped", Ja: "停止"}
	sayLost       = runbook.Text{En: "state unknown", Ja: "状態不明"}

	sayReadOnly = runbook.Text{En: "read-only", Ja: "参照のみ"}
	sayChanges  = runbook.Text{En: "changes", Ja: "変更あり"}
	sayDisrupts = runbook.Text{En: "disrupts", Ja: "停止を伴う"}
	sayDestroys = runbook.Text{En: "destroys", Ja: "削除を伴う"}

	sayHolds    = runbook.Text{En: "holds", Ja: "合格"}
	sayBlocks   = runbook.Text{En: "blocks", Ja: "進行不可"}
	sayAdvice   = runbook.Text{En: "advice", Ja: "注意"}
	sayMustRead = runbook.Text{En: "to be read", Ja: "要確認"}
	sayNotSeen  = runbook.Text{En: "could not be checked, blocks", Ja: "確認できず、進行不可"}

	sayKeyUp       = runbook.Text{En: "up", Ja: "上"}
	sayKeyDown     = runbook.Text{En: "down", Ja: "下"}
	sayKeyPageUp   = runbook.Text{En: "page up", Ja: "前ページ"}
	sayKeyPageDown = runbook.Text{En: "page down", Ja: "次ページ"}
	sayKeyTop      = runbook.Text{En: "top", Ja: "先頭"}
	sayKeyEnd      = runbook.Text{En: "end", Ja: "末尾"}
)
