package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook/runbooktest"
)

// board is a claim on a notice board: who has it stands there, for all runs to read.
type board struct{ holder *event.Holder }

type claim struct {
	*board
	me       string
	lost     func(event.Holder)
	released int
}

func (c *claim) Take(_, from string) event.Command {
	return event.Command{Host: event.API, Line: "take " + c.me + " from " + from, Changes: true}
}
func (c *claim) Release() event.Command {
	return event.Command{Host: event.API, Line: "release " + c.me, Changes: true}
}
func (c *claim) Hold(_ func() string, lost func(event.Holder)) func() {
	c.lost = lost
	return func() { c.released++ }
}

func (b *board) exec(c event.Command, out func(string, []byte)) (int, error) {
	words := strings.Fields(c.Line)
	switch {
	case words[0] == "release":
		b.holder = nil
	case words[0] == "take":
		if h := b.holder; h != nil && h.Run != words[1] && !h.Expired && (len(words) < 4 || words[3] != h.Run) {
			j, _ := json.Marshal(h)
			out("stdout", j)
			return 1, nil
		}
		if b.holder != nil {
			j, _ := json.Marshal(b.holder)
			out("stdout", j)
		}
		b.holder = &event.Holder{Name: words[1] + "@here", Run: words[1], Since: time.Now(), Seen: time.Now()}
	}
	return 0, nil
}

// TestClaim: a second run names the holder and stops before its first change, unless it takes over by that name.
func TestClaim(t *testing.T) {
	alice := &event.Holder{Name: "alice@b1", Run: "r1", Runbook: "hop", Step: "upgrade", Since: time.Now(), Seen: time.Now()}
	expired := *alice
	expired.Expired = true
	override := event.Answer{Choice: event.ChoiceOverride, Reason: "CHG-7"}
	for _, c := range []struct {
		name    string
		holder  *event.Holder
		fails   error
		answer  event.Answer
		exit    int
		ran     bool
		says    string // in the question, or in a remark
		holds   string // afterwards
		pattern bool
	}{
		{name: "free", ran: true},
		{name: "held and left", holder: alice, answer: event.Answer{Choice: event.ChoiceLeave}, exit: 3, says: "alice@b1 since", holds: "r1"},
		{name: "held and nobody answers", holder: alice, exit: 3, says: "step upgrade", holds: "r1"},
		{name: "another name is typed", holder: alice, answer: event.Answer{Choice: event.ChoiceContinue, Text: "yes", By: "answers"}, exit: 1, holds: "r1"},
		{name: "taken over", holder: alice, answer: event.Answer{Choice: event.ChoiceContinue, Text: "alice@b1"}, ran: true, says: "taken over from alice@b1"},
		{name: "expired", holder: &expired, ran: true, says: "did not come to an end"},
		{name: "no right, nobody answers", fails: errors.New("leases is forbidden"), exit: 3, says: "leases is forbidden"},
		{name: "no right, gone on", fails: errors.New("leases is forbidden"), answer: override, ran: true, says: "leases is forbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, _ := runbooktest.Read(t, "testdata/ok/temporary-before.yaml")
			mine := &claim{board: &board{c.holder}, me: "r2"}
			var said, ran []string
			end, err := engine.NewRun(files[0].Runbook, engine.Env{
				Claim: mine,
				Exec: func(_ context.Context, cmd event.Command, out func(string, []byte)) (int, error) {
					if cmd.Host == event.API {
						if c.fails != nil {
							return -1, c.fails
						}
						return mine.exec(cmd, out)
					}
					ran = append(ran, cmd.Line)
					if cmd.Line == "read" {
						out("stdout", []byte(map[bool]string{true: "0\n", false: "2\n"}[slices.Contains(ran, "loosen")]))
					}
					return 0, nil
				},
				Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
					said = append(said, q.Body.En)
					switch {
					case strings.HasPrefix(q.ID, "claim"):
						if !q.Red() {
							t.Error("a pattern would answer it")
						}
						if c.answer.Choice == "" {
							return c.answer, event.ErrUnanswered
						}
						return c.answer, nil
					case strings.HasSuffix(q.ID, "/allowed"):
						return event.Answer{Choice: event.RemedyPrefix + "loosen"}, nil
					}
					return goOn(q), nil
				},
				Sink: func(e event.Event) error {
					if m, ok := e.Data.(event.Remark); ok {
						said = append(said, m.Text.En)
					}
					return nil
				},
			}).Go(t.Context())
			if err != nil || end.Exit != c.exit {
				t.Fatalf("%+v, %v; said %q", end, err, said)
			}
			if slices.Contains(ran, "loosen") != c.ran {
				t.Errorf("ran %q", ran)
			}
			if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, c.says) }) {
				t.Errorf("said %q", said)
			}
			holds := ""
			if mine.holder != nil {
				holds = mine.holder.Run
			}
			if holds != c.holds || c.ran && c.fails == nil && mine.released != 1 {
				t.Errorf("held by %q, released %d times", holds, mine.released)
			}
		})
	}
}

