package ui

import (
	"fmt"
	"strings"
	"time"

	"spraydeck/event"
)

// A scene is a run brought to a point worth looking at: the golden screens, and `-sandbox` by hand, show the same ones.
type scene struct {
	name   string
	events []event.Event
	ask    *event.Question
	now    time.Time
}

var sceneStart = time.Date(2026, 11, 14, 22, 3, 0, 0, time.FixedZone("JST", 9*3600))

// script writes events, each a little later than the one before.
type script struct {
	events []event.Event
	now    time.Time
	step   string
	number int
}

func (s *script) add(after time.Duration, data ...event.Data) *script {
	for _, d := range data {
		s.now = s.now.Add(after)
		s.events = append(s.events, event.Event{Seq: int64(len(s.events) + 1), Time: s.now, Step: s.step, Data: d})
	}
	return s
}

func (s *script) in(step string) *script { s.step = step; return s }

func (s *script) command(host, line string, probe bool) *script {
	s.number++
	return s.add(time.Second, event.CommandStarted{Number: s.number, Host: host, Line: line, Changes: !probe, Probe: probe})
}

func (s *script) prints(text string) *script {
	return s.add(time.Second, event.NewOutput(s.number, "stdout", []byte(text)))
}

func (s *script) ends(exit int) *script {
	outcome := event.Done
	if exit != 0 {
		outcome = event.Exited
	}
	return s.add(time.Second, event.CommandEnded{Number: s.number, Exit: exit, Outcome: outcome})
}

func (s *script) passes(id string, took time.Duration) *script {
	s.in(id).add(time.Second, event.StepStarted{Attempt: 1})
	return s.add(took, event.StepEnded{Status: event.Passed})
}

func (s *script) node(name, version, ready string, cordoned bool, roles ...string) *script {
	step := s.step
	s.in("").add(0, event.NodeChanged{Node: event.Node{Name: name, Version: version, Ready: ready, Unschedulable: cordoned,
		Roles: roles, Runtime: "containerd://1.7.24", OS: "Ubuntu 22.04.5 LTS", Kernel: "5.15.0-126-generic",
		Address: "192.0.2.1" + name[len(name)-1:], Since: sceneStart.Add(-50 * time.Hour)}})
	return s.in(step)
}

func both(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }

// begun is a run of an upgrade with its plan and nodes.
func begun() *script {
	s := &script{now: sceneStart}
	s.add(0, event.Started{Runbook: "kubespray", Version: "1", Title: both("Kubespray v2.27.0 to v2.28.0", "Kubespray v2.27.0 から v2.28.0 へ"),
		From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", Tool: "dev", At: sceneStart})
	before, repo, inventory, upgrade := both("Before the window", "作業前"), both("Branch and environment", "ブランチと環境"),
		both("Inventory", "インベントリ"), both("The upgrade", "アップグレード")
	all := []string{"node1", "node2", "node3", "node4"}
	s.add(time.Second, event.Planned{Steps: []event.PlannedStep{
		{ID: "notes", Title: both("Read the release notes", "リリースノートを読む"), Phase: before, Kind: "note"},
		{ID: "ceph", Title: both("Ceph is healthy", "Ceph が正常"), Phase: before, Kind: "check"},
		{ID: "apiserver", Title: both("Which API server does each node use?", "各ノードが参照する API サーバー"), Phase: before, Kind: "check",
			Why: both("Every kubelet must reach the API without the virtual address, or the node is lost at the moment the address moves.",
				"仮想アドレスに頼らずに API へ到達できない kubelet は、アドレスが移った瞬間にノードごと失われます。"),
			Danger: event.ReadOnly, Hosts: all, Estimate: time.Minute, Measured: true},
		{ID: "restart", Title: both("Restart and back up", "再起動とバックアップ"), Phase: before, Kind: "note", Estimate: 20 * time.Minute, Measured: true},
		{ID: "park", Title: both("Park local changes", "ローカル変更を退避"), Phase: repo, Kind: "command", Danger: event.Changes},
		{ID: "branch", Title: both("Branch from v2.28.0", "v2.28.0 からブランチを作成"), Phase: repo, Kind: "command", Danger: event.Changes,
			Why: both("Work on a branch of your own, so that the tag stays what it is and the change is a commit.",
				"タグに手を加えず、変更をコミットとして残すため、専用のブランチで作業します。"), Estimate: time.Minute, Measured: true},
		{ID: "sample", Title: both("Recreate the inventory from the sample", "サンプルからインベントリを再作成"), Phase: inventory, Kind: "carry", Danger: event.Changes, Estimate: 15 * time.Minute, Measured: true},
		{ID: "upgrade", Title: both("Workers, one at a time", "ワーカーを 1 台ずつ更新"), Phase: upgrade, Kind: "ansible", Danger: event.Disrupts,
			Why:   both("Each node is drained, upgraded and put back before the next one.", "1 台ずつ drain し、更新して戻します。"),
			Hosts: []string{"node3"}, NoReturn: true, Estimate: 12 * time.Minute, Measured: true},
		{ID: "drain", Title: both("Drain node3", "node3 を drain"), Phase: upgrade, Kind: "drain", Danger: event.Destroys, Hosts: []string{"node3"}, Estimate: 5 * time.Minute, Measured: true},
		{ID: "verify", Title: both("Everything is where it was", "すべて元どおりか確認"), Phase: upgrade, Kind: "check", Estimate: 3 * time.Minute, Measured: true},
	}})
	s.add(0, event.Connection{To: "node1", Up: true})
	s.node("node1", "v1.31.4", "True", false, "control-plane").node("node2", "v1.31.4", "True", false, "control-plane")
	s.node("node3", "v1.31.4", "True", false).node("node4", "v1.31.4", "True", false)
	return s.passes("notes", 40*time.Second).passes("ceph", 3*time.Second)
}

var leaveChoice = event.Choice{ID: event.ChoiceLeave, Label: both("leave the run here", "ここで中断する")}

func approveScene() scene {
	s := begun().passes("apiserver", 9*time.Second).passes("restart", 18*time.Minute).passes("park", 2*time.Second)
	line := "git switch -c t_v2.28.0 v2.28.0"
	s.in("branch").add(time.Second, event.StepStarted{Attempt: 1}, event.Described{Operations: []event.Operation{
		{Host: event.Workstation, Line: line, Changes: true},
		{Host: event.Workstation, Line: "git status --short --branch", Probe: true},
	}})
	q := event.Question{ID: "branch.approve", Form: event.AskApprove, Title: both("Run these commands?", "これらのコマンドを実行しますか"),
		Details: []string{line}, Danger: event.Changes, Safe: event.ChoiceLeave, Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: both("run", "実行する")},
			{ID: event.ChoiceSkip, Label: both("skip this step", "この手順を省略する"), NeedsReason: true}, leaveChoice}}
	return s.asks("approve", q)
}

