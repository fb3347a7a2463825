package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// sameAsGolden compares with a file in testdata.
func sameAsGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./ui -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

// feed numbers events and lets a second pass between them.
type feed struct {
	emit func(event.Event)
	step string
	at   time.Time
	seq  int64
}

func newFeed(emit func(event.Event)) *feed {
	return &feed{emit: emit, at: time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC)}
}

func (f *feed) add(data ...event.Data) {
	for _, d := range data {
		f.seq++
		f.at = f.at.Add(time.Second)
		f.emit(event.Event{Seq: f.seq, Time: f.at, Step: f.step, Data: d})
	}
}

func text(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }

// smallPlan is a run of four steps, one of each colour.
func smallPlan() []event.PlannedStep {
	before, upgrade := text("Before the window", "作業前"), text("The upgrade", "アップグレード")
	return []event.PlannedStep{
		{ID: "notes", Title: text("Read the release notes", "リリースノートを読む"), Phase: before, Kind: "note",
			Danger: event.ReadOnly, Estimate: time.Minute},
		{ID: "api-server", Title: text("Which API server does each node use?", "各ノードが参照する API サーバー"),
			Phase: before, Kind: "check", Danger: event.ReadOnly, Hosts: []string{"node1", "node2"}, Estimate: 5 * time.Second,
			Why: text("Every kubelet must reach the API without the virtual address.", "仮想アドレスなしで API に届く必要があります。")},
		{ID: "drain-node2", Title: text("Drain node2", "node2 を退避"), Phase: upgrade, Kind: "drain",
			Danger: event.Destroys, Hosts: []string{"node2"}, Estimate: 4 * time.Minute},
		{ID: "upgrade", Title: text("Control plane and etcd", "コントロールプレーンと etcd"), Phase: upgrade, Kind: "ansible",
			Danger: event.Disrupts, NoReturn: true, Hosts: []string{"node1", "node2"}, Estimate: 40 * time.Minute},
	}
}

func failingGate() event.GateChecked {
	return event.GateChecked{Gate: "local", When: "before", Title: text("Every server is local", "すべてローカル"),
		Required: event.Success, Verdict: event.Fail, Pitfall: "vip-outage-v2.28", Severity: "outage",
		Says:     text("2 of 2 nodes use the virtual address.", "2 台中 2 台が仮想アドレスを使用しています。"),
		Evidence: []string{"node2  kubelet.conf:5  https://lb-apiserver.kubernetes.local:6443"}}
}

func gateQuestion() event.Question {
	return event.Question{ID: "gate.api-server.local", Form: event.AskGate,
		Title:   text("Every server is local: does not pass", "すべてローカル: 不合格"),
		Body:    text("What now?", "どうしますか?"),
		Details: []string{"node2  kubelet.conf:5"},
		Choices: []event.Choice{
			{ID: "remedy:localhost", Label: text("Point them at 127.0.0.1", "127.0.0.1 に向ける")},
			{ID: event.ChoiceRetry, Label: text("Check again", "再確認")},
			{ID: event.ChoiceOverride, Label: text("Go on without the proof", "証拠なしで続行"), NeedsReason: true},
			{ID: event.ChoiceLeave, Label: text("Stop here", "ここで停止")},
		}, Safe: event.ChoiceLeave, Opens: true}
}

