package ui

import (
	"slices"
	"strings"

	"spraydeck/ansible"
	"spraydeck/event"
	"spraydeck/safetext"
)

// playbook reads what an Ansible command prints, as it comes: which task did what on which host.
type playbook struct {
	command *event.CommandState
	lines   int  // read so far, counted from the first ever printed
	missing bool // the oldest lines are in the transcript only
	ended   bool
	reader  *ansible.Reader
	tasks   []*taskRun
	play    string
	hosts   []string        // of the play at hand, in the order first seen
	seen    map[string]bool // the same
	last    map[string]int  // of a host, the newest task that it answered
	recaps  []ansible.Recap
	kept    int // results with their hosts
	failed  int // results with their fields
}

// taskRun is a task of the playbook with its results.
type taskRun struct {
	play, name string
	number     int // from 1
	results    []*ansible.Result
	ended      map[string]bool // hosts that have answered, retries not counted
	counts     map[ansible.Status]int
}

// maxKept is how many results are kept with their hosts; of older tasks only the counts are. maxFields is how many failures are kept with
// everything that was printed about them.
const (
	maxKept   = 100_000
	maxFields = 500
)

// read takes what the command has printed since. A command that is shown anew is read from the first line that is held.
func (b *playbook) read(c *event.CommandState) {
	total := c.Output.Dropped + len(c.Output.Lines)
	if b.command != c || b.reader == nil || b.lines > total {
		*b = playbook{command: c, lines: c.Output.Dropped, missing: c.Output.Dropped > 0}
		b.reader = &ansible.Reader{Each: b.each}
	}
	for _, line := range c.Output.Lines[max(0, b.lines-c.Output.Dropped):] {
		b.reader.Line([]byte(line))
	}
	b.lines = total
	if c.Outcome != "" && !b.ended {
		b.ended = true
		b.reader.Close()
	}
}

func (b *playbook) each(e ansible.Event) {
	switch {
	case e.Play != "":
		b.play, b.hosts, b.seen = e.Play, nil, map[string]bool{}
	case e.Task != "":
		b.begin(e.Task)
	case e.Recap != nil:
		b.recaps = append(b.recaps, *e.Recap)
	case e.Result != nil:
		if len(b.tasks) == 0 {
			b.begin(e.Result.Task)
		}
		b.result(e.Result)
	}
}

func (b *playbook) begin(name string) {
	b.tasks = append(b.tasks, &taskRun{play: b.play, name: name, number: len(b.tasks) + 1,
		counts: map[ansible.Status]int{}, ended: map[string]bool{}})
}

func (b *playbook) result(of *ansible.Result) {
	t := b.tasks[len(b.tasks)-1]
	res := *of // it is only to be looked at while this is called
	if failed(of.Status) && b.failed < maxFields {
		b.failed++
		res.Fields = of.Fields
	}
	if b.seen == nil {
		b.seen = map[string]bool{}
	}
	if b.last == nil {
		b.last = map[string]int{}
	}
	if !b.seen[res.Host] {
		b.seen[res.Host] = true
		b.hosts = append(b.hosts, res.Host)
	}
	t.counts[res.Status]++
	if res.Status != ansible.Retrying {
		t.ended[res.Host] = true
	}
	b.last[res.Host] = t.number
	t.results = append(t.results, &res)
	if b.kept++; b.kept > maxKept {
		b.forget()
	}
}

// forget lets go of the results of the oldest tasks, but the failures.
func (b *playbook) forget() {
	for _, t := range b.tasks {
		if b.kept <= maxKept*3/4 {
			return
		}
		n := len(t.results)
		t.results = slices.DeleteFunc(t.results, func(r *ansible.Result) bool { return !failed(r.Status) })
		b.kept -= n - len(t.results)
	}
}

func failed(s ansible.Status) bool { return s.Bad() || s == ansible.Ignored || s == ansible.Rescued }

