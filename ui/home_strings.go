package ui

import "spraydeck/runbook"

// On the Home screen.
var (
	sayHome     = runbook.Text{En: "the console for Kubernetes maintenance windows", Ja: "Kubernetes メンテナンス作業コンソール"}
	sayCluster  = runbook.Text{En: "cluster", Ja: "クラスター"}
	sayCheckout = runbook.Text{En: "checkout", Ja: "チェックアウト"}
	sayNextHop  = runbook.Text{En: "next hop", Ja: "次の更新"}

	sayLooking  = runbook.Text{En: "looking ...", Ja: "確認しています..."}
	sayNoAnswer = runbook.Text{En: "no answer in time", Ja: "時間内に応答がありません"}

	sayAnswers    = runbook.Text{En: "answers, %s", Ja: "応答あり %s"}
	sayContext    = runbook.Text{En: "context %s", Ja: "コンテキスト %s"}
	sayNodesReady = runbook.Text{En: "%d of %d nodes Ready", Ja: "ノード %d / %d Ready"}
	sayNotThese   = runbook.Text{En: "not %s", Ja: "%s が NotReady"}

	sayDetached  = runbook.Text{En: "no branch (detached)", Ja: "ブランチなし (detached)"}
	sayBranch    = runbook.Text{En: "branch %s", Ja: "ブランチ %s"}
	sayNoTag     = runbook.Text{En: "no release tag (git fetch --tags brings them)", Ja: "リリースタグなし (git fetch --tags で取得)"}
	sayAtTag     = runbook.Text{En: "at %s", Ja: "%s の位置"}
	sayAfterTag  = runbook.Text{En: "after %s", Ja: "%s より後"}
	sayClean     = runbook.Text{En: "clean", Ja: "変更なし"}
	sayOneChange = runbook.Text{En: "1 file changed", Ja: "変更 1 ファイル"}
	sayChangesN  = runbook.Text{En: "%d files changed", Ja: "変更 %d ファイル"}

	sayNowhere    = runbook.Text{En: "none: %s is where to be, releases are known up to %s", Ja: "なし: %s が最新です (既知のリリースは %s まで)"}
	sayFirstOf    = runbook.Text{En: "hop 1 of %d to %s", Ja: "%[2]s まで %[1]d 回中 1 回目"}
	sayNotRelease = runbook.Text{En: "not %s: %s", Ja: "%s は避ける: %s"}
	sayUnmet      = runbook.Text{En: "first: %s", Ja: "先に必要: %s"}
	sayFirstN     = runbook.Text{En: "p shows what must hold before (%d)", Ja: "p で前提条件 (%d 件) を表示"}

	sayNoRunbook   = runbook.Text{En: "no runbook leads to %s; p shows what to know of the hop", Ja: "%s への手順書はありません。p で注意点を表示"}
	sayRunbookIs   = runbook.Text{En: "runbook %s", Ja: "手順書 %s"}
	sayOtherTarget = runbook.Text{En: "written for %s, not %s", Ja: "%s 向け (%s 向けではありません)"}

	sayLookingPitfalls = runbook.Text{En: "looking for every known pitfall, reading only ... %s", Ja: "既知の問題を確認しています (参照のみ)... %s"}
	sayNotLooked       = runbook.Text{En: "pitfalls not looked for yet: c does", Ja: "既知の問題は未確認です。c で確認"}
	sayCouldNotLook    = runbook.Text{En: "pitfalls could not be looked for:", Ja: "既知の問題を確認できません:"}
	sayFindingsAre     = runbook.Text{En: "findings: %s", Ja: "確認結果: %s"}
	sayNoneFound       = runbook.Text{En: "nothing to mend", Ja: "対処が必要な項目なし"}
	sayBlocking        = runbook.Text{En: "blocking", Ja: "進行不可"}
	sayNoneKnown       = runbook.Text{En: "no known pitfall could be looked for here", Ja: "ここで確認できる既知の問題なし"}
	sayUntold          = runbook.Text{En: "could not tell", Ja: "不明"}
	sayWell            = runbook.Text{En: "well", Ja: "正常"}

	sayRunbook     = runbook.Text{En: "runbook", Ja: "手順書"}
	sayRunbooks    = runbook.Text{En: "runbooks", Ja: "手順書"}
	sayRuns        = runbook.Text{En: "saved runs", Ja: "保存済みの実行"}
	sayFitsHere    = runbook.Text{En: "fits here", Ja: "適用可"}
	sayNoRunbooks  = runbook.Text{En: "no runbooks", Ja: "手順書がありません"}
	sayNoRuns      = runbook.Text{En: "none yet; d walks through a recorded upgrade", Ja: "まだありません。d で記録済みのアップグレードを体験できます"}
	sayInterrupted = runbook.Text{En: "interrupted", Ja: "中断"}
	sayStillRuns   = runbook.Text{En: "still runs", Ja: "実行継続中"}
	sayMayRun      = runbook.Text{En: "may still run", Ja: "実行中かも"}
	sayUnreadable  = runbook.Text{En: "cannot be read", Ja: "読めません"}

	sayKeyOpen       = runbook.Text{En: "open", Ja: "開く"}
	sayKeyWatch      = runbook.Text{En: "watch again", Ja: "再生"}
	sayKeyFindings   = runbook.Text{En: "findings", Ja: "確認結果"}
	sayKeyChain      = runbook.Text{En: "plan", Ja: "全体計画"}
	sayKeyDemo       = runbook.Text{En: "demo", Ja: "デモ"}
	sayKeyAgain      = runbook.Text{En: "look again", Ja: "再確認"}
	sayKeyToRunbooks = runbook.Text{En: "to the runbooks", Ja: "手順書へ"}
	sayKeyToRuns     = runbook.Text{En: "to the saved runs", Ja: "保存済みの実行へ"}
	sayKeySection    = runbook.Text{En: "lists", Ja: "一覧切替"}
	sayKeyList       = runbook.Text{En: "list", Ja: "一覧"}

	sayNothingToOpen   = runbook.Text{En: "nothing to open here", Ja: "開くものがありません"}
	sayNoHopRunbook    = runbook.Text{En: "no runbook is known whose pitfalls could be looked for", Ja: "問題を確認できる手順書がありません"}
	sayNoChain         = runbook.Text{En: "the way on is not known yet", Ja: "次のアップグレードはまだ分かりません"}
	sayKeyResume       = runbook.Text{En: "go on with it", Ja: "続きから再開"}
	sayNothingToResume = runbook.Text{En: "only a run that was interrupted or left can be gone on with", Ja: "再開できるのは、中断または途中で終えた実行だけです"}
	sayBrokenRun       = runbook.Text{En: "this run cannot be read", Ja: "この実行は読み込めません"}
)

