package kube

import (
	"fmt"
	"slices"
	"testing"
)

func TestBudgets(t *testing.T) {
	f := newFakeAPI(t)
	f.put(pod("a", "web-1", "node1", "labels: {app: web, tier: front}", "ReplicaSet/web", ""))
	f.put(pod("a", "web-2", "node2", "labels: {app: web, tier: back}", "ReplicaSet/web", ""))
	f.put(pod("a", "other", "node2", "labels: {app: other}", "ReplicaSet/other", ""))
	f.put(pod("b", "web-1", "node1", "labels: {app: web}", "ReplicaSet/web", ""))
	for name, spec := range map[string]string{
		"labels":      "minAvailable: 1, selector: {matchLabels: {app: web}}",
		"expressions": "maxUnavailable: 50%, selector: {matchExpressions: [{key: app, operator: In, values: [web, x]}, {key: tier, operator: NotIn, values: [back]}]}",
		"exists":      "selector: {matchExpressions: [{key: tier, operator: Exists}]}",
		"empty":       "selector: {}",
		"none":        "",
	} {
		f.put(fmt.Sprintf("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: %s, namespace: a}\nspec: {%s}\nstatus: {disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 3, expectedPods: 4}", name, spec))
	}
	budgets, err := f.open().Budgets(t.Context())
	if err != nil || len(budgets) != 5 {
		t.Fatalf("got %v, %v", budgets, err)
	}
	want := map[string][]string{
		"labels":      {"1", "N/A", "web-1", "web-2"},
		"expressions": {"N/A", "50%", "web-1"},
		"exists":      {"N/A", "N/A", "web-1", "web-2"},
		"empty":       {"N/A", "N/A", "other", "web-1", "web-2"},
		"none":        {"N/A", "N/A"},
	}
	for _, b := range budgets {
		got := []string{b["minAvailable"].(string), b["maxUnavailable"].(string)}
		for _, p := range b["pods"].([]map[string]any) {
			got = append(got, p["name"].(string))
			if p["namespace"] != "a" || p["ready"] != true || p["node"] == "" {
				t.Errorf("got %v", p)
			}
		}
		if name := b["name"].(string); !slices.Equal(got, want[name]) {
			t.Errorf("%s: got %v, want %v", name, got, want[name])
		}
		if b["allowed"] != int64(1) || b["healthy"] != int64(2) || b["desired"] != int64(3) || b["expected"] != int64(4) {
			t.Errorf("got %v", b)
		}
	}
	if n := f.seen("GET /api/v1/namespaces/a/pods"); n != 1 {
		t.Errorf("the pods of a namespace were read %d times", n)
	}
}
