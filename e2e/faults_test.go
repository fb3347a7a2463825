package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// TestBlocked: what check finds is exactly what was broken, and a run is blocked by it before anything is changed.
func TestBlocked(t *testing.T) {
	l := boot(t, "dead-vip", "pdb-blocks", "calico-ipip")
	state := t.TempDir()
	head := l.head()
	check := func(want int) []string {
		t.Helper()
		r := l.spraydeck(state, "check", "kubespray-v2.28.0", "--set", "ansible=system", "-o", "json")
		if r.exit != want {
			t.Fatalf("check: %s", r)
		}
		var report struct{ Findings []runbook.Finding }
		if err := json.Unmarshal([]byte(r.out), &report); err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, f := range report.Findings {
			if f.Verdict == event.Fail && f.Required != event.Advisory {
				found = append(found, f.Pitfall)
				if len(f.Evidence) == 0 || len(f.Remedies) == 0 {
					t.Errorf("%s has no evidence or no remedy: %+v", f.Pitfall, f)
				}
			}
		}
		return found
	}
	found := strings.Join(check(3), " ")
	for _, id := range []string{"vip-notready-v2.28", "pdb-blocks-drain", "calico-pool-mismatch"} {
		if !strings.Contains(found, id) {
			t.Errorf("check found %s and not %s", found, id)
		}
	}
	if n := len(strings.Fields(found)); n != 3 {
		t.Errorf("check found %s, want three", found)
	}
	l.readsOnlyPods(t, strings.Fields(found))

	// each gate in turn, let through by name, so that the next one is met
	blocked := func(extra string, wants ...string) {
		t.Helper()
		r := l.spraydeck(state, "run", "kubespray-v2.28.0", "--set", "ansible=system", "--plain", "--answers", write(t, "a.yaml", goOn+extra))
		if r.exit != 3 {
			t.Fatalf("not blocked: %s", r)
		}
		for _, w := range wants {
			if !strings.Contains(r.out, w) {
				t.Errorf("the run does not say %q:\n%s", w, tail(r.out, 40))
			}
		}
		l.untouched(head)
	}
	let := func(id string) string { return "\"*/" + id + "\": {choice: override, reason: the test goes on}\n" }
	blocked("", "vip-notready-v2.28")
	blocked(let("vip-notready-v2.28"), "ipipMode", "Always", "calico_ipip_mode")
	blocked(let("vip-notready-v2.28")+let("calico-pool-mismatch"), "rocketchat/myrocketchat-mongodb-arbiter", "node3", "0")

	l.lab("fault", "--dir", l.dir, "calico-ipip", "off")
	l.lab("fault", "--dir", l.dir, "pdb-blocks", "off")
	if found := check(3); len(found) != 1 {
		t.Errorf("with two faults fixed, check finds %v", found)
	}
}

