package kube

import (
	"fmt"
	"strings"
	"testing"
)

// labLike fills the fake with what the contract expects of the lab.
func labLike(t *testing.T) *fakeAPI {
	f := newFakeAPI(t)
	for i := 1; i <= 4; i++ {
		labels := fmt.Sprintf("kubernetes.io/hostname: node%d", i)
		if i < 3 {
			labels += `, node-role.kubernetes.io/control-plane: ""`
		}
		f.put(fmt.Sprintf(`
apiVersion: v1
kind: Node
metadata: {name: node%d, creationTimestamp: "2026-01-02T03:04:05Z", labels: {%s}}
spec: {}
status:
  addresses: [{type: Hostname, address: node%d}, {type: InternalIP, address: 127.0.0.%d}]
  nodeInfo: {kubeletVersion: v1.31.4, containerRuntimeVersion: containerd://1.7.24, osImage: Debian, kernelVersion: "6.1", bootID: b%d}
  conditions:
  - {type: Ready, status: "True", lastTransitionTime: "2026-01-02T03:05:00Z", lastHeartbeatTime: "2026-01-02T03:05:00Z"}
`, i, labels, i, 10+i, i))
	}
	f.put(`
apiVersion: crd.projectcalico.org/v1
kind: IPPool
metadata: {name: default-pool}
spec: {cidr: 10.233.64.0/18, blockSize: 26, ipipMode: Never, vxlanMode: Always}`)
	f.put(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: myrocketchat-mongodb-arbiter, namespace: rocketchat}
spec: {selector: {matchExpressions: [{key: component, operator: In, values: [arbiter]}]}}
status: {disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1}`)
	f.put(pod("rocketchat", "myrocketchat-mongodb-arbiter-0", "node3", "labels: {component: arbiter}", "StatefulSet/myrocketchat-mongodb-arbiter", ""))
	f.put(pod("default", "web-1", "node4", "", "ReplicaSet/web", ""))
	return f
}

// pod writes a running, ready pod. owner is "Kind/name" or "".
func pod(namespace, name, node, meta, owner, spec string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  namespace: %s\n", name, namespace)
	if meta != "" {
		fmt.Fprintf(&b, "  %s\n", meta)
	}
	if kind, of, ok := strings.Cut(owner, "/"); ok {
		fmt.Fprintf(&b, "  ownerReferences: [{apiVersion: apps/v1, kind: %s, name: %s, uid: u, controller: true}]\n", kind, of)
	}
	fmt.Fprintf(&b, "spec:\n  nodeName: %s\n", node)
	if spec != "" {
		fmt.Fprintf(&b, "  %s\n", spec)
	}
	b.WriteString("status:\n  phase: Running\n  conditions: [{type: Ready, status: \"True\"}]\n")
	return b.String()
}

func TestContractOnFake(t *testing.T) { contract(t, labLike(t).open()) }
