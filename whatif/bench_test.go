package whatif

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkRender measures the CPU of one release on 1 and on 12 hosts, beside ansible-playbook --list-tasks on the same
// inventory, which only loads the playbook. SPRAYDECK_KUBESPRAY names a tree of Kubespray; without it, it is the small one of the tests.
func BenchmarkRender(b *testing.B) {
	python, err := FindPython(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	tree := os.Getenv("SPRAYDECK_KUBESPRAY")
	if tree == "" {
		tree = "testdata/old"
	}
	if tree, err = filepath.Abs(tree); err != nil {
		b.Fatal(err)
	}
	for _, hosts := range []int{1, 12} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			inventory := inventoryOf(b, hosts)
			before := childrenCPU()
			for b.Loop() {
				got, err := Render(b.Context(), python, Request{Checkout: tree, Playbook: "upgrade-cluster.yml", Inventory: inventory, Key: "00"})
				if err != nil || len(got.Hosts) != hosts || len(got.Files) == 0 {
					b.Fatalf("%v: %+v", err, got)
				}
			}
			own := (childrenCPU() - before) / float64(b.N)
			before = childrenCPU()
			cmd := exec.Command("ansible-playbook", "-i", inventory, "--list-tasks", "upgrade-cluster.yml")
			cmd.Dir, cmd.Env = tree, append(os.Environ(), "ANSIBLE_ROLES_PATH="+filepath.Join(tree, "roles"))
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			b.ReportMetric(own/float64(hosts), "cpu-s/host")
			b.ReportMetric(own/(childrenCPU()-before), "x-list-tasks")
		})
	}
}

func inventoryOf(b *testing.B, hosts int) string {
	var all, nodes strings.Builder
	for i := range hosts {
		fmt.Fprintf(&all, "n%d ansible_host=10.0.0.%d ip=10.0.0.%d\n", i, i+1, i+1)
		fmt.Fprintf(&nodes, "n%d\n", i)
	}
	path := filepath.Join(b.TempDir(), "hosts.ini")
	text := "[all]\n" + all.String() + "[kube_control_plane]\nn0\n[etcd]\nn0\n[kube_node]\n" + nodes.String() + "[k8s_cluster:children]\nkube_control_plane\nkube_node\n" +
		"[all:vars]\nkube_version=1.31.9\nadmin_password=correct-horse\nlabels={}\nlevel=1\n"
	if os.Getenv("SPRAYDECK_KUBESPRAY") != "" {
		text, _, _ = strings.Cut(text, "[all:vars]")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// childrenCPU is the CPU time of all processes that ended, in seconds.
func childrenCPU() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
