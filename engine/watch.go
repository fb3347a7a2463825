package engine

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// watcher looks at every line that commands print, at the command lines themselves, and at every change of a node, for
// symptoms of known pitfalls.
type watcher struct {
	known  *runbook.Symptoms
	stream *symptom.Stream

	mu    sync.Mutex
	play  playbook
	plain []byte           // the line that it reads
	seen  map[string][]met // by step
	next  time.Time        // the alarm that is set
}

// met is a pitfall that a step has met, and whether only by a hint so far.
type met struct {
	pitfall string
	hint    bool
}

func newWatcher(b *runbook.Runbook) *watcher {
	var pitfalls []*runbook.Pitfall
	for _, id := range b.InForce() {
		if p := b.Pitfall(id); p != nil {
			pitfalls = append(pitfalls, p)
		}
	}
	w := &watcher{known: runbook.NewSymptoms(pitfalls), seen: map[string][]met{}}
	w.stream = w.known.Set.Stream()
	return w
}

// remember takes over what was met before the run was resumed.
func (w *watcher) remember(step string, hits []event.Hit) {
	for _, h := range hits {
		w.seen[step] = append(w.seen[step], met{h.Pitfall, h.Hint})
	}
}

// seenIn gives the pitfalls met in a step, in their order.
func (w *watcher) seenIn(step string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	for _, m := range w.seen[step] {
		ids = append(ids, m.pitfall)
	}
	return ids
}

// news keeps the hits that tell more than the step has told: each pitfall once, and once more when a hint has become a
// verdict.
func (w *watcher) news(step string, found []symptom.Hit) []event.Hit {
	w.mu.Lock()
	defer w.mu.Unlock()
	var hits []event.Hit
next:
	for _, f := range found {
		p, _ := w.known.Of(f.ID)
		for i := range w.seen[step] {
			m := &w.seen[step][i]
			if m.pitfall != p.Name.Value {
				continue
			}
			if !m.hint || f.Hint {
				continue next
			}
			m.hint = false
			hits = append(hits, w.known.Hit(f))
			continue next
		}
		w.seen[step] = append(w.seen[step], met{p.Name.Value, f.Hint})
		hits = append(hits, w.known.Hit(f))
	}
	return hits
}

// alarm says whether a new time has to be waited for.
func (w *watcher) alarm(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	isNew := !at.IsZero() && !at.Equal(w.next)
	w.next = at
	return isNew
}

// seeCommand looks at a command line that is about to run. What the last command there printed is over.
func (r *Run) seeCommand(step string, c event.Command) {
	if c.Probe {
		return
	}
	if c.Host == event.Workstation {
		r.watch.mu.Lock()
		r.watch.play = playbook{}
		r.watch.mu.Unlock()
	}
	r.watchLine(step, symptom.Input{Stream: "commands", Host: c.Host, Name: nameOf(c)}, c.Line)
}

// nameOf tells the lines of one command from those of another.
func nameOf(c event.Command) string { return strconv.Itoa(c.Number) }

// seeEnd settles what waited for more of a command. One whose end nobody knows may still go on; one that was stopped has
// shown nothing by what it did not print.
func (r *Run) seeEnd(step string, c event.Command, end event.CommandEnded) error {
	switch end.Outcome {
	case event.Done:
		return r.met(step, r.watch.stream.Done(nameOf(c), true))
	case event.Exited, event.TimedOut:
		return r.met(step, r.watch.stream.Done(nameOf(c), false))
	case event.Stopped:
		r.watch.stream.Done(nameOf(c), true)
	}
	return nil
}

// recall shows the symptoms a line that was seen before the run was resumed: what it means has been told.
func (r *Run) recall(c event.Command, stream, line string) {
	if c.Host == event.Workstation {
		r.watch.progress(line)
	}
	r.watch.stream.Feed(symptom.Input{Host: c.Host, Name: nameOf(c), Pipe: stream}, line, r.env.Now())
}

// see looks at lines of one stream of a command's output, the last without its end.
func (r *Run) see(step string, c event.Command, stream, lines string) {
	in, told := symptom.Input{Host: c.Host, Name: nameOf(c), Pipe: stream}, 0
	for at := 0; c.Host == event.Workstation; {
		line, end, p, news := r.watch.progress(lines[at:])
		if !news {
			break
		}
		if line += at; line > told { // the lines before it come first
			r.watchLines(step, in, lines[told:line-1])
			told = line
		}
		r.emit(step, p)
		if at += end; at > len(lines) {
			break
		}
	}
	r.watchLines(step, in, lines[told:])
}

