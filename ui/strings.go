package ui

import (
	"spraydeck/event"
)

// What the console itself says, in both languages. A test finds any that lacks one.
var (
	sayNotShown   = event.Text{En: "[more than the screen could follow was printed here: it is in the transcript]", Ja: "[画面が追いつかないほどの出力がありました。すべて記録にあります]"}
	sayWaiting    = event.Text{En: "waiting", Ja: "未着手"}
	sayRunning    = event.Text{En: "running", Ja: "実行中"}
	sayPassed     = event.Text{En: "done", Ja: "完了"}
	sayFailed     = event.Text{En: "failed", Ja: "失敗"}
	saySkipped    = event.Text{En: "skipped", Ja: "省略"}
	sayOverridden = event.Text{En: "overridden", Ja: "強行"}
	sayCancelled  = event.Text{En: "stopped", Ja: "停止"}
	sayLost       = event.Text{En: "state unknown", Ja: "状態不明"}

	sayHolds    = event.Text{En: "ok", Ja: "合格"}
	sayBlocks   = event.Text{En: "blocks", Ja: "進行不可"}
	sayAdvice   = event.Text{En: "advice", Ja: "注意"}
	sayMustRead = event.Text{En: "to be read", Ja: "要確認"}
	sayNotSeen  = event.Text{En: "could not be checked, blocks", Ja: "確認できず、進行不可"}

	sayKeyUp       = event.Text{En: "up", Ja: "上"}
	sayKeyDown     = event.Text{En: "down", Ja: "下"}
	sayKeyPageUp   = event.Text{En: "page up", Ja: "前ページ"}
	sayKeyPageDown = event.Text{En: "page down", Ja: "次ページ"}
	sayKeyTop      = event.Text{En: "top", Ja: "先頭"}
	sayKeyEnd      = event.Text{En: "end", Ja: "末尾"}
)

// On the Run screen.
var (
	sayOn            = event.Text{En: "on", Ja: "対象"}
	sayRun           = event.Text{En: "run", Ja: "実行"}
	sayProbe         = event.Text{En: "probe", Ja: "調査"}
	sayKnown         = event.Text{En: "Known: %s · %s", Ja: "既知の問題: %s · %s"}
	sayPerhaps       = event.Text{En: "Perhaps: %s · %s", Ja: "参考: %s · %s"}
	sayRemedy        = event.Text{En: "remedy", Ja: "対処"}
	sayBehind        = event.Text{En: "shown as it was at %s: reattaching to the command", Ja: "%s 時点の表示です。コマンドに再接続しています"}
	sayRemedyRuns    = event.Text{En: "remedy running: %s", Ja: "対処を実行中: %s"}
	sayDecided       = event.Text{En: "decided: %s, reason: %s", Ja: "判断: %s、理由: %s"}
	sayMoreLines     = event.Text{En: "… %d more lines", Ja: "… 残り %d 行"}
	sayMoreDetails   = event.Text{En: "for the rest", Ja: "で残りを表示"}
	sayRange         = event.Text{En: "%d-%d of %d", Ja: "%d-%d / %d"}
	sayRangeKeys     = event.Text{En: "lines %d-%d of %d, PgUp and PgDn scroll", Ja: "%d-%d / %d 行、PgUp と PgDn でスクロール"}
	sayNoStep        = event.Text{En: "No step yet: loading the runbook and making the plan.", Ja: "手順はまだありません。読み込み中です。"}
	sayNoReturn      = event.Text{En: "no return", Ja: "後戻り不可"}
	sayNotCurrent    = event.Text{En: "not the current step", Ja: "現在の手順ではありません"}
	sayAttempt       = event.Text{En: "attempt %d", Ja: "%d 回目"}
	sayChecking      = event.Text{En: "checking", Ja: "確認中"}
	sayOfAbout       = event.Text{En: "%s of ~%s", Ja: "%s / 約 %s"}
	sayOverAbout     = event.Text{En: "%s, longer than the usual %s", Ja: "%s (通常の %s を超過)"}
	sayTask          = event.Text{En: "ok %d changed %d", Ja: "ok %d changed %d"}
	sayKnownAs       = event.Text{En: "known pitfall: %s", Ja: "既知の問題: %s"}
	sayBad           = event.Text{En: "failed %d", Ja: "failed %d"}
	sayMet           = event.Text{En: "met %s: %s", Ja: "%s を検出: %s"}
	sayBadHosts      = event.Text{En: "failed %d unreachable %d", Ja: "failed %d unreachable %d"}
	sayExit          = event.Text{En: "exit code %d", Ja: "終了コード %d"}
	sayDropped       = event.Text{En: "… this line is in the transcript only", Ja: "… この行は記録にのみあります"}
	sayBelow         = event.Text{En: "↓ %d more", Ja: "↓ 残り %d 行"}
	sayTooSmall      = event.Text{En: "terminal too small: %dx%d, needs %dx%d", Ja: "端末が小さすぎます: %dx%d、%dx%d 以上が必要です"}
	sayCountOf       = event.Text{En: "%d %s", Ja: "%[2]s %[1]d"}
	sayChangesSystem = event.Text{En: "changes the system", Ja: "システムを変更する"}
)

