package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// oneChange is a runbook of one command.
func oneChange(t *testing.T, version, line string) *runbook.Runbook {
	t.Helper()
	path := filepath.Join(t.TempDir(), "one.yaml")
	text := fmt.Sprintf(`apiVersion: spraydeck/v1
kind: Runbook
name: one
version: %s
title: One change
system: os
phases:
  - title: All
    steps:
      - {id: a, title: A, danger: changes, command: %q}
`, version, line)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("../runbook")
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.Rel(dir, path); err != nil {
		t.Fatal(err)
	}
	files, _ := runbooktest.Read(t, path)
	return files[0].Runbook
}

// asks notes every question, and answers yes.
type asks struct{ seen []event.Question }

func (a *asks) ask(ctx context.Context, q event.Question) (event.Answer, error) {
	a.seen = append(a.seen, q)
	if q.ID == "a/unknown" {
		return event.Answer{Choice: event.ChoiceRetry}, nil
	}
	return yes(ctx, q)
}

func (a *asks) find(id string) *event.Question {
	i := slices.IndexFunc(a.seen, func(q event.Question) bool { return q.ID == id })
	if i < 0 {
		return nil
	}
	return &a.seen[i]
}

// TestAnAnswerBelongsToWhatWasShown: a console is killed between the answer and the command, and another one resumes.
func TestAnAnswerBelongsToWhatWasShown(t *testing.T) {
	for _, c := range []struct {
		name    string
		book    *runbook.Runbook // at the resume
		record  func([]event.Event)
		foreign string
		want    string // why it is asked anew, "" = it is not
	}{
		{name: "the same", book: oneChange(t, "1.0.0", "echo one"), want: "nothing recorded shows that it has begun: workstation: echo one"},
		{name: "another command", book: oneChange(t, "1.0.0", "echo two"), want: "the command has changed since it was approved"},
		{name: "another runbook", book: oneChange(t, "1.0.1", "echo one"), want: "the runbook has changed since it was answered"},
		{name: "another operator", book: oneChange(t, "1.0.0", "echo one"), foreign: "the record is of alice@b", want: "the record is of alice@b"},
		{name: "other hosts", book: oneChange(t, "1.0.0", "echo one"), want: "the hosts have changed",
			record: func(events []event.Event) {
				eachQuestion(events, func(q *event.Question) { q.Hosts = []string{"node9"} })
			}},
		{name: "an old record", book: oneChange(t, "1.0.0", "echo one"), want: "does not say what was shown",
			record: func(events []event.Event) {
				for i := range events {
					if a, ok := events[i].Data.(event.Answered); ok {
						a.Shown = ""
						events[i].Data = a
					}
				}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, k := &journal{left: -1}, &keeper{inner: newSite(t).exec, jobs: map[int]*job{}}
			dies := func(ctx context.Context, q event.Question) (event.Answer, error) {
				if q.ID == "a/approve" {
					j.left = 1
				}
				return yes(ctx, q)
			}
			if _, err := console(t, oneChange(t, "1.0.0", "echo one"), j, k, dies); err == nil {
				t.Fatal("not killed")
			}
			if last, ok := j.events[len(j.events)-1].Data.(event.Answered); !ok || last.Question != "a/approve" || len(k.ran) > 0 {
				t.Fatalf("the last event is %#v, ran %q", j.events[len(j.events)-1].Data, k.ran)
			}
			if c.record != nil {
				c.record(j.events)
			}
			a := &asks{}
			past := engine.NewPriorRun(slices.Values(slices.Clone(j.events)), j.printed, nil)
			past.Distrust(event.T(c.foreign))
			j.left = -1
			end, err := engine.NewRun(c.book, engine.Env{Exec: k.exec, Ask: a.ask, Sink: j.append, PriorRun: past}).Go(t.Context())
			if err != nil || end.Exit != 0 || len(k.ran) != 1 {
				t.Fatalf("%+v %v, ran %q", end, err, k.ran)
			}
			q := a.find("a/approve")
			switch {
			case c.want == "" && q != nil:
				t.Errorf("asked anew: %+v", q)
			case c.want != "" && (q == nil || !strings.Contains(q.Body.En, c.want)):
				t.Errorf("asked %+v, want %q", q, c.want)
			}
			if c.foreign != "" && (a.find("resume-foreign") == nil || !a.find("resume-foreign").Red()) {
				t.Error("nobody was asked whether to go on with the record of somebody else")
			}
		})
	}
}

func eachQuestion(events []event.Event, change func(*event.Question)) {
	for i := range events {
		if d, ok := events[i].Data.(event.Asked); ok {
			change(&d.Question)
			events[i].Data = d
		}
		if d, ok := events[i].Data.(event.Answered); ok {
			d.Shown = "0"
			events[i].Data = d
		}
	}
}

