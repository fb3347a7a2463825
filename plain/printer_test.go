package plain

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/event/eventtest"
)

func TestGolden(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		var b strings.Builder
		p := New(&b, Options{Lang: lang, Transcript: "/var/lib/run-1", Times: lang == "ja"})
		eventtest.Run(eventtest.NewFeed(p.Emit))
		sameAsGolden(t, "run-"+lang, b.String())
		if strings.ContainsFunc(b.String(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Error("a control character got through")
		}
	}
}

func TestDryRun(t *testing.T) {
	var b strings.Builder
	p := New(&b, Options{})
	f := eventtest.NewFeed(p.Emit)
	f.Add(event.Started{Runbook: "r", DryRun: true}, event.Planned{Steps: eventtest.Plan()})
	f.Step = "drain-node2"
	op := event.Operation{Host: "api", Line: "kubectl drain node2 --force", Changes: true}
	f.Add(event.StepStarted{Attempt: 1}, event.Described{Operations: []event.Operation{op, {Host: "node2", Line: "true"}}},
		event.CommandStarted{Number: 1, Host: op.Host, Line: op.Line}, event.StepEnded{Status: event.Passed})
	if n := strings.Count(b.String(), "  run  api: kubectl drain node2 --force\n"); n != 1 {
		t.Errorf("the command stands there %d times:\n%s", n, b.String())
	}
	if !strings.Contains(b.String(), "  run  node2: true\n") {
		t.Error(b.String())
	}
}

func TestKeepsTheFirstWriteError(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(errors.New("reader gone"))
	p := New(w, Options{})
	eventtest.NewFeed(p.Emit).Add(event.Started{Runbook: "r"})
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
	p := New(io.Discard, Options{Prompts: d, pause: func(time.Duration) <-chan time.Time { return now }})
	a, err := p.Ask(r)(context.Background(), q)
	return a, d.shown.String(), err
}

func TestAsk(t *testing.T) {
	typed := eventtest.GateQuestion()
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
		{"a number", eventtest.GateQuestion(), []string{"2"}, event.Answer{Choice: "retry"}},
		{"empty is nothing", eventtest.GateQuestion(), []string{"", "y", "9", "4"}, event.Answer{Choice: "leave"}},
		{"a reason", eventtest.GateQuestion(), []string{"3", " ", "why not"}, event.Answer{Choice: "override", Reason: "why not"}},
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

func TestAskEndsUnanswered(t *testing.T) {
	if _, _, err := askPlain(t, eventtest.GateQuestion()); !errors.Is(err, event.ErrUnanswered) {
		t.Errorf("at the end of the input: %v", err)
	}
	if _, _, err := askPlain(t, eventtest.GateQuestion(), make([]string, 20)...); !errors.Is(err, event.ErrUnanswered) {
		t.Errorf("after many empty lines: %v", err)
	}
}

// What was typed or pasted before the question stood must not answer it.
func TestAskDropsTypeAhead(t *testing.T) {
	r, w := io.Pipe()
	d := &dialogue{t: t, w: w, replies: []string{"2"}}
	tick := make(chan time.Time)
	p := New(io.Discard, Options{Prompts: d, pause: func(d time.Duration) <-chan time.Time {
		if d == holdLine {
			return time.After(0)
		}
		return tick
	}})
	ask := p.Ask(r)
	go func() {
		io.WriteString(w, "1\n") //nolint:errcheck // each write returns when it is read
		io.WriteString(w, "1\n") //nolint:errcheck
		io.WriteString(w, " ")   //nolint:errcheck // read: both lines before it have been taken
		tick <- time.Now()
	}()
	a, err := ask(context.Background(), eventtest.GateQuestion())
	if err != nil || a.Choice != "retry" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAskIsCancelled(t *testing.T) {
	r, _ := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	p := New(io.Discard, Options{pause: func(time.Duration) <-chan time.Time { cancel(); return nil }})
	if _, err := p.Ask(r)(ctx, eventtest.GateQuestion()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A clock that goes back an hour in mid-run takes no time back.
func TestClockGoesBack(t *testing.T) {
	var b strings.Builder
	p := New(&b, Options{})
	at := time.Date(2026, 11, 1, 1, 59, 0, 0, time.UTC)
	for i, d := range []event.Data{event.Started{Runbook: "r"}, event.Planned{Steps: eventtest.Plan()[:1]}, event.StepStarted{Attempt: 1},
		event.StepEnded{Status: event.Passed}, event.Ended{Status: event.Passed}} {
		e := event.Event{Seq: int64(i + 1), Time: at, Data: d}
		if i == 2 || i == 3 {
			e.Step = eventtest.Plan()[0].ID
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
func TestResumed(t *testing.T) {
	step := eventtest.Plan()[0]
	var events []event.Event
	var state event.State
	f := eventtest.NewFeed(func(e event.Event) { events = append(events, e); state.Apply(e) })
	f.Add(event.Started{Runbook: "r"}, event.Planned{Steps: eventtest.Plan()[:1]})
	f.Step = step.ID
	f.Add(event.StepStarted{Attempt: 1}, event.CommandStarted{Number: 1, Host: "node1", Line: "long"}, event.NewOutput(1, "stdout", []byte("seen\nbe")))
	var b strings.Builder
	p := New(&b, Options{})
	p.Recall(slices.Values(slices.DeleteFunc(events, func(e event.Event) bool { return e.Data.Kind() == "output" })), &state)
	f = eventtest.NewFeed(p.Emit)
	f.Add(event.Resumed{Operator: "ada@bastion"}, event.Remark{Text: event.T("3 checks")})
	f.Step = step.ID
	f.Add(event.NewOutput(1, "stdout", []byte("gun\n")), event.CommandEnded{Number: 1, Outcome: event.Done})
	got := b.String()
	want := "r is taken up again by ada@bastion\n  in  1/1  " + step.Title.En + "\n  was running  node1: long\n  note  3 checks\n"
	if !strings.HasPrefix(got, want) || strings.Contains(got, "seen") {
		t.Errorf("%q", got)
	}
	if _, after, ok := strings.Cut(got, "\n1/1 "+step.Title.En); !ok || !strings.Contains(after, "      begun\n") {
		t.Errorf("the output has no heading, or not all of its line: %q", got)
	}
}

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

func text(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }

// TestHintIsSaid: a symptom that is only a hint is not called known.
func TestHintIsSaid(t *testing.T) {
	hit := event.Hit{Pitfall: "drain-pdb", Severity: "blocks", Hint: true, Title: text("The drain waits", ""), Line: "evicting"}
	var lines strings.Builder
	p := New(&lines, Options{Lang: "en"})
	eventtest.NewFeed(p.Emit).Add(hit)
	got := lines.String()
	if !strings.Contains(strings.ToLower(got), "perhaps") || !strings.Contains(got, "A hint: this line can have another cause.") || strings.Contains(strings.ToLower(got), "known") {
		t.Error(got)
	}
}

var update = flag.Bool("update", false, "write the golden files")
