package steps

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

type lost struct{ error }

func (lost) StateUnknown() bool { return true }

type away struct{ error }

func (away) Unreachable() bool { return true }

// machine is a node that restarts: it is away for some looks, then another boot, then Ready.
type machine struct {
	boots, looks, away, notReady int
	refuses, stays               bool
}

func (m *machine) do(c event.Command) (string, int, error) {
	switch {
	case strings.HasPrefix(c.Line, "sudo -n shutdown"):
		if m.refuses {
			return "", 1, nil
		}
		m.boots++
		return "", -1, lost{errors.New("the connection broke")}
	case c.Host == event.API:
		if m.notReady--; m.notReady >= 0 {
			return `[{"status": {"nodeInfo": {"bootID": "boot-0"}, "conditions": [{"type": "Ready", "status": "True"}]}}]`, 0, nil
		}
		return fmt.Sprintf(`[{"status": {"nodeInfo": {"bootID": "boot-%d"}, "conditions": [{"type": "Ready", "status": "True"}]}}]`, m.boots), 0, nil
	}
	if m.boots > 0 {
		if m.looks++; m.looks <= m.away || m.stays {
			return "", -1, away{errors.New("connection refused")}
		}
	}
	return fmt.Sprintf("boot-%d\n", m.boots), 0, nil
}

func TestReboot(t *testing.T) {
	m := &machine{away: 3, notReady: 2}
	r := &reboot{}
	tk, ran := task(m.do, "n1")
	if _, err := r.Run(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	described(t, r, tk, *ran)
	if m.looks != 4 || m.notReady != -1 {
		t.Errorf("looked %d times for the machine; the node's old Ready counted", m.looks)
	}

	tk, _ = task((&machine{refuses: true}).do, "n1")
	if _, err := r.Run(t.Context(), tk); err == nil || !strings.Contains(err.Error(), "was not restarted") {
		t.Errorf("a restart that is refused: %v", err)
	}
	tk, ran = task((&machine{stays: true}).do, "n1")
	if _, err := r.Run(t.Context(), tk); event.OutcomeOf(0, err) != event.Unreachable || len(*ran) != 2+181 {
		t.Errorf("a machine that stays away: %v after %d commands", err, len(*ran))
	}
	r.Ready = runbook.Flag{Set: true}
	tk, ran = task((&machine{}).do, "n1")
	if _, err := r.Run(t.Context(), tk); err != nil || slices.ContainsFunc(*ran, func(s string) bool { return strings.HasPrefix(s, "api") }) {
		t.Errorf("ready: false asks the API: %v %q", err, *ran)
	}
}