// TestHealthy: a healthy lab has no findings, and one whose API is stopped has no verdicts rather than good ones.
func TestHealthy(t *testing.T) {
	l := boot(t)
	state := t.TempDir()
	check := func() result {
		return l.spraydeck(state, "check", "kubespray-v2.28.0", "--set", "ansible=system")
	}
	if r := check(); r.exit != 0 {
		t.Errorf("healthy: %s", r)
	}
	broken := write(t, "kubeconfig", strings.ReplaceAll(read(t, l.vars["KUBECONFIG"]), "127.0.0.1:6443", "127.0.0.1:6444"))
	r := l.spraydeck(state, "check", "kubespray-v2.28.0", "--set", "ansible=system", "--kubeconfig", broken)
	if r.exit != 4 || !strings.Contains(r.out, "UNKNOWN") || strings.Contains(r.out, "well     precordoned-node") {
		t.Errorf("API stopped: %s", r)
	}

	// a host whose key is not known, and one that is down: unreachable, said so, nothing done
	unknown := write(t, "ssh_config", "Include "+l.vars["LAB_SSH_CONFIG"]+"\n")
	known := write(t, "known_hosts", "")
	config := strings.ReplaceAll(read(t, l.vars["LAB_SSH_CONFIG"]), l.vars["LAB_KNOWN_HOSTS"], known)
	if err := os.WriteFile(unknown, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	original := read(t, l.vars["LAB_INVENTORY"])
	restore := func() { os.WriteFile(l.vars["LAB_INVENTORY"], []byte(original), 0o644) }
	defer restore()
	os.WriteFile(l.vars["LAB_INVENTORY"], []byte(strings.ReplaceAll(original, l.vars["LAB_SSH_CONFIG"], unknown)), 0o644)
	r = check()
	if r.exit == 0 || !strings.Contains(r.out, "SHA256:") || !strings.Contains(r.out, known) {
		t.Errorf("unknown host key: exit %d\n%s", r.exit, tail(r.out, 30))
	}
	os.WriteFile(l.vars["LAB_INVENTORY"], []byte(strings.ReplaceAll(original, "ansible_port=2222", "ansible_port=2221")), 0o644)
	r = check()
	if r.exit == 0 || !strings.Contains(r.out, "2221") {
		t.Errorf("host down: exit %d\n%s", r.exit, tail(r.out, 30))
	}
	restore()

	full := fullDisk(t)
	r = l.spraydeck(full, "run", "kubespray-v2.28.0", "--set", "ansible=system", "--plain", "--answers", write(t, "a.yaml", goOn))
	if r.exit != 1 || !strings.Contains(r.err, "no space left on device") || !strings.Contains(r.err, full) {
		t.Errorf("full disk: exit %d\n%s\n%s", r.exit, tail(r.out, 5), r.err)
	}
	if got := l.shell("git branch --show-current"); got != "t_v2.27.0" {
		t.Errorf("after the disk was full the checkout is on %s", got)
	}

	l.handEdits(state)
}

// TestDroppedConnection: a connection that breaks inside a command does not end it, and its own end comes back. Where that
// is gone it is never taken for success: the step ends with its state unknown.
func TestDroppedConnection(t *testing.T) {
	l := boot(t, "dead-vip")
	state := t.TempDir()
	onNode := func(path string) string { return filepath.Join(l.dir, "nodes/node3/rootfs", path) }
	drop := func(match string) {
		t.Helper()
		os.Remove(onNode("run/spraydeck-lab/drop-ssh.command"))
		l.lab("fault", "--dir", l.dir, "drop-ssh", "on", "--match", match)
	}
	dropped := func() {
		t.Helper()
		if _, err := os.Stat(onNode("run/spraydeck-lab/drop-ssh.command")); err != nil {
			t.Error("no connection was dropped")
		}
	}
	drop("systemctl restart kubelet")
	r := l.spraydeck(state, "run", "kubespray-v2.28.0", "--set", "ansible=system", "--plain", "--answers", write(t, "a.yaml", `
start: continue
release-notes: continue
"*/approve": continue
api-endpoints/vip-notready-v2.28:
  - remedy:vip-notready-v2.28/use-loopback
`))
	dropped()
	var ended, checked bool
	for _, e := range newest(t, state) {
		switch d := e.Data.(type) {
		case event.CommandEnded:
			if d.Outcome == event.StateLost {
				t.Errorf("command %d is lost: %s", d.Number, d.Error)
			}
		case event.RemedyEnded:
			if ended = true; d.Status != event.Passed {
				t.Errorf("the remedy ended as %s: %s", d.Status, d.Reason)
			}
		case event.GateChecked:
			checked = checked || (ended && d.Pitfall == "vip-notready-v2.28")
		}
	}
	if !ended || !checked {
		t.Errorf("ended %v, checked again %v:\n%s", ended, checked, tail(r.out, 60))
	}

	next := filepath.Join(l.vars["LAB_CHECKOUT"], "next")
	work := func(command string) result {
		t.Helper()
		drop("slow-work")
		defer dropped()
		return l.spraydeck(state, "run", write(t, "slow.yaml", `
apiVersion: spraydeck/v1
kind: Runbook
name: slow
title: Slow work on every node
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
phases:
  - title: Only
    steps:
      - {id: work, title: Work, on: kube_node, ssh: "`+command+` # slow-work"}
      - {id: next, title: Next, danger: changes, command: "touch next"}
`), "--plain", "--answers", write(t, "a.yaml", "\"*\": continue\n"))
	}

	r = work("echo ran >>/root/slow; sleep 4; echo and ended")
	if got := read(t, onNode("root/slow")); got != "ran\n" {
		t.Errorf("it ran %d times on node3", strings.Count(got, "ran"))
	}
	var output []string
	for _, e := range newest(t, state) {
		if d, ok := e.Data.(event.Output); ok && strings.Contains(d.Text, "and ended") {
			output = append(output, d.Text)
		}
	}
	if _, err := os.Stat(next); err != nil || r.exit != 0 || len(output) != 4 {
		t.Errorf("a step whose connection was dropped and came back: %v, %q, %s", err, output, r)
	}
	if left, _ := filepath.Glob(onNode("root/.cache/spraydeck/*")); len(left) > 0 {
		t.Errorf("left on node3: %q", left)
	}

	os.Remove(next)
	r = work("rm -rf ~/.cache/spraydeck; sleep 4")
	if r.exit != 1 || !strings.Contains(r.out, "state unknown") {
		t.Errorf("a step whose end is gone: %s", r)
	}
	if _, err := os.Stat(next); err == nil {
		t.Error("the next step ran")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// fullDisk gives a state directory on a disk that is full after a few kilobytes.
func fullDisk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if r := command(t, os.Environ(), "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir); r.exit != 0 {
		t.Fatalf("mount: %s", r)
	}
	t.Cleanup(func() { exec.Command("umount", dir).Run() })
	return dir
}
