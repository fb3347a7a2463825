package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// kindsRunbook has the kinds of step that the upgrade does not use.
const kindsRunbook = `apiVersion: spraydeck/v1
kind: Runbook
name: kinds
title: What an upgrade does not use
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
phases:
  - title: Kinds
    steps:
      - id: save
        title: Save etcd
        on: node1
        undo: rm the file
        snapshot: /var/backups/etcd.db
      - id: settings
        title: Carry the settings over
        undo: git checkout -- inventory
        carry:
          path: inventory/mycluster/group_vars/k8s_cluster/k8s-cluster.yml
          base: v2.27.0:inventory/sample/group_vars/k8s_cluster/k8s-cluster.yml
          mine: t_v2.27.0:inventory/mycluster/group_vars/k8s_cluster/k8s-cluster.yml
          theirs: v2.28.0:inventory/sample/group_vars/k8s_cluster/k8s-cluster.yml
      - id: here
        title: A shell on the workstation
        undo: rm said
        shell: 'printf "the %s asks: " workstation; read word; echo "$word" >said'
      - id: there
        title: A shell on a node
        on: node2
        undo: rm /root/said
        shell: 'printf "the %s asks: " node; read word; echo "$word" >/root/said'
      - id: restart
        title: Restart the worker
        on: node4
        undo: none
        reboot: {within: 3m}
`

// TestKinds walks a snapshot of etcd, a merge with a conflict, a terminal handed over here and on a node, and a restart.
func TestKinds(t *testing.T) {
	l := boot(t)
	state := t.TempDir()
	// the new sample takes the line away that the operator changed
	l.shell(`sed -i 's/^kube_version:.*/kube_version: v1.31.3/' inventory/mycluster/group_vars/k8s_cluster/k8s-cluster.yml && git commit -q -a -m pin`)
	on := func(node, line string) string {
		return l.shell("ssh -F " + l.vars["LAB_SSH_CONFIG"] + " " + node + " " + runbook.Quote(line))
	}
	const bootID = "cat /proc/sys/kernel/random/boot_id"
	before, neighbour := on("node4", bootID), on("node3", bootID)

	c := l.open(state, 100, 30, "run", write(t, "kinds.yaml", kindsRunbook))
	c.start()
	done := make(chan struct{})
	defer close(done)
	go func() { // the operator at the terminal
		for _, who := range []string{"workstation", "node"} {
			for !strings.Contains(c.screen(), "the "+who+" asks:") {
				select {
				case <-done:
					return
				case <-time.After(200 * time.Millisecond):
				}
			}
			c.typed("hello " + who)
			c.press("Enter")
		}
	}()
	c.walk(5*time.Minute, func(q event.Question, _ int) (string, string) {
		if strings.HasPrefix(q.ID, "settings/hunk-") {
			return "mine", ""
		}
		return "", ""
	})
	events := c.events()
	if end := events[len(events)-1].Data.(event.Ended); end.Exit != 0 {
		t.Fatalf("ended %+v\n%s", end, c.screen())
	}

	var saved struct{ TotalKey int64 }
	away, asked := false, false
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.NodeChanged:
			away = away || d.Node.Name == "node4" && d.Node.Ready != "True"
		case event.Asked:
			asked = asked || strings.HasPrefix(d.Question.ID, "settings/hunk-")
		}
	}
	if err := json.Unmarshal([]byte(on("node1", "etcdutl snapshot status /var/backups/etcd.db -w json")), &saved); err != nil || saved.TotalKey < 100 {
		t.Errorf("the snapshot holds %d keys, %v", saved.TotalKey, err)
	}
	carried := l.shell("cat inventory/mycluster/group_vars/k8s_cluster/k8s-cluster.yml")
	for _, want := range []string{"\nkube_version: v1.31.3\n", "\nipv4_stack: true\n", "\nauto_renew_certificates: true\n"} {
		if !strings.Contains(carried, want) {
			t.Errorf("what was carried lacks %q", want)
		}
	}
	if !asked {
		t.Error("the conflict was not asked about")
	}
	if here, there := l.shell("cat said"), on("node2", "cat /root/said"); here != "hello workstation" || there != "hello node" {
		t.Errorf("the terminals heard %q and %q", here, there)
	}
	after := on("node4", bootID)
	if after == before || len(after) != len(before) || on("node3", bootID) != neighbour {
		t.Errorf("boot ids: %s, then %s; node3 %s, then %s", before, after, neighbour, on("node3", bootID))
	}
	if !away {
		t.Error("node4 was never away")
	}
	if r := l.spraydeck(state, "verify"); r.exit != 0 {
		t.Errorf("verify: %s", r)
	}
}
