package recap

import (
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// TestRecap: a night with a gate overridden, a playbook that failed, a budget restored and one that is not.
func TestRecap(t *testing.T) {
	s := &event.State{}
	at := time.Date(2026, 11, 14, 22, 0, 0, 0, time.UTC)
	put := func(step string, data ...event.Data) {
		for _, d := range data {
			at = at.Add(time.Minute)
			s.Apply(event.Event{Seq: s.Seq + 1, Time: at, Step: step, Data: d})
		}
	}
	put("", event.Started{Runbook: "r", At: at}, event.Planned{Steps: []event.PlannedStep{{ID: "a", Title: event.T("Check")},
		{ID: "b", Title: event.T("Upgrade")}, {ID: "c", Title: event.T("After")}}},
		event.NodeChanged{Node: event.Node{Name: "n1", Version: "v1.31.4", Ready: "True"}},
		event.NodeChanged{Node: event.Node{Name: "n2", Version: "v1.31.4", Ready: "True"}})
	put("a", event.StepStarted{Attempt: 1}, event.GateChecked{Gate: "g", Title: event.T("The disk is full"), Required: event.Success, Verdict: event.Fail, Pitfall: "disk"},
		event.Answered{Answer: event.Answer{Choice: event.ChoiceOverride, Reason: "cleaned by hand"}}, event.StepEnded{Status: event.Overridden})
	put("b", event.StepStarted{Attempt: 1}, event.Loosened{ID: "x", Title: event.T("Budget of web")}, event.Loosened{ID: "y", Title: event.T("Budget of db"), Undo: event.T("kubectl apply -f db.yaml")},
		event.Restored{ID: "x"}, event.Asked{Question: event.Question{ID: "b/approve", Form: event.AskApprove, Body: event.UndoBody(event.T("run the old tag"))}},
		event.Answered{Answer: event.Answer{Choice: event.ChoiceContinue}},
		event.CommandStarted{Number: 1, Host: event.Workstation, Line: "ansible-playbook up.yml", Changes: true},
		event.NewOutput(1, "stdout", []byte("TASK [etcd : Backup] ***\nfatal: [n2]: FAILED! => {\"msg\": \"no space left\"}\n\nPLAY RECAP ***\nn2 : ok=0 changed=0 unreachable=0 failed=1\n")),
		event.Progress{Task: "etcd : Backup", Tasks: 1, Failed: 1}, event.CommandEnded{Number: 1, Exit: 2, Outcome: event.Exited}, event.StepEnded{Status: event.Failed})
	put("", event.NodeChanged{Node: event.Node{Name: "n1", Version: "v1.32.5", Ready: "True"}}, event.Ended{Status: event.Failed, Exit: 1})
	for _, lang := range []string{"en", "ja"} {
		got := strings.Join(Text(Of(s, time.Hour), lang, "show"), "\n")
		for _, want := range map[string][]string{
			"en": {"✗ The run has ended: failed", "0 of 3 steps done · 1 overridden · 1 failed · 1 not reached", "of the window of 1h00m", "✗ task etcd : Backup on n2: no space left",
				"#1 The disk is full (disk): overridden, still so", "Budget of db: still applied; Undo: kubectl apply -f db.yaml", "✓ n1: v1.31.4 → v1.32.5, Ready",
				"✓ n2: v1.31.4, Ready", "#1 Check: override, reason: cleaned by hand", "Restored\n  ✓ Budget of web", "#2 Upgrade: 1 command\n    undo: run the old tag"},
			"ja": {"実行は終了しました: 失敗", "n2 のタスク etcd : Backup: no space left", "元に戻すには: run the old tag"},
		}[lang] {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", lang, want, got)
			}
		}
	}
	if got := Of(&event.State{}, 0); got != nil {
		t.Errorf("a run that goes on has come to nothing yet: %v", got)
	}
}
