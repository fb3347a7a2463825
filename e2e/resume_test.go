package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// errand is a small piece of everything: checks over SSH and the API, commands on the workstation and on nodes, a loop, a
// value learned early and used late. Each thing that is done leaves a line, so that doing it twice is seen.
const errand = `
apiVersion: spraydeck/v1
kind: Runbook
name: errand
title: A piece of everything
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
phases:
  - title: Before
    steps:
      - id: reachable
        title: Every node answers
        check:
          gates:
            - id: up
              title: Every node says its name
              fails: A node does not say its name
              facts: {names: {ssh: uname -n, on: all}}
              rule: names.all(h, names[h].exit == 0)
            - id: nodes
              title: The API knows four nodes
              fails: The API does not know four nodes
              facts: {known: {objects: {resource: nodes}}}
              rule: known.size() == 4
      - {id: learn, title: Learn a word, danger: changes, command: "echo learn >> done; echo open-door"}
      - {id: pick, title: Which way, choose: {prompt: "Which way?", options: {left: {title: Left}, right: {title: Right}}}}
  - title: Each
    each: {in: "node3:node4"}
    steps:
      - {id: cordon, title: "Cordon ${node}", cordon: {}}
      - id: work
        title: Work on ${node}
        danger: changes
        ssh: "echo work >> /tmp/done; for i in 1 2 3; do echo line $i; sleep 0.1; done; echo ${steps.learn.stdout.trim()} >> /tmp/word"
        after:
          - id: worked
            title: It was done on ${node}
            fails: It was not done once on ${node}
            facts: {count: {ssh: wc -l < /tmp/done}}
            rule: count.all(h, int(count[h].stdout.trim()) == 1)
      - {id: uncordon, title: "Uncordon ${node}", uncordon: {}}
  - title: After
    steps:
      - {id: long, title: Something long, danger: changes, command: "echo long >> done; for i in 1 2 3 4; do echo tick $i; sleep 0.2; done"}
      - {id: end, title: The end, danger: changes, command: "echo ${steps.pick} >> done"}
`

// TestKilledAtEveryWrite kills the console with SIGKILL at every event that a run in the lab writes, after the write and
// before it, and resumes. At the end everything was done once, nothing that was written is gone, and the chain holds.
func TestKilledAtEveryWrite(t *testing.T) {
	l := boot(t)
	fatal := filepath.Join(t.TempDir(), "spraydeck-faults")
	if r := command(t, os.Environ(), "go", "build", "-tags", "faults", "-o", fatal, ".."); r.exit != 0 {
		t.Fatal(r)
	}
	book, answers := write(t, "errand.yaml", errand), write(t, "answers.yaml", "start: continue\n\"*/approve\": continue\npick: left\n")
	kills := 0
	for _, when := range []string{"after", "before"} {
		state := t.TempDir()
		l.shell("rm -f done")
		for _, n := range []string{"node3", "node4"} {
			l.onNode(n, "rm -f /tmp/done /tmp/word")
		}
		at := 1
		life := func(args ...string) (killed bool) {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), fatal, append(args, "--plain", "--answers", answers)...)
			cmd.Env = append(l.environ(state), fmt.Sprintf("SPRAYDECK_KILL=%s:%d", when, at))
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			_ = cmd.Run()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !status.Signaled() && status.ExitStatus() != 0 {
				t.Fatalf("%s, kill %d: exit %d\n%s", when, kills, status.ExitStatus(), tail(said.String(), 60))
			}
			return status.Signaled()
		}
		var whole []byte
		come, listed := 0, false
		for killed := life("run", book); killed; killed = life("resume") {
			if kills++; kills > 600 {
				t.Fatal("it never ends")
			}
			text, err := os.ReadFile(filepath.Join(newestDir(t, state), transcript.FileName))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(text, whole) {
				t.Fatalf("%s, kill %d: what was written has changed", when, kills)
			}
			whole = text[:bytes.LastIndexByte(text, '\n')+1]
			listed = listed || l.leftOnNode(state)
			// the next one dies at its first event, or where this one only read, which has to be read again, one later
			if now := progress(newest(t, state)); now > come {
				come, at = now, 1
			} else {
				at++
			}
		}
		if !listed {
			t.Errorf("%s: no command that was left on a node was ever listed", when)
		}
		l.doneOnce(when)
		if r := l.spraydeck(state, "verify"); r.exit != 0 {
			t.Errorf("verify: %s", r)
		}
		events := newest(t, state)
		if d, ok := events[len(events)-1].Data.(event.Ended); !ok || d.Exit != 0 {
			t.Errorf("it ended as %+v", events[len(events)-1].Data)
		}
		once(t, events)
	}
	t.Logf("%d kill points, 0 lost, 0 repeated", kills)
}

