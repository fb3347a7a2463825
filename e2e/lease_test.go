package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/kube"
)

// works changes something and waits until it is let go.
const works = `
apiVersion: spraydeck/v1
kind: Runbook
name: works
title: Work on the cluster
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
inputs:
  who: {prompt: "Who works?"}
phases:
  - title: Only
    steps:
      - id: work
        title: Work
        danger: changes
        command: "echo ${inputs.who} >> worked; while [ -e hold-${inputs.who} ]; do sleep 0.2; done"
      - id: label
        title: A label
        kube: {patch: node, name: node4, with: '{"metadata": {"labels": {"worked": "${inputs.who}"}}}'}
`

// TestTwoConsoles: a second console names who works on the cluster and stops before its first change; no pattern and no
// other name lets it in. A command that outlives its console keeps the lease. The second run takes over by name.
func TestTwoConsoles(t *testing.T) {
	l := boot(t)
	alice, bob := t.TempDir(), t.TempDir()
	book := write(t, "works.yaml", works)
	hold := filepath.Join(l.vars["LAB_CHECKOUT"], "hold-alice")
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	u, _ := user.Current()
	host, _ := os.Hostname()
	name := u.Username + "@" + host
	goOn := "start: continue\n\"*/approve\": continue\n"
	first := l.start(alice, "run", book, "--set", "who=alice", "--plain", "--answers", write(t, "a.yaml", goOn))
	waitFor(t, "alice holds the lease and works", func() bool {
		first.lives(t)
		return l.renewed() != "" && strings.Contains(l.shell("cat worked || true"), "alice")
	})

	for _, answers := range []string{goOn, "\"*\": {choice: continue, text: " + name + "}\n", goOn + "claim: {choice: continue, text: cluster.local}\n"} {
		r := l.spraydeck(bob, "run", book, "--set", "who=bob", "--plain", "--answers", write(t, "b.yaml", answers))
		said := r.out + r.err
		for _, want := range []string{"Another run works on this cluster", name + " since", "works, step work", "run " + filepath.Base(newestDir(t, alice))} {
			if r.exit != 3 || !strings.Contains(said, want) {
				t.Errorf("with %q bob is not told %q: %s", answers, want, r)
			}
		}
	}
	if r := l.spraydeck(bob, "run", book, "--set", "who=bob", "--plain", "--dry-run"); r.exit != 0 {
		t.Errorf("a dry run was kept off: %s", r)
	}
	if got := l.shell("cat worked"); got != "alice" {
		t.Errorf("worked: %q", got)
	}

	killed := time.Now()
	first.kill()
	waitFor(t, "the supervisor of the command renews the lease", func() bool {
		at, _ := time.Parse(time.RFC3339, l.renewed())
		return at.After(killed)
	})
	answers := write(t, "b.yaml", goOn+"claim: {choice: continue, text: "+name+"}\n")
	if r := l.spraydeck(bob, "run", book, "--set", "who=bob", "--plain", "--answers", answers); r.exit != 0 || !strings.Contains(r.out, "taken over from "+name) {
		t.Errorf("bob could not take over: %s", r)
	}
	if l.renewed() != "" {
		t.Error("bob's run is over and holds the lease")
	}
	os.Remove(hold)
	if r := l.spraydeck(alice, "resume", "--plain", "--answers", write(t, "a.yaml", goOn)); r.exit != 0 || l.renewed() != "" {
		t.Errorf("alice's resume: %s; the lease was renewed at %q", r, l.renewed())
	}
	if got := l.shell("cat worked"); got != "alice\nbob" {
		t.Errorf("worked: %q", got)
	}
	l.restored(t)
	l.apiStopped(t)
	once(t, newest(t, alice))
	asked := 0
	for _, e := range newest(t, bob) {
		if a, ok := e.Data.(event.Answered); ok && a.Question == "claim" && a.Text == name {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("the takeover stands %d times in the record", asked)
	}
}

// started is the binary at work.
type started struct {
	*exec.Cmd
	said string
	dead chan struct{}
}

// kill ends it with SIGKILL.
func (c *started) kill() {
	_ = c.Process.Kill()
	<-c.dead
}

// lives fails the test where it has ended.
func (c *started) lives(t *testing.T) {
	t.Helper()
	select {
	case <-c.dead:
		t.Fatalf("it ended before:\n%s", tail(read(t, c.said), 40))
	default:
	}
}

// restored: what was loosened when the console was killed is put back by the resume, as it was before; a run that fails
// offers it as well. A drain waits for nodes that others have cordoned.
func (l *lab) restored(t *testing.T) {
	state := t.TempDir()
	book := write(t, "loosens.yaml", loosens)
	hold, fails := filepath.Join(l.vars["LAB_CHECKOUT"], "hold"), filepath.Join(l.vars["LAB_CHECKOUT"], "fails")
	api, err := kube.Open(l.vars["KUBECONFIG"], "")
	if err != nil {
		t.Fatal(err)
	}
	allowed := func() string {
		list, err := api.Get(t.Context(), "poddisruptionbudgets", "rocketchat", "myrocketchat-mongodb-arbiter", "", "")
		if err != nil {
			t.Fatal(err)
		}
		return dig(list[0], "spec", "maxUnavailable")
	}
	was := allowed()
	answers := "start: continue\n\"*/approve\": continue\ndrain/approve: {choice: continue, text: node3}\n"

	// somebody else has cordoned node4
	if _, err := api.Cordon(t.Context(), "node4", true); err != nil {
		t.Fatal(err)
	}
	r := l.spraydeck(state, "run", book, "--plain", "--answers", write(t, "a.yaml", answers))
	if r.exit != 3 || !strings.Contains(r.out, "Another node is cordoned, and not by this run") || !strings.Contains(r.out, "node4 SchedulingDisabled") {
		t.Errorf("a drain beside another's: %s", r)
	}
	if strings.Contains(r.out, "evicting pod") || !strings.Contains(r.out, "still applied: Loosen the budget") {
		t.Errorf("it drained all the same: %s", r)
	}
	if _, err := api.Cordon(t.Context(), "node4", false); err != nil {
		t.Fatal(err)
	}
	if r := l.spraydeck(state, "sessions", "list"); !strings.Contains(r.err, "still applied from ") || !strings.Contains(r.err, "Loosen the budget") {
		t.Errorf("the list does not say what is loosened: %s", r)
	}

	// killed in the middle, resumed, and put back at the end
	for _, f := range []string{hold, fails} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := l.start(state, "resume", "--plain", "--answers", write(t, "a.yaml", answers))
	waitFor(t, "the work with the loosened budget", func() bool {
		run.lives(t)
		return strings.Contains(read(t, run.said), "while [ -e hold ]")
	})
	if got := allowed(); got != "100" {
		t.Errorf("the budget is not loosened: %s", got)
	}
	run.kill()
	os.Remove(hold)
	r = l.spraydeck(state, "resume", "--plain", "--answers", write(t, "a.yaml", answers+"loosen/undo: restore\n"))
	if r.exit != 1 || allowed() != was {
		t.Errorf("after a run that failed the budget is %s, and was %s: %s", allowed(), was, r)
	}
	os.Remove(fails)
	r = l.spraydeck(state, "resume", "--plain", "--answers", write(t, "a.yaml", answers))
	if r.exit != 0 || allowed() != was || strings.Contains(r.out, "Still applied") {
		t.Errorf("the last resume: the budget is %s: %s", allowed(), r)
	}
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(before) {
		t.Errorf("nodes are %s", got)
	}
	if r := l.spraydeck(state, "sessions", "list"); strings.Contains(r.err, "still applied") {
		t.Errorf("the list says that something is loosened: %s", r)
	}
}

// start runs the binary without a terminal and does not wait for it.
func (l *lab) start(state string, args ...string) *started {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), spraydeck, args...)
	cmd.Env = l.environ(state)
	said, err := os.Create(filepath.Join(l.t.TempDir(), "said"))
	if err != nil {
		l.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	c := &started{Cmd: cmd, said: said.Name(), dead: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(c.dead) }()
	l.t.Cleanup(func() { _ = cmd.Process.Kill(); <-c.dead })
	return c
}

