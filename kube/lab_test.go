package kube

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// These tests want a real API server with the lab's fault pdb-blocks. TestKubeContract of e2e boots one and runs them; by
// hand:
//
//	go run -C lab . up --dir D --fault pdb-blocks
//	SPRAYDECK_LAB_KUBECONFIG=D/admin.conf go test ./kube -run Lab

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
	preview, err := c.DrainPreview(t.Context(), pods[0]["node"].(string), true, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range preview {
		if p["name"] == pods[0]["name"] && (p["action"] != "blocked" || p["reason"] != wouldViolate) {
			t.Errorf("got %v", p)
		}
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
