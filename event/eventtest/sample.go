package eventtest

import (
	"time"

	"spraydeck/event"
)

func prose(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }

// feed numbers events and lets a second pass between them.
type feed struct {
	emit func(event.Event)
	Step string // id of the step that further events belong to
	at   time.Time
	seq  int64
}

// NewFeed numbers events from 1 and dates the first.
func NewFeed(emit func(event.Event)) *feed {
	return &feed{emit: emit, at: time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC)}
}

// Add emits events of the current step.
func (f *feed) Add(data ...event.Data) {
	for _, d := range data {
		f.seq++
		f.at = f.at.Add(time.Second)
		f.emit(event.Event{Seq: f.seq, Time: f.at, Step: f.Step, Data: d})
	}
}

// Plan is a run of four steps, one of each colour.
func Plan() []event.PlannedStep {
	before, upgrade := prose("Before the window", "作業前"), prose("The upgrade", "アップグレード")
	return []event.PlannedStep{
		{ID: "notes", Title: prose("Read the release notes", "リリースノートを読む"), Phase: before, Kind: "note",
			Danger: event.ReadOnly, Estimate: time.Minute, Measured: true},
		{ID: "api-server", Title: prose("Which API server does each node use?", "各ノードが参照する API サーバー"),
			Phase: before, Kind: "check", Danger: event.ReadOnly, Hosts: []string{"node1", "node2"}, Estimate: 5 * time.Second, Measured: true,
			Why: prose("Every kubelet must reach the API without the virtual address.", "仮想アドレスなしで API に届く必要があります。")},
		{ID: "drain-node2", Title: prose("Drain node2", "node2 を退避"), Phase: upgrade, Kind: "drain",
			Danger: event.Destroys, Hosts: []string{"node2"}, Estimate: 4 * time.Minute, Measured: true},
		{ID: "upgrade", Title: prose("Control plane and etcd", "コントロールプレーンと etcd"), Phase: upgrade, Kind: "ansible",
			Danger: event.Disrupts, NoReturn: true, Hosts: []string{"node1", "node2"}, Estimate: 40 * time.Minute, Measured: true},
	}
}

// FailingGate is a gate that does not pass.
func FailingGate() event.GateChecked {
	return event.GateChecked{Gate: "local", When: "before", Title: prose("Every server is local", "すべてローカル"),
		Required: event.Success, Verdict: event.Fail, Pitfall: "vip-outage-v2.28", Severity: "outage",
		Says:     prose("2 of 2 nodes use the virtual address.", "2 台中 2 台が仮想アドレスを使用しています。"),
		Evidence: []string{"node2  kubelet.conf:5  https://lb-apiserver.kubernetes.local:6443"}}
}

// GateQuestion is what that gate asks.
func GateQuestion() event.Question {
	return event.Question{ID: "gate.api-server.local", Form: event.AskGate,
		Title:   prose("Every server is local: does not pass", "すべてローカル: 不合格"),
		Body:    prose("What now?", "どうしますか?"),
		Details: []string{"node2  kubelet.conf:5"},
		Choices: []event.Choice{
			{ID: "remedy:localhost", Label: prose("Point them at 127.0.0.1", "127.0.0.1 に向ける")},
			{ID: event.ChoiceRetry, Label: prose("Check again", "再確認")},
			{ID: event.ChoiceOverride, Label: prose("Go on without the proof", "証拠なしで続行"), NeedsReason: true},
			{ID: event.ChoiceLeave, Label: prose("Stop here", "ここで停止")},
		}, Safe: event.ChoiceLeave, Opens: true}
}