// In the header.
var (
	sayStepOf     = event.Text{En: "step %d of %d", Ja: "手順 %d/%d"}
	sayStepShort  = event.Text{En: "#%d", Ja: "#%d"}
	sayWindow     = event.Text{En: "%s of %s", Ja: "経過 %s / %s"}
	sayWindowOver = event.Text{En: "%s of %s: %s over", Ja: "経過 %s / %s: %s 超過"}
	sayToGo       = event.Text{En: "~%s to go", Ja: "残り約 %s"}
	sayAPIUp      = event.Text{En: "api %s", Ja: "API %s"}
	sayAPIDown    = event.Text{En: "api lost: %s", Ja: "API 切断: %s"}
	sayRehearsal  = event.Text{En: "REHEARSAL", Ja: "リハーサル"}
	sayDryRun     = event.Text{En: "DRY RUN", Ja: "ドライラン"}
)

// In the node table.
var (
	colName    = event.Text{En: "name", Ja: "名前"}
	colStatus  = event.Text{En: "status", Ja: "状態"}
	colVersion = event.Text{En: "version", Ja: "バージョン"}
	colSince   = event.Text{En: "since", Ja: "経過"}
	colRoles   = event.Text{En: "roles", Ja: "役割"}
	colRuntime = event.Text{En: "runtime", Ja: "ランタイム"}
	colOS      = event.Text{En: "system", Ja: "OS"}
	colAddress = event.Text{En: "address", Ja: "アドレス"}
	colKernel  = event.Text{En: "kernel", Ja: "カーネル"}

	sayReady         = event.Text{En: "Ready", Ja: "Ready"}
	sayNotReady      = event.Text{En: "NotReady", Ja: "NotReady"}
	sayCordoned      = event.Text{En: "cordoned", Ja: "コードン中"}
	sayCordonedCount = event.Text{En: "%d cordoned", Ja: "コードン中 %d"}
	sayOfReady       = event.Text{En: "%d of %d Ready", Ja: "%d / %d Ready"}
	sayLive          = event.Text{En: "live", Ja: "ライブ"}
	sayNotLive       = event.Text{En: "not live: the API does not answer", Ja: "ライブではありません: API が応答しません"}
	sayNotWatched    = event.Text{En: "not watched", Ja: "監視なし"}
	sayFor           = event.Text{En: "for %s", Ja: "%s間"}
	saySeconds       = event.Text{En: "%d s", Ja: "%d 秒"}
	sayMinutes       = event.Text{En: "%d min", Ja: "%d 分"}
	sayHours         = event.Text{En: "%d h", Ja: "%d 時間"}
	sayDays          = event.Text{En: "%d d", Ja: "%d 日"}
)