// TestClaimTakenOver: the run from which it was taken stops before its next change and names the new holder.
func TestClaimTakenOver(t *testing.T) {
	files, _ := runbooktest.Read(t, "testdata/ok/temporary.yaml")
	mine := &claim{board: &board{}, me: "r1"}
	bob := event.Holder{Name: "bob@b2", Run: "r2", Since: time.Now(), Seen: time.Now()}
	var ran, remarks []string
	end, err := engine.NewRun(files[0].Runbook, engine.Env{
		Claim: mine, Inputs: map[string]string{"forget": "false"},
		Exec: func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
			if c.Host == event.API {
				return mine.exec(c, out)
			}
			if ran = append(ran, c.Line); len(ran) == 1 {
				mine.holder = &bob
				mine.lost(bob)
			}
			return 0, nil
		},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			if q.ID == "claim" {
				return event.Answer{Choice: event.ChoiceLeave}, nil
			}
			return event.Answer{Choice: event.ChoiceContinue}, nil
		},
		Sink: func(e event.Event) error {
			if m, ok := e.Data.(event.Remark); ok {
				remarks = append(remarks, m.Text.En)
			}
			return nil
		},
	}).Go(t.Context())
	if err != nil || end.Exit != 3 || len(ran) != 1 || !strings.Contains(end.Why.En, "bob@b2") {
		t.Errorf("%+v, %v; ran %q", end, err, ran)
	}
	if len(remarks) != 1 || !strings.Contains(remarks[0], "bob@b2") || mine.holder.Run != "r2" {
		t.Errorf("remarks %q, held by %s", remarks, mine.holder.Run)
	}
}

// TestClaimOfAnEarlierConsole: a run that was killed after its last step gives back the claim when it is resumed.
func TestClaimOfAnEarlierConsole(t *testing.T) {
	files, _ := runbooktest.Read(t, "testdata/ok/temporary.yaml")
	mine := &claim{board: &board{}, me: "r1"}
	env := engine.Env{
		Claim: mine, Inputs: map[string]string{"forget": "false"},
		Exec: func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
			if c.Host == event.API {
				return mine.exec(c, out)
			}
			return 0, nil
		},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) { return goOn(q), nil },
	}
	j := &journal{left: -1}
	env.Sink = j.append
	if end, err := engine.NewRun(files[0].Runbook, env).Go(t.Context()); err != nil || end.Exit != 0 || mine.holder != nil {
		t.Fatalf("%+v, %v, held by %v", end, err, mine.holder)
	}
	last := slices.IndexFunc(j.events, func(e event.Event) bool {
		c, ok := e.Data.(event.CommandStarted)
		return ok && c.Line == mine.Release().Line
	})
	for _, c := range []struct {
		cut  int
		held bool // by r1, when the run is resumed and has ended
	}{{last, false}, {last + 1, false}, {last + 2, true}} { // after last+1 the release is known to have ended
		mine.holder = &event.Holder{Name: "r1@here", Run: "r1"}
		env.PriorRun = engine.NewPriorRun(slices.Values(slices.Clone(j.events[:c.cut])), j.printed, nil)
		end, err := engine.NewRun(files[0].Runbook, env).Go(t.Context())
		if held := mine.holder != nil; err != nil || end.Exit != 0 || held != c.held {
			t.Errorf("cut after %d events: %+v, %v, held %v", c.cut, end, err, held)
		}
	}
}

// goOn answers so that the run goes on, whatever is asked.
func goOn(q event.Question) event.Answer {
	if strings.HasSuffix(q.ID, "/undo") {
		return event.Answer{Choice: event.ChoiceUndone}
	}
	return event.Answer{Choice: event.ChoiceContinue}
}
