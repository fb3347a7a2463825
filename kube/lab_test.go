package kube

import (
	"os"
	"testing"
)

// TestContractOnLab runs the contract against a real API server. Boot one with
//
//	go run -C lab . up --dir D
//
// and set SPRAYDECK_LAB_KUBECONFIG to the kubeconfig it names.
func TestContractOnLab(t *testing.T) {
	c := lab(t)
	contract(t, c)
}

// TestLabBudgets needs the fault pdb-blocks; without it there is nothing to see.
func TestLabBudgets(t *testing.T) {
	c := lab(t)
	budgets, err := c.Budgets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range budgets {
		if b["namespace"] != "rocketchat" || b["name"] != "myrocketchat-mongodb-arbiter" {
			continue
		}
		pods := b["pods"].([]map[string]any)
		if b["allowed"] != int64(0) || len(pods) == 0 {
			t.Fatalf("the budget should block: %v", b)
		}
		node := pods[0]["node"].(string)
		preview, err := c.DrainPreview(t.Context(), node, true, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range preview {
			if p["name"] == pods[0]["name"] && (p["action"] != "blocked" || p["reason"] != wouldViolate) {
				t.Errorf("got %v", p)
			}
		}
		return
	}
	t.Skip("the lab runs without the fault pdb-blocks")
}

func lab(t *testing.T) *Cluster {
	path := os.Getenv("SPRAYDECK_LAB_KUBECONFIG")
	if path == "" {
		const what = "SPRAYDECK_LAB_KUBECONFIG is not set: no real API server to test against (boot one: go run -C lab . up --dir D)"
		if os.Getenv("SPRAYDECK_REQUIRE_LAB") == "1" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	c, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
