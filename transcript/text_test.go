package transcript

import (
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

var update = flag.Bool("update", false, "rewrite the expected files")

// story is a short run with everything that Text says.
func story() iter.Seq2[event.Event, error] {
	events := []event.Event{
		{Data: event.Started{Runbook: "kubespray/v2.28.0", Version: "1.0.0", Title: event.Text{En: "Upgrade Kubespray", Ja: "Kubespray の更新"},
			From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", Operator: "ops@bastion", Tool: "0.1.0"}},
		{Data: event.Planned{Steps: []event.PlannedStep{
			{ID: "vip", Title: event.Text{En: "The endpoint answers", Ja: "エンドポイントの応答"}},
			{ID: "upgrade", Title: event.Text{En: "Upgrade the nodes", Ja: "ノードの更新"}}}}},
		{Data: event.Connection{To: "https://10.0.0.1:6443", Up: true}},
		{Data: event.NodeChanged{Node: event.Node{Name: "node1", Ready: "True", Version: "v1.31.4"}}},
		{Step: "vip", Data: event.StepStarted{Attempt: 1}},
		{Step: "vip", Data: event.CommandStarted{Number: 1, Host: "node1", Line: "grep server: /etc/kubernetes/kubelet.conf", Probe: true}},
		{Step: "vip", Data: event.CommandEnded{Number: 1, Outcome: event.Done}},
		{Step: "vip", Data: event.GateChecked{Title: event.Text{En: "No node points at the old VIP", Ja: "旧 VIP を使うノードがない"}, Verdict: event.Fail,
			Says: event.T("node1 points at lb-apiserver.kubernetes.local"), Evidence: []string{"server: https://lb-apiserver.kubernetes.local:6443"}}},
		{Step: "vip", Data: event.Asked{Question: event.Question{ID: "vip.gate", Title: event.Text{En: "The gate holds", Ja: "ゲートで停止中"}}}},
		{Step: "vip", Data: event.Answered{Question: "vip.gate", Answer: event.Answer{Choice: event.ChoiceOverride, Reason: "moved last week", By: "operator"}}},
		{Step: "vip", Data: event.StepEnded{Status: event.Overridden}},
		{Step: "upgrade", Data: event.StepStarted{Attempt: 1}},
		{Step: "upgrade", Data: event.CommandStarted{Number: 2, Host: event.Workstation, Line: "ansible-playbook -i inventory.ini \\\n  upgrade-cluster.yml", Changes: true}},
		{Step: "upgrade", Data: event.Output{Number: 2, Stream: "stdout", Text: "PLAY [all]\r\n\x1b]0;title\x07\x1b[31mfatal: [nod"}},
		{Step: "upgrade", Data: event.CommandStarted{Number: 3, Host: "node2", Line: "uptime"}},
		{Step: "upgrade", Data: event.Output{Number: 2, Stream: "stdout", Text: "e1]\x1b[0m\n 10%\r 50%\r100%\nlast \u202e line"}},
		{Step: "upgrade", Data: event.Hit{Pitfall: "lb-apiserver", Severity: "outage", Title: event.Text{En: "The VIP is dead", Ja: "VIP が停止"}, Host: "node1", Line: "fatal: [node1]\x1b[2J"}},
		{Data: event.NodeChanged{Node: event.Node{Name: "node1", Ready: "True", Version: "v1.31.4", Kernel: "6.1"}}},
		{Data: event.NodeChanged{Node: event.Node{Name: "node1", Ready: "Unknown", Version: "v1.31.4"}}},
		{Step: "upgrade", Data: event.CommandEnded{Number: 3, Outcome: event.StateLost, Exit: -1, Error: "broken pipe"}},
		{Step: "upgrade", Data: event.CommandEnded{Number: 2, Outcome: event.Exited, Exit: 2}},
		{Step: "upgrade", Data: event.RemedyStarted{ID: "repoint", Title: event.Text{En: "Point at a live node", Ja: "別ノードへ切替"}}},
		{Step: "upgrade", Data: event.RemedyEnded{ID: "repoint", Status: event.Passed}},
		{Step: "upgrade", Data: event.StepStarted{Attempt: 2}},
		{Step: "upgrade", Data: event.Compared{Path: "inventory/k8s-cluster.yml", Left: "t_v2.27.0", Right: "t_v2.28.0"}},
		{Step: "upgrade", Data: event.Remark{Text: event.Text{En: "a remark", Ja: "備考"}}},
		{Step: "upgrade", Data: event.StepEnded{Status: event.Passed}},
		{Data: event.Ended{Status: event.Passed}},
	}
	return func(yield func(event.Event, error) bool) {
		at := testHeader.Started
		for i, e := range events {
			at = at.Add(time.Duration(i) * 700 * time.Millisecond)
			e.Seq, e.Time = int64(i)+1, at
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		lang string
		o    TextOptions
	}{
		"en":        {"en", TextOptions{}},
		"ja":        {"ja", TextOptions{}},
		"en-output": {"en", TextOptions{Output: true, Step: "upgrade"}},
	} {
		var b strings.Builder
		if err := Text(&b, story(), c.lang, c.o); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "text-"+name+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s:\n%s", path, b.String())
		}
		if strings.ContainsAny(b.String(), "\x1b\x07\r\u202e") {
			t.Errorf("%s: remote output acts on the terminal", path)
		}
	}
}

func TestTextNoStep(t *testing.T) {
	err := Text(&strings.Builder{}, story(), "en", TextOptions{Step: "upgrad"})
	var none *NoStepError
	if !errors.As(err, &none) || !strings.Contains(hint(err), "vip upgrade") {
		t.Errorf("%v", err)
	}
}

func TestTextBadLine(t *testing.T) {
	bad := errors.New("run.jsonl:3: not an event")
	var b strings.Builder
	err := Text(&b, func(yield func(event.Event, error) bool) {
		_ = yield(event.Event{}, bad) && yield(event.Event{Data: event.Remark{Text: event.T("goes on")}}, nil)
	}, "en", TextOptions{})
	if err != bad || !strings.Contains(b.String(), bad.Error()) || !strings.Contains(b.String(), "goes on") || !strings.Contains(b.String(), "not ended") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestTextDryRun(t *testing.T) {
	var b strings.Builder
	err := Text(&b, func(yield func(event.Event, error) bool) {
		for _, d := range []event.Data{
			event.Started{DryRun: true}, event.StepStarted{Attempt: 1},
			event.Described{Operations: []event.Operation{{Host: "node1", Line: "one"}, {Host: "node2", Line: "two"}}},
			event.StepEnded{Status: event.Skipped}, event.Ended{},
		} {
			if !yield(event.Event{Step: "s", Data: d}, nil) {
				return
			}
		}
	}, "en", TextOptions{})
	if err != nil || !strings.Contains(b.String(), "would run   node1       one\n") || !strings.Contains(b.String(), "node2       two\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
