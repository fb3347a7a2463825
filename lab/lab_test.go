package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNodeList(t *testing.T) {
	for _, c := range []struct{ nodes, control, etcd int }{{1, 1, 1}, {2, 1, 1}, {3, 2, 3}, {4, 2, 3}, {8, 2, 3}} {
		control, etcd := 0, 0
		for _, n := range nodeList(c.nodes) {
			if n.ControlPlane {
				control++
			}
			if n.Etcd {
				etcd++
			}
		}
		if control != c.control || etcd != c.etcd {
			t.Errorf("%d nodes: %d control planes and %d etcd members, want %d and %d", c.nodes, control, etcd, c.control, c.etcd)
		}
	}
}

func TestParseStat(t *testing.T) {
	line := "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2"
	start, state, err := parseStat([]byte(line))
	if err != nil || start != 98765 || state != 'S' {
		t.Errorf("got %d %c %v", start, state, err)
	}
	if _, _, err := parseStat([]byte("42 (short) S")); err == nil {
		t.Error("a short line was accepted")
	}
}

func TestDirIsRelativeToPWD(t *testing.T) {
	t.Setenv("PWD", "/somewhere")
	l, err := labAt("d")
	if err != nil || l.Dir != "/somewhere/d" {
		t.Errorf("got %q, %v", l.Dir, err)
	}
	if _, err := labAt(""); err == nil {
		t.Error("no directory was accepted")
	}
}

func TestUnknownFault(t *testing.T) {
	if err := checkFaults([]string{"dead-vpi"}, 4); err == nil || !strings.Contains(err.Error(), "dead-vip") {
		t.Errorf("the error does not list the faults: %v", err)
	}
	if err := checkFaults([]string{faultDropSSH}, 2); err == nil {
		t.Error("a fault of node3 was accepted without a node3")
	}
}

func TestVersionIn(t *testing.T) {
	for text, want := range map[string]string{
		"Kubernetes v1.32.5\n": "1.32.5",
		"containerd github.com/containerd/containerd v2.0.5 spraydeck-lab": "2.0.5",
		"nothing": "0.0.0",
	} {
		if got := versionIn(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestParseSystemctl(t *testing.T) {
	r := parseSystemctl(strings.Fields("--no-pager show -p ActiveState,MainPID kubelet.service --value"))
	if r.verb != "show" || len(r.units) != 1 || r.units[0] != "kubelet" || len(r.properties) != 2 || !r.value {
		t.Errorf("got %+v", r)
	}
}

func TestInventoryShape(t *testing.T) {
	got := inventory(Lab{Dir: "/d"}, nodeList(4))
	for _, want := range []string{
		"[kube_control_plane]\nnode1 ip=127.0.0.11 ansible_host=127.0.0.11 etcd_member_name=etcd1\nnode2 ",
		"[etcd:children]\nkube_control_plane\n", "[etcd]\nnode3 ", "[kube_node:children]\netcd\n",
		"[kube_node]\nnode4 ip=127.0.0.14 ansible_host=127.0.0.14\n", "ansible_port=2222",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
}

func TestChecksumsOrder(t *testing.T) {
	for _, r := range releases {
		if got := r.Checksums("amd64")[0].Version; got != r.Kube {
			t.Errorf("%s: the first checksum is %s, the default %s", r.Tag, got, r.Kube)
		}
	}
}

// TestCheckout renders all tags and the operator's branch: a template that stopped compiling, or a
// customisation that no longer finds its line, shows here rather than at boot.
func TestCheckout(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is missing: apt-get install git")
	}
	l := Lab{Dir: t.TempDir()}
	if err := writeCheckout(l, nodeList(4)); err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir = l.checkout()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if got := git("status", "--porcelain", "--branch"); got != "## t_v2.27.0\n" {
		t.Errorf("not clean, or elsewhere: %q", got)
	}
	if got := git("show", "v2.27.0:inventory/sample/group_vars/k8s_cluster/k8s-cluster.yml"); !strings.Contains(got, "\nkube_version: v1.31.4\n") {
		t.Error("the sample of v2.27.0 has no kube_version")
	}
	if got := git("show", "v2.28.0:inventory/sample/group_vars/k8s_cluster/k8s-cluster.yml"); strings.Contains(got, "kube_version:") {
		t.Error("the sample of v2.28.0 has a kube_version")
	}
	git("show", "v2.28.0:roles/kubespray_defaults/vars/main/checksums.yml")
	git("show", "v2.27.0:roles/kubespray-defaults/defaults/main/checksums.yml")
	if got := git("ls-tree", "-r", "--name-only", "v2.28.0"); strings.Contains(got, "dot.") || !strings.Contains(got, ".gitignore") {
		t.Error(".gitignore has the wrong name")
	}
	for _, r := range releases {
		for _, file := range strings.Fields(git("ls-tree", "-r", "--name-only", r.Tag)) {
			if strings.Contains(git("show", r.Tag+":"+file), "<%") {
				t.Errorf("%s: %s still holds a template", r.Tag, file)
			}
		}
	}
}

// TestSmoke boots a lab, upgrades it as an operator would, and ends it.
func TestSmoke(t *testing.T) {
	if os.Getenv("LAB_SMOKE") == "" {
		t.Skip("set LAB_SMOKE=1 (as root) to boot a lab and upgrade it")
	}
	work := t.TempDir()
	bin, dir := filepath.Join(work, "lab"), filepath.Join(work, "d")
	run := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	run(".", "go", "build", "-o", bin, ".")
	t.Cleanup(func() { run(".", bin, "down", "--dir", dir) })
	run(".", bin, "up", "--dir", dir)
	checkout := filepath.Join(dir, "kubespray")
	inv := []string{"-i", "inventory/mycluster/inventory.ini"}
	run(checkout, "ansible", append([]string{"all", "-m", "ping"}, inv...)...)
	run(checkout, "sh", "-ec", `git checkout -q refs/tags/v2.28.0 -b t_v2.28.0
		cp -rfp inventory/sample inventory/mycluster
		git checkout t_v2.27.0 inventory/mycluster/inventory.ini
		sed -i 's/^calico_pool_blocksize: 26/calico_pool_blocksize: 24/' inventory/mycluster/group_vars/k8s_cluster/k8s-net-calico.yml`)
	run(checkout, "ansible-playbook", append(inv, "upgrade-cluster.yml", "-b", "-e", "kube_version=1.32.5")...)
	status := run(".", bin, "status", "--dir", dir)
	if got := strings.Count(status, "Ready                        v1.32.5"); got != 4 {
		t.Errorf("%d of 4 nodes are Ready and schedulable at v1.32.5:\n%s", got, status)
	}
}