// In questions.
var (
	sayContinue     = event.Text{En: "continue", Ja: "続行"}
	sayTooSoon      = event.Text{En: "key ignored: typed before this could be read", Ja: "読む前のキー入力は無視しました"}
	sayPasted       = event.Text{En: "keys ignored: they came too fast to be typed, as from a paste", Ja: "貼り付けのように速すぎるキー入力は無視しました"}
	sayEnterSpent   = event.Text{En: "enter ignored after an enter that came too early: use the key shown, or move first", Ja: "早すぎた Enter の後の Enter は無効です。表示のキーを使うか、先に選択を動かしてください"}
	sayNoPaste      = event.Text{En: "pasted text is not taken here: type it", Ja: "ここでは貼り付けできません。入力してください"}
	sayReasonFor    = event.Text{En: "Why “%s”? It goes into the transcript.", Ja: "「%s」の理由は? 記録に残ります。"}
	sayReasonPrompt = event.Text{En: "Reason:", Ja: "理由:"}
	sayNotBegun     = event.Text{En: "Not started yet. Its commands appear here when it starts.", Ja: "まだ始まっていません。実行内容は開始時にここに表示されます。"}
	sayCheckedAgain = event.Text{En: "checked again at %s", Ja: "%s に再確認しました"}
	sayReasonEmpty  = event.Text{En: "a reason is needed", Ja: "理由が必要です"}
	sayTypeToGoOn   = event.Text{En: "Type %s to go on:", Ja: "続行するには %s と入力:"}
	sayWordWrong    = event.Text{En: "enter works once the word is typed", Ja: "正しく入力すると enter が使えます"}
	sayValuePrompt  = event.Text{En: "value:", Ja: "値:"}
	sayValueEmpty   = event.Text{En: "nothing was typed", Ja: "入力がありません"}
	sayWhichRemedy  = event.Text{En: "Which remedy?", Ja: "どの対処を行いますか"}
	sayStartRemedy  = event.Text{En: "Start a remedy beside the running command?", Ja: "実行中のコマンドと並行して対処を開始しますか"}
	sayRemedyAsked  = event.Text{En: "the remedy is about to start", Ja: "対処を開始します"}
	sayLeaveTitle   = event.Text{En: "Leave the console?", Ja: "コンソールを終了しますか"}
	sayLeaveBody    = event.Text{
		En: "Nothing is lost: spraydeck resume goes on from here.",
		Ja: "失われるものはありません。spraydeck resume でここから続けられます。",
	}
	sayLeaveRehearsal = event.Text{En: "It is a rehearsal: nothing is kept of it.", Ja: "リハーサルなので、記録は残りません。"}
	sayDetach         = event.Text{En: "leave it running, and close the console", Ja: "実行を続けたままコンソールを閉じる"}
	sayLeaveStopping  = event.Text{En: "stop the command, then leave", Ja: "コマンドを止めてから終了する"}
	sayLeaveRunning   = event.Text{En: "This command is running:", Ja: "次のコマンドが実行中です:"}
	sayStay           = event.Text{En: "stay", Ja: "続ける"}
	sayLeaveNow       = event.Text{En: "leave", Ja: "終了する"}
	sayLeaving        = event.Text{En: "leaving as soon as the run has stopped; q leaves now", Ja: "実行が止まり次第終了します。q ですぐに終了"}
)

// Of the recording.
var (
	sayRec            = event.Text{En: "rec", Ja: "記録中"}
	sayRecAgain       = event.Text{En: "output recorded again", Ja: "出力の記録再開"}
	sayRecPaused      = event.Text{En: "output not recorded", Ja: "出力の記録停止中"}
	sayNotRecorded    = event.Text{En: "○ not recorded", Ja: "○ 記録なし"}
	sayPauseRecording = event.Text{En: "pause recording of output", Ja: "出力の記録を停止"}
	sayRecordAgain    = event.Text{En: "record again", Ja: "記録を再開"}
	sayPausing        = event.Text{En: "output is shown and not recorded from now on; R records again", Ja: "以後の出力は表示のみで記録しません。R で再開"}
	sayRecordingAgain = event.Text{En: "output is recorded again", Ja: "出力の記録を再開しました"}
	sayNoRecording    = event.Text{En: "nothing is recorded here", Ja: "ここでは何も記録していません"}
	sayRunOver        = event.Text{En: "the run is over", Ja: "実行は終了しました"}
)