func (s *script) asks(name string, q event.Question) scene {
	s.add(time.Second, event.Asked{Question: q})
	return scene{name: name, events: s.events, ask: &q, now: s.now.Add(2 * time.Second)}
}

func gateScene() scene {
	s := begun()
	s.in("apiserver").add(time.Second, event.StepStarted{Attempt: 1}, event.Described{Operations: []event.Operation{
		{Host: "node1", Line: "grep server: /etc/kubernetes/*.conf"}, {Host: "node2", Line: "grep server: /etc/kubernetes/*.conf"},
		{Host: "node3", Line: "grep server: /etc/kubernetes/*.conf"}, {Host: "node4", Line: "grep server: /etc/kubernetes/*.conf"},
	}})
	s.command("node1", "grep server: /etc/kubernetes/*.conf", true).prints("/etc/kubernetes/kubelet.conf:    server: https://127.0.0.1:6443\n").ends(0)
	s.add(time.Second, event.GateChecked{Gate: "reachable", When: "before", Required: event.Success, Verdict: event.Pass,
		Title: both("every node answers over SSH", "全ノードに SSH で到達できる")})
	s.add(time.Second, event.GateChecked{Gate: "local", When: "after", Required: event.Success, Verdict: event.Fail,
		Title: both("every server is local", "すべての接続先がローカル"), Pitfall: "vip-outage-v2.28", Severity: "outage",
		Says: both("These nodes turned NotReady in this very upgrade when the address went away.",
			"仮想アドレスが消えたとき、この更新でこれらのノードが NotReady になりました。"),
		Evidence: []string{"node2  kubelet.conf:5  https://lb-apiserver.kubernetes.local:6443",
			"node3  kubelet.conf:5  https://lb-apiserver.kubernetes.local:6443", "node1, node4  https://127.0.0.1:6443"}})
	return s.asks("gate", event.Question{ID: "apiserver.local", Form: event.AskGate, Opens: true, Safe: event.ChoiceLeave,
		Title: both("The gate does not pass. What now?", "確認項目が不合格です。どうしますか"), Choices: []event.Choice{
			{ID: event.ChoiceRetry, Label: both("check again", "再確認する")},
			{ID: event.RemedyPrefix + "local-api", Label: both("point them at 127.0.0.1, keep a backup, restart kubelet, check again",
				"127.0.0.1 に向け、バックアップを残し、kubelet を再起動して再確認")},
			{ID: event.ChoiceOverride, Label: both("go on without this gate", "この確認を飛ばして続行する"), NeedsReason: true}, leaveChoice}})
}

