package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"spraydeck/event"
	"spraydeck/transcript"
)

// TestLeftOnNodes: a command that was on its way on a node when the console went away is listed wherever runs are, until
// somebody takes it up; what had ended, what only read and what was never sent is not.
func TestLeftOnNodes(t *testing.T) {
	home := t.TempDir()
	t.Cleanup(xdg.Reload) // once the environment is as it was
	t.Setenv("XDG_STATE_HOME", home)
	xdg.Reload()
	state, err := transcript.Root()
	if err != nil || !strings.HasPrefix(state, home) {
		t.Fatal(state, err) // runs are removed below
	}
	j, err := transcript.Create(state, transcript.Header{Runbook: "book", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	started := func(n int, host, line string) event.Data {
		return event.CommandStarted{Number: n, Host: host, Line: line, Changes: true}
	}
	for _, d := range []event.Data{
		started(1, "node1", "apt-get install ended"), event.CommandEnded{Number: 1, Outcome: event.Done},
		started(2, "node1", "cat read-only"),
		started(3, "node2", "apt-get upgrade\nreboot"), event.Output{Number: 3, Stream: "stdout", Text: "Reading\n"},
		started(4, "node3", "apt-get never-sent"),
	} {
		if _, err := j.Append(event.Event{Step: "s", Data: d}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(j.Dir(), sentFile), []byte("run.a-1f.1\nrun.a-1f.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	spraydeck := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		cmd := root()
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		if err := cmd.Execute(); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		return out.String()
	}
	if out := spraydeck("sessions", "list"); strings.Contains(out, "apt-get") {
		t.Errorf("while a console is there nothing is left:\n%s", out)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	listed := func() {
		t.Helper()
		for _, c := range []struct {
			want string
			args []string
		}{
			{"left on node2 in " + filepath.Base(j.Dir()) + ", may still run: apt-get upgrade (since ", []string{"sessions", "list"}},
			{"spraydeck resume " + filepath.Base(j.Dir()), []string{"sessions", "list"}},
			{"node2 に残されています", []string{"sessions", "list", "--lang", "ja"}},
			{"node2: may still run: apt-get upgrade (since ", []string{"sessions", "show"}},
			{"ノードに残されたコマンド", []string{"sessions", "show", "--lang", "ja"}},
			{`"host": "node2"`, []string{"sessions", "list", "-o", "json"}},
			{`"may_run": [`, []string{"sessions", "show", "-o", "json"}},
		} {
			out := spraydeck(c.args...)
			if !strings.Contains(out, c.want) {
				t.Errorf("%s has no %q:\n%s", c.args, c.want, out)
			}
			for _, not := range []string{"ended", "read-only", "never-sent", "reboot"} {
				if strings.Contains(out, not) && !strings.Contains(strings.Join(c.args, " "), "json") {
					t.Errorf("%s has %q:\n%s", c.args, not, out)
				}
			}
		}
		if runs, err := homeRuns(t.Context()); err != nil || len(runs) != 1 || !runs[0].MayRun || runs[0].Runs {
			t.Errorf("Home: %+v, %v", runs, err)
		}
	}
	listed() // interrupted
	goOn := func(data ...event.Data) {
		t.Helper()
		again, _, err := transcript.Open(j.Dir())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range data {
			if _, err := again.Append(event.Event{Step: "s", Data: d}); err != nil {
				t.Fatal(err)
			}
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	lost := []event.Data{event.CommandEnded{Number: 3, Exit: -1, Outcome: event.StateLost},
		event.CommandEnded{Number: 2}, event.CommandEnded{Number: 4}, event.StepEnded{Status: event.Lost}, event.Ended{Status: event.Lost, Exit: 1}}
	goOn(lost...)
	listed() // ended, with the outcome of its command unknown
	goOn(event.StepEnded{Status: event.Overridden}, event.Ended{Status: event.Failed, Exit: 1})
	if out := spraydeck("sessions", "list"); strings.Contains(out, "apt-get") {
		t.Errorf("the operator has decided how it did:\n%s", out)
	}
	goOn(started(5, "node2", "apt-get upgrade"), event.CommandEnded{Number: 5, Exit: -1, Outcome: event.StateLost}, event.Ended{Status: event.Lost, Exit: 1})
	if err := os.WriteFile(filepath.Join(j.Dir(), sentFile), []byte("run.a-1f.1\nrun.a-1f.3\nrun.a-1f.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := spraydeck("sessions", "prune", "--older-than", "0s", "--yes"); !strings.Contains(out, "  node2: may still run: apt-get upgrade") {
		t.Errorf("prune says nothing:\n%s", out)
	}
}
