package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// world is a pair of nodes, one of which goes through the virtual address until its file is edited.
type world struct {
	mu      sync.Mutex
	vip     map[string]bool
	ran     []string
	upgrade func(host string, out func(string, []byte)) (int, error)
}

func newWorld() *world { return &world{vip: map[string]bool{"n2": true}} }

func (w *world) exec(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran = append(w.ran, c.Host+": "+c.Line)
	switch {
	case c.Line == "print-inventory":
		out("stdout", []byte("{}"))
	case strings.HasPrefix(c.Line, "grep"):
		server := "localhost"
		if w.vip[c.Host] {
			server = "vip"
		}
		out("stdout", []byte("server: "+server+"\n"))
	case strings.HasPrefix(c.Line, "sed"):
		w.vip[c.Host] = false
	case strings.HasPrefix(c.Line, "upgrade"):
		if w.upgrade != nil {
			return w.upgrade(c.Host, out)
		}
	default:
		return -1, fmt.Errorf("unexpected command %q", c.Line)
	}
	return 0, nil
}

func book(t *testing.T) *runbook.Runbook {
	t.Helper()
	var files []runbook.File
	var problems runbook.Problems
	for _, name := range []string{"walk", "vip"} {
		text, err := os.ReadFile("../runbook/testdata/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		f, ps := runbook.Parse(name+".yaml", text, runbooktest.Language())
		problems = append(problems, ps...)
		files = append(files, f)
	}
	if problems = append(problems, lint.Check(files)...); len(problems) > 0 {
		t.Fatal(problems)
	}
	return files[0].Runbook
}

// script answers questions by their ids, in order; a question it does not know is declined.
type script map[string][]event.Answer

func (s script) ask(_ context.Context, q event.Question) (event.Answer, error) {
	list := s[q.ID]
	if len(list) == 0 {
		return event.Answer{}, fmt.Errorf("%w: %s", event.ErrUnanswered, q.ID)
	}
	s[q.ID] = list[1:]
	return list[0], nil
}

func answers(extra script) script {
	s := script{"start": {{Choice: "continue"}}, "upgrade[n1]/approve": {{Choice: "continue"}}, "upgrade[n2]/approve": {{Choice: "continue"}}}
	for k, v := range extra {
		s[k] = v
	}
	return s
}

func walk(t *testing.T, env engine.Env) (event.Ended, []event.Event, *event.State) {
	t.Helper()
	var events []event.Event
	if env.Sink == nil {
		env.Sink = func(e event.Event) error {
			e.Seq, e.Time = int64(len(events)+1), time.Unix(int64(len(events)), 0)
			events = append(events, e)
			return nil
		}
	}
	end, err := engine.NewRun(book(t), env).Go(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	state := &event.State{}
	for _, e := range events {
		state.Apply(e)
	}
	return end, events, state
}

var approveEdit = []event.Answer{{Choice: "continue"}}

func TestRemedyMendsAndTheGateIsCheckedAgain(t *testing.T) {
	w := newWorld()
	end, _, state := walk(t, engine.Env{Exec: w.exec, Ask: answers(script{
		"endpoint/vip":                       {{Choice: "remedy:vip/loopback"}},
		"endpoint/vip/loopback/edit/approve": approveEdit,
	}).ask})
	if end.Exit != 0 {
		t.Fatalf("ended %+v", end)
	}
	if got := state.Step("endpoint"); got.Status != event.Passed || got.Gates[0].Verdict != event.Pass {
		t.Errorf("endpoint is %s, its gate %s", got.Status, got.Gates[0].Verdict)
	}
	if got := state.Step("skipped").Status; got != event.Skipped {
		t.Errorf("a step whose when is false is %s", got)
	}
	want := []string{"n2: sed -i s/vip/localhost/ kubelet.conf", `n1: upgrade --to "1.32.5"`, `n2: upgrade --to "1.32.5"`}
	if got := slices.DeleteFunc(w.ran, func(s string) bool { return strings.Contains(s, "grep") || strings.Contains(s, "print") }); !slices.Equal(got, want) {
		t.Errorf("ran %q, want %q", got, want)
	}
}

func TestNobodyAnswersAGate(t *testing.T) {
	w := newWorld()
	end, _, state := walk(t, engine.Env{Exec: w.exec, Ask: answers(nil).ask})
	if end.Exit != 3 {
		t.Errorf("exit %d, want 3: %s", end.Exit, end.Why)
	}
	if g := state.Step("endpoint").Gates[0]; g.Verdict != event.Fail || !slices.Equal(g.Evidence, []string{"n2 server: vip"}) || g.Says.En != "1 node(s) go through it" {
		t.Errorf("the gate says %+v", g)
	}
	for _, line := range w.ran {
		if strings.Contains(line, "upgrade") || strings.Contains(line, "sed") {
			t.Errorf("%s ran although the gate held", line)
		}
	}
}

func TestOverrideIsRecordedWithItsReason(t *testing.T) {
	w := newWorld()
	end, events, state := walk(t, engine.Env{Exec: w.exec, Ask: answers(script{"endpoint/vip": {{Choice: "override", Reason: "CHG-1"}}}).ask})
	if end.Exit != 0 || state.Step("endpoint").Status != event.Overridden {
		t.Errorf("ended %+v, endpoint %s", end, state.Step("endpoint").Status)
	}
	if !slices.ContainsFunc(events, func(e event.Event) bool {
		a, ok := e.Data.(event.Answered)
		return ok && a.Reason == "CHG-1" && e.Step == "endpoint"
	}) {
		t.Error("no event holds the reason")
	}
}

func TestOverrideWithoutReasonIsRefused(t *testing.T) {
	end, _, _ := walk(t, engine.Env{Exec: newWorld().exec, Ask: answers(script{"endpoint/vip": {{Choice: "override"}}}).ask})
	if end.Exit == 0 {
		t.Error("an override without a reason went through")
	}
}

type lost struct{}

func (lost) Error() string      { return "connection lost" }
func (lost) StateUnknown() bool { return true }

func TestALostConnectionIsNeverSuccess(t *testing.T) {
	w := newWorld()
	w.vip["n2"] = false
	w.upgrade = func(host string, _ func(string, []byte)) (int, error) {
		if host == "n2" {
			return 0, lost{}
		}
		return 0, nil
	}
	end, _, state := walk(t, engine.Env{Exec: w.exec, Ask: answers(nil).ask})
	if end.Exit != 1 || end.Status != event.Lost {
		t.Errorf("ended %+v", end)
	}
	if got := state.Step("upgrade[n2]"); got.Status != event.Lost || got.Commands[0].Outcome != event.StateLost {
		t.Errorf("the step is %s, its command %s", got.Status, got.Commands[0].Outcome)
	}
	if got := state.Step("upgrade[n1]").Status; got != event.Passed {
		t.Errorf("the node before is %s", got)
	}
}

func TestAHitOffersItsRemedyAfterAFailure(t *testing.T) {
	w := newWorld()
	w.upgrade = func(host string, out func(string, []byte)) (int, error) {
		if w.vip[host] {
			out("stderr", []byte("dial vip: connection ref"))
			out("stderr", []byte("used\n"))
			return 1, nil
		}
		return 0, nil
	}
	end, _, state := walk(t, engine.Env{Exec: w.exec, Ask: answers(script{
		"endpoint/vip":                          {{Choice: "override", Reason: "let it happen"}},
		"upgrade[n2]/approve":                   {{Choice: "continue"}, {Choice: "continue"}},
		"upgrade[n2]/failed":                    {{Choice: "remedy:vip/loopback"}, {Choice: "retry"}},
		"upgrade[n2]/vip/loopback/edit/approve": approveEdit,
	}).ask})
	if end.Exit != 0 {
		t.Fatalf("ended %+v", end)
	}
	if st := state.Step("upgrade[n2]"); st.Status != event.Passed || len(st.Hits) != 1 || st.Hits[0].Symptom != "refused" || st.Attempt != 2 {
		t.Errorf("step %+v", st)
	}
}

func TestDryRunDescribesWhatTheRunDoes(t *testing.T) {
	w := newWorld()
	_, events, _ := walk(t, engine.Env{Exec: w.exec, DryRun: true, Ask: answers(nil).ask})
	if !slices.Equal(w.ran, []string{"workstation: print-inventory"}) {
		t.Errorf("the dry run ran %q", w.ran)
	}
	var described []string
	for _, e := range events {
		if d, ok := e.Data.(event.Described); ok {
			for _, o := range d.Operations {
				if o.Probe {
					continue
				}
				described = append(described, o.Host+": "+o.Line)
			}
		}
	}
	w = newWorld()
	w.vip["n2"] = false
	walk(t, engine.Env{Exec: w.exec, Ask: answers(nil).ask})
	var ran []string
	for _, r := range w.ran {
		if strings.Contains(r, "upgrade") {
			ran = append(ran, r)
		}
	}
	if !slices.Equal(described, ran) {
		t.Errorf("described %q\nran %q", described, ran)
	}
}

func TestNothingRunsAfterTheJournalFails(t *testing.T) {
	w := newWorld()
	w.vip["n2"] = false
	full := errors.New("no space left on device")
	_, err := engine.NewRun(book(t), engine.Env{Exec: w.exec, Ask: answers(nil).ask, Sink: func(e event.Event) error {
		if c, ok := e.Data.(event.CommandStarted); ok && strings.HasPrefix(c.Line, "upgrade") {
			return full
		}
		return nil
	}}).Go(t.Context())
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if slices.ContainsFunc(w.ran, func(s string) bool { return strings.Contains(s, "upgrade") }) {
		t.Error("a command ran that was not written first")
	}
}

func TestRehearsalGivesTheSameVerdicts(t *testing.T) {
	w := newWorld()
	_, events, first := walk(t, engine.Env{Exec: w.exec, Ask: answers(script{
		"endpoint/vip":                       {{Choice: "retry"}, {Choice: "remedy:vip/loopback"}},
		"endpoint/vip/loopback/edit/approve": approveEdit,
	}).ask})
	rec := engine.NewRecording(events)
	rec.Play(0, nil)
	end, _, again := walk(t, engine.Env{Exec: rec.Exec, Ask: rec.Ask, Sleep: rec.Sleep, Inputs: rec.Inputs()})
	if end.Exit != 0 {
		t.Fatalf("ended %+v", end)
	}
	for i, st := range again.Steps {
		if st.Status != first.Steps[i].Status {
			t.Errorf("%s is %s, was %s", st.ID, st.Status, first.Steps[i].Status)
		}
	}
	// without the remedy, checking again must not show what only the remedy brought about
	rec = engine.NewRecording(events)
	rec.Play(0, nil)
	end, _, _ = walk(t, engine.Env{Exec: rec.Exec, Sleep: rec.Sleep, Ask: answers(script{"endpoint/vip": {{Choice: "retry"}, {Choice: "retry"}, {Choice: "retry"}}}).ask})
	if end.Exit != 3 {
		t.Errorf("without its remedy the gate let the run through: %+v", end)
	}
}

// The undo is shown under the command that is about to run and must not look like one more command. And a command that
// the operator stops is stopped; what Go calls that is no word for an operator.
func TestWordsOfAnApprovalAndOfAStop(t *testing.T) {
	file, problems := runbook.Parse("stop.yaml", []byte(`{apiVersion: spraydeck/v1, kind: Runbook, name: stop, title: Stop, version: 1.0.0, phases: [
  {title: All, steps: [{id: work, title: Work, command: make it, undo: {en: make it not, ja: 取り消す}}]}]}`), runbooktest.Language())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for err, want := range map[error]string{
		fmt.Errorf("ended by SIGINT: %w", context.Canceled): "ended by SIGINT", context.Canceled: "",
		fmt.Errorf("drain node n1: stopped with 1 pod left: %w", context.Canceled): "drain node n1: stopped with 1 pod left",
		fmt.Errorf("ended by SIGKILL: %w", context.DeadlineExceeded):               "ended by SIGKILL",
	} {
		var body event.Text
		var end event.CommandEnded
		env := engine.Env{
			Exec: func(context.Context, event.Command, func(string, []byte)) (int, error) { return -1, err },
			Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
				if q.ID == "work/approve" {
					body = q.Body
				}
				return event.Answer{Choice: map[bool]string{true: event.ChoiceContinue, false: event.ChoiceLeave}[q.Form == event.AskApprove]}, nil
			},
			Sink: func(e event.Event) error {
				if d, ok := e.Data.(event.CommandEnded); ok {
					end = d
				}
				return nil
			},
		}
		if _, e := engine.NewRun(file.Runbook, env).Go(t.Context()); e != nil {
			t.Fatal(e)
		}
		if end.Error != want || end.Outcome != event.OutcomeOf(-1, err) {
			t.Errorf("%v: %s, %q", err, end.Outcome, end.Error)
		}
		if body.En != "Undo: make it not" || body.Ja != "元に戻すには: 取り消す" {
			t.Errorf("got %q, %q", body.En, body.Ja)
		}
	}
}

// A node that had been Ready for two hours when a run was recorded has been so for two hours in its rehearsal.
// A rehearsal takes no lease. What was read after the recorded run took its own is given all the same.
func TestRehearsalWithoutTheLease(t *testing.T) {
	var events []event.Event
	for n, c := range []struct {
		step, line, out string
		changes         bool
	}{
		{"s", "cat f", "before", false}, {"", "kubectl apply lease", "", true}, {"s", "edit f", "", true}, {"s", "cat f", "after", false},
	} {
		for _, d := range []event.Data{
			event.CommandStarted{Number: n + 1, Host: "n1", Line: c.line, Changes: c.changes},
			event.Output{Number: n + 1, Stream: "stdout", Text: c.out},
			event.CommandEnded{Number: n + 1, Outcome: event.Done},
		} {
			events = append(events, event.Event{Seq: int64(len(events) + 1), Step: c.step, Data: d})
		}
	}
	rec := engine.NewRecording(events)
	rec.Play(0, nil)
	got := ""
	for _, line := range []string{"cat f", "cat f", "edit f", "cat f"} {
		if _, err := rec.Exec(t.Context(), event.Command{Step: "s", Host: "n1", Line: line}, func(_ string, b []byte) { got += string(b) + " " }); err != nil {
			t.Fatal(err)
		}
	}
	if got != "before before  after " {
		t.Errorf("read %q", got)
	}
}

func TestRehearsalIsToday(t *testing.T) {
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rec := engine.NewRecording([]event.Event{
		{Seq: 1, Time: then, Data: event.NodeChanged{Node: event.Node{Name: "n1", Ready: "True", Since: then.Add(-2 * time.Hour)}}},
		{Seq: 2, Time: then, Step: "s", Data: event.CommandStarted{Number: 1, Host: "n1", Line: "date"}},
		{Seq: 3, Time: then, Step: "s", Data: event.CommandEnded{Number: 1, Outcome: event.Done}},
	})
	var age time.Duration
	rec.Play(0, func(d event.Data) error {
		if n, ok := d.(event.NodeChanged); ok {
			age = time.Since(n.Node.Since)
		}
		return nil
	})
	if _, err := rec.Exec(t.Context(), event.Command{Step: "s", Host: "n1", Line: "date"}, func(string, []byte) {}); err != nil {
		t.Fatal(err)
	}
	if age.Round(time.Hour) != 2*time.Hour {
		t.Errorf("Ready for %s", age)
	}
}
