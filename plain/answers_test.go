package plain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/event/eventtest"
)

func answersFrom(t *testing.T, yaml string) (*Answers, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := LoadAnswers(path)
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), path, "a.yaml"))
	}
	return a, err
}

func TestLoadAnswersNamesEveryProblem(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"- a\n", "a.yaml:1: want a map from question id to answer"},
		{"a: b\nc: {choise: x}\nd: []\na: c\n", "a.yaml:2: unknown key \"choise\"; want choice, text or reason\n" +
			"a.yaml:3: the list of answers to \"d\" is empty\n" +
			"a.yaml:4: question \"a\" is answered twice, first in line 1"},
		{"a:\n", "a.yaml:1: want a choice, a map with choice, text and reason, or a list of these"},
		{"a: {reason: x}\n", "a.yaml:1: a reason alone is no answer; say choice or text"},
		{"a: {choice: [x]}\n", "a.yaml:1: choice must be a plain value"},
		{"a: {choice: x, choice: y}\n", "a.yaml:1: choice stands twice"},
		{"a: {}\n", "a.yaml:1: the answer is empty"},
		{"a: b\n c: d\n", "a.yaml:2: mapping values are not allowed in this context"},
	}
	for _, tt := range tests {
		if _, err := answersFrom(t, tt.yaml); err == nil || err.Error() != tt.want {
			t.Errorf("%q:\ngot  %v\nwant %s", tt.yaml, err, tt.want)
		}
	}
	if a, err := answersFrom(t, "# nothing yet\n"); err != nil || a == nil {
		t.Error(err)
	}
	if _, err := LoadAnswers(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAnswersInOrder(t *testing.T) {
	a, err := answersFrom(t, `
gate.api-server.local:
  - remedy:localhost
  - {choice: override, reason: known}
gate.*: leave
gate.api*: retry
"*": {choice: leave}
never.asked: x
`)
	if err != nil {
		t.Fatal(err)
	}
	ask := a.Ask(nil)
	q := eventtest.GateQuestion()
	for i, want := range []string{"remedy:localhost", "override", ""} {
		got, err := ask(context.Background(), q)
		if got.Choice != want || (err == nil) != (want != "") {
			t.Errorf("%d: %+v, %v", i, got, err)
		}
		if want != "" && got.By != "answers" {
			t.Errorf("answered by %q", got.By)
		}
	}
	q.ID = "gate.api-version"
	if got, _ := ask(context.Background(), q); got.Choice != "retry" {
		t.Errorf("the longer pattern: %+v", got)
	}
	if got, err := ask(context.Background(), q); !errors.Is(err, event.ErrUnanswered) {
		t.Errorf("retry would go on forever: %+v", got)
	}
	q.ID = "other"
	for range 3 {
		if got, _ := ask(context.Background(), q); got.Choice != "leave" {
			t.Errorf("a single answer is good for every time: %+v", got)
		}
	}
	if got := strings.Join(a.Unused(), " "); got != "gate.* never.asked" {
		t.Errorf("unused: %s", got)
	}
}

func TestAnswersMustFit(t *testing.T) {
	typed := eventtest.GateQuestion()
	typed.Type, typed.Choices = "node2", []event.Choice{{ID: "continue"}, {ID: "leave"}}
	input := event.Question{ID: "in", Form: event.AskInput, Choices: []event.Choice{{ID: "leave"}}}
	note := event.Question{ID: "note", Form: event.AskAcknowledge}
	tests := []struct {
		q    event.Question
		yaml string
		want event.Answer
		err  string
	}{
		{eventtest.GateQuestion(), "override", event.Answer{}, "override needs a reason"},
		{eventtest.GateQuestion(), "yes", event.Answer{}, `"yes" is no choice here`},
		{eventtest.GateQuestion(), "{choice: override, reason: r}", event.Answer{Choice: "override", Reason: "r"}, ""},
		{typed, "continue", event.Answer{}, `text must be "node2" to continue`},
		{typed, "{choice: continue, text: node1}", event.Answer{}, `text must be "node2" to continue`},
		{typed, "{choice: continue, text: node2}", event.Answer{Choice: "continue", Text: "node2"}, ""},
		{typed, "leave", event.Answer{Choice: "leave"}, ""},
		{input, "22", event.Answer{Choice: "continue", Text: "22"}, ""},
		{input, "{text: leave}", event.Answer{Choice: "continue", Text: "leave"}, ""},
		{input, "leave", event.Answer{Choice: "leave"}, ""},
		{note, "continue", event.Answer{Choice: "continue"}, ""},
	}
	for _, tt := range tests {
		a, err := answersFrom(t, tt.q.ID+": "+tt.yaml+"\n")
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Ask(RefuseAll())(context.Background(), tt.q)
		if tt.err != "" {
			if !errors.Is(err, event.ErrUnanswered) || !strings.Contains(err.Error(), "a.yaml:1: "+tt.err) {
				t.Errorf("%s: %v; want %s", tt.yaml, err, tt.err)
			}
			continue
		}
		tt.want.By = "answers"
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v", tt.yaml, got, err)
		}
	}
}

func TestRefuseAllShowsTheWayOut(t *testing.T) {
	_, err := RefuseAll()(context.Background(), eventtest.GateQuestion())
	want := "nobody answered: Every server is local: does not pass (question gate.api-server.local); " +
		"choices: remedy:localhost, retry, override (requires a reason), leave"
	if err == nil || err.Error() != want || !errors.Is(err, event.ErrUnanswered) {
		t.Errorf("got %v", err)
	}
	hint := event.HintOf(err)
	want = `to answer it beforehand, add to the file given with --answers:
  gate.api-server.local:
    choice: leave  # or remedy:localhost, retry, override
    reason: ...  # with override`
	if hint != want {
		t.Errorf("got:\n%s", hint)
	}
	// what the hint shows must load
	lines := strings.SplitN(hint, "\n", 2)
	if _, err := answersFrom(t, lines[1]); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"*", "yes", "a: b", "#x", "12", "k\nl"} {
		a, err := answersFrom(t, yamlScalar(id)+": leave\n")
		if err != nil || a.entries[0].key != id {
			t.Errorf("%q as a key: %v", id, err)
		}
	}
}