// TestAfterUnknownAnotherQuestion: a command of unknown outcome is asked for under another id and with another text,
// in the same run and in every one that resumes it, until its end is known.
func TestAfterUnknownAnotherQuestion(t *testing.T) {
	book := oneChange(t, "1.0.0", "echo one")
	j := &journal{left: -1}
	ran, loses := 0, true
	exec := func(_ context.Context, c event.Command, _ func(string, []byte)) (int, error) {
		if !c.Changes {
			return 0, nil
		}
		if ran++; loses {
			return -1, lost{}
		}
		return 0, nil
	}
	stop := func(ctx context.Context, q event.Question) (event.Answer, error) {
		if q.ID == "a/unknown" || q.ID == "a/approve-unknown" {
			return event.Answer{}, event.ErrUnanswered
		}
		return yes(ctx, q)
	}
	run := func(ask event.Asker) event.Ended {
		env := engine.Env{Exec: exec, Ask: ask, Sink: j.append}
		if len(j.events) > 0 {
			env.PriorRun = engine.NewPriorRun(slices.Values(slices.Clone(j.events)), j.printed, nil)
		}
		end, err := engine.NewRun(book, env).Go(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return end
	}
	if end := run(stop); end.Status != event.Lost || ran != 1 {
		t.Fatalf("%+v, ran %d", end, ran)
	}
	for range 2 { // nobody answers it, however often it is resumed
		if end := run(stop); end.Exit != 3 || ran != 1 {
			t.Fatalf("%+v, ran %d", end, ran)
		}
	}
	loses = false
	a := &asks{}
	if end := run(a.ask); end.Exit != 0 || ran != 2 {
		t.Fatalf("%+v, ran %d", end, ran)
	}
	q := a.find("a/approve-unknown")
	if a.find("a/approve") != nil || q == nil || !q.Red() || !q.Unknown || q.Safe != event.ChoiceLeave ||
		!strings.Contains(q.Body.En, "may already have run") || !strings.Contains(q.Title.En, "May already have run") {
		t.Errorf("asked %+v", a.seen)
	}

	// and within one run
	ran, loses, j = 0, true, &journal{left: -1}
	again := &asks{}
	end := run(func(ctx context.Context, q event.Question) (event.Answer, error) {
		if q.ID == "a/approve-unknown" {
			loses = false
		}
		return again.ask(ctx, q)
	})
	if end.Exit != 0 || ran != 2 || again.find("a/unknown") == nil || again.find("a/approve-unknown") == nil {
		t.Errorf("%+v, ran %d, asked %+v", end, ran, again.seen)
	}
}

// A hash of what was shown is no way to a secret in it.
func TestDigestIsOfMaskedText(t *testing.T) {
	q := event.Question{ID: "a/approve", Details: []string{"workstation: login hunter2"}}
	masked := func(s string) string { return strings.ReplaceAll(s, "hunter2", "[masked]") }
	other := q
	other.Details = []string{"workstation: login [masked]"}
	if q.Digest(masked) != other.Digest(nil) || q.Digest(nil) == other.Digest(nil) {
		t.Error("the digest is of what was not masked")
	}
}

// TestNoCutOfARecordRunsAnything: a record that was cut in place after any event, with all that was kept of its commands gone,
// lets nothing run that changes something before somebody has said yes to it anew. With a yes it runs.
func TestNoCutOfARecordRunsAnything(t *testing.T) {
	names, _ := filepath.Glob("../runbook/testdata/demands/*.yaml")
	cuts, asked := 0, 0
	for _, name := range names {
		files, _ := runbooktest.Read(t, name)
		if files[0].Runbook == nil {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			whole := &journal{left: -1}
			if end, err := console(t, files[0].Runbook, whole, &keeper{inner: newSite(t).exec, jobs: map[int]*job{}}, yes); err != nil || end.Exit != 0 {
				t.Fatalf("uninterrupted: %+v %v", end, err)
			}
			for at := 1; at < len(whole.events); at++ {
				kind := whole.events[at-1].Data.Kind()
				if !slices.Contains([]string{"answered", "command-started", "command-ended"}, kind) && at%4 != 0 {
					continue // as the one before
				}
				cuts++
				for _, willing := range []bool{false, true}[:1+at%2] {
					j := &journal{left: -1, events: slices.Clone(whole.events[:at])}
					var step, ran string // which changed something, and who was asked about it
					said := map[string]bool{}
					k := &keeper{inner: newSite(t).exec, jobs: map[int]*job{}}
					ask := func(ctx context.Context, q event.Question) (event.Answer, error) {
						if q.Form == event.AskApprove && q.Danger != "" {
							asked++
							step = strings.TrimSuffix(strings.TrimSuffix(q.ID, "/approve"), "/approve-unknown")
							if !willing {
								return event.Answer{}, event.ErrUnanswered
							}
							said[step] = true
						}
						return yes(ctx, q)
					}
					inner := k.exec
					exec := func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
						if c.Changes && c.Resumed == nil && !said[c.Step] && !said[step] {
							ran = c.Host + ": " + c.Line
						}
						return inner(ctx, c, out)
					}
					env := engine.Env{Exec: exec, Shell: exec, Ask: ask, Sink: j.append, PriorRun: engine.NewPriorRun(slices.Values(slices.Clone(j.events)), j.printed, nil),
						Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
					end, err := engine.NewRun(files[0].Runbook, env).Go(t.Context())
					switch {
					case err != nil:
						t.Fatalf("cut after %d (%s): %v", at, kind, err)
					case ran != "":
						t.Errorf("cut after %d (%s), willing %v: ran without a yes: %s", at, kind, willing, ran)
					case willing && len(said) > 0 && len(k.ran) == 0:
						t.Errorf("cut after %d (%s): with a yes nothing ran: %+v", at, kind, end)
					}
				}
			}
		})
	}
	if t.Logf("%d cuts, asked %d times", cuts, asked); asked < cuts/2 {
		t.Errorf("only %d questions in %d cuts", asked, cuts)
	}
}
