package ui

import (
	"errors"
	"strings"
	"testing"
)

// TestEndPageKeys: after the run e writes the report, p and o leave for what comes next, and each says why where it cannot.
func TestEndPageKeys(t *testing.T) {
	d := opened(t, "finished", "en", 100, 30)
	for key, why := range map[string]string{"e": "nothing is recorded here", "p": "nothing is recorded here", "o": "not one of a Kubespray hop"} {
		d.press(key)
		if !strings.Contains(d.screen(), why) || d.quit {
			t.Errorf("%s does not say %q:\n%s", key, why, d.screen())
		}
	}
	result := errors.New("disk full")
	d.m.run.end.opts.Report = func() (string, error) { return "/runs/1/report.html", result }
	d.m.opts.Report, d.m.run.end.opts.NextPlan = d.m.run.end.opts.Report, true
	d.press("e")
	if !strings.Contains(d.screen(), "no report: disk full") {
		t.Errorf("the error is not told:\n%s", d.screen())
	}
	result = nil
	d.press("e")
	if !strings.Contains(d.screen(), "report written to /runs/1/report.html") {
		t.Errorf("the report is not named:\n%s", d.screen())
	}
	for key, want := range map[string]string{"p": AfterReplay, "o": AfterPlan} {
		d.quit = false
		if d.press(key); !d.quit || d.m.after != want {
			t.Errorf("%s: quit %v, after %q", key, d.quit, d.m.after)
		}
	}
}
