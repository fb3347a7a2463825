package symptom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// matcher is an entry of testdata/matchers.yaml.
type matcher struct {
	ID, Line, Task string
	Hint           bool
	Match, Miss    []string
}

func matchers(t testing.TB) []matcher {
	t.Helper()
	text, err := os.ReadFile("testdata/matchers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []matcher
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

func setOf(t testing.TB, list []matcher) *Set {
	t.Helper()
	var patterns []Pattern
	for _, m := range list {
		p := Pattern{ID: m.ID, Line: regexp.MustCompile(m.Line), Hint: m.Hint}
		if m.Task != "" {
			p.Task = regexp.MustCompile(m.Task)
		}
		patterns = append(patterns, p)
	}
	s, err := New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scanAll(t testing.TB, s *Set, text string) []Hit {
	t.Helper()
	var hits []Hit
	if err := s.Scan(context.Background(), strings.NewReader(text), "log", func(h Hit) error { hits = append(hits, h); return nil }); err != nil {
		t.Fatal(err)
	}
	return hits
}

func quoteJSON(s string, html bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}

func wrapAt(text string, width int) string {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		for len(l) > width {
			lines, l = append(lines, l[:width]), l[width:]
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n")
}

// foldAt breaks a text as YAML does: at single spaces only.
func foldAt(text, indent string, width int) string {
	b, start := []byte(indent), 0
	for i := range len(text) {
		next := strings.IndexByte(text[i+1:], ' ')
		if next < 0 {
			next = len(text) - i - 1
		}
		single := i > 0 && i+1 < len(text) && text[i] == ' ' && text[i-1] != ' ' && text[i+1] != ' '
		if single && len(b)-start+1+next > width {
			b = append(append(b, '\n'), indent...)
			start = len(b) - len(indent)
			continue
		}
		b = append(b, text[i])
	}
	return string(b)
}

// formats are the ways in which the same line comes.
var formats = []struct {
	name  string
	write func(string) string
}{
	{"bare", func(s string) string { return s }},
	{"crlf", func(s string) string { return s + "\r" }},
	{"colour", func(s string) string {
		half := len(s) / 2
		return "\x1b[0;31m" + s[:half] + "\x1b[1m" + s[half:] + "\x1b[0m\x1b[K"
	}},
	{"title", func(s string) string { return "\x1b]0;node1\x07" + s }},
	{"progress", func(s string) string { return "working ...\r" + s }},
	{"journal", func(s string) string { return "Sep  1 06:06:47 node3 kubelet[1963]: " + s }},
	{"journal-iso", func(s string) string { return "2025-09-01T06:06:47+0900 node3 kubelet[1963]: " + s }},
	{"journal-full", func(s string) string { return "Mon 2025-09-01 06:06:47 UTC node3 kubelet[1963]: " + s }},
	{"journal-monotonic", func(s string) string { return "[12345.678901] node3 kubelet[1963]: " + s }},
	{"journal-json", func(s string) string {
		return `{"__REALTIME_TIMESTAMP":"1756674407603666","_HOSTNAME":"node3","MESSAGE":` + quoteJSON(s, false) + `}`
	}},
	{"kubectl-prefix", func(s string) string { return "[pod/calico-node-x7x7x/calico-node] " + s }},
	{"kubectl-timestamps", func(s string) string { return "2025-09-01T06:06:47.603666789Z " + s }},
	{"kubectl-both", func(s string) string { return "[pod/coredns-1/coredns] 2025-09-01T06:06:47.603666789Z " + s }},
	{"containerd", func(s string) string { return "2025-09-01T06:06:47.603666789+09:00 stderr F " + s }},
	{"docker", func(s string) string {
		return `{"log":` + quoteJSON(s+"\n", true) + `,"stream":"stderr","time":"2025-09-01T06:06:47.603666789Z"}`
	}},
	{"stdout", func(s string) string { return "stdout: " + s }},
	{"klog", func(s string) string { return "E0901 06:06:47.603666    1963 handler.go:12] " + s }},
	{"ansible-log", func(s string) string { return "2025-08-23 10:00:00,123 p=4242 u=ubuntu n=ansible | " + s }},
	{"pipeline", func(s string) string { return "[2025-08-23T10:00:00.123Z] " + s }},
	{"json-msg", func(s string) string {
		return `fatal: [node9]: FAILED! => {"changed": true, "cmd": ["true"], "msg": ` + quoteJSON("non-zero return code\n"+s+"\n", false) + `, "rc": 1}`
	}},
	{"json-html", func(s string) string { return `{"level":"error","msg":` + quoteJSON(s, true) + `}` }},
	{"json-lines", func(s string) string {
		return `fatal: [node9]: FAILED! => {"changed": true, "stderr_lines": ["a line before", ` + quoteJSON(s, false) + `, "a line after"]}`
	}},
	{"json-in-json", func(s string) string {
		return `{"log":` + quoteJSON(`{"msg":`+quoteJSON(s, false)+`}`+"\n", false) + `,"stream":"stdout"}`
	}},
	{"debug-callback", func(s string) string {
		return "fatal: [node9]: FAILED! => {\n    \"changed\": true,\n    \"rc\": 1\n}\n\nSTDERR:\n\n" + s + "\n\n\nMSG:\n\nnon-zero return code"
	}},
	{"minimal-callback", func(s string) string {
		return "node9 | FAILED! => {\n    \"changed\": true,\n    \"msg\": " + quoteJSON(s, false) + ",\n    \"rc\": 1\n}"
	}},
	{"minimal-out", func(s string) string { return "node9 | CHANGED | rc=0 >>\n" + s }},
	{"yaml-quoted", func(s string) string {
		return "fatal: [node9]: FAILED! => changed=true \n  msg: '" + strings.ReplaceAll(s, "'", "''") + "'\n  rc: 1"
	}},
	{"yaml-double", func(s string) string { return "  stderr: " + quoteJSON(s, false) }},
	{"yaml-block", func(s string) string {
		return "  stderr: |-\n    a line before\n    " + s + "\n  stderr_lines: <omitted>"
	}},
	{"yaml-list", func(s string) string {
		return "  stderr_lines:\n  - a line before\n  - '" + strings.ReplaceAll(s, "'", "''") + "'"
	}},
	{"yaml-folded", func(s string) string { return "  msg: >-\n" + foldAt(s, "    ", 50) + "\n  rc: 1" }},
	{"yaml-folded-quoted", func(s string) string {
		return "  msg: '" + strings.TrimPrefix(foldAt(strings.ReplaceAll(s, "'", "''"), "    ", 60), "    ") + "'\n  rc: 1"
	}},
	{"wrapped-80", func(s string) string { return wrapAt(s, 80) }},
	{"wrapped-120", func(s string) string { return wrapAt(s, 120) }},
	{"wrapped-json", func(s string) string {
		return wrapAt(`fatal: [node9]: FAILED! => {"changed": true, "msg": `+quoteJSON("non-zero return code\n"+s, false)+`, "rc": 1}`, 80)
	}},
	{"wrapped-journal", func(s string) string { return wrapAt("Sep 01 06:06:47 node3 kubelet[1963]: "+s, 80) }},
}

// TestMatchers: every matcher finds its samples in every format, and its near misses in none.
func TestMatchers(t *testing.T) {
	list := matchers(t)
	if len(list) != 121 {
		t.Fatalf("%d matchers", len(list))
	}
	set := setOf(t, list)
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			for _, m := range list {
				before := ""
				if m.Task != "" {
					before = "TASK [upgrade/pre-upgrade : Cordon node] ****\n"
				}
				for _, sample := range m.Match {
					text := before + f.write(sample) + "\n"
					if !shows(scanAll(t, set, text), m.ID) {
						t.Errorf("%s is not found in\n%s", m.ID, text)
					}
				}
				for _, sample := range m.Miss {
					text := before + f.write(sample) + "\n"
					if m.ID == "cordon-task-failed" && strings.Contains(text, "fatal: [node9]") {
						continue // the format itself is what this one looks for
					}
					if m.ID == "adhoc-result" && strings.HasPrefix(f.name, "minimal") {
						continue
					}
					if shows(scanAll(t, set, text), m.ID) {
						t.Errorf("%s is found in\n%s", m.ID, text)
					}
				}
			}
		})
	}
}

func shows(hits []Hit, id string) bool {
	return slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == id || slices.Contains(h.Also, id) })
}

