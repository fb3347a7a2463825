package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

const settingBook = `apiVersion: spraydeck/v1
kind: Runbook
name: settings
title: Settings
version: 1.0.0
system: os
phases: [{title: One, steps: [{id: write, title: Write, set: {values: {a: 2}, inventory: hosts}}]}]
`

// inventory stands in for the files and for the program that changes them.
type inventory struct {
	text string
	ran  []string
	then func() // before the first patch
}

func (i *inventory) exec(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
	i.ran = append(i.ran, c.Line)
	switch {
	case strings.Contains(c.Line, "inventory set"):
		if i.text != "a: 2" {
			out("stdout", []byte("--- all.yml\t"+i.text+"\n+++ all.yml\ta: 2\n@@ -1,1 +1,1 @@\n-"+i.text+"\n+a: 2\n"))
		}
	case strings.Contains(c.Line, "inventory patch"):
		if i.then != nil {
			i.then()
			i.then = nil
		}
		if !strings.Contains(c.Line, "-"+i.text+"\n") {
			return 3, nil
		}
		i.text = "a: 2"
	default:
		return -1, fmt.Errorf("unexpected command %q", c.Line)
	}
	return 0, nil
}

// goThrough runs the runbook, with every question answered by yes. It gives what was described and asked.
func (i *inventory) goThrough(t *testing.T, env engine.Env) (end event.Ended, described []string, asked []event.Question, status event.Status) {
	t.Helper()
	f, problems := runbook.Parse("settings.yaml", []byte(settingBook), runbooktest.Language())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var state event.State
	n := int64(0)
	env.Exec = i.exec
	env.Sink = func(e event.Event) error {
		n++
		e.Seq = n
		state.Apply(e)
		if d, ok := e.Data.(event.Described); ok {
			for _, o := range d.Operations {
				described = append(described, o.Line)
			}
		}
		return nil
	}
	env.Ask = func(_ context.Context, q event.Question) (event.Answer, error) {
		if strings.HasSuffix(q.ID, "/approve") {
			asked = append(asked, q)
		}
		return event.Answer{Choice: event.ChoiceContinue}, nil
	}
	end, err := engine.NewRun(f.Runbook, env).Go(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return end, described, asked, state.Step("write").Status
}

// TestShownIsWhatRuns: the difference is described, asked about and run, as one and the same text.
func TestShownIsWhatRuns(t *testing.T) {
	i := &inventory{text: "a: 1"}
	end, described, asked, status := i.goThrough(t, engine.Env{})
	if end.Exit != 0 || status != event.Passed || len(asked) != 1 || i.text != "a: 2" {
		t.Fatalf("ended %+v, %s, asked %d times, the file has %q", end, status, len(asked), i.text)
	}
	line := i.ran[len(i.ran)-1]
	if !strings.Contains(line, "\n-a: 1\n+a: 2\n") || !slices.Contains(described, line) || !slices.Contains(asked[0].Details, "workstation: "+line) {
		t.Errorf("ran\n%s\ndescribed %q\nasked %q", line, described, asked[0].Details)
	}
	if end, _, asked, status := i.goThrough(t, engine.Env{}); end.Exit != 0 || status != event.Skipped || len(asked) != 0 {
		t.Errorf("as required already: ended %+v, %s, asked %v", end, status, asked)
	}
}

// TestOutdatedIsAskedAgain: what was changed since it was shown is shown anew, and not overwritten.
func TestOutdatedIsAskedAgain(t *testing.T) {
	i := &inventory{text: "a: 1"}
	i.then = func() { i.text = "a: 7" }
	end, _, asked, status := i.goThrough(t, engine.Env{})
	if end.Exit != 0 || status != event.Passed || len(asked) != 2 {
		t.Fatalf("ended %+v, %s, asked %d times", end, status, len(asked))
	}
	if !strings.Contains(asked[0].Details[0], "\n-a: 1\n") || !strings.Contains(asked[1].Details[0], "\n-a: 7\n") {
		t.Errorf("asked about %v", asked)
	}
}

// TestDryRunShowsTheDifference: a dry run reads the files and writes none.
func TestDryRunShowsTheDifference(t *testing.T) {
	i := &inventory{text: "a: 1"}
	_, described, _, _ := i.goThrough(t, engine.Env{DryRun: true})
	if len(described) != 1 || !strings.Contains(described[0], "\n-a: 1\n+a: 2\n") || i.text != "a: 1" {
		t.Errorf("described %q, the file has %q", described, i.text)
	}
}
