package steps

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// task is a step on hosts whose commands are answered by do. What ran is kept, to be held against what was described.
func task(do func(event.Command) (string, int, error), hosts ...string) (*runbook.Task, *[]string) {
	ran := &[]string{}
	return &runbook.Task{Scope: runbook.NewScope(), Step: "step", Hosts: hosts,
		Exec: func(_ context.Context, c event.Command) (runbook.Returned, error) {
			*ran = append(*ran, c.Host+": "+c.Line)
			text, exit, err := do(c)
			return runbook.Gave(c.Host, exit, text, ""), err
		},
		Emit:  func(event.Data) error { return nil },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}, ran
}

func template(t testing.TB, s string) runbook.Template {
	t.Helper()
	tpl, err := runbook.NewTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// described fails for a command that ran and was not described.
func described(t *testing.T, a runbook.Action, task *runbook.Task, ran []string) {
	t.Helper()
	cmds, err := a.Commands(task)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range cmds {
		lines = append(lines, c.Host+": "+c.Line)
	}
	for _, r := range ran {
		if !slices.Contains(lines, r) {
			t.Errorf("%q ran and is not among what was described: %q", r, lines)
		}
	}
}

// answering is a task whose questions are answered, and kept.
func answering(tk *runbook.Task, a event.Answer) *[]event.Question {
	asked := &[]event.Question{}
	tk.Ask = func(_ context.Context, q event.Question) (event.Answer, error) {
		*asked = append(*asked, q)
		return a, nil
	}
	return asked
}

func prose(s string) runbook.Prose {
	tpl, err := runbook.NewTemplate(s)
	if err != nil {
		panic(err)
	}
	return runbook.Prose{En: tpl, Ja: tpl}
}

func flag(on bool) runbook.Flag { return runbook.Flag{Value: on, Set: true} }

// oneLine is the only command that a kind describes.
func oneLine(t *testing.T, a runbook.Action, tk *runbook.Task) event.Command {
	t.Helper()
	cmds, err := a.Commands(tk)
	if err != nil || len(cmds) != 1 {
		t.Fatalf("%d commands, %v", len(cmds), err)
	}
	return cmds[0]
}

// TestEachKindHasATest: a test file for each kind, named as its source and its page.
func TestEachKindHasATest(t *testing.T) {
	for _, k := range Kinds() {
		if _, err := os.Stat(k.Name + "_test.go"); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}
