package engine

import (
	"os"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/runbook"
)

// monitored returns a run that looks for the symptoms of a file, and the hits it emits.
func monitored(t *testing.T, file string) (*Run, *[]event.Hit) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, problems := runbook.Parse(file, text, &runbook.Language{})
	if problems = append(problems, lint.Check([]runbook.File{f})...); len(problems) > 0 {
		t.Fatal(problems)
	}
	id := f.Pitfall.Name.Value
	hits := &[]event.Hit{}
	b := runbook.AroundPitfall(f.Pitfall)
	b.Pitfalls = []runbook.Str{{Value: id}}
	r := NewRun(b, Env{Sink: func(e event.Event) error {
		if h, ok := e.Data.(event.Hit); ok {
			*hits = append(*hits, h)
		}
		return nil
	}})
	return r, hits
}

// TestMonitorConditions: commands, nodes and output are one story.
func TestMonitorConditions(t *testing.T) {
	r, hits := monitored(t, "../runbook/testdata/ok/symptoms.yaml")
	r.current = &instance{events: "restart"}
	told := func(want string) {
		t.Helper()
		var got []string
		for _, h := range *hits {
			name := h.Symptom
			if h.Hint {
				name += "?"
			}
			got = append(got, name)
		}
		*hits = nil
		if strings.Join(got, " ") != want {
			t.Errorf("told %v, want %q", got, want)
		}
	}
	r.report("restart", r.monitor.command("restart", event.Command{Host: event.Workstation, Line: "sudo reboot node2"}))
	r.reportNode(event.Node{Name: "node2", Ready: "Unknown", Version: "v1.31.4"})
	told("")
	r.reportNode(event.Node{Name: "node3", Ready: "Unknown", Version: "v1.31.4"})
	told("lost?")
	r.reportNode(event.Node{Name: "node3", Ready: "Unknown", Version: "v1.31.4"})
	told("") // once for a step

	out := event.Command{Host: event.Workstation}
	r.report("pods", r.monitor.output("pods", out, "stdout", "\x1b[31mkube-proxy-a   0/1   CreateContainerConfigError   0   9m   10.0.0.1   node2\x1b[0m\r"))
	told("")
	r.report("pods", r.monitor.output("pods", out, "stdout", "ingress-b   0/1   CreateContainerConfigError   0   9m   10.0.0.1   node2"))
	told("no-envvars")

	r.report("services", r.monitor.output("services", out, "stdout", "web   LoadBalancer   10.233.12.4   <pending>   80:31820/TCP   90d"))
	told("pending?")
	r.report("services", r.monitor.output("services", out, "stdout", "api   LoadBalancer   10.233.12.5   192.168.1.160   80:31821/TCP   90d"))
	r.report("services", r.monitor.output("services", out, "stdout", "api   LoadBalancer   10.233.12.5   <pending>   80:31821/TCP   90d"))
	told("address-gone") // a hint that has become a verdict is emitted again
	if got := r.monitor.pitfalls("services"); len(got) != 1 {
		t.Errorf("seen %v", got)
	}
	// a line of the node table is no line of output, and a probe is not read
	r.report("rows", r.monitor.output("rows", out, "stdout", "node3   NotReady   <none>   1d   v1.31.4"))
	r.report("rows", r.monitor.command("rows", event.Command{Host: event.Workstation, Line: "sudo reboot node3", Probe: true}))
	told("")
}
