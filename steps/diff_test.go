package steps

import (
	"strings"
	"testing"

	"spraydeck/event"
)

// Both sides are read and shown; a file that is missing on one side is empty, one that is missing on both an error.
func TestDiff(t *testing.T) {
	d := &diff{Path: template(t, "a.yml"), Old: template(t, "v1"), From: template(t, "old.yml")}
	texts := map[string]string{"git show v1:old.yml": "x: 1\n", "cat a.yml": "x: 2\n"}
	tk, ran := task(func(c event.Command) (string, int, error) {
		text, there := texts[c.Line]
		if !there {
			return "", 128, nil
		}
		return text, 0, nil
	})
	var shown event.Compared
	tk.Emit = func(d event.Data) error { shown = d.(event.Compared); return nil }
	answering(tk, event.Answer{Choice: event.ChoiceContinue})
	if _, err := d.Run(t.Context(), tk); err != nil || shown.Old != "x: 1\n" || shown.New != "x: 2\n" || shown.Right != "working tree" {
		t.Errorf("shown %+v, %v", shown, err)
	}
	described(t, d, tk, *ran)
	delete(texts, "git show v1:old.yml")
	if _, err := d.Run(t.Context(), tk); err != nil || shown.Old != "" {
		t.Errorf("missing on one side: %+v, %v", shown, err)
	}
	delete(texts, "cat a.yml")
	if _, err := d.Run(t.Context(), tk); err == nil || !strings.Contains(err.Error(), "neither at v1 nor in the checkout") {
		t.Errorf("missing on both: %v", err)
	}
}
