package main

import (
	"errors"
	"os/exec"
	"slices"
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
	got := inventoryINI(Lab{Dir: "/d"}, nodeList(4))
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
		got, want := r.Checksums("amd64"), r.V()+r.Kube.Default
		// v2.24 has checksums of a minor that it has no etcd for
		if !slices.ContainsFunc(got, func(c checksum) bool { return c.Version == want }) || r.Since("v2.28.0") && got[0].Version != want {
			t.Errorf("%s: the checksums begin with %s, the default is %s", r.Tag, got[0].Version, want)
		}
	}
}

// TestCheckout renders all tags and the operator's branch from releases of every era: a template that stopped compiling, or a
// customisation that no longer finds its line, shows here rather than at boot.
func TestCheckout(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is missing: apt-get install git")
	}
	// the first, the last, and one of each shape of the inventory between them
	for _, tag := range []string{"v2.18.0", "v2.19.1", "v2.21.0", "v2.23.3", "v2.24.3", "v2.27.0", "v2.31.0"} {
		t.Run(tag, func(t *testing.T) {
			at, err := releaseAt(tag)
			if err != nil {
				t.Fatal(err)
			}
			l, own := Lab{Dir: t.TempDir()}, ownSettings
			if own.check(at) != nil {
				own = settings{ownIPIP}
			}
			if err := writeCheckout(l, nodeList(4), at, own); err != nil {
				t.Fatal(err)
			}
			git := func(args ...string) string { return gitIn(t, l.checkout(), args...) }
			if got := git("status", "--porcelain", "--branch"); got != "## t_"+at.Tag+"\n" {
				t.Errorf("not clean, or elsewhere: %q", got)
			}
			if got := git("diff", "--stat", at.Tag+":inventory/sample", "HEAD:inventory/mycluster"); !strings.Contains(got, "addons.yml") {
				t.Errorf("not customised: %s", got)
			}
		})
	}
}

// TestTags looks at what differs from tag to tag.
func TestTags(t *testing.T) {
	l := Lab{Dir: t.TempDir()}
	at, err := releaseAt(defaultRelease)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeCheckout(l, nodeList(4), at, nil); err != nil {
		t.Fatal(err)
	}
	// what the operator has, and what a fetch brings
	if got := gitIn(t, l.checkout(), "tag", "--list", "v2.2[89]*"); got != "v2.28.0\n" {
		t.Errorf("the clone has %q", got)
	}
	git := func(args ...string) string { return gitIn(t, l.path("kubespray.git"), args...) }
	const cluster = "inventory/sample/group_vars/k8s_cluster/k8s-cluster.yml"
	for _, c := range []struct{ tag, file, has, lacks string }{
		{"v2.27.0", cluster, "\nkube_version: v1.31.4\n", ""},
		{"v2.26.1", cluster, "\nkube_version: v1.30.4\n", ""}, // behind the default, as in the real tag
		{"v2.28.0", cluster, "", "kube_version:"},
		{"v2.28.0", "roles/kubespray_defaults/vars/main/checksums.yml", "    1.32.5: sha256:", ""},
		{"v2.27.0", "roles/kubespray-defaults/defaults/main/checksums.yml", "    v1.31.4: ", ""},
		{"v2.23.0", "roles/download/defaults/main/checksums.yml", "    v1.27.5: ", ""},
		{"v2.22.2", "roles/download/defaults/main.yml", "kubelet_checksums:", "\n---"},
		{"v2.22.2", "roles/download/defaults/main.yml", "calico_version: v3.25.1\n", ""},
		{"v2.23.3", "roles/kubespray-defaults/defaults/main.yaml", "\nkube_version: v1.27.10\n", ""},
		{"v2.24.0", "roles/kubespray-defaults/defaults/main/download.yml", "  v1.28: v3.5.10\n", "1.29"},
		{"v2.21.0", "upgrade-cluster.yml", "Finally handle worker upgrades", ""},
		{"v2.21.0", "facts.yml", "internal_facts.yml", ""},
		{"v2.26.1", "contrib/inventory_builder/inventory.py", "CONFIG_FILE", ""},
		{"v2.30.0", "inventory/sample/group_vars/k8s_cluster/addons.yml", "ingress_nginx_enabled", "krew"},
		{"v2.31.0", "inventory/sample/group_vars/k8s_cluster/addons.yml", "metallb_config", "ingress_nginx"},
		{"v2.21.0", "inventory/sample/group_vars/k8s_cluster/addons.yml", "metallb_ip_range", "metallb_config"},
	} {
		got := git("show", c.tag+":"+c.file)
		if !strings.Contains(got, c.has) || c.lacks != "" && strings.Contains(got, c.lacks) {
			t.Errorf("%s:%s should have %q and not %q:\n%s", c.tag, c.file, c.has, c.lacks, got)
		}
	}
	for _, r := range releases {
		files := strings.Fields(git("ls-tree", "-r", "--name-only", r.Tag))
		if !slices.Contains(files, ".gitignore") || slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, "dot.") }) {
			t.Errorf("%s: .gitignore has the wrong name", r.Tag)
		}
		if got, err := r.files(); err != nil || len(got) != len(files) {
			t.Errorf("%s: %d files rendered, %d committed, %v", r.Tag, len(got), len(files), err)
		}
	}
	if got := git("grep", "-c", "<%", "v2.31.0", "v2.18.0"); got != "" {
		t.Errorf("a template is left: %s", got)
	}
}

func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var exited *exec.ExitError
	if errors.As(err, &exited) && args[0] == "grep" && exited.ExitCode() == 1 {
		return ""
	}
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}
