package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/kube"
	"spraydeck/runbook"
)

// podsReader is what the operator of the test may read.
const podsReader = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pods-reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: pods-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pods-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: pods-reader}]
`

// readsOnlyPods: what the operator's rights do not let check read is unknown, and never passed. found are the pitfalls that
// are there, as one with all rights sees them.
func (l *lab) readsOnlyPods(t *testing.T, found []string) {
	t.Helper()
	api, err := kube.Open(l.vars["KUBECONFIG"], "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.Apply(t.Context(), []byte(podsReader), false); err != nil {
		t.Fatal(err)
	}
	admin := read(t, l.vars["KUBECONFIG"])
	config := write(t, "kubeconfig", strings.Replace(admin, "client-certificate-data:", "as: pods-reader\n    client-certificate-data:", 1))
	if read(t, config) == admin {
		t.Fatal("the kubeconfig of the lab has another form")
	}
	verdicts := func(kubeconfig string) map[string]event.Verdict {
		t.Helper()
		r := l.spraydeck(t.TempDir(), "check", "kubespray-v2.28.0", "--set", "ansible=system", "-o", "json", "--kubeconfig", kubeconfig)
		var report struct{ Findings []runbook.Finding }
		if err := json.Unmarshal([]byte(r.out), &report); err != nil {
			t.Fatalf("%v: %s", err, r)
		}
		all := map[string]event.Verdict{}
		for _, f := range report.Findings {
			all[f.Pitfall] = f.Verdict
			if f.Verdict == event.Unknown && len(f.Evidence) == 0 {
				t.Errorf("%s is unknown, and nothing says why", f.Pitfall)
			}
		}
		return all
	}
	all, some := verdicts(l.vars["KUBECONFIG"]), verdicts(config)
	unknown := 0
	for id, was := range all {
		switch now := some[id]; {
		case now == event.Unknown:
			unknown++
		case now != was:
			t.Errorf("with less rights %s is %q, and was %q", id, now, was)
		case now == event.Pass && slices.Contains(found, id):
			t.Errorf("%s passed unread", id)
		}
	}
	for _, id := range found {
		if all[id] != event.Fail || strings.HasPrefix(id, "pdb") && some[id] != event.Unknown || id == "calico-pool-mismatch" && some[id] != event.Unknown {
			t.Errorf("%s is %q, with less rights %q", id, all[id], some[id])
		}
	}
	if unknown < 5 {
		t.Errorf("only %d checks are unknown", unknown)
	}
	t.Logf("%d checks: %d unknown with the right to read pods alone", len(all), unknown)
}

// asks has a gate and a change of the API after work during which the API server stops.
const asks = `
apiVersion: spraydeck/v1
kind: Runbook
name: asks
title: Ask the cluster
version: 1.0.0
system: kubernetes
phases:
  - title: Only
    steps:
      - id: work
        title: Work
        danger: changes
        command: "echo begun >> asked; while [ -e hold ]; do sleep 0.2; done"
      - id: ready
        title: The nodes
        check:
          gates:
            - id: all-ready
              title: Every node is ready
              fails: A node is not ready
              facts:
                nodes: {objects: nodes}
              rule: 'nodes.all(n, n.status.conditions.exists(c, c.type == "Ready" && c.status == "True"))'
              within: 5s
      - id: label
        title: A label
        kube: {patch: node, name: node4, with: '{"metadata": {"labels": {"asked": "once"}}}'}
`

// apiStopped: while the API server stands still in the middle of a run, nothing is taken for seen: the gate is unknown and
// holds, and no node is reported as changed. When it answers again the run goes on.
func (l *lab) apiStopped(t *testing.T) {
	state := t.TempDir()
	hold := filepath.Join(l.vars["LAB_CHECKOUT"], "hold")
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	answers := write(t, "a.yaml", "start: continue\n\"*/approve\": continue\n")
	run := l.start(state, "run", write(t, "asks.yaml", asks), "--plain", "--answers", answers)
	waitFor(t, "the work", func() bool {
		run.lives(t)
		return strings.Contains(l.shell("cat asked || true"), "begun")
	})
	signal := func(name string) {
		t.Helper()
		if out, err := exec.Command("pkill", "-"+name, "-f", "lab control-plane "+l.dir).CombinedOutput(); err != nil {
			t.Fatalf("signal %s: %v %s", name, err, out)
		}
	}
	signal("STOP")
	stopped := true
	defer func() {
		if stopped {
			signal("CONT")
		}
	}()
	begun := time.Now()
	os.Remove(hold)
	select {
	case <-run.dead:
	case <-time.After(5 * time.Minute):
		t.Fatalf("the run does not end without the API:\n%s", tail(read(t, run.said), 30))
	}
	time.Sleep(max(0, 30*time.Second-time.Since(begun)))
	signal("CONT")
	stopped = false
	exit := run.ProcessState.ExitCode()
	if said := read(t, run.said); exit != 3 && exit != 4 || !strings.Contains(said, "unknown") {
		t.Errorf("exit %d:\n%s", exit, tail(said, 30))
	}
	for _, e := range newest(t, state) {
		switch d := e.Data.(type) {
		case event.GateChecked:
			if d.Verdict != event.Unknown {
				t.Errorf("the gate %s ended %s", d.Gate, d.Verdict)
			}
		case event.CommandStarted:
			if e.Step == "label" {
				t.Errorf("it went on: %s", d.Line)
			}
		case event.NodeChanged:
			if d.Deleted || d.Node.Ready != "True" {
				t.Errorf("a node was reported as changed: %+v", d)
			}
		}
	}
	waitFor(t, "the nodes", func() bool {
		list := strings.Join(l.nodes(), "\n")
		return strings.Count(list, " Ready ") == 4
	})
	if r := l.spraydeck(state, "resume", "--plain", "--answers", answers); r.exit != 0 {
		t.Errorf("resume: %s", r)
	}
	if got := l.shell("cat asked"); got != "begun" {
		t.Errorf("the work was done twice: %q", got)
	}
	once(t, newest(t, state))
}