// leftOnNode says whether a command was left on a node, and whether that is listed.
func (l *lab) leftOnNode(state string) bool {
	open, err := transcript.OpenCommands(newestDir(l.t, state))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range open {
		if c.Changes && strings.HasPrefix(c.Host, "node") {
			return strings.Contains(l.spraydeck(state, "sessions", "list").String(), "left on "+c.Host+" in ")
		}
	}
	return false
}

// progress counts the events that no resume writes again. What a resume repeats counts once: a yes with no command after
// it is asked for again, a command that never began is started again, and a call to the API is made again. Reads do not count.
func progress(events []event.Event) int {
	first := map[string]bool{} // by what it is about, so that a repetition is none
	uncounted := map[int]bool{}
	about := map[int]string{}
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.CommandStarted:
			about[d.Number] = e.Step + " " + d.Host + ": " + d.Line
			if uncounted[d.Number] = d.Probe || e.Step == ""; !uncounted[d.Number] { // without a step: the lease
				first["started "+about[d.Number]] = true
			}
		case event.Output:
			if !uncounted[d.Number] {
				first["printed "+about[d.Number]+d.Text] = true
			}
		case event.CommandEnded:
			if !uncounted[d.Number] && d.Outcome != event.Abandoned {
				first["ended "+about[d.Number]] = true
			}
		case event.Resumed, event.NodeChanged, event.Connection:
		case event.Remark:
			if e.Step != "" { // the others say what is checked again
				first[e.Step+" "+d.Text.En] = true
			}
		case event.Asked:
			first["asked "+d.Question.ID] = true
		case event.Answered:
			first["answered "+d.Question] = true
		default:
			first[fmt.Sprint(e.Seq)] = true
		}
	}
	return len(first)
}

// doneOnce looks at what the errand left behind: one line for each thing.
func (l *lab) doneOnce(when string) {
	l.t.Helper()
	if got := l.shell("cat done"); got != "learn\nlong\nleft" {
		l.t.Errorf("%s: on the workstation was done: %q", when, got)
	}
	for _, n := range []string{"node3", "node4"} {
		if got := l.onNode(n, "cat /tmp/done /tmp/word"); got != "work\nopen-door" {
			l.t.Errorf("%s: on %s was done: %q", when, n, got)
		}
	}
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(before) {
		l.t.Errorf("%s: the nodes are %s", when, got)
	}
}

// once fails where a command that changes something began twice, or has not ended.
func once(t *testing.T, events []event.Event) {
	t.Helper()
	began, open := map[string]int{}, map[int]string{}
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.CommandStarted:
			open[d.Number] = e.Step + ": " + d.Host + ": " + d.Line
			if d.Changes && e.Step != "" { // a console that takes the run up takes its lease again
				began[open[d.Number]]++
			}
		case event.CommandEnded:
			if d.Outcome == event.Abandoned { // it never began
				began[open[d.Number]]--
			}
			delete(open, d.Number)
		}
	}
	for what, n := range began {
		if n > 1 {
			t.Errorf("began %d times: %s", n, what)
		}
	}
	for number, what := range open {
		if !strings.HasPrefix(what, ": ") { // what was looked at for a resume that was killed itself
			t.Errorf("command %d never ended: %s", number, what)
		}
	}
}