// What keys do, and why they do nothing.
var (
	sayKeyFollow      = event.Text{En: "follow", Ja: "追従"}
	sayKeyHold        = event.Text{En: "hold still", Ja: "追従停止"}
	sayKeyNextMatch   = event.Text{En: "next match", Ja: "次の一致"}
	sayKeyPrevMatch   = event.Text{En: "previous match", Ja: "前の一致"}
	sayKeyEndSearch   = event.Text{En: "end search", Ja: "検索終了"}
	sayKeyLeft        = event.Text{En: "to the left", Ja: "左へ"}
	sayKeyRight       = event.Text{En: "to the right", Ja: "右へ"}
	sayKeyOtherChoice = event.Text{En: "another choice", Ja: "ほかの選択肢"}
	sayKeyDetails     = event.Text{En: "details", Ja: "詳細"}
	sayKeyNoDetails   = event.Text{En: "output", Ja: "出力"}
	sayKeyOutput      = event.Text{En: "its output", Ja: "出力を表示"}
	sayKeyLookAt      = event.Text{En: "look at this step", Ja: "この手順を表示"}
	sayKeyStop        = event.Text{En: "stop", Ja: "停止"}
	sayKeyTypeIn      = event.Text{En: "type into the command", Ja: "コマンドへ入力"}
	sayKeyCopy        = event.Text{En: "copy command", Ja: "コマンドをコピー"}
	sayKeyPanel       = event.Text{En: "panel", Ja: "パネル"}
	sayKeyPanelBack   = event.Text{En: "previous panel", Ja: "前のパネル"}
	sayKeyPeek        = event.Text{En: "look behind", Ja: "背後を見る"}
	sayKeyToQuestion  = event.Text{En: "back to the question", Ja: "質問に戻る"}
	sayKeyConfirm     = event.Text{En: "confirm", Ja: "確定"}
	sayKeyPick        = event.Text{En: "pick", Ja: "選択"}
	sayKeyLeave       = event.Text{En: "leave (run is kept)", Ja: "終了 (実行は保存)"}
	sayKeyLeaveShort  = event.Text{En: "leave", Ja: "終了"}
	sayKeyQuit        = event.Text{En: "quit", Ja: "終了"}
	sayHelp           = event.Text{En: "help", Ja: "ヘルプ"}
	sayActions        = event.Text{En: "actions", Ja: "操作一覧"}
	saySteps          = event.Text{En: "steps", Ja: "手順一覧"}
	sayStep           = event.Text{En: "current step", Ja: "現在の手順"}
	sayPlan           = event.Text{En: "plan", Ja: "計画"}
	sayNodes          = event.Text{En: "nodes", Ja: "ノード"}
	sayLog            = event.Text{En: "commands", Ja: "コマンド履歴"}
	sayCommandCount   = event.Text{En: "%d so far; ▲ changes the system", Ja: "これまで %d 件、▲ はシステムを変更"}
	sayHelpTitle      = event.Text{En: "Keys", Ja: "キー操作"}
	saySigns          = event.Text{En: "Signs", Ja: "記号"}

	sayKeyTasks       = event.Text{En: "tasks", Ja: "タスク"}
	sayNoTasks        = event.Text{En: "the step has run no playbook", Ja: "この手順はプレイブックを実行していません"}
	sayHereAlready    = event.Text{En: "it is on the screen already", Ja: "すでに表示しています"}
	sayNothingMet     = event.Text{En: "nothing met so far", Ja: "検出された項目はありません"}
	sayKeyChecks      = event.Text{En: "checks that passed", Ja: "合格した確認"}
	sayKeyFoldChecks  = event.Text{En: "fold the checks", Ja: "確認を折りたたむ"}
	sayAllShown       = event.Text{En: "everything about the step is on the screen", Ja: "この手順の内容はすべて表示されています"}
	sayNothingHere    = event.Text{En: "nothing to pick here", Ja: "選べるものがありません"}
	sayNoRemedy       = event.Text{En: "no remedy is on offer now", Ja: "今使える対処はありません"}
	sayNoOutput       = event.Text{En: "no output to search here", Ja: "検索できる出力がありません"}
	sayNothingRuns    = event.Text{En: "no command is running", Ja: "実行中のコマンドはありません"}
	sayNothingToLeave = event.Text{En: "already at the current step", Ja: "現在の手順を表示しています"}
	sayNoCommandHere  = event.Text{En: "no command to copy here", Ja: "コピーできるコマンドがありません"}
	sayNoCommandsYet  = event.Text{En: "no command has run yet", Ja: "まだコマンドは実行されていません"}
	sayNoNodes        = event.Text{En: "no nodes are known", Ja: "ノード情報がありません"}
	sayStopping       = event.Text{En: "stopping; ctrl+c again kills it", Ja: "通常停止中。もう一度 ctrl+c で強制停止"}
	sayStoppingNow    = event.Text{En: "killing it", Ja: "強制停止中"}
	sayNotTaken       = event.Text{En: "the run does not take this now", Ja: "今は受け付けられません"}
	sayTypingIn       = event.Text{En: "keys go to the command; ctrl+] ends this", Ja: "キーはコマンドへ送られます。ctrl+] で終了"}
	sayCopied         = event.Text{En: "copied to the terminal's clipboard: %s", Ja: "クリップボードにコピーしました: %s"}
	sayNotCopied      = event.Text{En: "y is no answer to this question, and copied nothing", Ja: "y はこの質問への回答ではありません。何もコピーしていません"}
)