// standing returns the failures that nothing has followed on their host: the play has given it up, or has not said yet.
func (b *playbook) standing() []*ansible.Result {
	if b == nil || b.reader == nil {
		return nil
	}
	var out []*ansible.Result
	for _, t := range b.tasks {
		for _, r := range t.results {
			if r.Status.Bad() && b.last[r.Host] == t.number {
				out = append(out, r)
			}
		}
	}
	if p := b.reader.Pending(); p != nil {
		out = append(out, p)
	}
	return out
}

// waiting returns the hosts of the play that have not answered the task at hand.
func (b *playbook) waiting() (hosts []string, of int) {
	if b == nil || len(b.tasks) == 0 || len(b.recaps) > 0 {
		return nil, 0
	}
	t := b.tasks[len(b.tasks)-1]
	for _, h := range b.hosts {
		if !t.ended[h] && !b.givenUp(h) {
			hosts = append(hosts, h)
		}
	}
	return hosts, len(b.hosts)
}

func (b *playbook) givenUp(host string) bool {
	n := b.last[host]
	if n == 0 || n > len(b.tasks) {
		return false
	}
	return slices.ContainsFunc(b.tasks[n-1].results, func(r *ansible.Result) bool { return r.Host == host && r.Status.Bad() })
}

// playbookOf is the command of a step that is a playbook, or nil.
func playbookOf(st *event.StepState) *event.CommandState {
	if st == nil {
		return nil
	}
	for _, c := range slices.Backward(st.Commands) {
		if !c.Probe && (st.Progress.Tasks > 0 || strings.Contains(c.Line, "ansible")) && c.Host == event.Workstation {
			return c
		}
	}
	return nil
}

var (
	sayTaskFailed  = event.Text{En: "failed", Ja: "失敗"}
	sayHostLost    = event.Text{En: "unreachable", Ja: "到達不可"}
	sayTaskOn      = event.Text{En: "%s on %s", Ja: "%[2]s で %[1]s"}
	sayMoreFailed  = event.Text{En: "… %d more, t shows them", Ja: "… ほか %d 件 (t で表示)"}
	sayWaitsFor    = event.Text{En: "waits for %s", Ja: "%s を待っています"}
	sayHostsOf     = event.Text{En: "%s (%d of %d hosts)", Ja: "%s (%d / %d ホスト)"}
	sayTaskNumber  = event.Text{En: "task %d", Ja: "タスク %d"}
	sayTaskOfAbout = event.Text{En: "task %d of ~%d", Ja: "タスク %d / 約 %d"}
)

// failureBlock is the failures of a playbook that stand: task, host, the innermost message.
func (l look) failureBlock(list []*ansible.Result, w int) block {
	if len(list) == 0 {
		return block{}
	}
	var lines, short []string
	for i, r := range list {
		if i == 3 {
			lines = append(lines, "   "+l.Faint.Render(l.say(sayMoreFailed, len(list)-i)))
			break
		}
		word := sayTaskFailed
		if r.Status == ansible.Unreachable {
			word = sayHostLost
		}
		on := safetext.Line(r.Host)
		if r.Item != "" {
			on += " (" + cut(safetext.Line(r.Item), 30) + ")"
		}
		head := " " + l.Danger.Render("✗ "+l.say(word)) + "  " + l.Bold.Render(l.say(sayTaskOn, safetext.Line(r.Task), on))
		lines = append(lines, cut(head, w))
		message := wrap(strings.Trim(safetext.Line(r.Innermost()), "{ "), w-5) // of a result that goes on there is a brace only
		if len(message) > 0 && message[0] == "" {
			message = nil
		}
		for _, line := range message[:min(3, len(message))] {
			lines = append(lines, "   "+l.Danger.Render(line))
		}
		if i == 0 {
			short = slices.Clone(lines[:min(2, len(lines))])
		}
	}
	return block{lines: append(lines, ""), short: short, keep: 10}
}
