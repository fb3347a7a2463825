package runbook

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// watcher looks at every line that commands print, and at every change of a node, for symptoms of known pitfalls.
type watcher struct {
	mu       sync.Mutex
	pitfalls []*Pitfall
	play     playbook
	seen     map[string][]string // step -> pitfalls met in it, in order
}

func newWatcher(b *Runbook) *watcher {
	w := &watcher{seen: map[string][]string{}}
	for _, id := range b.Pitfalls {
		if p := b.known[id.Value]; p != nil && len(p.Symptoms) > 0 {
			w.pitfalls = append(w.pitfalls, p)
		}
	}
	return w
}

// begin forgets the playbook before: a new command runs.
func (w *watcher) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.play = playbook{}
}

func (w *watcher) seenIn(step string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[step]
}

// find gives the pitfalls whose symptoms a line shows for the first time in a step.
func (w *watcher) find(step, stream, line string) []Hit {
	w.mu.Lock()
	defer w.mu.Unlock()
	var hits []Hit
	for _, p := range w.pitfalls {
		if slices.Contains(w.seen[step], p.Name.Value) {
			continue
		}
		for _, s := range p.Symptoms {
			of := s.Stream.Value
			if of == "" {
				of = "output"
			}
			if of != stream || s.Line.RE == nil || !s.Line.RE.MatchString(line) {
				continue
			}
			if s.Task.RE != nil && !s.Task.RE.MatchString(w.play.Task) {
				continue
			}
			w.seen[step] = append(w.seen[step], p.Name.Value)
			hits = append(hits, Hit{Pitfall: p.Name.Value, Symptom: s.ID.Value, Title: p.Title.Text(NewScope()), Severity: p.Severity.Value,
				Cause: p.Why.Text(NewScope()), Remedies: remediesOf(p), Line: line, Task: w.play.Task})
			break
		}
	}
	return hits
}

func remediesOf(p *Pitfall) []Remedy {
	var rs []Remedy
	for _, c := range p.Remedies {
		rs = append(rs, Remedy{ID: p.Name.Value + "/" + c.ID.Value, Title: c.Title.Text(NewScope())})
	}
	return rs
}

// see looks at one line of a command's output.
func (r *Run) see(step string, c Command, line string) {
	line = strings.TrimRight(Plain(line), " \r")
	if c.Host == Workstation {
		r.watch.mu.Lock()
		p, news := r.watch.play.read(line)
		r.watch.mu.Unlock()
		if news {
			r.emit(step, p)
		}
	}
	r.hit(step, c.Host, r.watch.find(step, "output", line))
}

// seeNode looks at a node as a row of kubectl get nodes --no-headers.
func (r *Run) seeNode(n Node) error {
	roles := strings.Join(n.Roles, ",")
	if roles == "" {
		roles = "<none>"
	}
	line := strings.Join([]string{n.Name, n.Status(), roles, "0d", n.Version}, "   ")
	r.mu.Lock()
	in := r.current
	r.mu.Unlock()
	if in == nil {
		return nil
	}
	return r.hit(in.events, n.Name, r.watch.find(in.events, "nodes", line))
}

func (r *Run) hit(step, host string, hits []Hit) error {
	for _, h := range hits {
		h.Host = host
		if err := r.emit(step, h); err != nil {
			return err
		}
	}
	return nil
}

var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])`)

// Plain removes escape sequences from a line.
func Plain(line string) string {
	if strings.IndexByte(line, 0x1b) < 0 {
		return line
	}
	return escapes.ReplaceAllString(line, "")
}

// playbook follows an Ansible playbook by what it prints.
type playbook struct {
	Progress
}

var (
	header  = regexp.MustCompile(`^(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \**$`)
	outcome = regexp.MustCompile(`^(ok|changed|failed|fatal|skipping): \[`)
	recap   = regexp.MustCompile(`^\S+\s+: ok=\d+\s+changed=\d+\s+unreachable=(\d+)\s+failed=(\d+)`)
)

// read takes a line and says whether there is something new to tell: a task, a failure, the end.
func (p *playbook) read(line string) (Progress, bool) {
	switch {
	case strings.HasPrefix(line, "PLAY [") || strings.HasPrefix(line, "TASK [") || strings.HasPrefix(line, "RUNNING HANDLER ["):
		m := header.FindStringSubmatch(line)
		if m == nil {
			return Progress{}, false
		}
		if m[1] == "PLAY" {
			p.Play = m[2]
		} else {
			p.Task = m[2]
			p.Tasks++
		}
		return p.Progress, true
	case strings.HasPrefix(line, "PLAY RECAP"):
		p.Task = ""
		return p.Progress, true
	}
	if m := outcome.FindStringSubmatch(line); m != nil {
		switch m[1] {
		case "ok":
			p.OK++
		case "changed":
			p.Changed++
		case "failed":
			p.Failed++
		case "fatal":
			if strings.Contains(line, "UNREACHABLE!") {
				p.Unreachable++
			} else {
				p.Failed++
			}
			return p.Progress, true
		}
	} else if m := recap.FindStringSubmatch(line); m != nil {
		unreachable, _ := strconv.Atoi(m[1])
		failed, _ := strconv.Atoi(m[2])
		return p.Progress, unreachable+failed > 0
	}
	return Progress{}, false
}
