package steps

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

func TestEdit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yml")
	e := &edit{Path: template(t, file), Line: runbook.Int{Value: 3, Set: true}}
	look := func(event.Command) (string, int, error) {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", 1, nil
		}
		return string(b), 0, nil
	}
	tk, ran := task(look)
	if _, err := e.Run(t.Context(), tk); err == nil || !strings.Contains(err.Error(), "no terminal") || !strings.Contains(event.HintOf(err), file) {
		t.Errorf("without an editor: %v", err)
	}
	var shown event.Compared
	tk.Emit = func(d event.Data) error { shown = d.(event.Compared); return nil }
	tk.Edit = func(_ context.Context, path string, line int) error {
		if line != 3 {
			t.Errorf("the editor begins on line %d", line)
		}
		return os.WriteFile(path, []byte("pool: 24\n"), 0o600)
	}
	if _, err := e.Run(t.Context(), tk); err != nil || shown.New != "pool: 24\n" || shown.Old != "" {
		t.Errorf("edited: %v, shown %+v", err, shown)
	}
	described(t, e, tk, *ran)
}