// Run is a run that meets most of what can happen.
func Run(f *feed) {
	f.Add(event.Started{Runbook: "kubespray/v2.28.0", Version: "1.0", Title: prose("Kubespray v2.28.0", ""),
		From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", Checkout: "/srv/kubespray", Operator: "op@bastion", At: f.at},
		event.Planned{Steps: Plan()},
		event.NodeChanged{Node: event.Node{Name: "node1", Ready: "True", Version: "v1.31.4"}},
		event.NodeChanged{Node: event.Node{Name: "node2", Ready: "True", Version: "v1.31.4"}})
	f.Step = "notes"
	f.Add(event.StepStarted{Attempt: 1}, event.StepEnded{Status: event.Skipped, Why: prose("already read", "既読")})
	f.Step = "api-server"
	f.Add(event.StepStarted{Attempt: 1},
		event.Described{Operations: []event.Operation{{Host: "node1", Line: "grep server: /etc/kubernetes/*.conf"}}},
		event.CommandStarted{Number: 1, Host: "node1", Line: "grep server: /etc/kubernetes/*.conf", Probe: true},
		event.Output{Number: 1, Stream: "stdout", Text: "not shown\n"},
		event.CommandEnded{Number: 1, Outcome: event.Done},
		FailingGate(), event.Asked{Question: GateQuestion()},
		event.Answered{Question: "gate.api-server.local", Answer: event.Answer{Choice: "remedy:localhost", By: "answers"}},
		event.RemedyStarted{ID: "localhost", Title: prose("Point them at 127.0.0.1", "127.0.0.1 に向ける")},
		event.CommandStarted{Number: 2, Host: "node1", Line: "sed -i s/lb-api/127.0.0.1/ a.conf\nsystemctl restart kubelet"},
		event.CommandStarted{Number: 3, Host: "node2", Line: "systemctl restart kubelet"},
		event.Output{Number: 2, Text: "one\x1b[31m red\x1b[0m\x1b]0;title\a\nha"},
		event.Output{Number: 3, Text: "\u001b[2Jother\r\n"},
		event.Output{Number: 2, Text: "lf 10%\rhalf 90%"},
		event.CommandEnded{Number: 2, Outcome: event.Done},
		event.CommandEnded{Number: 3, Outcome: event.StateLost, Error: "broken pipe", Hint: "check node2 by hand"},
		event.RemedyEnded{ID: "localhost", Status: event.Passed},
		event.Answered{Question: "gate.api-server.local", Answer: event.Answer{Choice: "override", By: "operator",
			Reason: "it is only the test cluster"}},
		event.StepEnded{Status: event.Overridden})
	f.Step = "drain-node2"
	f.Add(event.StepStarted{Attempt: 1},
		event.Asked{Question: event.Question{ID: "approve.drain", Form: event.AskApprove, Title: prose("Drain node2?", ""),
			Details: []string{"kubectl drain node2 --force"}, Type: "node2", Danger: event.Destroys}},
		event.Answered{Question: "approve.drain", Answer: event.Answer{Choice: "continue", Text: "node2", By: "answers"}},
		event.CommandStarted{Number: 4, Host: "api", Line: "kubectl drain node2 --force"},
		event.NodeChanged{Node: event.Node{Name: "node2", Ready: "Unknown", Unschedulable: true, Version: "v1.31.4"}},
		event.NodeChanged{Node: event.Node{Name: "node2", Ready: "False", Unschedulable: true, Version: "v1.31.4"}},
		event.Hit{Pitfall: "drain-pdb", Severity: "blocks", Host: "node2", Line: "error when evicting\x1b[1m pods",
			Title: prose("The drain waits for a budget", "PDB が退避を止めています"), Cause: prose("The budget allows 0 disruptions.", ""),
			Remedies: []event.Remedy{{ID: "scale", Title: prose("Scale it up", "増やす")}}},
		event.Connection{To: "api", Up: false, Error: "refused"}, event.Connection{To: "api", Up: true},
		event.CommandEnded{Number: 4, Exit: 1, Outcome: event.Exited},
		event.Compared{Path: "k8s-net-calico.yml", Left: "t_v2.27.0", Right: "v2.28.0", Old: "a: 1\nb: 2\n", New: "a: 1\nb: 3\nc: 4\n",
			Note: prose("default changed", "既定値が変わりました")},
		event.Remark{Text: prose("tried twice", "2 回試しました")},
		event.StepStarted{Attempt: 2},
		event.StepEnded{Status: event.Failed, Why: prose("exit code 1", "終了コード 1")})
	f.Step = ""
	f.Add(event.UnknownData{Name: "later", JSON: []byte(`{}`)}, event.Ended{Status: event.Failed, Exit: 1, Why: prose("drain-node2 failed", "")})
}