// renewed is when the maintenance lease was renewed last, "" where there is none.
func (l *lab) renewed() string {
	l.t.Helper()
	c, err := kube.Open(l.vars["KUBECONFIG"], "")
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := c.Get(l.t.Context(), "leases", kube.LeaseNamespace, kube.LeaseName, "", "")
	if err != nil {
		return ""
	}
	return dig(list[0], "spec", "renewTime")
}

// loosens puts a budget out of force for the time of the work.
const loosens = `
apiVersion: spraydeck/v1
kind: Runbook
name: loosens
title: Work with a loosened budget
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
phases:
  - title: Only
    steps:
      - id: budget
        title: The budget of the arbiter
        kube: {get: poddisruptionbudgets.policy, namespace: rocketchat, name: myrocketchat-mongodb-arbiter}
      - id: loosen
        title: Loosen the budget
        temporary: true
        undo: the old maxUnavailable
        kube:
          patch: poddisruptionbudgets.policy
          namespace: rocketchat
          name: myrocketchat-mongodb-arbiter
          with: '{"spec": {"maxUnavailable": 100}}'
          restore: '{"spec": {"maxUnavailable": ${string(steps.budget[0].spec.maxUnavailable)}}}'
      - {id: drain, title: Drain, confirm: node3, undo: uncordon, drain: {node: node3, deleteEmptyDir: true}}
      - {id: wait, title: Work, danger: changes, command: "while [ -e hold ]; do sleep 0.2; done; test ! -e fails"}
      - {id: uncordon, title: Back in use, uncordon: node3}
`