// upgrading is a playbook in its middle.
func upgrading() *script {
	s := begun()
	for _, id := range []string{"apiserver", "restart", "park", "branch", "sample"} {
		s.passes(id, 4*time.Minute)
	}
	line := "ansible-playbook upgrade-cluster.yml -b -i inventory/mycluster/inventory.ini -e kube_version=1.32.5 --limit node3"
	s.in("upgrade").add(time.Second, event.StepStarted{Attempt: 1}, event.Described{Operations: []event.Operation{
		{Host: event.Workstation, Line: line, Changes: true}}})
	s.node("node1", "v1.32.5", "True", false, "control-plane").node("node2", "v1.32.5", "True", false, "control-plane")
	s.command(event.Workstation, line, false)
	for i := range 40 {
		s.add(5*time.Second, event.NewOutput(s.number, "stdout", []byte(fmt.Sprintf(
			"TASK [kubernetes/node : Step %d of the kubelet] %s\nok: [node3]\nchanged: [node3]\n\n", i+1, strings.Repeat("*", 30)))))
	}
	s.node("node3", "v1.31.4", "True", true)
	return s.add(time.Second, event.Progress{Play: "Upgrade nodes", Task: "Drain node", Tasks: 311, OK: 298, Changed: 12})
}

func playbookScene() scene {
	s := upgrading()
	s.prints("TASK [upgrade/pre-upgrade : Drain node] ****************\n")
	s.prints("error when evicting pods/\"mongodb-arbiter-0\" -n \"rocketchat\" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\n")
	s.add(time.Second, event.Hit{Pitfall: "drain-pdb", Symptom: "evict", Severity: "blocks", Host: "node3", Task: "Drain node",
		Title: both("the drain waits for a disruption budget", "drain が PDB を待っています"),
		Cause: both("rocketchat/mongodb-arbiter allows 0 disruptions (1 healthy, 1 wanted).", "rocketchat/mongodb-arbiter の許容中断数は 0 です (正常 1、必要 1)。"),
		Line:  "Cannot evict pod as it would violate the pod's disruption budget.",
		Remedies: []event.Remedy{{ID: "scale-up", Title: both("scale the arbiter to 2", "arbiter を 2 に増やす")},
			{ID: "delete-pdb", Title: both("keep the budget in a file and delete it", "PDB を保存して削除する")}}})
	return scene{name: "playbook", events: s.events, now: s.now.Add(3 * time.Second)}
}

func redScene() scene {
	s := upgrading()
	s.ends(0).add(time.Second, event.StepEnded{Status: event.Passed})
	line := "kubectl drain node3 --force --ignore-daemonsets --delete-emptydir-data"
	s.in("drain").add(time.Second, event.StepStarted{Attempt: 1}, event.Described{Operations: []event.Operation{{Host: event.API, Line: line, Changes: true}}})
	details := []string{line, "", "evicts 47 pods; deletes emptyDir data of 3:", "  monitoring/prometheus-k8s-0   2.1 GiB",
		"  logging/opensearch-data-1     14.0 GiB", "  ci/runner-cache-0             300 MiB"}
	return s.asks("red", event.Question{ID: "drain.approve", Form: event.AskApprove, Opens: true, Danger: event.Destroys, Type: "node3",
		Safe: event.ChoiceLeave, Title: both("Step 9 removes data on node3", "手順 9 は node3 のデータを削除します"),
		Body: both("This cannot be undone.", "元に戻せません。"), Details: details, Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: both("drain it", "drain する")},
			{ID: event.ChoiceSkip, Label: both("skip this step", "この手順を省略する"), NeedsReason: true}, leaveChoice}})
}

func finishedScene() scene {
	s := upgrading()
	s.ends(0).add(time.Second, event.StepEnded{Status: event.Passed})
	s.in("drain").add(time.Second, event.StepStarted{Attempt: 1}, event.Answered{Question: "drain.approve",
		Answer: event.Answer{Choice: event.ChoiceSkip, Reason: "already empty", By: "operator"}})
	s.add(time.Second, event.StepEnded{Status: event.Skipped, Why: both("skipped by the operator", "オペレーターが省略")})
	s.passes("verify", 30*time.Second)
	s.node("node3", "v1.32.5", "True", false).node("node4", "v1.32.5", "True", false)
	s.in("").add(time.Second, event.Ended{Status: event.Passed, Why: both("4 of 4 nodes at v1.32.5", "4 ノードすべて v1.32.5")})
	return scene{name: "finished", events: s.events, now: s.now.Add(time.Hour)}
}

