package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// site is a small place where commands really run, each host in a directory of its own, by a real sh.
type site struct {
	mu     sync.Mutex
	dir    string
	boots  map[string]int
	cordon map[string]bool
	calls  []string
}

// programs are what the examples call and a machine may not have, or not let us call.
var programs = map[string]string{
	"sudo":               `shift; exec "$@"`,
	"do-release-upgrade": `echo VERSION_ID=24.04 > os-release`,
	"curl":               `printf 200`,
	"ping":               `echo "1 packets transmitted, 1 received"`,
	"openssl":            `exit 1`,
	"kubeadm":            `echo renewed "$@"`,
	"state":              `echo up`,
	"restart":            `echo "restarted after $1"`,
}

var siteFiles = map[string]string{
	"offset": "0.02\n", "etcd.log": "ready to serve\n", "access.log": "",
	"sample.yml": "a: 1\nkube_proxy_strict_arp: false\n", "mine.yml": "kube_proxy_strict_arp: true\na: 2\n",
	"old.ini": "[etcd]\nn1\nn2\n\n", "new.ini": "[all]\nn1\n\n[etcd]\nn2\nn1\n",
}

var siteScripts = map[string]string{
	"answer": `echo ok`, "leader": `test -f elected || { touch elected; exit 1; }`,
	"bmc":     `test "$(cat)" = sesame && case "$*" in *sesame*) exit 1;; esac && echo "power is on"`,
	"kubeadm": `case $1 in version) echo v1.19.9;; alpha) echo old way;; *) exit 1;; esac`,
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), boots: map[string]int{}, cordon: map[string]bool{}}
	write := func(name, text string, mode os.FileMode) {
		file := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range programs {
		write("bin/"+name, "#!/bin/sh\n"+text+"\n", 0o777)
	}
	for _, host := range []string{event.Workstation, "n1", "n2"} {
		for name, text := range siteFiles {
			write(host+"/"+name, text, 0o666)
		}
		for name, text := range siteScripts {
			write(host+"/"+name, "#!/bin/sh\n"+text+"\n", 0o777)
		}
	}
	return s
}

type broke struct{ error }

func (broke) StateUnknown() bool { return true }

func (s *site) exec(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.Line == "print-inventory":
		return 0, nil
	case c.Host == event.API:
		return s.api(c, out)
	case c.Line == "shutdown -r now":
		s.boots[c.Host]++
		return -1, broke{errors.New("connection closed")}
	case c.Line == "cat /proc/sys/kernel/random/boot_id":
		out("stdout", []byte(fmt.Sprintf("boot-%d\n", s.boots[c.Host])))
		return 0, nil
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", c.Line)
	cmd.Dir = filepath.Join(s.dir, c.Host)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"))
	cmd.Stdin = c.Stdin
	text, err := cmd.Output()
	out("stdout", text)
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		out("stderr", exited.Stderr)
		return exited.ExitCode(), nil
	}
	return 0, err
}

func (s *site) api(c event.Command, out func(string, []byte)) (int, error) {
	if c.Changes {
		s.calls = append(s.calls, c.Line)
	}
	switch string(c.Call.Verb) + " " + c.Call.Resource {
	case "cordon ", "uncordon ":
		s.cordon[c.Call.Name] = c.Call.Verb == "cordon"
	case "get nodes":
		var nodes []string
		for _, n := range []string{"n1", "n2"} {
			if c.Call.Name == "" || c.Call.Name == n {
				nodes = append(nodes, fmt.Sprintf(`{"metadata": {"name": %q}, "spec": {"unschedulable": %t}, "status": {"nodeInfo": {"bootID": "boot-%d"}, "conditions": [{"type": "Ready", "status": "True"}]}}`, n, s.cordon[n], s.boots[n]))
			}
		}
		out("stdout", []byte("["+strings.Join(nodes, ",")+"]"))
	case "get services":
		out("stdout", []byte(`[{"metadata": {"name": "shop"}, "spec": {"clusterIP": "10.0.0.7"}}]`))
	case "get poddisruptionbudgets":
		out("stdout", []byte(`[{"metadata": {"name": "mongo"}, "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "mongo"}}}}]`))
	}
	return 0, nil
}

// TestExamples: every example of the reference is sound, and runs to its end by a real sh.
func TestExamples(t *testing.T) {
	names, _ := filepath.Glob("../runbook/examples/*.yaml")
	if len(names) != 15 {
		t.Errorf("there are %d examples", len(names))
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			if problems := runbooktest.Lint(t, name); len(problems) > 0 {
				t.Fatal(problems)
			}
			files, _ := runbooktest.Read(t, name)
			for _, c := range engine.Test(t.Context(), files[0], runbooktest.Language()) {
				if c.Why != "" {
					t.Errorf("%s: %s", c.Name, c.Why)
				}
			}
			if files[0].Runbook == nil {
				meanwhile(t, files)
				return
			}
			s := newSite(t)
			end, state := s.run(t, files[0].Runbook)
			if end.Exit != 0 {
				t.Fatalf("ended %+v", end)
			}
			for _, st := range state.Steps {
				if st.Status != event.Passed && st.Status != event.Skipped {
					t.Errorf("%s is %s", st.ID, st.Status)
				}
			}
			if holds := exampleHolds[filepath.Base(name)[:2]]; holds != nil {
				holds(t, s, state, files[0].Runbook)
			}
		})
	}
}