// On the screen with the whole chain of hops.
var (
	sayChainFrom   = runbook.Text{En: "From %s to %s, %s", Ja: "%s から %s へ (%s)"}
	sayChainKnown  = runbook.Text{En: "releases are known up to %s", Ja: "既知のリリースは %s まで"}
	sayChainHops   = runbook.Text{En: "%d hops; no minor can be left out", Ja: "%d 回。マイナーバージョンは飛ばせません"}
	sayChainHop    = runbook.Text{En: "1 hop", Ja: "1 回"}
	sayInstalls    = runbook.Text{En: "Installed there", Ja: "導入されるもの"}
	sayPassedBy    = runbook.Text{En: "Releases passed by", Ja: "避けるリリース"}
	sayBefore      = runbook.Text{En: "What must hold before", Ja: "前提条件"}
	sayUnmetHere   = runbook.Text{En: "not so here", Ja: "満たしていません"}
	sayOlder       = runbook.Text{En: "Becomes older", Ja: "古くなるもの"}
	sayFaults      = runbook.Text{En: "Wrong in this release", Ja: "このリリースの不具合"}
	sayNews        = runbook.Text{En: "New", Ja: "変更点"}
	sayNoHopDetail = runbook.Text{En: "no runbook for this hop", Ja: "このアップグレードの手順書はありません"}
	sayPython      = runbook.Text{En: "Python %s to %s", Ja: "Python %s から %s"}
)

// On the Findings screen.
var (
	sayFindingsOf     = runbook.Text{En: "Findings", Ja: "確認結果"}
	sayFound          = runbook.Text{En: "Found", Ja: "要対応"}
	sayGroupUntold    = runbook.Text{En: "Could not be told: counts as not well", Ja: "不明 (正常とはみなしません)"}
	sayGroupWell      = runbook.Text{En: "Well", Ja: "正常"}
	sayFinding        = runbook.Text{En: "finding", Ja: "要対応"}
	sayCheckedAt      = runbook.Text{En: "looked at %s, took %s", Ja: "%s に確認、所要 %s"}
	sayEvidence       = runbook.Text{En: "Evidence", Ja: "根拠"}
	sayWhyTitle       = runbook.Text{En: "Why it matters", Ja: "理由"}
	sayRemediesTitle  = runbook.Text{En: "Remedies, offered at the step that meets it", Ja: "対処 (該当する手順で選べます)"}
	saySourcesTitle   = runbook.Text{En: "Sources", Ja: "出典"}
	sayNothingChecked = runbook.Text{En: "Nothing was looked at yet.", Ja: "まだ何も確認していません。"}
	sayNoPitfalls     = runbook.Text{En: "This runbook names no pitfall that can be seen beforehand here.", Ja: "この手順書に事前確認できる既知の問題はありません。"}
	sayUntoldTitle    = runbook.Text{En: "could not tell", Ja: "不明"}
)
