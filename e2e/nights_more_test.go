package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// theCluster is the unit of work where a playbook takes the nodes one by one itself.
func theCluster(string, string) string { return "the cluster" }

// ubuntuNights are on a Kubespray cluster of Ubuntu nodes whose API server is behind kube-vip.
var ubuntuNights = []night{
	{
		book: "kubespray-api-endpoint", set: []string{"ansible=system", "target_tag=v2.27.0", "kube_version=v1.31.4", "inventory=inventory/mycluster/inventory.ini"},
		prepare: func(l *lab) {
			for _, node := range []string{"node1", "node2", "node3"} {
				l.kubelet(node, "1.31.3")
			}
		},
		unit: func(step, host string) string { // the remedy that rewrites a node's files is approved as a whole
			if strings.HasPrefix(step, "all-files/") {
				return ""
			}
			return nodeOf(step)
		},
		health:  []string{"node-at-version", "limit-spreads-outage"},
		skipped: []string{"control-plane-files", "feature-gate", "stuck-at-health"},
	},
	{
		book: "os-release-upgrade", set: []string{"ansible=system", "kube_version=v1.31.4", "target_os=24.04"},
		typed:   []string{"y", "N"},
		health:  []string{"nodes-ready", "uncordoned", "pods-settled"},
		skipped: []string{"engine", "*/hold-again", "*/drain"},
		after: func(t *testing.T, l *lab) {
			for _, node := range []string{"node1", "node2", "node3"} {
				if got := l.on(node, "cat /run/spraydeck-lab/kernel; test ! -e /run/reboot-required && echo restarted"); got != "6.8.0-60-generic\nrestarted" {
					t.Errorf("%s: %s", node, got)
				}
			}
		},
	},
}

// k3sNights are on a cluster whose nodes say that they are K3s; its servers have the taint of K3s's own page on high
// availability.
// Before that the cluster takes the one hop that begins at v2.27.0 and at no later patch of it.
var k3sNights = append(hopNights("v2.27.0", []string{"v2.28.0"}), night{
	book: "k3s-system-upgrade", set: []string{"kube_version=v1.32.5+k3s1", "controller_url=$NIGHTS/suc"},
	prepare: func(l *lab) {
		for _, node := range []string{"node1", "node2", "node3"} {
			l.kubelet(node, "1.31.4+k3s1")
		}
		l.kubectl("label node node1 node2 node-role.kubernetes.io/control-plane=true --overwrite")
		l.kubectl("taint node node1 node2 CriticalAddonsOnly=true:NoExecute")
		l.kubectl("wait --for=jsonpath={.status.nodeInfo.kubeletVersion}=v1.31.4+k3s1 nodes --all --timeout=60s")
		// the pods that the taint drove away run elsewhere, so that every budget lets one go again
		l.shell(`for i in $(seq 90); do KUBECONFIG=` + l.vars["KUBECONFIG"] + ` ` + l.bin + `/kubectl get pdb -A -o jsonpath="{.items[*].status.disruptionsAllowed}" | grep -qw 0 || exit 0; sleep 1; done; exit 1`)
		c := exec.Command(filepath.Join(l.nights(), "suc", "controller"))
		c.Env = append(l.environ(l.t.TempDir()), "PATH="+l.bin+":/usr/local/bin:/usr/bin:/bin")
		if err := c.Start(); err != nil {
			l.t.Fatal(err)
		}
		l.t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	},
	unit: func(step, host string) string { return bare(step) }, health: []string{"servers-upgraded|agents-upgraded", "servers-jobs-well|agents-jobs-well"},
	after: func(t *testing.T, l *lab) {
		for _, node := range l.nodes() {
			if !strings.HasSuffix(node, " Ready v1.32.5+k3s1") {
				t.Errorf("after the upgrade: %s", node)
			}
		}
	},
})

func TestNightsOfUbuntu(t *testing.T) {
	runNights(t, "TestNightsOfUbuntu", "--with", "kube-vip", "--nodes", "3", "--away", "2s")
}

func TestNightsOfK3s(t *testing.T) { runNights(t, "TestNightsOfK3s", "--nodes", "3") }

// kubelet makes a node say that it runs another version.
func (l *lab) kubelet(node, version string) {
	l.on(node, "sed 's/@VERSION@/"+version+"/' /opt/spraydeck-lab/mirror/kubelet >/usr/local/bin/kubelet; systemctl restart kubelet")
}

func (l *lab) kubectl(args string) string {
	l.t.Helper()
	return l.shell("KUBECONFIG=" + l.vars["KUBECONFIG"] + " " + filepath.Join(l.bin, "kubectl") + " " + args)
}
