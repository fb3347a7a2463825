package e2e

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// realNights are on real nodes: containerd, kubelets and kubeadm are real, and so are the static pods of the control plane. They
// follow each other in one cluster, which begins at realFrom.
const (
	realFrom = "v1.33.8"
	realTo   = "v1.34.4"
)

// realParts are the static pods of a control plane.
var realParts = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}

func realNights() []night {
	var before realState
	upgrade := night{
		book: "kubeadm-upgrade", set: []string{"kube_version=" + strings.TrimPrefix(realTo, "v")}, answers: []string{"kubeadm-upgrade.yaml", "real-kubeadm-upgrade.yaml"},
		health: []string{"nodes-ready", "pods-settled", "worker-capacity"},
		skipped: []string{"take-snapshot/save", "take-snapshot/fetch", "take-snapshot/same", "*/stop-api-server", "first*/node-config", "first*/parts",
			"worker*/plan", "worker*/apply", "worker*/parts"},
		prepare: func(l *lab) { before = l.real() },
		after:   func(t *testing.T, l *lab) { allReplaced(t, l, before) },
	}
	return append(append([]night{upgrade}, restoreNights()...), expiredNight(), restartNight())
}

// realState is what must be another one after an upgrade.
type realState struct {
	containers map[string]string // of the static pods on node1
	kubelets   map[string]string // pids
	web        []string          // pods that a drain moves
}

func (l *lab) real() realState {
	s := realState{containers: map[string]string{}, kubelets: map[string]string{}}
	for _, part := range realParts {
		s.containers[part] = l.on("node1", "crictl ps -q --name '^"+part+"$'")
	}
	for _, n := range l.nodes() {
		name, _, _ := strings.Cut(n, " ")
		s.kubelets[name] = l.on(name, "systemctl show -p MainPID --value kubelet")
	}
	s.web = strings.Fields(l.kubectl(`get pods -n shop -l app=web -o "jsonpath={.items[*].metadata.name}"`))
	return s
}

// allReplaced: kubelets, static pods and the pods of the workload are other ones than before, and all are of the new version.
func allReplaced(t *testing.T, l *lab, before realState) {
	t.Helper()
	now := l.real()
	for _, part := range realParts {
		if now.containers[part] == "" || now.containers[part] == before.containers[part] {
			t.Errorf("%s on node1 is the container %q, and was %q", part, now.containers[part], before.containers[part])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before.kubelets)) {
		if now.kubelets[name] == before.kubelets[name] {
			t.Errorf("the kubelet of %s was not restarted", name)
		}
		if got := l.on(name, "kubeadm version -o short"); got != realTo {
			t.Errorf("%s has kubeadm %s", name, got)
		}
	}
	for _, pod := range now.web {
		if slices.Contains(before.web, pod) {
			t.Errorf("the pod %s was not moved by a drain", pod)
		}
	}
	for _, node := range l.nodes() {
		if !strings.HasSuffix(node, " Ready "+realTo) {
			t.Errorf("after the upgrade: %s", node)
		}
	}
	if got := l.kubectl("get --raw /version"); !strings.Contains(got, `"gitVersion": "`+realTo+`"`) {
		t.Errorf("the API server says it is %s", got)
	}
	if got := l.kubectl(`get pods -n kube-system -l component=etcd -o "jsonpath={.items[*].spec.containers[*].image}"`); !strings.Contains(got, ":3.6.") {
		t.Errorf("etcd is %s", got)
	}
}

// TestRealNodes runs runbooks on real nodes, and ends the lab after its processes were killed.
func TestRealNodes(t *testing.T) {
	start := time.Now()
	l := up(t, "--real", "--nodes", "3", "--from", realFrom, "--to", realTo, "--away", "2s")
	t.Logf("booted in %s", time.Since(start).Round(time.Second))
	l.bin = filepath.Join(t.TempDir(), "bin")
	if err := os.MkdirAll(l.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(l.dir, "bin", "lab"), filepath.Join(l.bin, "kubectl")); err != nil {
		t.Fatal(err)
	}
	l.env = append(l.env, "PATH="+l.bin+":"+os.Getenv("PATH"))
	for _, n := range realNights() {
		done := true // where -run leaves it out
		t.Run(n.book, func(t *testing.T) { done = false; done = n.run(t, l) })
		if !done {
			return // the next one begins where this one should have ended
		}
	}
	t.Logf("the control groups used %s of CPU, kubelets, containerd and shims not counted", l.cpu())
	l.killed()
	l.lab("down", "--dir", l.dir)
	l.gone()
}

// cpu is what the pods of the lab have used.
func (l *lab) cpu() time.Duration {
	var sum time.Duration
	files, _ := filepath.Glob("/sys/fs/cgroup/cpuacct/spraydeck-lab-*/cpuacct.usage")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		sum += time.Duration(n)
	}
	return sum.Round(time.Second)
}

// killed ends the first process of node1 without a word, as a machine without memory would.
func (l *lab) killed() {
	l.t.Helper()
	for _, pid := range l.processes() {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.HasSuffix(string(b), "\x00node1\x00") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				l.t.Fatal(err)
			}
			return
		}
	}
	l.t.Fatal("no first process of node1")
}

// gone: of an ended lab nothing is left but files.
func (l *lab) gone() {
	l.t.Helper()
	if left := l.processes(); len(left) > 0 {
		l.t.Errorf("processes are left: %v", left)
	}
	if left, _ := filepath.Glob("/sys/fs/cgroup/*/spraydeck-lab-*"); len(left) > 0 {
		l.t.Errorf("control groups are left: %v", left)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), l.dir) {
		l.t.Errorf("mounts are left (%v):\n%s", err, mounts)
	}
	devices, err := net.Interfaces()
	if err != nil || len(devices) != 1 {
		l.t.Errorf("network devices are left (%v): %v", err, devices)
	}
}

// processes are those whose arguments or root directory are in the directory of the lab.
func (l *lab) processes() []int {
	l.t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		l.t.Fatal(err)
	}
	var pids []int
	for _, d := range dirs {
		root, _ := os.Readlink(filepath.Join(d, "root"))
		b, _ := os.ReadFile(filepath.Join(d, "cmdline"))
		mounts, _ := os.ReadFile(filepath.Join(d, "mountinfo"))
		inside := strings.HasPrefix(root, l.dir) || strings.Contains(string(b), l.dir+"/") || strings.Contains(string(b), l.dir+"\x00") || strings.Contains(string(mounts), l.dir)
		if pid, _ := strconv.Atoi(filepath.Base(d)); inside && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
