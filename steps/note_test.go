package steps

import (
	"testing"

	"spraydeck/event"
)

// A note asks to be read, shows a command for the operator and runs none.
func TestNote(t *testing.T) {
	n := &note{Text: prose("look at the graphs"), Command: template(t, "kubectl top nodes")}
	tk, ran := task(nil)
	asked := answering(tk, event.Answer{Choice: event.ChoiceContinue})
	if _, err := n.Run(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	if q := (*asked)[0]; len(*ran) > 0 || q.Form != event.AskAcknowledge || q.Body.En != "look at the graphs" || len(q.Details) != 1 || q.Details[0] != "kubectl top nodes" {
		t.Errorf("ran %q, asked %+v", *ran, q)
	}
	described(t, n, tk, *ran)
}