// smallRun is a run that meets most of what can happen.
func smallRun(f *feed) {
	f.add(event.Started{Runbook: "kubespray/v2.28.0", Version: "1.0", Title: text("Kubespray v2.28.0", ""),
		From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", Checkout: "/srv/kubespray", Operator: "op@bastion", At: f.at},
		event.Planned{Steps: smallPlan()},
		event.NodeChanged{Node: event.Node{Name: "node1", Ready: "True", Version: "v1.31.4"}},
		event.NodeChanged{Node: event.Node{Name: "node2", Ready: "True", Version: "v1.31.4"}})
	f.step = "notes"
	f.add(event.StepStarted{Attempt: 1}, event.StepEnded{Status: event.Skipped, Why: text("already read", "既読")})
	f.step = "api-server"
	f.add(event.StepStarted{Attempt: 1},
		event.Described{Operations: []event.Operation{{Host: "node1", Line: "grep server: /etc/kubernetes/*.conf"}}},
		event.CommandStarted{Number: 1, Host: "node1", Line: "grep server: /etc/kubernetes/*.conf", Probe: true},
		event.Output{Number: 1, Stream: "stdout", Text: "not shown\n"},
		event.CommandEnded{Number: 1, Outcome: event.Done},
		failingGate(), event.Asked{Question: gateQuestion()},
		event.Answered{Question: "gate.api-server.local", Answer: event.Answer{Choice: "remedy:localhost", By: "answers"}},
		event.RemedyStarted{ID: "localhost", Title: text("Point them at 127.0.0.1", "127.0.0.1 に向ける")},
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
	f.step = "drain-node2"
	f.add(event.StepStarted{Attempt: 1},
		event.Asked{Question: event.Question{ID: "approve.drain", Form: event.AskApprove, Title: text("Drain node2?", ""),
			Details: []string{"kubectl drain node2 --force"}, Type: "node2", Danger: event.Destroys}},
		event.Answered{Question: "approve.drain", Answer: event.Answer{Choice: "continue", Text: "node2", By: "answers"}},
		event.CommandStarted{Number: 4, Host: "api", Line: "kubectl drain node2 --force"},
		event.NodeChanged{Node: event.Node{Name: "node2", Ready: "Unknown", Unschedulable: true, Version: "v1.31.4"}},
		event.NodeChanged{Node: event.Node{Name: "node2", Ready: "False", Unschedulable: true, Version: "v1.31.4"}},
		event.Hit{Pitfall: "drain-pdb", Severity: "blocks", Host: "node2", Line: "error when evicting\x1b[1m pods",
			Title: text("The drain waits for a budget", "PDB が退避を止めています"), Cause: text("The budget allows 0 disruptions.", ""),
			Remedies: []event.Remedy{{ID: "scale", Title: text("Scale it up", "増やす")}}},
		event.Connection{To: "api", Up: false, Error: "refused"}, event.Connection{To: "api", Up: true},
		event.CommandEnded{Number: 4, Exit: 1, Outcome: event.Exited},
		event.Compared{Path: "k8s-net-calico.yml", Left: "t_v2.27.0", Right: "v2.28.0", Old: "a: 1\nb: 2\n", New: "a: 1\nb: 3\nc: 4\n",
			Note: text("default changed", "既定値が変わりました")},
		event.Remark{Text: text("tried twice", "2 回試しました")},
		event.StepStarted{Attempt: 2},
		event.StepEnded{Status: event.Failed, Why: text("exit code 1", "終了コード 1")})
	f.step = ""
	f.add(event.UnknownData{Name: "later", JSON: []byte(`{}`)}, event.Ended{Status: event.Failed, Exit: 1, Why: text("drain-node2 failed", "")})
}

func TestPlainGolden(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		var b strings.Builder
		p := NewPlain(&b, PlainOptions{Lang: lang, Transcript: "/var/lib/run-1", Times: lang == "ja"})
		smallRun(newFeed(p.Emit))
		sameAsGolden(t, "plain-run-"+lang, b.String())
		if strings.ContainsFunc(b.String(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Error("a control character got through")
		}
	}
}

func TestPlainDryRun(t *testing.T) {
	var b strings.Builder
	p := NewPlain(&b, PlainOptions{})
	f := newFeed(p.Emit)
	f.add(event.Started{Runbook: "r", DryRun: true}, event.Planned{Steps: smallPlan()})
	f.step = "drain-node2"
	op := event.Operation{Host: "api", Line: "kubectl drain node2 --force", Changes: true}
	f.add(event.StepStarted{Attempt: 1}, event.Described{Operations: []event.Operation{op, {Host: "node2", Line: "true"}}},
		event.CommandStarted{Number: 1, Host: op.Host, Line: op.Line}, event.StepEnded{Status: event.Passed})
	if n := strings.Count(b.String(), "  run  api: kubectl drain node2 --force\n"); n != 1 {
		t.Errorf("the command stands there %d times:\n%s", n, b.String())
	}
	if !strings.Contains(b.String(), "  run  node2: true\n") {
		t.Error(b.String())
	}
}

func TestPlainKeepsTheFirstWriteError(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(errors.New("reader gone"))
	p := NewPlain(w, PlainOptions{})
	newFeed(p.Emit).add(event.Started{Runbook: "r"})
	if p.Err() == nil || p.Err().Error() != "reader gone" {
		t.Error(p.Err())
	}
}

// dialogue answers prompts: each prompt that ends with a key gets its line.
type dialogue struct {
	t       *testing.T
	w       *io.PipeWriter
	replies []string
	shown   strings.Builder
}

func (d *dialogue) Write(p []byte) (int, error) {
	d.shown.Write(p)
	if strings.HasSuffix(string(p), ": ") {
		if len(d.replies) == 0 {
			d.w.Close()
		} else {
			reply := d.replies[0]
			d.replies = d.replies[1:]
			go io.WriteString(d.w, reply+"\n") //nolint:errcheck // the reader is in this process
		}
	}
	return len(p), nil
}

func askPlain(t *testing.T, q event.Question, replies ...string) (event.Answer, string, error) {
	t.Helper()
	r, w := io.Pipe()
	d := &dialogue{t: t, w: w, replies: replies}
	now := make(chan time.Time)
	close(now)
	p := NewPlain(io.Discard, PlainOptions{Prompts: d, pause: func() <-chan time.Time { return now }})
	a, err := p.Ask(r)(context.Background(), q)
	return a, d.shown.String(), err
}

func TestPlainAsk(t *testing.T) {
	typed := gateQuestion()
	typed.Choices = []event.Choice{{ID: event.ChoiceContinue}, {ID: event.ChoiceLeave}}
	typed.Type = "node2"
	input := event.Question{ID: "in", Form: event.AskInput, Default: "22",
		Choices: []event.Choice{{ID: event.ChoiceContinue}, {ID: event.ChoiceLeave}}}
	tests := []struct {
		name    string
		q       event.Question
		replies []string
		want    event.Answer
	}{
		{"a number", gateQuestion(), []string{"2"}, event.Answer{Choice: "retry"}},
		{"empty is nothing", gateQuestion(), []string{"", "y", "9", "4"}, event.Answer{Choice: "leave"}},
		{"a reason", gateQuestion(), []string{"3", " ", "why not"}, event.Answer{Choice: "override", Reason: "why not"}},
		{"the word", typed, []string{"1", "", "node1", "node2"}, event.Answer{Choice: "continue", Text: "node2"}},
		{"no word to leave", typed, []string{"2"}, event.Answer{Choice: "leave"}},
		{"the default", input, []string{""}, event.Answer{Choice: "continue", Text: "22"}},
		{"a value", input, []string{"2"}, event.Answer{Choice: "continue", Text: "2"}},
		{"leave an input", input, []string{":2"}, event.Answer{Choice: "leave"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, shown, err := askPlain(t, tt.q, tt.replies...)
			tt.want.By = "operator"
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v\n%s", got, err, tt.want, shown)
			}
		})
	}
}

func TestPlainAskEndsUnanswered(t *testing.T) {
	if _, _, err := askPlain(t, gateQuestion()); !errors.Is(err, event.ErrUnanswered) {
		t.Errorf("at the end of the input: %v", err)
	}
	if _, _, err := askPlain(t, gateQuestion(), make([]string, 20)...); !errors.Is(err, event.ErrUnanswered) {
		t.Errorf("after many empty lines: %v", err)
	}
}

// What was typed or pasted before the question stood must not answer it.
func TestPlainAskDropsTypeAhead(t *testing.T) {
	r, w := io.Pipe()
	d := &dialogue{t: t, w: w, replies: []string{"2"}}
	tick := make(chan time.Time)
	p := NewPlain(io.Discard, PlainOptions{Prompts: d, pause: func() <-chan time.Time { return tick }})
	ask := p.Ask(r)
	go func() {
		io.WriteString(w, "1\n") //nolint:errcheck // each write returns when it is read
		io.WriteString(w, "1\n") //nolint:errcheck
		io.WriteString(w, " ")   //nolint:errcheck // read: both lines before it have been taken
		tick <- time.Now()
	}()
	a, err := ask(context.Background(), gateQuestion())
	if err != nil || a.Choice != "retry" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestPlainAskIsCancelled(t *testing.T) {
	r, _ := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	p := NewPlain(io.Discard, PlainOptions{pause: func() <-chan time.Time { cancel(); return nil }})
	if _, err := p.Ask(r)(ctx, gateQuestion()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestHintIsSaid: a symptom that is only a hint looks like none of the known ones, on the card, in the lines and at the end.
func TestHintIsSaid(t *testing.T) {
	hit := event.Hit{Pitfall: "drain-pdb", Severity: "blocks", Hint: true, Title: text("The drain waits", ""), Line: "evicting"}
	var lines strings.Builder
	p := NewPlain(&lines, PlainOptions{Lang: "en"})
	newFeed(p.Emit).add(hit)
	card := strings.Join(newLook(Options{Lang: "en", NoColor: true}).hitBlock(hit, 80).lines, "\n")
	for where, got := range map[string]string{"lines": lines.String(), "card": card} {
		if !strings.Contains(strings.ToLower(got), "perhaps") || !strings.Contains(got, "A hint: this line can have another cause.") || strings.Contains(strings.ToLower(got), "known") {
			t.Errorf("%s:\n%s", where, got)
		}
	}
}

// A clock that goes back an hour in mid-run takes no time back.
func TestPlainClockGoesBack(t *testing.T) {
	var b strings.Builder
	p := NewPlain(&b, PlainOptions{})
	at := time.Date(2026, 11, 1, 1, 59, 0, 0, time.UTC)
	for i, d := range []event.Data{event.Started{Runbook: "r"}, event.Planned{Steps: smallPlan()[:1]}, event.StepStarted{Attempt: 1},
		event.StepEnded{Status: event.Passed}, event.Ended{Status: event.Passed}} {
		e := event.Event{Seq: int64(i + 1), Time: at, Data: d}
		if i == 2 || i == 3 {
			e.Step = smallPlan()[0].ID
		}
		if p.Emit(e); i == 2 {
			at = at.Add(-time.Hour)
		}
	}
	if s := b.String(); strings.Contains(s, "-3600") || !strings.Contains(s, "0s") {
		t.Error(s)
	}
}

// A console that takes a run up says what was running, and puts what that prints now under its step.
func TestPlainResumed(t *testing.T) {
	step := smallPlan()[0]
	var events []event.Event
	var state event.State
	f := newFeed(func(e event.Event) { events = append(events, e); state.Apply(e) })
	f.add(event.Started{Runbook: "r"}, event.Planned{Steps: smallPlan()[:1]})
	f.step = step.ID
	f.add(event.StepStarted{Attempt: 1}, event.CommandStarted{Number: 1, Host: "node1", Line: "long"}, event.NewOutput(1, "stdout", []byte("seen\nbe")))
	var b strings.Builder
	p := NewPlain(&b, PlainOptions{})
	p.Recall(slices.Values(slices.DeleteFunc(events, func(e event.Event) bool { return e.Data.Kind() == "output" })), &state)
	f = newFeed(p.Emit)
	f.add(event.Resumed{Operator: "ada@bastion"}, event.Remark{Text: event.T("3 checks")})
	f.step = step.ID
	f.add(event.NewOutput(1, "stdout", []byte("gun\n")), event.CommandEnded{Number: 1, Outcome: event.Done})
	got := b.String()
	want := "r is taken up again by ada@bastion\n  in  1/1  " + step.Title.En + "\n  was running  node1: long\n  note  3 checks\n"
	if !strings.HasPrefix(got, want) || strings.Contains(got, "seen") {
		t.Errorf("%q", got)
	}
	if _, after, ok := strings.Cut(got, "\n1/1 "+step.Title.En); !ok || !strings.Contains(after, "      begun\n") {
		t.Errorf("the output has no heading, or not all of its line: %q", got)
	}
}
