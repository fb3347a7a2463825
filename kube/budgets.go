package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Budgets reads every PodDisruptionBudget with the pods it covers: namespace, name, minAvailable and
// maxUnavailable (as kubectl shows them, "N/A" when unset), allowed, healthy, desired, expected
// (int64), manager (who sets the budget and would set it again, "" if nobody is known to), and pods,
// each with namespace, name, node and ready. Pods that have ended are not listed; their eviction asks
// no budget.
func (c *Cluster) Budgets(ctx context.Context) ([]map[string]any, error) {
	const doing = "read disruption budgets"
	budgets, err := c.budgets(ctx, "")
	if err != nil {
		return nil, c.explain(ctx, doing, err)
	}
	out := make([]map[string]any, 0, len(budgets))
	byNamespace := map[string][]int{} // indexes of budgets
	for i, b := range budgets {
		out = append(out, b.describe())
		byNamespace[b.Namespace] = append(byNamespace[b.Namespace], i)
	}
	// Only the namespaces that have a budget: a large cluster has far more pods than those.
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		err := c.eachPod(ctx, namespace, func(pod corev1.Pod) {
			for _, i := range byNamespace[namespace] {
				if budgets[i].covers(pod) && !ended(pod) {
					covered, _ := out[i]["pods"].([]map[string]any)
					out[i]["pods"] = append(covered, describePod(pod))
				}
			}
		})
		if err != nil {
			return nil, c.explain(ctx, doing, err)
		}
	}
	return out, nil
}

// eachPod reads the pods of a namespace, a page at a time.
func (c *Cluster) eachPod(ctx context.Context, namespace string, see func(corev1.Pod)) error {
	for from := ""; ; {
		call, cancel := c.call(ctx)
		pods, more, err := c.core.podPage(call, namespace, from)
		cancel()
		if err != nil {
			return err
		}
		for _, pod := range pods {
			see(pod)
		}
		if from = more; from == "" {
			return nil
		}
	}
}

// budget is a PodDisruptionBudget with its selector ready for use.
type budget struct {
	policyv1.PodDisruptionBudget
	selector labels.Selector
}

func (b budget) key() string { return b.Namespace + "/" + b.Name }

func (b budget) allowed() int64 { return int64(b.Status.DisruptionsAllowed) }

func (b budget) covers(pod corev1.Pod) bool {
	return pod.Namespace == b.Namespace && b.selector.Matches(labels.Set(pod.Labels))
}

func describePod(pod corev1.Pod) map[string]any {
	return map[string]any{
		"namespace": pod.Namespace,
		"name":      pod.Name,
		"node":      pod.Spec.NodeName,
		"ready":     ready(pod),
	}
}

func (b budget) describe() map[string]any {
	return map[string]any{
		"namespace":      b.Namespace,
		"name":           b.Name,
		"minAvailable":   orNone(b.Spec.MinAvailable),
		"maxUnavailable": orNone(b.Spec.MaxUnavailable),
		"allowed":        b.allowed(),
		"healthy":        int64(b.Status.CurrentHealthy),
		"desired":        int64(b.Status.DesiredHealthy),
		"expected":       int64(b.Status.ExpectedPods),
		"manager":        b.manager(),
		"pods":           []map[string]any{},
	}
}

// manager names the operator that sets a budget on purpose: Rook allows nothing while an OSD is down, and an owner would
// undo a change. A chart, a kustomization or kubectl made the budget once and does not watch it.
func (b budget) manager() string {
	if strings.HasPrefix(b.Name, "rook-ceph-") {
		return "Rook"
	}
	if o := b.OwnerReferences; len(o) > 0 {
		return o[0].Kind + "/" + o[0].Name
	}
	if by := b.Labels["app.kubernetes.io/managed-by"]; by != "" && !strings.EqualFold(by, "helm") && !strings.EqualFold(by, "kustomize") {
		return by
	}
	for _, f := range b.ManagedFields {
		if strings.HasSuffix(f.Manager, "operator") {
			return f.Manager
		}
	}
	return ""
}

// budgets goes through discovery, because clusters older than v1.21 have only policy/v1beta1. The
// fields are the same in both.
func (c *Cluster) budgets(ctx context.Context, namespace string) ([]budget, error) {
	call, cancel := c.call(ctx)
	defer cancel()
	kind, err := c.find(call, "poddisruptionbudgets.policy")
	if err != nil {
		return nil, err
	}
	list, err := c.client(kind, namespace).List(call, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	budgets := make([]budget, 0, len(list.Items))
	for _, item := range list.Items {
		b := budget{selector: labels.Nothing()}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &b.PodDisruptionBudget); err != nil {
			return nil, fmt.Errorf("read budget %s/%s: %w", item.GetNamespace(), item.GetName(), err)
		}
		// An empty selector covers every pod in policy/v1, and none in v1beta1.
		if s := b.Spec.Selector; s != nil && (kind.Version != "v1beta1" || len(s.MatchLabels)+len(s.MatchExpressions) > 0) {
			selector, err := metav1.LabelSelectorAsSelector(s)
			if err != nil {
				return nil, fmt.Errorf("read budget %s: %w", b.key(), err)
			}
			b.selector = selector
		}
		budgets = append(budgets, b)
	}
	return budgets, nil
}

func covering(pod corev1.Pod, budgets []budget) []budget {
	var found []budget
	for _, b := range budgets {
		if b.covers(pod) {
			found = append(found, b)
		}
	}
	return found
}

func keys(budgets []budget) string {
	var names []string
	for _, b := range budgets {
		names = append(names, b.key())
	}
	return strings.Join(names, ", ")
}

func orNone(v *intstr.IntOrString) string {
	if v == nil {
		return "N/A"
	}
	return v.String()
}

func ended(pod corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func ready(pod corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
