package ansible

import (
	"strings"
	"testing"
)

// TestLearnedPrefix: whatever stands before every line, the play is the same.
func TestLearnedPrefix(t *testing.T) {
	const play = "TASK [etcd : Look for the binary] ****\nfatal: [n1]: FAILED! => {\"msg\": \"not there\", \"rc\": 2}\n...ignoring\n" +
		"TASK [kubernetes/node : Load the module] ****\nok: [n2]\nfailed: [n1] (item=ip_vs) => {\"item\": \"ip_vs\", \"msg\": \"no such module\", \"rc\": 1}\n"
	for _, before := range []string{"", "3:09AM: ", "null_resource.setup (remote-exec): ", "build-7 12> ", "[deploy] [12:04:05.123] "} {
		t.Run(before, func(t *testing.T) {
			text := before + strings.ReplaceAll(strings.TrimSpace(play), "\n", "\n"+before)
			text = strings.Replace(text, "3:09AM: f", "11:10PM: f", 1)
			s := read(t, []byte(text))
			first := s.First()
			if first == nil || first.Host != "n1" || first.Task != "kubernetes/node : Load the module" || first.Item != "ip_vs" || first.Innermost() != "no such module" {
				t.Fatalf("%+v", first)
			}
			if len(s.Failures) != 2 || s.Failures[0].Status != Ignored {
				t.Errorf("%+v", s.Failures)
			}
		})
	}
}

// TestHollowMessage: a module that says that its command failed, and what it printed behind.
func TestHollowMessage(t *testing.T) {
	s := read(t, []byte("TASK [apps : Install the chart] ****\nfatal: [n1]: FAILED! => {\"msg\": \"Failure when executing Helm command. Exited 1.\\nstdout: \\nstderr: Error: the release failed: timed out\"}\n"))
	if got := s.First().Innermost(); !strings.Contains(got, "the release failed: timed out") {
		t.Error(got)
	}
}
