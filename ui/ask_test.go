package ui

import (
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// asker is a question with a clock that the test moves.
func asker(q event.Question) (*ask, *time.Time) {
	now := sceneStart
	a := newAsk(newLook(Options{}), q, func() time.Time { return now })
	return a, &now
}

// quiet is a question that has stood for a while, under a clock that goes on by 50 ms whenever it is looked at.
func quiet(q event.Question) *ask {
	a, now := asker(q)
	*now = now.Add(time.Second)
	a.clock = func() time.Time {
		*now = now.Add(50 * time.Millisecond)
		return *now
	}
	return a
}

func pressAll(a *ask, keys ...string) action {
	var last action
	for _, k := range keys {
		last = a.HandleKey(pressOf(k))
	}
	return last
}

func TestAskAnswers(t *testing.T) {
	gate, approve, red := *gateScene().ask, *approveScene().ask, *redScene().ask
	two := gate
	two.Choices = append(two.Choices[:2:2], event.Choice{ID: "remedy:other", Label: event.T("other")}, two.Choices[3])
	disrupts := approve
	disrupts.Danger = event.Disrupts
	by := func(choice, text, reason string) action {
		return actAnswer{event.Answer{Choice: choice, Text: text, Reason: reason, By: "operator"}}
	}
	input := *inputScene().ask
	for _, c := range []struct {
		name string
		q    event.Question
		keys []string
		want action
	}{
		{"calm enter runs", approve, []string{"enter"}, by("continue", "", "")},
		{"calm skip requires a reason", approve, []string{"s"}, handled{}},
		{"calm skip with a reason", approve, []string{"s", "o", "k", "enter"}, by("skip", "", "ok")},
		{"leaving is asked again", approve, []string{"q"}, actQuit{}},
		{"Esc is the safe choice", approve, []string{"esc"}, actQuit{}},
		{"disrupting enter is safe", disrupts, []string{"enter"}, actQuit{}},
		{"disrupting down the list", disrupts, []string{"up", "up", "enter"}, by("continue", "", "")},
		{"gate enter checks again", gate, []string{"enter"}, by("retry", "", "")},
		{"gate remedy", gate, []string{"r"}, by("remedy:local-api", "", "")},
		{"gate override without a reason", gate, []string{"o", "enter"}, handled{}},
		{"gate override with spaces only", gate, []string{"o", "space", "enter"}, handled{}},
		{"gate override with a reason", gate, []string{"o", "v", "i", "p", "enter"}, by("override", "", "vip")},
		{"gate override thought better of", gate, []string{"o", "v", "esc", "enter"}, by("retry", "", "")},
		{"several remedies are listed", two, []string{"r"}, handled{}},
		{"the second remedy", two, []string{"r", "down", "enter"}, by("remedy:other", "", "")},
		{"no remedy after all", two, []string{"r", "esc", "enter"}, by("retry", "", "")},
		{"red enter is dead", red, []string{"enter"}, handled{}},
		{"red half a word is dead", red, []string{"n", "o", "d", "enter"}, handled{}},
		{"red wrong word is dead", red, []string{"n", "o", "d", "e", "4", "enter"}, handled{}},
		{"red word", red, []string{"n", "o", "d", "e", "3", "enter"}, by("continue", "node3", "")},
		{"red fixed word", red, []string{"n", "o", "d", "e", "4", "backspace", "3", "enter"}, by("continue", "node3", "")},
		{"red Esc is safe", red, []string{"n", "esc"}, actQuit{}},
		{"red letters are text", red, []string{"q", "s"}, handled{}},
		{"red skip by the arrows", red, []string{"down", "enter", "n", "o", "enter"}, by("skip", "", "no")},
		{"input takes the default", input, []string{"enter"}, by("continue", "1.32.5", "")},
		{"input edited", input, []string{"backspace", "6", "enter"}, by("continue", "1.32.6", "")},
		{"input empty is refused", input, []string{"ctrl+u", "enter"}, handled{}},
		{"compare edit", *compareScene().ask, []string{"e"}, by("edit", "", "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := pressAll(quiet(c.q), c.keys...); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

// A question that opened by itself takes no key until typing has paused.
func TestAskIgnoresTypeAhead(t *testing.T) {
	q := *gateScene().ask
	a, now := asker(q)
	for range 20 { // somebody types on, 100 ms a key, for two seconds
		*now = now.Add(100 * time.Millisecond)
		if got := a.HandleKey(pressOf("enter")); got != (handled{}) {
			t.Fatalf("a key typed ahead answered: %#v", got)
		}
	}
	*now = now.Add(pauseLong - 1)
	if got := a.HandleKey(pressOf("enter")); got != (handled{}) {
		t.Fatalf("answered just before the pause was over: %#v", got)
	}
	*now = now.Add(pauseLong)
	if got := a.HandleKey(pressOf("enter")); got != (handled{}) || a.note != sayEnterSpent {
		t.Fatalf("an enter after enters that came too early answered: %#v", got)
	}
	*now = now.Add(pauseLong)
	if _, ok := a.HandleKey(pressOf("a")).(actAnswer); !ok {
		t.Error("after the pause the key shown must count")
	}
}

// A held-down enter answers one calm question, not all that follow.
func TestAskIgnoresHeldEnter(t *testing.T) {
	a, now := asker(*approveScene().ask)
	*now = now.Add(30 * time.Millisecond)
	if got := a.HandleKey(pressOf("enter")); got != (handled{}) {
		t.Errorf("a repeated enter answered: %#v", got)
	}
	a = quiet(*approveScene().ask)
	a.HandleKey(pressOf("up"))
	if got := a.HandleKey(tea.KeyPressMsg{Code: tea.KeyEnter, IsRepeat: true}); got != (handled{}) {
		t.Errorf("a repeated enter answered: %#v", got)
	}
}

func TestAskTakesNoPaste(t *testing.T) {
	red := quiet(*redScene().ask)
	red.Paste("node3\n")
	if red.field.Value() != "" || red.note != sayNoPaste {
		t.Errorf("a pasted word was taken: %q", red.field.Value())
	}
	gate := quiet(*gateScene().ask)
	gate.Paste("o\n")
	pressAll(gate, "o")
	gate.Paste("because\n")
	if gate.field.Value() != "" {
		t.Errorf("a pasted reason was taken: %q", gate.field.Value())
	}
	input := quiet(*inputScene().ask)
	pressAll(input, "ctrl+u")
	input.Paste("1.33.1\nrm -rf /\n")
	if input.field.Value() != "1.33.1" {
		t.Errorf("got %q", input.field.Value())
	}
}

func TestAskMasksSecrets(t *testing.T) {
	q := *inputScene().ask
	q.Secret, q.Default = true, "hidden"
	a := quiet(q)
	pressAll(a, "s", "3")
	line, _ := a.field.View(40)
	if line != "•• " || a.field.Value() != "s3" {
		t.Errorf("got %q of %q", line, a.field.Value())
	}
}

func TestAskStandsWhereItBelongs(t *testing.T) {
	for name, want := range map[string]bool{"approve": true, "gate": true, "failed": true, "input": true, "red": false} {
		if got := quiet(*sceneNamed(t, name).ask).Docked(); got != want {
			t.Errorf("%s: docked %v", name, got)
		}
	}
}

// A prompt for a secret is over everything, shows no letter of it, and Esc declines.
func TestSecretPrompt(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	q := event.Question{ID: "ssh/node1", Form: event.AskInput, Secret: true, Opens: true, Safe: "decline", Title: event.T("Password of root@node1:22"),
		Choices: []event.Choice{{ID: event.ChoiceContinue, Label: event.T("answer")}, {ID: "decline", Label: event.T("do not log in")}}}
	open := func() *ask {
		a := newAsk(newLook(Options{}), q, func() time.Time { return now })
		now = now.Add(time.Second)
		return a
	}
	press := func(a *ask, keys string) (last action) {
		for _, k := range keys {
			now = now.Add(50 * time.Millisecond)
			last = a.HandleKey(tea.KeyPressMsg{Code: k, Text: string(k)})
		}
		return last
	}
	a := open()
	if a.Docked() {
		t.Error("it is no dialog")
	}
	press(a, "hunter2")
	dialog, cursor := a.Float(80, 24)
	if strings.Contains(dialog, "hunter2") || !strings.Contains(dialog, "Password of root@node1:22") || cursor == nil {
		t.Errorf("%s", dialog)
	}
	now = now.Add(50 * time.Millisecond)
	if got := a.HandleKey(tea.KeyPressMsg{Code: tea.KeyEnter}); got != (actAnswer{event.Answer{Choice: event.ChoiceContinue, Text: "hunter2", By: "operator"}}) {
		t.Errorf("%v", got)
	}
	if got := open().HandleKey(tea.KeyPressMsg{Code: tea.KeyEscape}); got != (actAnswer{event.Answer{Choice: "decline", By: "operator"}}) {
		t.Errorf("%v", got)
	}
}
