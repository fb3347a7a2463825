package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// task is a step on hosts whose commands are answered by do. What ran is kept, to be held against what was described.
func task(do func(event.Command) (string, int, error), hosts ...string) (*runbook.Task, *[]string) {
	ran := &[]string{}
	return &runbook.Task{Scope: runbook.NewScope(), Step: "step", Hosts: hosts,
		Exec: func(_ context.Context, c event.Command) (runbook.Returned, error) {
			*ran = append(*ran, c.Host+": "+c.Line)
			text, exit, err := do(c)
			return runbook.Gave(c.Host, exit, text, ""), err
		},
		Emit:  func(event.Data) error { return nil },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}, ran
}

func template(t *testing.T, s string) runbook.Template {
	t.Helper()
	tpl, err := runbook.NewTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// described fails for a command that ran and was not described.
func described(t *testing.T, a runbook.Action, task *runbook.Task, ran []string) {
	t.Helper()
	cmds, err := a.Commands(task)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range cmds {
		lines = append(lines, c.Host+": "+c.Line)
	}
	for _, r := range ran {
		if !slices.Contains(lines, r) {
			t.Errorf("%q ran and is not among what was described: %q", r, lines)
		}
	}
}

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

func TestSnapshot(t *testing.T) {
	for _, c := range []struct {
		name, status, size string
		exit               int
		want               string
	}{
		{"sound", `{"hash": 823515107, "revision": 9, "totalKey": 3578, "totalSize": 42000000}`, "42000032", 0, ""},
		{"hangs without certificates", "", "", 124, "waits for ever"},
		{"refused", "", "", 1, "exit code 1"},
		{"empty", `{"hash": 0, "totalKey": 0, "totalSize": 0}`, "0", 0, "is empty"},
		{"cut off", `{"hash": 1, "totalKey": 10, "totalSize": 42000000}`, "1000", 0, "its file has 1000"},
		{"no answer", `snapshot file does not exist`, "1", 0, "cannot be read"},
	} {
		s := &snapshot{File: template(t, "/var/backups/before.db")}
		tk, ran := task(func(cmd event.Command) (string, int, error) {
			switch {
			case strings.Contains(cmd.Line, "snapshot save"):
				return "Snapshot saved at /var/backups/before.db\n", c.exit, nil
			case strings.Contains(cmd.Line, "snapshot status"):
				return c.status, 0, nil
			}
			return c.size, 0, nil
		}, "e1")
		_, err := s.Run(t.Context(), tk)
		if got := fmt.Sprint(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) && c.want != "" {
			t.Errorf("%s: %v", c.name, err)
		}
		described(t, s, tk, *ran)
		if !strings.Contains((*ran)[0], "timeout 60 etcdctl snapshot save") || !strings.Contains((*ran)[0], ". /etc/etcd.env") {
			t.Errorf("saving runs %q", (*ran)[0])
		}
	}
}

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

// merged has one change of the operator's that fits and one that does not.
type merged struct{}

func (merged) Hunks() []Hunk {
	return []Hunk{{ID: 1, Mine: []string{"a"}}, {ID: 2, Conflict: true, Line: 7, Base: []string{"b: 0\n"}, Mine: []string{"b: 1\n"}, Theirs: []string{"b: 2\n"}}}
}
func (merged) Apply(take func(int) string) []byte { return []byte(take(1) + " " + take(2)) }

func TestCarry(t *testing.T) {
	for _, c := range []struct{ choice, want string }{{"mine", "mine mine"}, {"theirs", "mine theirs"}, {"both", "mine both"}, {"edit", "mine mine"}} {
		k := &carry{Path: template(t, "addons.yml"), Base: template(t, "a:x"), Mine: template(t, "b:x"), Theirs: template(t, "c:x"),
			with: Carrying{Merge: func(base, mine, theirs []byte) (Merged, error) {
				if string(base)+string(mine)+string(theirs) != "git show a:xgit show b:xgit show c:x" {
					t.Errorf("merged %q, %q, %q", base, mine, theirs)
				}
				return merged{}, nil
			}}}
		wrote, opened := "", 0
		tk, ran := task(func(cmd event.Command) (string, int, error) {
			if cmd.Stdin != nil {
				b := make([]byte, 100)
				n, _ := cmd.Stdin.Read(b)
				wrote = string(b[:n])
			}
			return cmd.Line, 0, nil
		})
		tk.Edit = func(_ context.Context, _ string, line int) error { opened = line; return nil }
		var asked []string
		tk.Ask = func(_ context.Context, q event.Question) (event.Answer, error) {
			asked = append(asked, q.ID, strings.Join(q.Details, ";"))
			return event.Answer{Choice: c.choice}, nil
		}
		if _, err := k.Run(t.Context(), tk); err != nil {
			t.Fatal(err)
		}
		if wrote != c.want || (opened == 7) != (c.choice == "edit") {
			t.Errorf("%s: wrote %q, opened line %d", c.choice, wrote, opened)
		}
		if !slices.Equal(asked, []string{"step/hunk-2", "base | b: 0;mine | b: 1;new  | b: 2"}) {
			t.Errorf("asked %q", asked)
		}
		described(t, k, tk, *ran)
	}
}

func TestShell(t *testing.T) {
	tk, _ := task(nil)
	cmds, err := (&shell{}).Commands(tk)
	if err != nil || len(cmds) != 1 || cmds[0].Host != event.Workstation || !cmds[0].Handover || cmds[0].Line != `exec "${SHELL:-/bin/sh}" -i` {
		t.Errorf("an interactive shell: %+v %v", cmds, err)
	}
	tk, _ = task(nil, "n1")
	cmds, err = (&shell{Run: template(t, "sudo do-release-upgrade")}).Commands(tk)
	if err != nil || cmds[0].Host != "n1" || !cmds[0].Handover || cmds[0].Line != "sudo do-release-upgrade" {
		t.Errorf("on a node: %+v %v", cmds, err)
	}
}
