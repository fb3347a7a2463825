package diagnose

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

const drainTask = "upgrade/pre-upgrade : Drain node"

// blockedDrain is a drain that a budget blocks.
func blockedDrain() result {
	r := commandFailed("stderr", "evicting pod shop/web-0\nerror when evicting pods/\"web-0\" -n \"shop\" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.")
	r.host = "node3"
	return r
}

// eventsOf is the drain as ansible-runner keeps it.
func eventsOf(r result) []map[string]any {
	return []map[string]any{
		{"counter": 1, "event": "playbook_on_task_start", "stdout": "TASK [" + drainTask + "] ***", "event_data": map[string]any{"task": "Drain node", "role": "upgrade/pre-upgrade"}},
		{"counter": 2, "event": "runner_on_start", "stdout": "", "event_data": map[string]any{"host": r.host}},
		{"counter": 10, "event": "runner_on_failed", "stdout": "\x1b[0;31mfatal: [node3]: FAILED! => " + r.json("") + "\x1b[0m",
			"event_data": map[string]any{"task": "Drain node", "role": "upgrade/pre-upgrade", "host": r.host, "res": r.fields}},
		{"counter": 11, "event": "playbook_on_stats", "stdout": "", "event_data": map[string]any{"failures": map[string]any{r.host: 1}}},
	}
}

// TestInputs: a drain that a budget blocks is told with its pod, task and host, in whatever it was kept.
func TestInputs(t *testing.T) {
	k := New(builtinPitfalls(t), builtinChecks(t))
	drain := blockedDrain()
	plain := strings.ReplaceAll(drain.forms(drainTask)["one line"], "\n", "\r\n")
	inputs := map[string]io.Reader{}
	for version, head := range map[string]string{"v2": `{"version": 2, "width": 80, "height": 24}`, "v3": `{"version": 3, "term": {"cols": 80, "rows": 24}}`} {
		var cast strings.Builder
		cast.WriteString(head + "\n[0.1, \"i\", \"x\"]\n")
		for i := 0; i < len(plain); i += 37 {
			data, _ := json.Marshal(plain[i:min(i+37, len(plain))])
			fmt.Fprintf(&cast, "[%d.5, \"o\", %s]\n", i, data)
		}
		inputs["asciicast "+version] = Text(bufio.NewReader(strings.NewReader(cast.String())))
	}
	task := map[string]any{"task": "Drain node", "role": "upgrade/pre-upgrade", "host": drain.host, "__result": "Failed", "res": drain.fields}
	for name, stdout := range map[string][]string{"artifact": strings.Split(plain, "\r\n"), "artifact without output": {}} {
		doc, _ := json.MarshalIndent(struct {
			Version string           `json:"version"`
			Plays   []map[string]any `json:"plays"`
			Stdout  []string         `json:"stdout"`
		}{"2.0.0", []map[string]any{{"name": "Upgrade", "tasks": []any{task}}}, stdout}, "", "    ")
		inputs[name] = Text(bufio.NewReader(strings.NewReader(string(doc))))
	}
	dir := fstest.MapFS{"artifacts/7/job_events/9-partial.json": {Data: []byte(`{"event": "runner_on_`)}, "artifacts/7/stdout": {}, "env/settings": {}}
	for _, e := range eventsOf(drain) {
		text, _ := json.MarshalIndent(e, "", "  ")
		dir[fmt.Sprintf("artifacts/7/job_events/%v-0a-1b.json", e["counter"])] = &fstest.MapFile{Data: text}
	}
	runs := JobEvents(dir)
	if len(runs) != 1 {
		t.Fatalf("runs: %v", runs)
	}
	events, err := Events(dir, runs[0])
	if err != nil {
		t.Fatal(err)
	}
	inputs["events"] = events
	for name, in := range inputs {
		text, err := io.ReadAll(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		namesPod(t, k, name, string(text))
	}
	if none := JobEvents(fstest.MapFS{"a/b.log": {}}); len(none) > 0 {
		t.Errorf("events where there are none: %v", none)
	}
	if _, err := Events(fstest.MapFS{}, "absent"); err == nil || !strings.Contains(err.Error(), fs.ErrNotExist.Error()) {
		t.Errorf("no directory: %v", err)
	}
}

// namesPod holds that a log shows the blocked drain, its task and its pod.
func namesPod(t *testing.T, k *Knowledge, name, log string) {
	t.Helper()
	r := report(t, k, log)
	for _, f := range r.Findings {
		if f.Pitfall == "pdb-blocks-drain" && !f.Hint && strings.Contains(f.Title.En, "web-0") && strings.Contains(f.Do.En, "web-0") && f.Task == drainTask {
			return
		}
	}
	t.Errorf("%s: %+v\n%s", name, r.Findings, log)
}

// TestWidths: what a terminal of any width has cut is told with its values.
func TestWidths(t *testing.T) {
	k := New(builtinPitfalls(t), builtinChecks(t))
	text := blockedDrain().forms(drainTask)["one line"]
	for width := 60; width <= 240; width++ {
		var cut strings.Builder
		for line := range strings.SplitSeq(text, "\n") {
			for len(line) > width {
				cut.WriteString(line[:width] + "\n")
				line = line[width:]
			}
			cut.WriteString(line + "\n")
		}
		namesPod(t, k, fmt.Sprint("width ", width), cut.String())
	}
}
