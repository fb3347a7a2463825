package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// restoreNights: a snapshot, changes, and the snapshot back in the cluster.
func restoreNights() []night {
	const file = "/var/backups/etcd.db"
	return []night{
		{
			book: "kubernetes-etcd-snapshot", set: []string{"inventory=cluster", "etcd_host=node1", "file=" + file}, skipped: []string{"save", "fetch", "same"},
			prepare: func(l *lab) {
				l.kubectl("create configmap -n shop paint --from-literal=colour=blue")
				l.kubectl("create configmap -n shop gone --from-literal=a=b")
			},
			after: func(t *testing.T, l *lab) {
				l.kubectl(`patch configmap -n shop paint --type merge -p '{"data": {"colour": "red"}}'`)
				l.kubectl("delete configmap -n shop gone")
				l.kubectl("create configmap -n shop later --from-literal=a=b")
				l.kubectl("scale -n shop deployment web --replicas 4")
			},
		},
		{
			book: "kubernetes-etcd-restore", set: []string{"file=" + file}, health: []string{"api-serves", "nodes-ready"},
			after: func(t *testing.T, l *lab) {
				if got := l.kubectl(`get configmaps -n shop --no-headers -o custom-columns=N:.metadata.name,C:.data.colour | grep -v kube-root`); strings.Join(strings.Fields(got), " ") != "gone <none> paint blue" {
					t.Errorf("after the restore there are %s", got)
				}
				l.kubectl("wait -n shop --for=jsonpath={.status.replicas}=2 deployment web --timeout=60s")
				l.kubectl("rollout status -n shop deployment web --timeout=60s")
			},
		},
	}
}

// expiredNight: every certificate of the control plane has expired, the API is down and the kubelet does not start.
func expiredNight() night {
	return night{
		book: "kubernetes-certificates-renew", set: []string{"inventory=hosts:node1"},
		answers: []string{"kubernetes-certificates-renew.yaml", "real-kubernetes-certificates-renew.yaml"},
		health:  []string{"dates-good", "api-server-back", "kubelet-active"},
		prepare: func(l *lab) {
			l.lab("fault", "--dir", l.dir, "expired-certificates", "on")
			if got := l.on("node1", "kubeadm certs check-expiration 2>/dev/null | grep -c '<invalid>'"); got != "11" {
				l.t.Fatalf("%s certificates have expired", got)
			}
			get := exec.Command(l.bin+"/kubectl", "get", "nodes", "--request-timeout", "5s")
			get.Env = l.environ(l.t.TempDir())
			if out, err := get.CombinedOutput(); err == nil {
				l.t.Fatalf("the API is not down:\n%s", out)
			}
			if got := l.on("node1", "systemctl is-active kubelet || true"); got != "activating" {
				l.t.Fatalf("the kubelet is %s", got)
			}
		},
		after: func(t *testing.T, l *lab) {
			dates := l.on("node1", "kubeadm certs check-expiration 2>/dev/null")
			if strings.Contains(dates, "<invalid>") || strings.Count(dates, " 364d ") != 11 {
				t.Errorf("after the renewal:\n%s", dates)
			}
			if got := l.on("node1", "grep -c 'client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem' /etc/kubernetes/kubelet.conf; kubectl --kubeconfig /etc/kubernetes/admin.conf get --raw /readyz"); got != "1\nok" {
				t.Errorf("kubelet.conf and the API: %s", got)
			}
		},
	}
}

// restartNight: a budget that blocks, and a pod with an emptyDir.
func restartNight() night {
	return night{
		book: "kubernetes-rolling-restart", set: []string{"inventory=cluster"}, answers: []string{"kubernetes-rolling-restart.yaml", "real-kubernetes-rolling-restart.yaml"},
		health: []string{"nodes-ready", "none-cordoned", "pods-settled", "ceph-settled"}, skipped: []string{"drain*", "etcd-settled[node2]/*", "etcd-settled[node3]/*"},
		mended: []string{"well-before/pdb-blocks-drain"},
		prepare: func(l *lab) {
			l.apply("real-objects.yaml")
			l.kubectl("wait -n shop --for=condition=Available deployment --all --timeout=60s")
		},
		after: func(t *testing.T, l *lab) {
			if got := l.kubectl(`get pdb -n shop web -o "jsonpath={.spec.minAvailable}"`); got != "2" {
				t.Errorf("the budget was not put back: %s", got)
			}
			for _, node := range []string{"node1", "node2", "node3"} {
				if got := l.on(node, "cat /run/spraydeck-lab/boots"); got != "2" {
					t.Errorf("%s has booted %s times", node, got)
				}
			}
		},
	}
}
