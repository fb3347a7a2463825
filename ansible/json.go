package ansible

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// runner reads an event of ansible-runner, AWX or the callback jsonl: a line of JSON.
func (r *Reader) runner(line []byte) bool {
	if !bytes.Contains(line, []byte("runner_on_")) && !bytes.Contains(line, []byte("runner_item_on_")) && !bytes.Contains(line, []byte("playbook_on_stats")) {
		return false
	}
	var e struct {
		Event string `json:"event"`
		Under string `json:"_event"`
		Data  struct {
			Task, Play, Role, Host string
			Path                   string         `json:"task_path"`
			Ignore                 bool           `json:"ignore_errors"`
			Res                    map[string]any `json:"res"`
		} `json:"event_data"`
		Hosts map[string]map[string]any `json:"hosts"`
		Task  struct{ Name, Path string }
		Stats map[string]docStats
	}
	if json.Unmarshal(line, &e) != nil {
		return false
	}
	kind := strings.TrimPrefix(e.Event+e.Under, "v2_")
	if kind == "playbook_on_stats" {
		r.stats(e.Stats)
		return true
	}
	status, ok := map[string]Status{"runner_on_ok": OK, "runner_on_failed": Failed, "runner_on_unreachable": Unreachable,
		"runner_on_skipped": Skipped, "runner_item_on_failed": Failed}[kind]
	if !ok {
		return strings.Contains(kind, "runner_")
	}
	if e.Hosts == nil {
		task := e.Data.Task
		if e.Data.Role != "" && !strings.Contains(task, " : ") {
			task = e.Data.Role + " : " + task
		}
		e.Hosts, e.Task.Name, e.Task.Path, r.play = map[string]map[string]any{e.Data.Host: e.Data.Res}, task, e.Data.Path, e.Data.Play
	}
	for host, res := range e.Hosts {
		r.settle()
		if e.Task.Name != r.task {
			r.task = e.Task.Name
			r.Each(Event{Task: r.task, Line: r.lines})
		}
		r.path = e.Task.Path
		if e.Data.Ignore && status == Failed {
			status = Ignored
		}
		r.event(host, status, res, r.lines, r.lines)
	}
	return true
}

// event emits a result that was given as JSON.
func (r *Reader) event(host string, status Status, res map[string]any, first, last int) {
	if status == OK && res["changed"] == true {
		status = Changed
	}
	out := &Result{Play: r.play, Task: r.task, Path: r.path, Host: host, Status: status, First: first, Last: last}
	if status.Bad() || status == Ignored {
		out.fill(res)
		out.Fields = res
	}
	r.Each(Event{Line: first, Result: out})
	out.Fields = nil
}

// docPart takes a line of what may be the document of the callback json.
func (r *Reader) docPart(line []byte) {
	if len(r.doc) > maxDoc {
		r.doc = r.doc[:0]
		return
	}
	r.doc = append(append(r.doc, '\n'), line...)
	if len(line) == 1 && line[0] == '}' {
		r.document()
	}
}

type docHost map[string]any

// document reads the document of the callback json: plays, their tasks, the results of each host, and the recap.
func (r *Reader) document() {
	text, line := r.doc, r.docLine
	r.doc = nil
	var doc struct {
		Plays []struct {
			Play  struct{ Name string }
			Tasks []struct {
				Task  struct{ Name, Path string }
				Hosts map[string]json.RawMessage
			}
		}
		Stats map[string]docStats
	}
	if !bytes.Contains(text, []byte(`"plays"`)) || json.Unmarshal(text, &doc) != nil {
		return
	}
	at := 0 // where the search for the next result begins, to find its lines
	for _, p := range doc.Plays {
		r.header("PLAY", p.Play.Name)
		for _, t := range p.Tasks {
			r.header("TASK", t.Task.Name)
			r.path = t.Task.Path
			for _, host := range sortedKeys(t.Hosts) {
				raw := t.Hosts[host]
				var res docHost
				if json.Unmarshal(raw, &res) != nil {
					continue
				}
				first, last := line, line
				if i := bytes.Index(text[at:], raw); i >= 0 {
					first = line + bytes.Count(text[:at+i], []byte("\n"))
					last = first + bytes.Count(raw, []byte("\n"))
				}
				r.event(host, docStatus(res), res, first, last)
			}
		}
	}
	r.stats(doc.Stats)
}

type docStats struct{ OK, Changed, Failures, Unreachable, Skipped, Rescued, Ignored int }

// stats emits the recap at the end of a JSON run.
func (r *Reader) stats(stats map[string]docStats) {
	for _, host := range sortedKeys(stats) {
		s := stats[host]
		r.Each(Event{Line: r.lines, Recap: &Recap{Host: host, Line: r.lines, OK: s.OK, Changed: s.Changed, Unreachable: s.Unreachable,
			Failed: s.Failures, Skipped: s.Skipped, Rescued: s.Rescued, Ignored: s.Ignored,
			Text: fmt.Sprintf("%s : ok=%d changed=%d unreachable=%d failed=%d skipped=%d rescued=%d ignored=%d", host, s.OK, s.Changed, s.Unreachable, s.Failures, s.Skipped, s.Rescued, s.Ignored)}})
	}
}

func docStatus(res docHost) Status {
	switch {
	case res["unreachable"] == true:
		return Unreachable
	case res["failed"] == true && res["ignore_errors"] == true:
		return Ignored
	case res["failed"] == true:
		return Failed
	case res["skipped"] == true:
		return Skipped
	}
	return OK
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
