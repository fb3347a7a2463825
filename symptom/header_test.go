package symptom

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var zero time.Time

// TestHeader: the play and the task are known however a header is written.
func TestHeader(t *testing.T) {
	set, err := New([]Pattern{{ID: "x", Line: regexp.MustCompile(`something failed`)}})
	if err != nil {
		t.Fatal(err)
	}
	const long = "kubernetes/control-plane : Kubeadm | Check api is up"
	for _, tt := range []struct{ name, text, play, task string }{
		{"default", "PLAY [Prepare] ****\n\nTASK [etcd : Check] ****\n", "Prepare", "etcd : Check"},
		{"handler", "RUNNING HANDLER [kubernetes/node : Kubelet | restart kubelet] ****\n", "", "kubernetes/node : Kubelet | restart kubelet"},
		{"a new play has no task yet", "TASK [a] ***\nPLAY [b] ***\n", "b", ""},
		{"the end", "PLAY [b] ***\nTASK [a] ***\nPLAY RECAP ***\n", "b", ""},
		{"colour", "\x1b[1;37mTASK [a : b] \x1b[0m***\n", "", "a : b"},
		{"brackets in the name", "TASK [set x[0] : y] ***\n", "", "set x[0] : y"},
		{"log_path", "2025-08-23 10:00:00,123 p=42 u=root n=ansible | TASK [a : b] ****\n", "", "a : b"},
		{"pod", "[pod/job-1/run] 2025-09-01T06:06:47Z TASK [a : b] ****\n", "", "a : b"},
		{"journal", "Sep  1 06:06:47 n1 ansible[42]: TASK [a : b] ****\n", "", "a : b"},
		{"cowsay", " ______________\n< TASK [a : b] >\n --------------\n        \\   ^__^\n", "", "a : b"},
		{"cowsay, two lines", " ___\n/ TASK [kubernetes/control-plane : Kubeadm \\\n\\ | Check api is up]                       /\n ---\n", "", long},
		{"cowsay, three lines", "/ TASK [kubernetes/control-plane : \\\n| Kubeadm | Check                  |\n\\ api is up]                       /\n", "", long},
		{"cowsay with prefixes", "2025-08-23 10:00:00,123 p=42 u=root n=ansible | < TASK [a : b] >\n", "", "a : b"},
		{"wrapped", wrapAt("TASK ["+strings.Repeat("x", 70)+" : "+strings.Repeat("y", 30)+"] ****", 80) + "\n", "", strings.Repeat("x", 70) + " : " + strings.Repeat("y", 30)},
		{"crlf", "TASK [a : b] ****\r\n", "", "a : b"},
		{"a text about a task", "TASK [a] ***\nthe line TASK [b] is no header\n", "", "a"},
		{"a text in JSON", "TASK [a] ***\nok: [n1] => {\"stdout\": \"TASK [b] ****\"}\n", "", "a"},
		{"not closed", "TASK [a] ***\nTASK [b\nno more\n", "", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hits := scanAll(t, set, tt.text+"something failed\n")
			if len(hits) != 1 || hits[0].Play != tt.play || hits[0].Task != tt.task {
				t.Errorf("%+v\nwant play %q, task %q", hits, tt.play, tt.task)
			}
		})
	}
}

// TestTwoInputs: each input has its own place and its own joined lines.
func TestTwoInputs(t *testing.T) {
	set, err := New([]Pattern{{ID: "x", Line: regexp.MustCompile(`something failed`), Task: regexp.MustCompile(`^b$`)}})
	if err != nil {
		t.Fatal(err)
	}
	s := set.Stream()
	one, two := Input{Name: "one"}, Input{Name: "two"}
	s.Feed(one, "TASK [a] ***", zero)
	s.Feed(two, "TASK [b] ***", zero)
	if hits := s.Feed(one, "something failed", zero); len(hits) > 0 {
		t.Errorf("in task a: %v", hits)
	}
	if hits := s.Feed(two, "something failed", zero); len(hits) != 1 {
		t.Errorf("in task b: %v", hits)
	}
	if hits := s.Feed(Input{Stream: "nodes", Name: "two"}, "something failed", zero); len(hits) > 0 {
		t.Errorf("of another stream: %v", hits)
	}
}

// TestOnce: a line that shows a pattern often, or in two of its pieces, is one hit.
func TestOnce(t *testing.T) {
	set := fuzzSet(t)
	text := strings.Repeat("connection refused ", 10_000) + "\nnode/a cordoned\n"
	hits := scanAll(t, set, text)
	if len(hits) != 2 || hits[0].Line != 1 || len(hits[0].Text) > maxText {
		for _, h := range hits {
			t.Errorf("%s in line %d: %.80s", h.ID, h.Line, h.Text)
		}
	}
}
