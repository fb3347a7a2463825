package runbook

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"spraydeck/event"
)

// watched is a run that watches for the symptoms of a file of testdata, and what it has told.
func watched(t *testing.T, file string) (*Run, *[]event.Hit) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, problems := Parse(file, text, &Language{})
	if problems = append(problems, Check([]File{f})...); len(problems) > 0 {
		t.Fatal(problems)
	}
	id := f.Pitfall.Name.Value
	hits := &[]event.Hit{}
	r := NewRun(&Runbook{Pitfalls: []Str{{Value: id}}, known: map[string]*Pitfall{id: f.Pitfall}}, Env{Sink: func(e event.Event) error {
		if h, ok := e.Data.(event.Hit); ok {
			*hits = append(*hits, h)
		}
		return nil
	}})
	return r, hits
}

// TestWatchConditions: commands, nodes and output are one story.
func TestWatchConditions(t *testing.T) {
	r, hits := watched(t, "testdata/ok/symptoms.yaml")
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
	r.seeCommand("restart", event.Command{Host: event.Workstation, Line: "sudo reboot node2"})
	r.seeNode(event.Node{Name: "node2", Ready: "Unknown", Version: "v1.31.4"})
	told("")
	r.seeNode(event.Node{Name: "node3", Ready: "Unknown", Version: "v1.31.4"})
	told("lost")
	r.seeNode(event.Node{Name: "node3", Ready: "Unknown", Version: "v1.31.4"})
	told("") // once for a step

	out := event.Command{Host: event.Workstation}
	r.see("pods", out, "\x1b[31mkube-proxy-a   0/1   CreateContainerConfigError   0   9m   10.0.0.1   node2\x1b[0m\r")
	told("")
	r.see("pods", out, "ingress-b   0/1   CreateContainerConfigError   0   9m   10.0.0.1   node2")
	told("no-envvars")

	r.see("services", out, "web   LoadBalancer   10.233.12.4   <pending>   80:31820/TCP   90d")
	told("pending?")
	r.see("services", out, "api   LoadBalancer   10.233.12.5   192.168.1.160   80:31821/TCP   90d")
	r.see("services", out, "api   LoadBalancer   10.233.12.5   <pending>   80:31821/TCP   90d")
	told("address-gone") // a hint that has become a verdict is told again
	if got := r.watch.seenIn("services"); len(got) != 1 {
		t.Errorf("seen %v", got)
	}
	// a line of the node table is no line of output, and a probe is not watched
	r.see("rows", out, "node3   NotReady   <none>   1d   v1.31.4")
	r.seeCommand("rows", event.Command{Host: event.Workstation, Line: "sudo reboot node3", Probe: true})
	told("")
}

// TestSymptomKeys: every key reaches the matcher.
func TestSymptomKeys(t *testing.T) {
	var s Symptom
	d := &decoder{}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte("{id: a, line: x, match: [x], miss: [y], count: 2, by: [host], within: 2m, lasts: 1h, needs: [{since: b}], unless: [{then: c, within: 60s}]}"), &n); err != nil {
		t.Fatal(err)
	}
	d.intoStruct(n.Content[0], &s)
	p := s.pattern(&Pitfall{Header: Header{Name: Str{Value: "p"}}})
	if p.ID != "p/a" || p.Count != 2 || p.Within.String() != "2m0s" || p.Lasts.String() != "1h0m0s" || p.Needs[0].Since != "p/b" || p.Unless[0].Then != "p/c" {
		t.Errorf("%+v", p)
	}
}
