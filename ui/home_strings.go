package ui

import (
	"spraydeck/event"
)

// On the Home screen.
var (
	sayHome     = event.Text{En: "the console for Kubernetes maintenance windows", Ja: "Kubernetes メンテナンス作業コンソール"}
	sayCluster  = event.Text{En: "cluster", Ja: "クラスター"}
	sayCheckout = event.Text{En: "checkout", Ja: "チェックアウト"}
	sayNextHop  = event.Text{En: "next hop", Ja: "次の更新"}

	sayLooking  = event.Text{En: "looking ...", Ja: "確認しています..."}
	sayNoAnswer = event.Text{En: "no answer in time", Ja: "時間内に応答がありません"}

	sayAnswers    = event.Text{En: "answers, %s", Ja: "応答あり %s"}
	sayContext    = event.Text{En: "context %s", Ja: "コンテキスト %s"}
	sayNodesReady = event.Text{En: "%d of %d nodes Ready", Ja: "ノード %d / %d Ready"}
	sayNotThese   = event.Text{En: "not %s", Ja: "%s が NotReady"}

	sayDetached  = event.Text{En: "no branch (detached)", Ja: "ブランチなし (detached)"}
	sayBranch    = event.Text{En: "branch %s", Ja: "ブランチ %s"}
	sayNoTag     = event.Text{En: "no release tag (git fetch --tags brings them)", Ja: "リリースタグなし (git fetch --tags で取得)"}
	sayAtTag     = event.Text{En: "at %s", Ja: "%s の位置"}
	sayAfterTag  = event.Text{En: "after %s", Ja: "%s より後"}
	sayClean     = event.Text{En: "clean", Ja: "変更なし"}
	sayOneChange = event.Text{En: "1 file changed", Ja: "変更 1 ファイル"}
	sayChangesN  = event.Text{En: "%d files changed", Ja: "変更 %d ファイル"}

	sayNowhere    = event.Text{En: "none: %s is the newest good release; releases are known up to %s", Ja: "なし: %s が最新です (既知のリリースは %s まで)"}
	sayFirstOf    = event.Text{En: "hop 1 of %d to %s", Ja: "%[2]s まで %[1]d 回中 1 回目"}
	sayNotRelease = event.Text{En: "not %s: %s", Ja: "%s は避ける: %s"}
	sayUnmet      = event.Text{En: "first: %s", Ja: "先に必要: %s"}
	sayFirstN     = event.Text{En: "p shows what must hold before (%d)", Ja: "p で前提条件 (%d 件) を表示"}

	sayNoRunbook   = event.Text{En: "no runbook leads to %s; p shows what to know of the hop", Ja: "%s への手順書はありません。p で注意点を表示"}
	sayRunbookIs   = event.Text{En: "runbook %s", Ja: "手順書 %s"}
	sayOtherTarget = event.Text{En: "written for %s, not %s", Ja: "%s 向け (%s 向けではありません)"}

	sayLookingPitfalls = event.Text{En: "checking for every known pitfall, reading only ... %s", Ja: "既知の問題を確認しています (参照のみ)... %s"}
	sayNotLooked       = event.Text{En: "pitfalls not checked yet: press c", Ja: "既知の問題は未確認です。c で確認"}
	sayCouldNotLook    = event.Text{En: "pitfalls could not be checked:", Ja: "既知の問題を確認できません:"}
	sayFindingsAre     = event.Text{En: "findings: %s", Ja: "確認結果: %s"}
	sayNoneFound       = event.Text{En: "nothing to fix", Ja: "対処が必要な項目なし"}
	sayBlocking        = event.Text{En: "blocking", Ja: "進行不可"}
	sayNoneKnown       = event.Text{En: "no known pitfall can be checked here", Ja: "ここで確認できる既知の問題なし"}
	sayUntold          = event.Text{En: "unknown", Ja: "不明"}
	sayWell            = event.Text{En: "well", Ja: "正常"}

	sayRunbook     = event.Text{En: "runbook", Ja: "手順書"}
	sayRunbooks    = event.Text{En: "runbooks", Ja: "手順書"}
	sayRuns        = event.Text{En: "saved runs", Ja: "保存済みの実行"}
	sayFitsHere    = event.Text{En: "fits here", Ja: "適用可"}
	sayNoRunbooks  = event.Text{En: "no runbooks", Ja: "手順書がありません"}
	sayNoRuns      = event.Text{En: "none yet; d walks through a recorded upgrade", Ja: "まだありません。d で記録済みのアップグレードを体験できます"}
	sayInterrupted = event.Text{En: "interrupted", Ja: "中断"}
	sayStillRuns   = event.Text{En: "still runs", Ja: "実行継続中"}
	sayDue         = event.Text{En: "not put back", Ja: "復元待ち"}
	sayMayRun      = event.Text{En: "may still run", Ja: "実行中かも"}
	sayUnreadable  = event.Text{En: "cannot be read", Ja: "読めません"}

	sayKeyOpen       = event.Text{En: "open", Ja: "開く"}
	sayKeyWatch      = event.Text{En: "watch again", Ja: "再生"}
	sayKeyFindings   = event.Text{En: "findings", Ja: "確認結果"}
	sayKeyChain      = event.Text{En: "plan", Ja: "全体計画"}
	sayKeyDemo       = event.Text{En: "demo", Ja: "デモ"}
	sayKeyAgain      = event.Text{En: "look again", Ja: "再確認"}
	sayKeyToRunbooks = event.Text{En: "to the runbooks", Ja: "手順書へ"}
	sayKeyToRuns     = event.Text{En: "to the saved runs", Ja: "保存済みの実行へ"}
	sayKeySection    = event.Text{En: "lists", Ja: "一覧切替"}
	sayKeyList       = event.Text{En: "list", Ja: "一覧"}

	sayNothingToOpen   = event.Text{En: "nothing to open here", Ja: "開くものがありません"}
	sayNoHopRunbook    = event.Text{En: "no runbook is known whose pitfalls could be checked", Ja: "問題を確認できる手順書がありません"}
	sayNoChain         = event.Text{En: "the route is not known yet", Ja: "次のアップグレードはまだ分かりません"}
	sayKeyResume       = event.Text{En: "go on with it", Ja: "続きから再開"}
	sayNothingToResume = event.Text{En: "only an interrupted or detached run can be resumed", Ja: "再開できるのは、中断または途中で終えた実行だけです"}
	sayBrokenRun       = event.Text{En: "this run cannot be read", Ja: "この実行は読み込めません"}
)

