package diagnose

import (
	"strings"
	"testing"
)

// tails are logs in which nothing but the end tells what failed: the message that is found, or none where the program came
// right.
var tails = map[string]struct{ log, want string }{
	"klog, twice": {"I0101 01:00:00.000001    1 main.go:1] Starting\n" +
		"E0101 01:00:01.000001    1 reflector.go:1] Failed to watch *v1.Node: connection refused\nE0101 01:00:02.000001    1 reflector.go:1] Failed to watch *v1.Pod: connection refused\n",
		"Failed to watch *v1.Node: connection refused"},
	"an operator tries again": {"2026-01-01 01:00:01.000001 E | ceph-cluster-controller: failed to reconcile a cluster: no quorum\n" +
		"2026-01-01 01:00:02.000001 I | ceph-cluster-controller: reconciling the cluster\n", "ceph-cluster-controller: failed to reconcile a cluster: no quorum"},
	"an operator comes right": {"2026-01-01 01:00:01.000001 E | ceph-cluster-controller: failed to get the status\n" +
		"2026-01-01 01:00:02.000001 I | op-mon: Monitors in quorum: [a b c]\n", ""},
	"brackets":                        {"2026-01-01 01:00:01.000 [INFO][9] felix/a.go 1: Starting\n2026-01-01 01:00:01.000 [ERROR][9] felix/b.go 22: Failed to write the sets\n", "Failed to write the sets"},
	"brackets, fatal, then a pointer": {"2026-01-01 01:00:01.000 [PANIC][9] felix/b.go 22: the save command of iptables failed\npanic: (*logrus.Entry) 0xc000\n", "the save command of iptables failed"},
	"logrus in a terminal":            {"INFO[0000] Starting k3s agent\nERRO[0002] no answer from the server of kube\n", "no answer from the server of kube"},
	"the last event counts": {"  Warning  Unhealthy  9m (x3 over 9m)  kubelet  Readiness probe failed: calico/node is not ready: one\n" +
		"  Warning  Unhealthy  4s (x9 over 2m)  kubelet  Readiness probe failed: calico/node is not ready: two\n", "Readiness probe failed: calico/node is not ready: two"},
	"a pod that came up": {"  Warning  Unhealthy  9m (x3 over 9m)  kubelet  Readiness probe failed: calico/node is not ready: one\n" +
		"  Normal   Started    9m               kubelet  Started container calico-node\n", ""},
	"a shell's own words":      {"+ helm_v3 upgrade traefik\n/usr/bin/entry: line 1: /dev/termination-log: Permission denied\n", "/usr/bin/entry: line 1: /dev/termination-log: Permission denied"},
	"nothing failed":           {"checking the nodes of kubernetes\n3 nodes, 0 errors, no failures\n", ""},
	"somebody else's database": {"2026-01-01 01:00:00.001 UTC [881] FATAL:  password authentication failed for user \"app\"\n", ""},
	"an error long ago": {"E0101 01:00:01.000001    1 reflector.go:1] Failed to watch *v1.Node: connection refused\n" +
		strings.Repeat("I0101 01:00:02.000001    1 main.go:1] pod admitted\n", 9), ""},
}

func TestTail(t *testing.T) {
	k := New(builtinPitfalls(t), nil)
	for name, c := range tails {
		t.Run(name, func(t *testing.T) {
			r := report(t, k, c.log)
			got := ""
			if r.Failure != nil {
				got = r.Failure.Message
			}
			if got != c.want || r.Verdict() {
				t.Errorf("%q, want %q; %+v", got, c.want, r.Findings)
			}
		})
	}
}
