// Package transcripttest makes recordings of any size, for tests and benchmarks: an upgrade of up to 200 nodes with everything
// in it that a replay shows. What it prints is always the same.
package transcripttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// Needle is printed once, two thirds into the run; LastFailure is the step that fails last.
const (
	Needle      = "needle in the haystack"
	LastFailure = "node-38"
)

const steps = 40

// Large records a run whose commands print some number of bytes into a directory of its own under root, and gives the
// directory. With spooled, the output is in the spool of the run.
func Large(root string, size int64, spooled bool) (string, error) {
	begin := time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC)
	w, err := transcript.Create(root, transcript.Header{Tool: "test", Runbook: "kubespray/v2.28.0", Cluster: "prod-4",
		From: "v2.27.0", To: "v2.28.0", Started: begin})
	if err != nil {
		return "", err
	}
	l := &large{w: w, now: begin, spooled: spooled, files: map[int]*os.File{}, hosts: int(min(200, 10+size>>20)), rand: rand.New(rand.NewPCG(1, 2))}
	w.Clock = func() (time.Time, time.Duration) { return l.now, l.now.Sub(begin) }
	l.run(size)
	if err := w.Close(); err != nil && l.err == nil {
		l.err = err
	}
	return w.Dir(), l.err
}

type large struct {
	w       *transcript.Writer
	now     time.Time
	spooled bool
	hosts   int
	rand    *rand.Rand
	files   map[int]*os.File // spools that are being written
	step    string
	number  int
	task    int
	err     error
}

func (l *large) put(d event.Data) {
	if l.err == nil {
		_, l.err = l.w.Append(event.Event{Step: l.step, Data: d})
	}
	l.now = l.now.Add(time.Millisecond)
}

func (l *large) run(size int64) {
	l.put(event.Started{Runbook: "kubespray/v2.28.0", Version: "1.0.0", Title: event.T("Upgrade Kubespray"), From: "v2.27.0",
		To: "v2.28.0", Cluster: "prod-4", Tool: "test", Locale: "en", At: l.now})
	var plan event.Planned
	for i := range steps {
		plan.Steps = append(plan.Steps, event.PlannedStep{ID: fmt.Sprintf("node-%d", i), Title: event.T(fmt.Sprintf("Upgrade nodes, part %d", i)),
			Phase: event.T(fmt.Sprintf("Part %d", i/8)), Kind: "ansible", Danger: event.Disrupts, NoReturn: i == 8})
	}
	l.put(plan)
	for i := range l.hosts {
		l.node(i, "v1.31.9", true)
	}
	for i := range steps {
		l.step = plan.Steps[i].ID
		l.one(i, size/steps)
	}
	l.step = ""
	l.put(event.Ended{Status: event.Failed, Exit: 1, Why: event.T("one node did not come back")})
}

// one is a step: facts, a gate, the playbook, what the nodes do meanwhile, and how it ends.
func (l *large) one(i int, size int64) {
	l.put(event.StepStarted{Attempt: 1})
	for h := range min(20, l.hosts) {
		l.number++
		l.put(event.CommandStarted{Number: l.number, Host: fmt.Sprintf("node%d", h), Line: "systemctl is-active kubelet", Probe: true})
		l.print(l.number, "active\n")
		l.end(l.number)
	}
	l.put(event.GateChecked{Gate: "ready", When: "before", Title: event.T("All nodes are Ready"), Required: event.Success, Verdict: event.Pass})
	l.now = l.now.Add(2 * time.Minute) // somebody reads
	if i%8 == 5 {                      // at once on many hosts: their output comes mixed
		first := l.number + 1
		for h := range l.hosts {
			l.number++
			l.put(event.CommandStarted{Number: l.number, Host: fmt.Sprintf("node%d", h), Line: "journalctl --since -1h", Changes: false})
		}
		for ; size > 0; size -= l.print(first+l.rand.IntN(l.hosts), l.text(100+l.rand.IntN(400))) {
		}
		for h := range l.hosts {
			l.end(first + h)
		}
	} else {
		l.number++
		l.put(event.CommandStarted{Number: l.number, Host: "workstation", Line: "ansible-playbook upgrade-cluster.yml --limit part" + fmt.Sprint(i), Changes: true})
		for n := 0; size > 0; n++ {
			size -= l.print(l.number, l.text(200+l.rand.IntN(6000)))
			switch {
			case n%50 == 0:
				l.task++
				l.put(event.Progress{Task: fmt.Sprintf("kubernetes/node : Install | Copy kubelet %d", l.task), Tasks: l.task, OK: l.task * 3})
			case n%97 == 0:
				l.node(l.rand.IntN(l.hosts), "v1.32.5", l.rand.IntN(5) > 0)
			case n == 20 && i == steps*2/3:
				l.print(l.number, "msg: "+Needle+"\n")
			case n == 30 && i%8 == 3:
				l.put(event.Hit{Pitfall: "kubelet-stuck", Symptom: "no-answer", Title: event.T("The kubelet does not answer"), Severity: "nuisance", Line: "connection refused"})
			}
		}
		l.end(l.number)
	}
	ended := event.StepEnded{Status: event.Passed}
	switch {
	case i%10 == 8:
		ended = event.StepEnded{Status: event.Failed, Why: event.T("the playbook failed on one node")}
	case i%10 == 3:
		l.put(event.Answered{Question: "gate", Answer: event.Answer{Choice: event.ChoiceOverride, Reason: "agreed with the network team"}})
		ended.Status = event.Overridden
	}
	l.put(ended)
}

func (l *large) node(i int, version string, ready bool) {
	l.put(event.NodeChanged{Node: event.Node{Name: fmt.Sprintf("node%d", i), Ready: map[bool]string{true: "True", false: "False"}[ready], Version: version,
		OS: "Ubuntu 24.04.2 LTS", Runtime: "containerd://2.0.5", Address: fmt.Sprintf("10.0.%d.%d", i/250, i%250)}})
}

func (l *large) print(number int, text string) int64 {
	if l.spooled && l.err == nil {
		l.err = l.spool(number, text)
	}
	l.put(event.NewOutput(number, "stdout", []byte(text)))
	return int64(len(text))
}

// spool plays the part of a supervisor.
func (l *large) spool(number int, text string) error {
	dir := l.w.Spool(number)
	err := os.MkdirAll(dir, 0o700)
	f := l.files[number]
	if f == nil && err == nil {
		f, err = os.OpenFile(filepath.Join(dir, fmt.Sprintf("%d.out", number)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		l.files[number] = f
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return err
}

// end says that a command has ended.
func (l *large) end(number int) {
	if f := l.files[number]; f != nil && l.err == nil {
		l.err = f.Close()
	}
	delete(l.files, number)
	l.put(event.CommandEnded{Number: number, Outcome: event.Done})
}

// text is about as much as a size, as a playbook prints it; it may end within a line.
func (l *large) text(size int) string {
	var b strings.Builder
	for b.Len() < size {
		if l.rand.IntN(40) == 0 {
			fmt.Fprintf(&b, "TASK [kubernetes/node : Install | Copy kubelet binary from download dir %d] ***\r\n", l.task)
		}
		fmt.Fprintf(&b, "\x1b[0;33mchanged: [node%d] => {\"changed\": true, \"dest\": \"/usr/local/bin/kubelet\", \"mode\": \"0755\", \"size\": %d}\x1b[0m\r\n", l.rand.IntN(l.hosts), l.rand.IntN(1e9))
	}
	return b.String()[:size]
}
