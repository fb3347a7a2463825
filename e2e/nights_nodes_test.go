package e2e

import (
	"strings"
	"testing"
)

// kubeadmNights are on a cluster that kubeadm made: three control planes with an etcd each, one worker, no inventory.
var kubeadmNights = []night{
	{book: "kubernetes-etcd-members", set: []string{"inventory=cluster"}},
	{
		book: "kubernetes-etcd-snapshot", set: []string{"inventory=cluster", "etcd_host=node1", "file=/var/backups/etcd.db"},
		skipped: []string{"save", "fetch", "same"},
	},
	{
		book: "kubeadm-upgrade", set: []string{"kube_version=1.32.5"},
		health:  []string{"nodes-ready", "pods-settled", "worker-capacity"},
		skipped: []string{"take-snapshot/save", "take-snapshot/fetch", "take-snapshot/same", "first*/node-config", "first*/parts", "control-plane*/plan", "control-plane*/apply", "worker*/plan", "worker*/apply", "worker*/parts", "*/stop-api-server", "*/drain"},
		after: func(t *testing.T, l *lab) {
			for _, node := range l.nodes() {
				if !strings.HasSuffix(node, " Ready v1.32.5") {
					t.Errorf("after the upgrade: %s", node)
				}
			}
		},
	},
	{
		book: "kubernetes-certificates-renew", set: []string{"inventory=hosts:node1,node2,node3"},
		health:  []string{"dates-good", "api-server-back", "kubelet-active"},
		skipped: []string{"kubelet-conf*"},
		after: func(t *testing.T, l *lab) {
			for _, node := range []string{"node1", "node2", "node3"} {
				if got := l.on(node, "sort -u /var/lib/spraydeck-lab/restarts | tr '\\n' ' '"); got != "etcd kube-apiserver kube-controller-manager kube-scheduler" {
					t.Errorf("%s: restarted were %q", node, got)
				}
			}
		},
	},
	{
		book: "kubernetes-rolling-restart", set: []string{"inventory=cluster"},
		health: []string{"nodes-ready", "none-cordoned", "pods-settled", "ceph-settled"}, skipped: []string{"drain*", "etcd-settled[node4]/*"},
	},
}

func TestNightsOfKubeadm(t *testing.T) {
	runNights(t, "TestNightsOfKubeadm", "--with", "kubeadm", "--away", "2s")
}

// on runs a line on a node.
func (l *lab) on(node, line string) string {
	l.t.Helper()
	return l.shell("ssh -F " + l.vars["LAB_SSH_CONFIG"] + " " + node + " \"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(line) + "\"")
}