// onNode runs a command line of the test's own on a node.
func (l *lab) onNode(node, line string) string {
	l.t.Helper()
	out, err := exec.Command("ssh", "-F", l.vars["LAB_SSH_CONFIG"], node, line).CombinedOutput()
	if err != nil {
		l.t.Fatalf("ssh %s %s: %v\n%s", node, line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func newestDir(t *testing.T, state string) string {
	t.Helper()
	list, err := transcript.List(filepath.Join(state, "spraydeck", "sessions"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no run: %v", err)
	}
	return list[0].Dir
}

// TestResumeUpgrade: the console is killed while the playbook upgrades the second node. The playbook goes on; the run is
// resumed, has all that it printed meanwhile, and comes to its end in the same transcript.
func TestResumeUpgrade(t *testing.T) {
	l := boot(t)
	state := t.TempDir()
	answers := write(t, "answers.yaml", goOn+"resume: continue\n")
	cmd := exec.CommandContext(t.Context(), spraydeck, "run", "kubespray-v2.28.0", "--set", "ansible=system", "--plain", "--answers", answers)
	cmd.Env = l.environ(state)
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dead := make(chan struct{})
	go func() { _ = cmd.Wait(); close(dead) }()
	playbook := func() []string { // what runs of it, by process id
		out, _ := exec.Command("pgrep", "-f", "ansible-playbook.*upgrade-cluster.yml").Output()
		return strings.Fields(string(out))
	}
	at := waitFor(t, "node2 is being upgraded", func() bool {
		select {
		case <-dead:
			t.Fatalf("it ended before:\n%s", tail(read(t, said.Name()), 40))
		default:
		}
		return len(playbook()) > 0 && slices.ContainsFunc(l.nodes(), func(n string) bool {
			return strings.HasPrefix(n, "node2") && strings.Contains(n, "SchedulingDisabled")
		})
	})
	pids := playbook()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-dead
	time.Sleep(3 * time.Second)
	if now := playbook(); len(now) > 0 && !slices.ContainsFunc(now, func(p string) bool { return slices.Contains(pids, p) }) {
		t.Errorf("another playbook runs: %v, was %v", now, pids)
	}
	written := len(newest(t, state))

	r := l.spraydeck(state, "resume", "--plain", "--answers", answers)
	if r.exit != 0 {
		t.Fatalf("resume: exit %d\n%s\n%s", r.exit, tail(r.out, 60), r.err)
	}
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(after) {
		t.Errorf("nodes are %s", got)
	}
	if r := l.spraydeck(state, "verify"); r.exit != 0 {
		t.Errorf("verify: %s", r)
	}
	list, err := transcript.List(filepath.Join(state, "spraydeck", "sessions"))
	if err != nil || len(list) != 1 {
		t.Errorf("there are %d recordings: %v", len(list), err)
	}
	events := newest(t, state)
	once(t, events)
	whole(t, newestDir(t, state), events)
	t.Logf("killed after %s and %d events; %d at the end", at.Round(time.Second), written, len(events))
}

// whole holds what the transcript says each supervised command printed against what its supervisor kept, byte for byte.
func whole(t *testing.T, dir string, events []event.Event) {
	t.Helper()
	printed := map[int][]byte{}
	for _, e := range events {
		if o, ok := e.Data.(event.Output); ok && o.Stream == "stdout" {
			printed[o.Number] = append(printed[o.Number], o.Bytes()...)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "spool", "*.out"))
	if len(files) == 0 {
		t.Fatal("nothing was supervised")
	}
	for _, file := range files {
		n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(file), ".out"))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(kept, printed[n]) {
			t.Errorf("command %d: %d bytes were printed, %d are in the transcript", n, len(kept), len(printed[n]))
		}
	}
}

func waitFor(t *testing.T, what string, there func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !there() {
		if time.Since(begun) > 10*time.Minute {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(200 * time.Millisecond)
	}
	return time.Since(begun)
}