// On the screen with the whole chain of hops.
var (
	sayChainFrom   = event.Text{En: "From %s to %s, %s", Ja: "%s から %s へ (%s)"}
	sayChainKnown  = event.Text{En: "releases are known up to %s", Ja: "既知のリリースは %s まで"}
	sayChainHops   = event.Text{En: "%d hops; no minor can be skipped", Ja: "%d 回。マイナーバージョンは飛ばせません"}
	sayChainHop    = event.Text{En: "1 hop", Ja: "1 回"}
	sayInstalls    = event.Text{En: "Installed there", Ja: "導入されるもの"}
	sayPassedBy    = event.Text{En: "Avoided releases", Ja: "避けるリリース"}
	sayBefore      = event.Text{En: "What must hold before", Ja: "前提条件"}
	sayUnmetHere   = event.Text{En: "not so here", Ja: "満たしていません"}
	sayOlder       = event.Text{En: "Becomes older", Ja: "古くなるもの"}
	sayFaults      = event.Text{En: "Wrong in this release", Ja: "このリリースの不具合"}
	sayNews        = event.Text{En: "New", Ja: "変更点"}
	sayNoHopDetail = event.Text{En: "no runbook for this hop", Ja: "このアップグレードの手順書はありません"}
	sayPython      = event.Text{En: "Python %s to %s", Ja: "Python %s から %s"}
)

// On the Findings screen.
var (
	sayFindingsOf     = event.Text{En: "Findings", Ja: "確認結果"}
	sayFound          = event.Text{En: "Found", Ja: "要対応"}
	sayGroupUntold    = event.Text{En: "Unknown: treated as failed", Ja: "不明 (正常とはみなしません)"}
	sayGroupWell      = event.Text{En: "Well", Ja: "正常"}
	sayFinding        = event.Text{En: "finding", Ja: "要対応"}
	sayCheckedAt      = event.Text{En: "looked at %s, took %s", Ja: "%s に確認、所要 %s"}
	sayEvidence       = event.Text{En: "Evidence", Ja: "根拠"}
	sayWhyTitle       = event.Text{En: "Why it matters", Ja: "理由"}
	sayRemediesTitle  = event.Text{En: "Remedies, offered at the step that meets it", Ja: "対処 (該当する手順で選べます)"}
	saySourcesTitle   = event.Text{En: "Sources", Ja: "出典"}
	sayNothingChecked = event.Text{En: "Nothing is checked yet.", Ja: "まだ何も確認していません。"}
	sayNoPitfalls     = event.Text{En: "This runbook names no pitfall that can be checked beforehand here.", Ja: "この手順書に事前確認できる既知の問題はありません。"}
	sayUntoldTitle    = event.Text{En: "unknown", Ja: "不明"}
)
