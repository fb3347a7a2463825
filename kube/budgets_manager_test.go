package kube

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestBudgetManager: a budget that an operator sets says which, so that nobody is offered to loosen it.
func TestBudgetManager(t *testing.T) {
	f := newFakeAPI(t)
	want := map[string]string{}
	for i, c := range []struct{ name, metadata, want string }{
		{"rook-ceph-osd-host-node1", "", "Rook"},
		{"rook-ceph-mon-pdb", "", "Rook"},
		{"owned", ", ownerReferences: [{apiVersion: kafka.strimzi.io/v1, kind: Kafka, name: main, uid: u}]", "Kafka/main"},
		{"labelled", ", labels: {app.kubernetes.io/managed-by: cloudnative-pg}", "cloudnative-pg"},
		{"chart", ", labels: {app.kubernetes.io/managed-by: Helm}", ""},
		{"by-hand", "", ""},
	} {
		want[c.name] = c.want
		f.put(fmt.Sprintf("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: %s, namespace: ns%d%s}\nspec: {maxUnavailable: 0}", c.name, i, c.metadata))
	}
	fields := budget{}
	fields.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl-create"}, {Manager: "postgres-operator"}}
	if got := fields.manager(); got != "postgres-operator" {
		t.Errorf("managed fields: manager %q", got)
	}
	budgets, err := f.open().Budgets(t.Context())
	if err != nil || len(budgets) != len(want) {
		t.Fatalf("got %v, %v", budgets, err)
	}
	for _, b := range budgets {
		if got := b["manager"]; got != want[b["name"].(string)] {
			t.Errorf("%s: manager %q, want %q", b["name"], got, want[b["name"].(string)])
		}
	}
}