// progress reads lines up to one that tells something new of a playbook, and gives where that begins and where the next
// one does.
func (w *watcher) progress(lines string) (line, next int, p event.Progress, news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for next <= len(lines) {
		line, next = next, len(lines)+1
		if i := strings.IndexByte(lines[line:], '\n'); i >= 0 {
			next = line + i + 1
		}
		w.plain = trimEnd(appendPlain(w.plain[:0], lines[line:next-1]))
		if p, news = w.play.read(w.plain); news {
			return line, next, p, true
		}
	}
	return line, next, p, false
}

// seeNode looks at a node as a row of kubectl get nodes --no-headers.
func (r *Run) seeNode(n event.Node) error {
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
	return r.watchLine(in.events, symptom.Input{Stream: "nodes", Host: n.Name}, line)
}

// watchLine gives a line to the symptoms and tells what is new.
func (r *Run) watchLine(step string, in symptom.Input, line string) error {
	now := r.env.Now()
	return r.watched(step, now, r.watch.stream.Feed(in, line, now))
}

// watchLines does so with lines, the last without its end.
func (r *Run) watchLines(step string, in symptom.Input, lines string) error {
	now := r.env.Now()
	return r.watched(step, now, r.watch.stream.FeedLines(in, lines, now))
}

// watched tells what is new. A symptom that waits for something not to come is looked after when its time is over, whether
// or not anything is printed.
func (r *Run) watched(step string, now time.Time, found []symptom.Hit) error {
	err := r.met(step, found)
	if at := r.watch.stream.Next(); r.watch.alarm(at) {
		r.env.After(at.Sub(now), func() { r.met(step, r.watch.stream.Flush(r.env.Now())) })
	}
	return err
}

func (r *Run) met(step string, found []symptom.Hit) error {
	if len(found) == 0 {
		return nil
	}
	for _, h := range r.watch.news(step, found) {
		if err := r.emit(step, h); err != nil {
			return err
		}
	}
	return nil
}

var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])`)

// appendPlain adds a line without its escape sequences.
func appendPlain(plain []byte, line string) []byte {
	// colours, by hand: of a playbook's output nearly every line has them
	for rest := line; ; {
		i := strings.IndexByte(rest, 0x1b)
		if i < 0 {
			return append(plain, rest...)
		}
		plain, rest = append(plain, rest[:i]...), rest[i:]
		end := 2
		for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == ';') {
			end++
		}
		if end >= len(rest) || rest[1] != '[' || rest[end] != 'm' {
			return append(plain, escapes.ReplaceAllString(rest, "")...)
		}
		rest = rest[end+1:]
	}
}

// trimEnd cuts the blanks and carriage returns off the end of a line.
func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == ' ' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// playbook follows an Ansible playbook by what it prints.
type playbook struct {
	event.Progress
}

var (
	header = regexp.MustCompile(`^(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \**$`)
	recap  = regexp.MustCompile(`^\S+\s+: ok=\d+\s+changed=\d+\s+unreachable=(\d+)\s+failed=(\d+)`)
)

// read takes a line and says whether there is something new to tell: a task, a failure, the end.
func (p *playbook) read(line []byte) (event.Progress, bool) {
	begins := func(word string) bool { return len(line) >= len(word) && string(line[:len(word)]) == word }
	switch { // what there is most of comes first
	case begins("ok: ["):
		p.OK++
	case begins("changed: ["):
		p.Changed++
	case begins("failed: ["):
		p.Failed++
	case begins("fatal: ["):
		if bytes.Contains(line, []byte("UNREACHABLE!")) {
			p.Unreachable++
		} else {
			p.Failed++
		}
		return p.Progress, true
	case begins("PLAY [") || begins("TASK [") || begins("RUNNING HANDLER ["):
		m := header.FindSubmatch(line)
		if m == nil {
			return event.Progress{}, false
		}
		if string(m[1]) == "PLAY" {
			p.Play = string(m[2])
		} else {
			p.Task = string(m[2])
			p.Tasks++
		}
		return p.Progress, true
	case begins("PLAY RECAP"):
		p.Task = ""
		return p.Progress, true
	case bytes.Contains(line, okMark):
		if m := recap.FindSubmatch(line); m != nil {
			unreachable, _ := strconv.Atoi(string(m[1]))
			failed, _ := strconv.Atoi(string(m[2]))
			return p.Progress, unreachable+failed > 0
		}
	}
	return event.Progress{}, false
}

var okMark = []byte(" ok=")
