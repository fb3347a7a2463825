package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// These tests want a real API server with the lab's fault pdb-blocks. TestKubeContract of e2e boots one and runs them; by
// hand:
//
//	go run -C lab . up --dir D --fault pdb-blocks
//	SPRAYDECK_LAB_KUBECONFIG=D/admin.conf SPRAYDECK_LAB_KUBECTL=D/bin/lab go test ./kube -run Lab

const blocking = "rocketchat/myrocketchat-mongodb-arbiter"

func TestLabContract(t *testing.T) { contract(t, lab(t)) }

func TestLabBudgets(t *testing.T) {
	c := lab(t)
	budgets, err := c.Budgets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(budgets, func(b map[string]any) bool {
		return b["namespace"].(string)+"/"+b["name"].(string) == blocking
	})
	if i < 0 {
		t.Fatalf("no budget %s: %v", blocking, budgets)
	}
	b := budgets[i]
	pods := b["pods"].([]map[string]any)
	if b["allowed"] != int64(0) || len(pods) == 0 {
		t.Fatalf("the budget should block: %v", b)
	}
	log := &strings.Builder{}
	err = c.Drain(t.Context(), pods[0]["node"].(string), true, true, true, -1, time.Minute, log)
	if err == nil || !strings.Contains(log.String(), wouldViolate) {
		t.Errorf("the server should refuse: %v\n%s", err, log)
	}
}

// TestLabDrain drains for real: a node whose pods may go, then one with a pod that a budget holds.
func TestLabDrain(t *testing.T) {
	c := lab(t)
	uncordon := func(node string) {
		t.Cleanup(func() {
			if _, err := c.Cordon(context.Background(), node, false); err != nil {
				t.Error(err)
			}
		})
	}
	left := func(node string) (names []string) {
		pods, err := c.Get(t.Context(), "pods", "", "", "", "spec.nodeName="+node)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pods {
			owners, _ := p["metadata"].(map[string]any)["ownerReferences"].([]any)
			if len(owners) == 1 && !slices.Contains([]string{"DaemonSet", "Node"}, field(owners[0].(map[string]any), "kind")) {
				names = append(names, field(p, "metadata", "namespace")+"/"+field(p, "metadata", "name"))
			}
		}
		return names
	}
	before := left("node4")
	var log strings.Builder
	uncordon("node4")
	if err := c.Drain(t.Context(), "node4", true, true, false, -1, time.Minute, &log); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if got := left("node4"); len(before) == 0 || len(got) > 0 {
		t.Errorf("before %v, after %v", before, got)
	}
	if got := strings.Count(log.String(), " evicted\n"); got != len(before) || !strings.HasSuffix(log.String(), "node/node4 drained\n") {
		t.Errorf("%d pods were on the node:\n%s", len(before), log.String())
	}

	log.Reset()
	uncordon("node3")
	err := c.Drain(t.Context(), "node3", true, true, false, -1, 8*time.Second, &log)
	var late *DrainTimeoutError
	if !errors.As(err, &late) || !slices.Equal(late.Budgets, []string{blocking}) {
		t.Fatalf("got %v\n%s", err, log.String())
	}
	if got := left("node3"); !slices.Equal(got, []string{blocking + "-0"}) {
		t.Errorf("left are %v", got)
	}
	if !strings.Contains(log.String(), wouldViolate) {
		t.Errorf("the refusal is not in\n%s", log.String())
	}
	objects, err := c.Get(t.Context(), "node", "", "node3", "", "")
	if err != nil || objects[0]["spec"].(map[string]any)["unschedulable"] != true {
		t.Errorf("node3 should stay cordoned: %v, %v", objects, err)
	}
}

// TestLabDrainAsKubectl lets kubectl and Drain rehearse the same drains: the same pods go, and the same are refused with
// the same words.
func TestLabDrainAsKubectl(t *testing.T) {
	c := lab(t)
	shapes := `
apiVersion: v1
kind: Pod
metadata: {name: drain-bare, namespace: default}
spec: {nodeName: node4, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: drain-scratch, namespace: default}
spec: {nodeName: node4, containers: [{name: a, image: a}], volumes: [{name: a, emptyDir: {}}]}
`
	t.Cleanup(func() {
		for _, name := range []string{"drain-bare", "drain-scratch"} {
			_ = c.Delete(context.Background(), "pod", "default", name, false)
		}
	})
	if _, err := c.Apply(t.Context(), []byte(shapes), false); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, node := range []string{"node1", "node4"} {
		for _, flags := range [][]string{{}, {"--force"}, {"--delete-emptydir-data"}, {"--force", "--delete-emptydir-data"}} {
			args := append([]string{"kubectl", "drain", node, "--ignore-daemonsets", "--dry-run=server", "--timeout=20s", "--kubeconfig", os.Getenv("SPRAYDECK_LAB_KUBECONFIG")}, flags...)
			cmd := exec.CommandContext(t.Context(), os.Getenv("SPRAYDECK_LAB_KUBECTL"))
			cmd.Args = args
			theirs, _ := cmd.CombinedOutput() // a refusal is an error, and what we compare
			var ours strings.Builder
			err := c.Drain(t.Context(), node, slices.Contains(flags, "--force"), slices.Contains(flags, "--delete-emptydir-data"), true, -1, 20*time.Second, &ours)
			if err != nil {
				fmt.Fprintln(&ours, err)
			}
			want, got := verdicts(string(theirs)), verdicts(ours.String())
			if len(want) == 0 || !slices.Equal(want, got) {
				t.Errorf("%v\nkubectl: %q\nours:    %q\n%s", args, want, got, theirs)
			}
			for _, v := range want {
				reason, _, _ := strings.Cut(v, ":")
				seen[reason] = true
			}
		}
	}
	if len(seen) < 3 {
		t.Errorf("the shapes show too little: %v", seen)
	}
}

// verdicts are "evicting: namespace/name" and "reason: namespace/name", in order.
func verdicts(output string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^evicting pod (\S+)`).FindAllStringSubmatch(output, -1) {
		out = append(out, "evicting: "+m[1])
	}
	for _, part := range strings.Split(output, "cannot delete ")[1:] {
		part, _, _ = strings.Cut(part, "\n")
		part, _, _ = strings.Cut(part, "]")
		reason, pods, _ := strings.Cut(part, ": ")
		for _, pod := range regexp.MustCompile(`[\w.-]+/[\w.-]+`).FindAllString(pods, -1) {
			out = append(out, reason+": "+pod)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func lab(t *testing.T) *Cluster {
	t.Helper()
	path := os.Getenv("SPRAYDECK_LAB_KUBECONFIG")
	if path == "" {
		t.Skip("run by TestKubeContract of e2e, beside a lab")
	}
	c, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