// TestOrder: where several match, the one that says more counts.
func TestOrder(t *testing.T) {
	set := setOf(t, matchers(t))
	samples := map[string]string{}
	for _, m := range matchers(t) {
		samples[m.ID] = m.Match[0]
	}
	for _, better := range [][]string{
		{"apt-downgrade-docker-release", "apt-downgrade-refused"},
		{"facts-playbook-not-found", "playbook-not-found"},
		{"kubeadm-upgrade-retrying", "retry-line"},
		{"api-health-retry", "retry-line"},
	} {
		hits := scanAll(t, set, samples[better[0]]+"\n")
		if len(hits) != 1 || hits[0].ID != better[0] || !slices.Equal(hits[0].Also, better[1:]) {
			t.Errorf("%s: %+v", better[0], hits)
		}
	}
	// a hint counts less than a verdict, whatever it says: so the narrow ones are made verdicts here
	list := matchers(t)
	for i := range list {
		list[i].Hint = false
	}
	set = setOf(t, list)
	for _, better := range [][]string{
		{"pdb-violation-rabbitmq", "pdb-violation-named", "pdb-violation"},
		{"pdb-violation-named", "pdb-violation"},
	} {
		hits := scanAll(t, set, samples[better[0]]+"\n")
		if len(hits) != 1 || hits[0].ID != better[0] || !slices.Equal(hits[0].Also, better[1:]) {
			t.Errorf("%s: %+v", better[0], hits)
		}
	}
}

func Example() {
	set, err := New([]Pattern{{ID: "refused", Line: regexp.MustCompile(`dial tcp (?P<addr>\S+): connect: connection refused`)}})
	if err != nil {
		panic(err)
	}
	log := "TASK [etcd : Wait for etcd] ****\nfatal: [node1]: FAILED! => {\"stderr\": \"dial tcp 10.0.0.1:2379: connect: connection refused\\n\"}\n"
	_ = set.Scan(context.Background(), strings.NewReader(log), "ansible.log", func(h Hit) error {
		fmt.Println(h.ID, h.Line, h.Task, h.Groups["addr"])
		return nil
	})
	// Output: refused 2 etcd : Wait for etcd 10.0.0.1:2379
}
