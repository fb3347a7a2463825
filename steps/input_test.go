package steps

import (
	"testing"

	"spraydeck/event"
)

// The answer becomes the value of the step; the default is proposed.
func TestInput(t *testing.T) {
	i := &input{Prompt: prose("new address"), Default: template(t, "10.0.0.1")}
	tk, _ := task(nil)
	asked := answering(tk, event.Answer{Text: "10.0.0.9"})
	value, err := i.Run(t.Context(), tk)
	if q := (*asked)[0]; err != nil || value != "10.0.0.9" || q.Form != event.AskInput || q.Default != "10.0.0.1" || q.Title.En != "new address" {
		t.Errorf("value %v, %v, asked %+v", value, err, q)
	}
}