func (s *site) run(t *testing.T, book *runbook.Runbook) (event.Ended, *event.State) {
	t.Helper()
	state := &event.State{}
	var seq int64
	end, err := engine.NewRun(book, engine.Env{
		Exec: s.exec, Shell: s.exec, Inputs: map[string]string{},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			if q.Secret {
				return event.Answer{Text: "sesame"}, nil
			}
			if strings.HasSuffix(q.ID, "/undo") {
				t.Errorf("asked for %s", q.ID)
			}
			return event.Answer{Choice: event.ChoiceContinue, Text: q.Type, By: "answers"}, nil
		},
		Sink: func(e event.Event) error {
			seq++
			e.Seq, e.Time = seq, time.Unix(seq, 0)
			state.Apply(e)
			return nil
		},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}).Go(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return end, state
}

// exampleHolds is what must hold besides that all went well.
var exampleHolds = map[string]func(t *testing.T, s *site, state *event.State, book *runbook.Runbook){
	"03": func(t *testing.T, s *site, _ *event.State, _ *runbook.Runbook) {
		if s.boots["n1"] != 1 || s.boots["n2"] != 1 {
			t.Errorf("restarts: %v", s.boots)
		}
	},
	"04": func(t *testing.T, s *site, _ *event.State, _ *runbook.Runbook) {
		if want := []string{"kubectl cordon n2", "kubectl uncordon n2", "kubectl cordon n1", "kubectl uncordon n1"}; !slices.Equal(s.calls, want) {
			t.Errorf("the rounds: %q", s.calls)
		}
	},
	"05": func(t *testing.T, s *site, state *event.State, _ *runbook.Runbook) {
		if text, _ := os.ReadFile(filepath.Join(s.dir, event.Workstation, "done")); string(text) != "n1\nn2\n" {
			t.Errorf("it did not go on here: %q", text)
		}
		if state.Step("restart[n2]/restart") == nil {
			t.Error("the nested steps are not in the plan")
		}
	},
	"06": func(t *testing.T, s *site, _ *event.State, _ *runbook.Runbook) {
		want := `kubectl -n chat patch poddisruptionbudgets mongo --type merge -p '{"spec":{"minAvailable":2,"selector":{"matchLabels":{"app":"mongo"}}}}'`
		if !slices.Equal(s.calls, []string{want}) {
			t.Errorf("put back: %q", s.calls)
		}
	},
	"10": func(t *testing.T, _ *site, _ *event.State, book *runbook.Runbook) {
		if book.UsesAPI() {
			t.Error("it is said to need the API")
		}
	},
	"13": func(t *testing.T, _ *site, state *event.State, _ *runbook.Runbook) {
		for _, c := range state.Step("power").Commands {
			if strings.Contains(c.Line, "sesame") {
				t.Errorf("the secret is in %q", c.Line)
			}
		}
	},
	"15": func(t *testing.T, _ *site, state *event.State, _ *runbook.Runbook) {
		if state.Step("renew-old").Status != event.Passed || state.Step("renew").Status != event.Skipped {
			t.Error("the wrong command was taken")
		}
	},
}

// meanwhile runs a playbook that waits until the webhook is deleted: the remedy is started from the card of the symptom.
func meanwhile(t *testing.T, files []runbook.File) {
	const text = "apiVersion: spraydeck/v1\nkind: Runbook\nname: p\ntitle: P\nversion: 1.0.0\npitfalls: [example-meanwhile]\nphases:\n" +
		"  - {title: P, steps: [{id: playbook, title: P, danger: none, command: playbook}]}\n"
	f, problems := runbook.Parse("p.yaml", []byte(text), runbooktest.Language())
	if problems = append(problems, lint.Check(append(files, f))...); len(problems.Errors()) > 0 && f.Runbook == nil {
		t.Fatal(problems)
	}
	control, deleted := make(chan event.Control, 1), make(chan struct{})
	end, err := engine.NewRun(f.Runbook, engine.Env{
		Exec: func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
			if c.Host == event.API {
				close(deleted)
				return 0, nil
			}
			out("stdout", []byte(`failed calling webhook "ipaddresspoolvalidationwebhook.metallb.io": connection refused`+"\n"))
			select {
			case <-deleted:
				return 0, nil
			case <-time.After(10 * time.Second):
				return 1, nil
			}
		},
		Ask: func(context.Context, event.Question) (event.Answer, error) {
			return event.Answer{Choice: event.ChoiceContinue}, nil
		},
		Sink: func(e event.Event) error {
			if h, ok := e.Data.(event.Hit); ok {
				control <- event.Control{Remedy: h.Remedies[0].ID}
			}
			return nil
		},
		Control: control,
	}).Go(t.Context())
	if err != nil || end.Exit != 0 {
		t.Errorf("ended %+v %v", end, err)
	}
}

// TestAGateStopsTheLoop: where the health gate after a round does not pass, no other round begins.
func TestAGateStopsTheLoop(t *testing.T) {
	files, _ := runbooktest.Read(t, "../runbook/examples/04-rounds.yaml")
	s := newSite(t)
	broken := func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
		if c.Host == event.API && c.Call.Verb == "get" {
			out("stdout", []byte(`[{"metadata": {"name": "n2"}, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}]`))
			return 0, nil
		}
		return s.exec(ctx, c, out)
	}
	end, err := engine.NewRun(files[0].Runbook, engine.Env{
		Exec: broken, Sink: func(event.Event) error { return nil },
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			if q.Form == event.AskGate {
				return event.Answer{}, event.ErrUnanswered
			}
			return event.Answer{Choice: event.ChoiceContinue, Text: q.Type}, nil
		},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}).Go(t.Context())
	if err != nil || end.Exit != 3 {
		t.Errorf("ended %+v %v", end, err)
	}
	if want := []string{"kubectl cordon n2", "kubectl uncordon n2"}; !slices.Equal(s.calls, want) {
		t.Errorf("after the gate held: %q", s.calls)
	}
}
