package ansible

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// read gives the story of a text.
func read(t *testing.T, text []byte) *Story {
	t.Helper()
	var s Story
	r := &Reader{Each: s.Add}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		r.Line(line)
	}
	r.Close()
	s.End()
	return &s
}

// TestCallbacks: one play, as each callback prints it, is the same story: one host that is not reached, failures that are
// ignored and rescued, an item of a loop, a retry, an assert that fails on n2 and a command on n1.
func TestCallbacks(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) < 11 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	const drain = `error when evicting pods/"b" -n "a" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.`
	for _, name := range logs {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, prefix := range []string{"", "\x1b[0;31m"} {
				s := read(t, colour(text, prefix))
				var bad []string
				for _, f := range s.Failures {
					if f.Status.Bad() {
						bad = append(bad, fmt.Sprintf("%s %s: %s", f.Status, f.Host, f.Innermost()))
					}
				}
				slices.Sort(bad)
				want := []string{"failed n1: " + drain, "failed n2: too small a machine n2",
					"unreachable n3: Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port 1: Connection refused"}
				if !slices.Equal(bad, want) {
					t.Errorf("not recovered: %q", bad)
				}
				if first := s.First(); first == nil || first.Host != "n2" || first.Task != "" && first.Name() != "Stop if the memory is too small" {
					t.Errorf("first: %+v", first)
				}
				if tells := !strings.Contains(name, "minimal") && !strings.Contains(name, "oneline"); tells && (s.Tasks != 8 || len(s.Recaps) != 3) {
					t.Errorf("%d tasks, %d lines of recap", s.Tasks, len(s.Recaps))
				}
			}
		})
	}
}

// colour puts an escape sequence before every line that is no JSON, and one behind it.
func colour(text []byte, sequence string) []byte {
	if sequence == "" || bytes.HasPrefix(text, []byte("{")) {
		return text
	}
	lines := bytes.Split(text, []byte("\n"))
	for i, l := range lines {
		if len(l) > 0 {
			lines[i] = []byte(sequence + string(l) + "\x1b[0m")
		}
	}
	return bytes.Join(lines, []byte("\n"))
}

// TestOutcome: what came afterwards decides whether a failure counts.
func TestOutcome(t *testing.T) {
	const failed = "TASK [upgrade/pre-upgrade : Drain node] ***\nfatal: [n1 -> m1(10.0.0.1)]: FAILED! => {\"msg\": \"no\"}\n"
	for name, c := range map[string]struct{ log, want string }{
		"no more":               {failed, "failed"},
		"ignored":               {failed + "...ignoring\n", "ignored"},
		"rescued, by the recap": {failed + "PLAY RECAP ***\nn1 : ok=3 changed=1 unreachable=0 failed=0 skipped=0 rescued=1 ignored=0\n", "rescued"},
		"failed, by the recap":  {failed + "PLAY RECAP ***\nn1 : ok=3 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n", "failed"},
		"the rescue failed too": {failed + "TASK [upgrade/pre-upgrade : Set node back to schedulable] ***\nchanged: [n1]\nTASK [upgrade/pre-upgrade : Fail after rescue] ***\nfatal: [n1]: FAILED! => {\"msg\": \"Failed to drain node n1\"}\n", "failed failed"},
		"the host went on":      {failed + "TASK [a : b] ***\nok: [n1]\nTASK [a : c] ***\nok: [n1]\nTASK [a : d] ***\nok: [n1]\nTASK [a : e] ***\nok: [n1]\n", "rescued"},
		"the next run was well": {failed + "PLAY RECAP ***\nn1 : ok=3 changed=1 unreachable=0 failed=1\nPLAY [all] ***\nTASK [a : b] ***\nok: [n1]\nPLAY RECAP ***\nn1 : ok=3 changed=1 unreachable=0 failed=0\n", "rescued"},
	} {
		var got []string
		for _, f := range read(t, []byte(c.log)).Failures {
			got = append(got, string(f.Status))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// TestInnermost: the message that says why, wherever a module puts it.
func TestInnermost(t *testing.T) {
	for body, want := range map[string]string{
		`{"msg": "Destination /x does not exist"}`:                                                                                                                                                   "Destination /x does not exist",
		`{"msg": "non-zero return code", "stdout": "", "stderr": "I0101 noise\nerror: unable to reach it\nmore"}`:                                                                                    "error: unable to reach it",
		`{"msg": "MODULE FAILURE\nSee stdout/stderr", "module_stderr": "", "module_stdout": "Traceback:\r\nSyntaxError: bad"}`:                                                                       "SyntaxError: bad",
		`{"msg": "error running kubectl (/usr/local/bin/kubectl apply) command (rc=1), out='', err='Error from server: no'"}`:                                                                        "Error from server: no",
		`{"assertion": "a == b", "msg": "Assertion failed"}`:                                                                                                                                         "the condition does not hold: a == b",
		`{"msg": "One or more items failed", "results": [{"failed": false}, {"failed": true, "item": "b", "msg": "second"}]}`:                                                                        "second",
		`{"msg": "Request failed", "response": "HTTP Error 404: Not Found", "url": "http://mirror/etcd.tar.gz"}`:                                                                                     "Request failed: HTTP Error 404: Not Found http://mirror/etcd.tar.gz",
		`{"msg": "error running kubectl (kubectl apply) command (rc=1), out='', err='Error from server: error when retrieving:\nName: \"a\"\nfrom server for: \"a.yml\": x509: unknown authority'"}`: "Error from server: error when retrieving: from server for: \"a.yml\": x509: unknown authority",
		`{"msg": "cut in the mid`: "cut in the mid",
	} {
		s := read(t, []byte("fatal: [n1]: FAILED! => "+body))
		if len(s.Failures) != 1 || s.Failures[0].Innermost() != want {
			t.Errorf("%s: %+v", body, s.Failures)
		}
	}
}

// FuzzReader: no text makes it fail.
func FuzzReader(f *testing.F) {
	f.Add([]byte("TASK [a : b] ***\nfatal: [n1]: FAILED! => changed=false\n  msg: |-\n    x\n...ignoring\n"))
	f.Add([]byte("{\n \"plays\": [{}]\n}\n"))
	f.Fuzz(func(t *testing.T, text []byte) { read(t, text) })
}