func failedScene() scene {
	s := upgrading()
	s.prints("fatal: [node3]: UNREACHABLE! => {\"changed\": false, \"msg\": \"Failed to connect to the host via ssh\"}\n")
	s.add(time.Second, event.CommandEnded{Number: s.number, Exit: 4, Outcome: event.Exited, Hint: "check `ssh node3` by hand, then run the step again"})
	return s.asks("failed", event.Question{ID: "upgrade.failed", Form: event.AskFailed, Opens: true, Safe: event.ChoiceLeave,
		Title: both("The playbook ended with exit code 4. What now?", "プレイブックが終了コード 4 で終わりました。どうしますか"), Choices: []event.Choice{
			{ID: event.ChoiceRetry, Label: both("run it again", "もう一度実行する")},
			{ID: event.ChoiceOverride, Label: both("go on as if it had passed", "成功とみなして続行する"), NeedsReason: true}, leaveChoice}})
}

// outageScene is the address gone in the middle of the upgrade: nodes NotReady, the API away, a node's state unknown.
func outageScene() scene {
	s := upgrading()
	s.ends(0).add(time.Second, event.StepEnded{Status: event.Passed})
	s.in("drain").add(time.Second, event.StepStarted{Attempt: 1})
	s.command("node1", "systemctl restart kubelet", false).prints("restarted\n").ends(0)
	s.command("node3", "systemctl restart kubelet", false)
	s.add(time.Second, event.CommandEnded{Number: s.number, Exit: -1, Outcome: event.StateLost, Error: "connection to node3 broke",
		Hint: "look at node3 before anything else: the command may have run"})
	s.command("node4", "systemctl restart kubelet", false)
	s.add(time.Second, event.CommandEnded{Number: s.number, Exit: -1, Outcome: event.Unreachable, Error: "dial 192.0.2.14:22: timeout"})
	s.add(0, event.Connection{To: "node1", Up: false, Error: "connection refused"})
	s.node("node3", "v1.32.5", "Unknown", true).node("node4", "v1.31.4", "False", false)
	s.add(time.Second, event.Hit{Pitfall: "vip-outage-v2.28", Symptom: "notready", Severity: "outage", Title: both("the virtual address is gone", "仮想アドレスが消えました"),
		Cause: both("kubelet.conf names lb-apiserver.kubernetes.local, which no longer answers.", "kubelet.conf の接続先 lb-apiserver.kubernetes.local が応答しません。"),
		Line:  "node3 NotReady", Host: "node3", Remedies: []event.Remedy{{ID: "local-api", Title: both("point it at 127.0.0.1 and restart kubelet", "127.0.0.1 に向けて kubelet を再起動")}}})
	return s.asks("outage", event.Question{ID: "drain.failed", Form: event.AskFailed, Opens: true, Safe: event.ChoiceLeave,
		Title: both("Unknown whether the command ran on node3. What now?", "node3 で実行されたか不明です。どうしますか"), Choices: []event.Choice{
			{ID: event.ChoiceRetry, Label: both("check again", "再確認する")},
			{ID: event.RemedyPrefix + "local-api", Label: both("point it at 127.0.0.1 and restart kubelet", "127.0.0.1 に向けて kubelet を再起動")}, leaveChoice}})
}

func compareScene() scene {
	s := begun().passes("apiserver", 9*time.Second).passes("restart", 18*time.Minute).passes("park", 2*time.Second).passes("branch", time.Second)
	s.in("sample").add(time.Second, event.StepStarted{Attempt: 1}, event.Compared{Path: "group_vars/k8s_cluster/k8s-net-calico.yml",
		Left: "t_v2.27.0", Right: "t_v2.28.0", Old: "calico_network_backend: bird\ncalico_ipip_mode: 'Always'\ncalico_vxlan_mode: 'Never'\n",
		New: "# calico_network_backend: vxlan\n# calico_ipip_mode: 'Never'\n# calico_vxlan_mode: 'Always'\n"})
	return s.asks("compare", event.Question{ID: "sample.calico", Form: event.AskCompare, Safe: event.ChoiceLeave, Title: both("Is the right side as you want it?", "右側はこれでよいですか"),
		Choices: []event.Choice{{ID: event.ChoiceContinue, Label: both("take it", "採用する")}, {ID: event.ChoiceEdit, Label: both("edit", "編集する")}, leaveChoice}})
}

func inputScene() scene {
	s := begun()
	return s.in("apiserver").add(time.Second, event.StepStarted{Attempt: 1}).asks("input", event.Question{ID: "version", Form: event.AskInput,
		Title: both("Which Kubernetes version?", "Kubernetes のバージョンは"), Default: "1.32.5", Choices: []event.Choice{leaveChoice}, Safe: event.ChoiceLeave})
}

func scenes() []scene {
	return []scene{{name: "empty", now: sceneStart}, approveScene(), gateScene(), playbookScene(), redScene(), finishedScene(),
		failedScene(), outageScene(), compareScene(), inputScene()}
}
