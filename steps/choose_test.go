package steps

import (
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Only what its condition allows is offered; the first of these is safe unless the step says otherwise.
func TestChoose(t *testing.T) {
	opt := func(name, when string) runbook.Entry[option] {
		o := option{Title: prose(name)}
		if when != "" {
			o.When = runbook.Expr{Source: when}
		}
		return runbook.Entry[option]{Name: name, Value: o}
	}
	c := &choose{Prompt: prose("which"), Options: runbook.Named[option]{opt("wait", "1 > 2"), opt("scale", ""), opt("stop", "")}}
	tk, _ := task(nil)
	asked := answering(tk, event.Answer{Choice: "stop"})
	value, err := c.Run(t.Context(), tk)
	if err != nil || value != "stop" {
		t.Fatalf("value %v, %v", value, err)
	}
	q := (*asked)[0]
	if len(q.Choices) != 2 || q.Choices[0].ID != "scale" || q.Safe != "scale" || q.Form != event.AskChoose {
		t.Errorf("asked %+v", q)
	}
	c.Safe.Value = "stop"
	if _, err := c.Run(t.Context(), tk); err != nil || (*asked)[1].Safe != "stop" {
		t.Errorf("asked %+v, %v", (*asked)[1], err)
	}
}
