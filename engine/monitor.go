package engine

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// monitor finds symptoms of known pitfalls in command lines, in output and in changes of nodes, and follows Ansible
// playbooks. Its methods return events in the order in which they belong into the journal; the run emits them.
type monitor struct {
	symptoms *runbook.Symptoms
	stream   *symptom.Stream
	now      func() time.Time

	mu       sync.Mutex
	playbook playbook
	plain    []byte                // buffer for the line at hand
	reported map[string][]reported // by step
	deadline time.Time             // of the timer that is set
}

// reported is a pitfall that was reported in a step.
type reported struct {
	pitfall string
	hint    bool // only a hint so far
}

func newMonitor(b *runbook.Runbook, now func() time.Time) *monitor {
	var pitfalls []*runbook.Pitfall
	for _, id := range b.InForce() {
		if p := b.Pitfall(id); p != nil {
			pitfalls = append(pitfalls, p)
		}
	}
	m := &monitor{symptoms: runbook.NewSymptoms(pitfalls), now: now, reported: map[string][]reported{}}
	m.stream = m.symptoms.Set.Stream()
	return m
}

// command reads a command line before it runs.
func (m *monitor) command(step string, c event.Command) []event.Data {
	if c.Probe {
		return nil
	}
	if c.Host == event.Workstation {
		m.mu.Lock()
		m.playbook = playbook{}
		m.mu.Unlock()
	}
	return m.unreported(step, m.stream.Feed(symptom.Input{Stream: "commands", Host: c.Host, Name: source(c)}, c.Line, m.now()))
}

// output reads lines of one stream of a command, the last without its end.
func (m *monitor) output(step string, c event.Command, stream, lines string) []event.Data {
	in := symptom.Input{Host: c.Host, Name: source(c), Pipe: stream}
	if c.Host != event.Workstation {
		return m.feed(step, in, lines)
	}
	var found []event.Data
	fed := 0 // the symptoms have read lines up to here
	for at := 0; at <= len(lines); {
		line, end, p, isNew := m.progress(lines[at:])
		if !isNew {
			break
		}
		if line += at; line > fed { // hits in earlier lines come first
			found = append(found, m.feed(step, in, lines[fed:line-1])...)
			fed = line
		}
		found = append(found, p)
		at += end
	}
	return append(found, m.feed(step, in, lines[fed:])...)
}

// ended settles symptoms that wait for more output of a command. A command with an unknown end may still print; a stopped
// one has shown nothing by what it did not print.
func (m *monitor) ended(step string, c event.Command, outcome event.Outcome) []event.Data {
	switch outcome {
	case event.Done:
		return m.unreported(step, m.stream.Done(source(c), true))
	case event.Exited, event.TimedOut:
		return m.unreported(step, m.stream.Done(source(c), false))
	case event.Stopped:
		m.stream.Done(source(c), true)
	}
	return nil
}

// node reads a node as a row of kubectl get nodes --no-headers.
func (m *monitor) node(step string, n event.Node) []event.Data {
	roles := strings.Join(n.Roles, ",")
	if roles == "" {
		roles = "<none>"
	}
	row := strings.Join([]string{n.Name, n.Status(), roles, "0d", n.Version}, "   ")
	return m.unreported(step, m.stream.Feed(symptom.Input{Stream: "nodes", Host: n.Name}, row, m.now()))
}

// expired returns what symptoms report whose time is over.
func (m *monitor) expired(step string) []event.Data {
	return m.unreported(step, m.stream.Flush(m.now()))
}

// newDeadline returns the time of the next expired, once for each time.
func (m *monitor) newDeadline() (time.Time, bool) {
	at := m.stream.Next()
	m.mu.Lock()
	defer m.mu.Unlock()
	isNew := !at.IsZero() && !at.Equal(m.deadline)
	m.deadline = at
	return at, isNew
}

// restore marks hits of a prior run as reported.
func (m *monitor) restore(step string, hits []event.Hit) {
	for _, h := range hits {
		m.reported[step] = append(m.reported[step], reported{h.Pitfall, h.Hint})
	}
}

// reread reads a line of a prior run: what it means is reported already.
func (m *monitor) reread(c event.Command, stream, line string) {
	if c.Host == event.Workstation {
		m.progress(line)
	}
	m.stream.Feed(symptom.Input{Host: c.Host, Name: source(c), Pipe: stream}, line, m.now())
}

// pitfalls returns the pitfalls reported in a step, in order.
func (m *monitor) pitfalls(step string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for _, r := range m.reported[step] {
		ids = append(ids, r.pitfall)
	}
	return ids
}

func (m *monitor) feed(step string, in symptom.Input, lines string) []event.Data {
	return m.unreported(step, m.stream.FeedLines(in, lines, m.now()))
}

// unreported returns hits that add to what the step has reported: a new pitfall, or a verdict after a hint.
func (m *monitor) unreported(step string, found []symptom.Hit) []event.Data {
	if len(found) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var hits []event.Data
next:
	for _, f := range found {
		p, _ := m.symptoms.Of(f.ID)
		for i := range m.reported[step] {
			r := &m.reported[step][i]
			if r.pitfall != p.Name.Value {
				continue
			}
			if !r.hint || f.Hint {
				continue next
			}
			r.hint = false
			hits = append(hits, m.symptoms.Hit(f))
			continue next
		}
		m.reported[step] = append(m.reported[step], reported{p.Name.Value, f.Hint})
		hits = append(hits, m.symptoms.Hit(f))
	}
	return hits
}

// progress reads lines up to one that changes the progress of a playbook. It returns where that line and the next begin.
func (m *monitor) progress(lines string) (line, next int, p event.Progress, isNew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for next <= len(lines) {
		line, next = next, len(lines)+1
		if i := strings.IndexByte(lines[line:], '\n'); i >= 0 {
			next = line + i + 1
		}
		m.plain = trimEnd(appendPlain(m.plain[:0], lines[line:next-1]))
		if p, isNew = m.playbook.read(m.plain); isNew {
			return line, next, p, true
		}
	}
	return line, next, p, false
}

// source names a command for the symptoms, so that its lines are one story.
func source(c event.Command) string { return strconv.Itoa(c.Number) }

// report emits what the monitor found, and asks it again when the time of a symptom is over.
func (r *Run) report(step string, found []event.Data) error {
	for _, d := range found {
		if err := r.emit(step, d); err != nil {
			return err
		}
	}
	if at, isNew := r.monitor.newDeadline(); isNew {
		r.env.After(at.Sub(r.env.Now()), func() { _ = r.report(step, r.monitor.expired(step)) }) // emit keeps the error and stops the run
	}
	return nil
}

// reportNode gives a changed node to the monitor, within the current step.
func (r *Run) reportNode(n event.Node) error {
	r.mu.Lock()
	in := r.current
	r.mu.Unlock()
	if in == nil {
		return nil
	}
	return r.report(in.events, r.monitor.node(in.events, n))
}
