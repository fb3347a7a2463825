package diagnose

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"spraydeck/runbook"
	"spraydeck/runbooks"
	"spraydeck/steps"
)

func builtinPitfalls(t testing.TB) []*runbook.Pitfall {
	t.Helper()
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	var list []*runbook.Pitfall
	err := fs.WalkDir(runbooks.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := runbooks.FS.ReadFile(name)
		if err != nil {
			return err
		}
		f, problems := runbook.Parse(name, text, lang)
		if len(problems) > 0 {
			return problems[0]
		}
		if f.Pitfall != nil {
			list = append(list, f.Pitfall)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// result is a failed result, before a callback prints it.
type result struct {
	host, delegate string
	fields         map[string]any
}

// commandFailed is the result of a command that printed a text.
func commandFailed(field, text string) result {
	fields := map[string]any{"changed": true, "cmd": []string{"/usr/local/bin/tool", "--do"}, "rc": 1, "msg": "non-zero return code", "stdout": "", "stderr": ""}
	fields[field] = text
	if field == "stdout" || field == "stderr" {
		fields[field+"_lines"] = strings.Split(text, "\n")
	}
	return result{host: "node2", fields: fields}
}

// ofLine reads the result that a sample is; ok is false where it is other text.
func ofLine(line string) (r result, ok bool) {
	head, body, found := strings.Cut(line, " => {")
	if !found || !strings.HasPrefix(head, "fatal: [") && !strings.HasPrefix(head, "failed: [") || strings.Contains(head, "UNREACHABLE") {
		return r, false
	}
	if json.Unmarshal([]byte("{"+body), &r.fields) != nil {
		return r, false
	}
	_, host, _ := strings.Cut(head, "[")
	host, _, _ = strings.Cut(host, "]")
	r.host, r.delegate, _ = strings.Cut(host, " -> ")
	return r, true
}

var lineEnds = regexp.MustCompile(`\n *`)

func (r result) json(indent string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", cmp.Or(indent, " "))
	if err := e.Encode(r.fields); err != nil {
		panic(err)
	}
	text := strings.TrimSpace(b.String())
	if indent == "" { // as Python writes it on one line
		text = lineEnds.ReplaceAllString(strings.ReplaceAll(text, ",\n", ", \n"), "")
	}
	return text
}

func (r result) yaml(indent string) string {
	fields := map[string]any{}
	for k, v := range r.fields {
		if strings.HasSuffix(k, "_lines") {
			v = "<omitted>"
		}
		if k != "changed" {
			fields[k] = v
		}
	}
	text, err := yaml.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return indent + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n"+indent)
}

func (r result) place() string {
	if r.delegate != "" {
		return r.host + " -> " + r.delegate
	}
	return r.host
}

func (r result) text(field string) string {
	s, _ := r.fields[field].(string)
	return s
}

// forms gives a result as each callback prints it in a task.
func (r result) forms(task string) map[string]string {
	header := "TASK [" + task + "] ***\n"
	fatal := "fatal: [" + r.place() + "]: FAILED! => "
	recap := "\n\nPLAY RECAP ***\n" + r.host + " : ok=9 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
	oneLine := header + fatal + r.json("") + recap
	short := map[string]any{}
	debug := ""
	for k, v := range r.fields {
		if s, ok := v.(string); ok && (k == "stdout" || k == "stderr" || k == "msg") && s != "" {
			debug += "\n\n" + strings.ToUpper(k) + ":\n\n" + s + "\n"
		} else if !strings.HasSuffix(k, "_lines") {
			short[k] = v
		}
	}
	prefixed := func(prefix string) string {
		return prefix + strings.ReplaceAll(strings.TrimSpace(oneLine), "\n", "\n"+prefix) + "\n"
	}
	coloured := "\x1b[0;31m" + strings.ReplaceAll(strings.TrimSpace(oneLine), "\n", "\x1b[0m\n\x1b[0;31m") + "\x1b[0m\n"
	event, _ := json.Marshal(map[string]any{"_event": "v2_runner_on_failed", "hosts": map[string]any{r.host: r.fields}, "task": map[string]any{"name": task}})
	runner, _ := json.Marshal(map[string]any{"event": "runner_on_failed", "stdout": strings.TrimSpace(fatal + r.json("")), "event_data": map[string]any{"task": task, "host": r.host, "res": r.fields}})
	failed := map[string]any{"failed": true}
	for k, v := range r.fields {
		failed[k] = v
	}
	doc, _ := json.MarshalIndent(map[string]any{"plays": []any{map[string]any{"play": map[string]any{"name": "p"}, "tasks": []any{
		map[string]any{"task": map[string]any{"name": task}, "hosts": map[string]any{r.host: failed}}}}}, "stats": map[string]any{r.host: map[string]any{"failures": 1}}}, "", "    ")
	list := map[string]string{
		"one line":     oneLine,
		"pretty":       header + fatal + r.json("    ") + recap,
		"yaml":         header + fatal + "changed=true \n" + r.yaml("  ") + recap,
		"yaml results": header + fatal + "\n    changed: true\n" + r.yaml("    ") + recap,
		"debug":        header + fatal + result{fields: short}.json("    ") + debug + recap,
		"minimal":      r.host + " | FAILED! => " + r.json("    ") + "\n",
		"oneline":      r.host + " | FAILED! => " + r.json("") + "\n",
		"json":         string(doc) + "\n",
		"jsonl":        string(event) + "\n",
		"runner":       string(runner) + "\n",
		"item":         header + "ok: [" + r.host + "] => (item=one)\nfailed: [" + r.place() + "] (item=two) => " + r.json("") + recap,
		"retries":      header + "FAILED - RETRYING: [" + r.host + "]: " + task + " (2 retries left).\nFAILED - RETRYING: [" + r.host + "]: " + task + " (1 retries left).\n" + fatal + r.json("") + recap,
		"colours":      coloured,
		"gitlab":       prefixed("2026-01-02T03:04:05.123456Z 00O "),
		"github":       prefixed("2026-01-02T03:04:05.1234567Z "),
		"jenkins":      prefixed("[2026-01-02T03:04:05.123Z] "),
		"log_path":     prefixed("2026-01-02 03:04:05,123 p=4242 u=ubuntu n=ansible | "),
		"compose":      prefixed("upgrade-1  | "),
	}
	if r.text("stderr")+r.text("stdout") != "" {
		list["minimal command"] = r.host + " | FAILED | rc=1 >>\n" + r.text("stdout") + r.text("stderr") + "non-zero return code\n"
	}
	return list
}

// like gives a text that an expression matches: of alternatives the first, of repetitions the fewest.
func like(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(like(sub))
		}
		return b.String()
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		return like(re.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(like(re.Sub[0]), re.Min)
	}
	return ""
}

// taskFor gives the name of a task that a symptom is bound to, or of one that no symptom is bound to.
func taskFor(t *testing.T, s *runbook.Symptom) string {
	if s.Task.RE == nil {
		return "some/role : Do something"
	}
	re, err := syntax.Parse(s.Task.Source, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	name := like(re.Simplify())
	if !s.Task.RE.MatchString(name) {
		t.Fatalf("%q is no task like %s", name, s.Task.Source)
	}
	return name
}

// told gives what a report says of a pitfall: verdict, hint or nothing.
func told(r *Report, pitfall string) string {
	best := "nothing"
	for _, f := range r.Findings {
		if f.Pitfall == pitfall && !f.Hint {
			return "verdict"
		}
		if f.Pitfall == pitfall {
			best = "hint"
		}
	}
	return best
}

// beside reports whether a pitfall is a hint beside a verdict.
func beside(r *Report, pitfall string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return !f.Hint && slices.ContainsFunc(f.Also, func(id string) bool { return strings.HasPrefix(id, pitfall+"/") })
	})
}

// resultsOf gives the failed results that a sample can stand in, by the field that has it.
func resultsOf(sample string) map[string]result {
	if r, ok := ofLine(sample); ok {
		return map[string]result{"itself": r}
	}
	for _, own := range []string{"fatal: ", "failed: ", "ok: ", "changed: ", "TASK [", "PLAY", "FAILED - ", "[WARNING]"} {
		if strings.HasPrefix(strings.TrimSpace(sample), own) {
			return nil
		}
	}
	return map[string]result{"stderr": commandFailed("stderr", "first\n"+sample+"\nlast"), "stdout": commandFailed("stdout", sample), "msg": commandFailed("msg", sample)}
}

// TestBlockedDrain: a drain that a budget blocks is named as that, under the header of its task as without it.
func TestBlockedDrain(t *testing.T) {
	k := New(builtinPitfalls(t), builtinChecks(t))
	r := commandFailed("stderr", "evicting pod shop/web-0\nerror when evicting pods/\"web-0\" -n \"shop\" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\nThere are pending pods in node \"node3\" when an error occurred: global timeout reached: 6m0s")
	r.host, r.delegate = "node3", "node1(127.0.0.11)"
	for form, log := range r.forms("upgrade/pre-upgrade : Drain node") {
		got := report(t, k, log)
		if told(got, "pdb-blocks-drain") != "verdict" {
			t.Errorf("%s: %s", form, fmt.Sprint(got.Findings))
		}
		for _, f := range got.Findings {
			if f.Pitfall == "cordon-timeout-partial" {
				t.Errorf("%s: the hint of the task beside the verdict", form)
			}
		}
	}
}

// TestNotReadyAlone: that a node is not ready proves no cause.
func TestNotReadyAlone(t *testing.T) {
	k := New(builtinPitfalls(t), builtinChecks(t))
	for _, log := range []string{
		"NAME    STATUS     ROLES    AGE   VERSION\nnode1   Ready      control-plane   100d   v1.31.4\nspare9   NotReady   <none>   100d   v1.31.4\n",
		"node2   NotReady,SchedulingDisabled   <none>   100d   v1.31.4\n",
	} {
		for _, f := range report(t, k, log).Findings {
			if !f.Hint {
				t.Errorf("a verdict of a state: %s", f.Pitfall)
			}
		}
	}
}
