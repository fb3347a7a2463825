package ui

import "spraydeck/runbook"

// What the console itself says, in both languages. A test finds any that lacks one.
var (
	sayNotShown   = runbook.Text{En: "[more than the screen could follow was printed here: it is in the transcript]", Ja: "[画面が追いつかないほどの出力がありました。すべて記録にあります]"}
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

// On the Run screen.
var (
	sayOn            = runbook.Text{En: "on", Ja: "対象"}
	sayRun           = runbook.Text{En: "run", Ja: "実行"}
	sayProbe         = runbook.Text{En: "probe", Ja: "調査"}
	sayGate          = runbook.Text{En: "gate", Ja: "確認"}
	sayKnown         = runbook.Text{En: "Known: %s · %s", Ja: "既知の問題: %s · %s"}
	sayPerhaps       = runbook.Text{En: "Perhaps: %s · %s", Ja: "参考: %s · %s"}
	sayOnlyHint      = runbook.Text{En: "A hint: this line can have another cause. Look before you act.", Ja: "参考情報です。この行には別の原因もありえます。対処の前に確かめてください。"}
	sayRemedy        = runbook.Text{En: "remedy", Ja: "対処"}
	sayRemedyRuns    = runbook.Text{En: "remedy running: %s", Ja: "対処を実行中: %s"}
	sayDecided       = runbook.Text{En: "decided: %s, because: %s", Ja: "判断: %s、理由: %s"}
	sayMoreLines     = runbook.Text{En: "… %d more lines", Ja: "… 残り %d 行"}
	sayMoreDetails   = runbook.Text{En: "for the rest", Ja: "で残りを表示"}
	sayRange         = runbook.Text{En: "%d-%d of %d", Ja: "%d-%d / %d"}
	sayRangeKeys     = runbook.Text{En: "lines %d-%d of %d, PgUp and PgDn scroll", Ja: "%d-%d / %d 行、PgUp と PgDn でスクロール"}
	sayNoStep        = runbook.Text{En: "No step yet: the plan is being made.", Ja: "手順はまだありません。計画を作成中です。"}
	sayNoReturn      = runbook.Text{En: "no return", Ja: "後戻り不可"}
	sayNotCurrent    = runbook.Text{En: "not the current step", Ja: "現在の手順ではありません"}
	sayAttempt       = runbook.Text{En: "attempt %d", Ja: "%d 回目"}
	sayChecking      = runbook.Text{En: "checking", Ja: "確認中"}
	sayOfAbout       = runbook.Text{En: "%s of about %s", Ja: "%s / 約 %s"}
	sayTask          = runbook.Text{En: "task %d  ok %d changed %d", Ja: "タスク %d  ok %d changed %d"}
	sayBad           = runbook.Text{En: "failed %d", Ja: "failed %d"}
	sayWorthALook    = runbook.Text{En: "What stands out", Ja: "特記事項"}
	sayMetPerhaps    = runbook.Text{En: "perhaps met %s: %s", Ja: "%s に遭遇した可能性: %s"}
	sayMet           = runbook.Text{En: "met %s: %s", Ja: "%s に遭遇: %s"}
	sayBadHosts      = runbook.Text{En: "failed %d unreachable %d", Ja: "failed %d unreachable %d"}
	sayExit          = runbook.Text{En: "exit code %d", Ja: "終了コード %d"}
	sayDropped       = runbook.Text{En: "… this line is in the transcript only", Ja: "… この行は記録にのみあります"}
	sayBelow         = runbook.Text{En: "↓ %d more", Ja: "↓ 残り %d 行"}
	sayTooSmall      = runbook.Text{En: "terminal too small: %dx%d, needs %dx%d", Ja: "端末が小さすぎます: %dx%d、%dx%d 以上が必要です"}
	sayRunEnded      = runbook.Text{En: "The run has ended: %s", Ja: "実行は終了しました: %s"}
	sayRunCounts     = runbook.Text{En: "%d of %d steps done", Ja: "%d / %d 手順完了"}
	sayCountOf       = runbook.Text{En: "%d %s", Ja: "%[2]s %[1]d"}
	sayRunTook       = runbook.Text{En: "took %s", Ja: "所要時間 %s"}
	sayChangesSystem = runbook.Text{En: "changes the system", Ja: "システムを変更する"}
)

// In the header.
var (
	sayStepOf     = runbook.Text{En: "step %d of %d", Ja: "手順 %d/%d"}
	sayStepShort  = runbook.Text{En: "#%d", Ja: "#%d"}
	sayWindow     = runbook.Text{En: "%s of %s", Ja: "経過 %s / %s"}
	sayWindowOver = runbook.Text{En: "%s of %s: %s over", Ja: "経過 %s / %s: %s 超過"}
	sayToGo       = runbook.Text{En: "about %s to go", Ja: "残り約 %s"}
	sayAPIUp      = runbook.Text{En: "api %s", Ja: "API %s"}
	sayAPIDown    = runbook.Text{En: "api lost: %s", Ja: "API 切断: %s"}
	sayRehearsal  = runbook.Text{En: "REHEARSAL", Ja: "リハーサル"}
	sayDryRun     = runbook.Text{En: "DRY RUN", Ja: "ドライラン"}
)

// In the node table.
var (
	colName    = runbook.Text{En: "name", Ja: "名前"}
	colStatus  = runbook.Text{En: "status", Ja: "状態"}
	colVersion = runbook.Text{En: "version", Ja: "バージョン"}
	colSince   = runbook.Text{En: "since", Ja: "経過"}
	colRoles   = runbook.Text{En: "roles", Ja: "役割"}
	colRuntime = runbook.Text{En: "runtime", Ja: "ランタイム"}
	colOS      = runbook.Text{En: "system", Ja: "OS"}
	colAddress = runbook.Text{En: "address", Ja: "アドレス"}
	colKernel  = runbook.Text{En: "kernel", Ja: "カーネル"}

	sayReady         = runbook.Text{En: "Ready", Ja: "Ready"}
	sayNotReady      = runbook.Text{En: "NotReady", Ja: "NotReady"}
	sayCordoned      = runbook.Text{En: "cordoned", Ja: "コードン中"}
	sayCordonedCount = runbook.Text{En: "%d cordoned", Ja: "コードン中 %d"}
	sayOfReady       = runbook.Text{En: "%d of %d Ready", Ja: "%d / %d Ready"}
	sayLive          = runbook.Text{En: "live", Ja: "ライブ"}
	sayNotLive       = runbook.Text{En: "not live: the API does not answer", Ja: "ライブではありません: API が応答しません"}
	sayNotWatched    = runbook.Text{En: "not watched", Ja: "監視なし"}
	sayFor           = runbook.Text{En: "for %s", Ja: "%s間"}
	saySeconds       = runbook.Text{En: "%d s", Ja: "%d 秒"}
	sayMinutes       = runbook.Text{En: "%d min", Ja: "%d 分"}
	sayHours         = runbook.Text{En: "%d h", Ja: "%d 時間"}
	sayDays          = runbook.Text{En: "%d d", Ja: "%d 日"}
)

// In questions.
var (
	sayContinue     = runbook.Text{En: "continue", Ja: "続行"}
	sayTooSoon      = runbook.Text{En: "key ignored: typed before this could be read", Ja: "読む前のキー入力は無視しました"}
	sayNoPaste      = runbook.Text{En: "pasted text is not taken here: type it", Ja: "ここでは貼り付けできません。入力してください"}
	sayReasonFor    = runbook.Text{En: "Why “%s”? It goes into the transcript.", Ja: "「%s」の理由は? 記録に残ります。"}
	sayReasonPrompt = runbook.Text{En: "because:", Ja: "理由:"}
	sayNotBegun     = runbook.Text{En: "It has not begun. What it runs stands here as soon as it does.", Ja: "まだ始まっていません。実行内容は開始時にここに表示されます。"}
	sayCheckedAgain = runbook.Text{En: "checked again at %s", Ja: "%s に再確認しました"}
	sayReasonEmpty  = runbook.Text{En: "a reason is needed", Ja: "理由が必要です"}
	sayTypeToGoOn   = runbook.Text{En: "Type %s to go on:", Ja: "続行するには %s と入力:"}
	sayWordWrong    = runbook.Text{En: "enter works once the word is typed", Ja: "正しく入力すると enter が使えます"}
	sayValuePrompt  = runbook.Text{En: "value:", Ja: "値:"}
	sayValueEmpty   = runbook.Text{En: "nothing was typed", Ja: "入力がありません"}
	sayWhichRemedy  = runbook.Text{En: "Which remedy?", Ja: "どの対処を行いますか"}
	sayStartRemedy  = runbook.Text{En: "Start a remedy beside the running command?", Ja: "実行中のコマンドと並行して対処を開始しますか"}
	sayRemedyAsked  = runbook.Text{En: "the remedy is about to start", Ja: "対処を開始します"}
	sayLeaveTitle   = runbook.Text{En: "Leave the console?", Ja: "コンソールを終了しますか"}
	sayLeaveBody    = runbook.Text{
		En: "Nothing is lost: spraydeck resume goes on from here.",
		Ja: "失われるものはありません。spraydeck resume でここから続けられます。",
	}
	sayLeaveRehearsal = runbook.Text{En: "It is a rehearsal: nothing is kept of it.", Ja: "リハーサルなので、記録は残りません。"}
	sayDetach         = runbook.Text{En: "leave it running, and close the console", Ja: "実行を続けたままコンソールを閉じる"}
	sayLeaveStopping  = runbook.Text{En: "stop the command, then leave", Ja: "コマンドを止めてから終了する"}
	sayLeaveRunning   = runbook.Text{En: "This command is running:", Ja: "次のコマンドが実行中です:"}
	sayStay           = runbook.Text{En: "stay", Ja: "続ける"}
	sayLeaveNow       = runbook.Text{En: "leave", Ja: "終了する"}
	sayLeaving        = runbook.Text{En: "leaving as soon as the run has come to rest; q leaves now", Ja: "実行が止まり次第終了します。q ですぐに終了"}
)

// Of the recording.
var (
	sayRec            = runbook.Text{En: "rec", Ja: "記録中"}
	sayRecAgain       = runbook.Text{En: "output recorded again", Ja: "出力の記録再開"}
	sayRecPaused      = runbook.Text{En: "output not recorded", Ja: "出力の記録停止中"}
	sayNotRecorded    = runbook.Text{En: "○ not recorded", Ja: "○ 記録なし"}
	sayPauseRecording = runbook.Text{En: "pause recording of output", Ja: "出力の記録を停止"}
	sayRecordAgain    = runbook.Text{En: "record again", Ja: "記録を再開"}
	sayPausing        = runbook.Text{En: "what commands print from now on is shown and not recorded; R records again", Ja: "以後の出力は表示のみで記録しません。R で再開"}
	sayRecordingAgain = runbook.Text{En: "what commands print is recorded again", Ja: "出力の記録を再開しました"}
	sayNoRecording    = runbook.Text{En: "nothing is recorded here", Ja: "ここでは何も記録していません"}
	sayRunOver        = runbook.Text{En: "the run is over", Ja: "実行は終了しました"}
)

// What keys do, and why they do nothing.
var (
	sayKeyFollow      = runbook.Text{En: "follow", Ja: "追従"}
	sayKeyHold        = runbook.Text{En: "hold still", Ja: "追従停止"}
	sayKeyNextMatch   = runbook.Text{En: "next match", Ja: "次の一致"}
	sayKeyPrevMatch   = runbook.Text{En: "previous match", Ja: "前の一致"}
	sayKeyEndSearch   = runbook.Text{En: "end search", Ja: "検索終了"}
	sayKeyLeft        = runbook.Text{En: "to the left", Ja: "左へ"}
	sayKeyRight       = runbook.Text{En: "to the right", Ja: "右へ"}
	sayKeyOtherChoice = runbook.Text{En: "another choice", Ja: "ほかの選択肢"}
	sayKeyDetails     = runbook.Text{En: "details", Ja: "詳細"}
	sayKeyNoDetails   = runbook.Text{En: "output", Ja: "出力"}
	sayKeyOutput      = runbook.Text{En: "its output", Ja: "出力を表示"}
	sayKeyLookAt      = runbook.Text{En: "look at this step", Ja: "この手順を表示"}
	sayKeyStop        = runbook.Text{En: "stop", Ja: "停止"}
	sayKeyTypeIn      = runbook.Text{En: "type into the command", Ja: "コマンドへ入力"}
	sayKeyCopy        = runbook.Text{En: "copy command", Ja: "コマンドをコピー"}
	sayKeyPanel       = runbook.Text{En: "panel", Ja: "パネル"}
	sayKeyPanelBack   = runbook.Text{En: "previous panel", Ja: "前のパネル"}
	sayKeyPeek        = runbook.Text{En: "look behind", Ja: "背後を見る"}
	sayKeyToQuestion  = runbook.Text{En: "back to the question", Ja: "質問に戻る"}
	sayKeyConfirm     = runbook.Text{En: "confirm", Ja: "確定"}
	sayKeyPick        = runbook.Text{En: "pick", Ja: "選択"}
	sayKeyLeave       = runbook.Text{En: "leave (run is kept)", Ja: "終了 (実行は保存)"}
	sayKeyLeaveShort  = runbook.Text{En: "leave", Ja: "終了"}
	sayKeyQuit        = runbook.Text{En: "quit", Ja: "終了"}
	sayHelp           = runbook.Text{En: "help", Ja: "ヘルプ"}
	sayActions        = runbook.Text{En: "actions", Ja: "操作一覧"}
	saySteps          = runbook.Text{En: "steps", Ja: "手順一覧"}
	sayStep           = runbook.Text{En: "current step", Ja: "現在の手順"}
	sayPlan           = runbook.Text{En: "plan", Ja: "計画"}
	sayNodes          = runbook.Text{En: "nodes", Ja: "ノード"}
	sayLog            = runbook.Text{En: "commands", Ja: "コマンド履歴"}
	sayCommandCount   = runbook.Text{En: "%d so far; ▲ changes the system", Ja: "これまで %d 件、▲ はシステムを変更"}
	sayHelpTitle      = runbook.Text{En: "Keys", Ja: "キー操作"}
	saySigns          = runbook.Text{En: "Signs", Ja: "記号"}

	sayNothingHere    = runbook.Text{En: "nothing to pick here", Ja: "選べるものがありません"}
	sayNoRemedy       = runbook.Text{En: "no remedy is on offer now", Ja: "今使える対処はありません"}
	sayNoOutput       = runbook.Text{En: "no output to search here", Ja: "検索できる出力がありません"}
	sayNothingRuns    = runbook.Text{En: "no command is running", Ja: "実行中のコマンドはありません"}
	sayNothingToLeave = runbook.Text{En: "already at the current step", Ja: "現在の手順を表示しています"}
	sayNoCommandHere  = runbook.Text{En: "no command to copy here", Ja: "コピーできるコマンドがありません"}
	sayNoCommandsYet  = runbook.Text{En: "no command has run yet", Ja: "まだコマンドは実行されていません"}
	sayNoNodes        = runbook.Text{En: "no nodes are known", Ja: "ノード情報がありません"}
	sayStopping       = runbook.Text{En: "stopping gently; ctrl+c again stops firmly", Ja: "穏やかに停止中。もう一度 ctrl+c で強制停止"}
	sayStoppingNow    = runbook.Text{En: "stopping firmly", Ja: "強制停止中"}
	sayNotTaken       = runbook.Text{En: "the run does not take this now", Ja: "今は受け付けられません"}
	sayTypingIn       = runbook.Text{En: "keys go to the command; ctrl+] ends this", Ja: "キーはコマンドへ送られます。ctrl+] で終了"}
	sayCopied         = runbook.Text{En: "copied to the terminal's clipboard", Ja: "クリップボードにコピーしました"}
)
