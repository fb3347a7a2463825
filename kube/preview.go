package kube

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/drain"
)

// The API server's words for the two ways in which a budget stops an eviction.
const (
	wouldViolate = "Cannot evict pod as it would violate the pod's disruption budget."
	manyBudgets  = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
)

// DrainPreview tells what Drain would do with every pod on the node, and changes nothing. Each has
// namespace, name, controller ("StatefulSet/db", or ""), emptyDir, sizeLimit (if each emptyDir has
// one), budget ("namespace/name", or "") and budgetAllows (int, only with a budget), and action:
//
//	evict    it goes, and its controller makes another elsewhere
//	delete   it goes for good: nothing makes another
//	skip     it stays: a mirror pod or a DaemonSet's
//	blocked  the drain stops at it: a filter of kubectl refuses, or a budget allows none
//
// reason has the words of kubectl's filters or of the API server. A budget can still refuse what looks
// possible here; Drain with dryRun asks the server itself.
func (c *Cluster) DrainPreview(ctx context.Context, node string, force, deleteEmptyDir bool) ([]map[string]any, error) {
	fates, err := c.fates(ctx, node, force, deleteEmptyDir)
	if err != nil {
		return nil, c.explain(ctx, "preview the drain of node "+node, err)
	}
	budgets, err := c.budgets(ctx, "")
	if err != nil {
		return nil, c.explain(ctx, "preview the drain of node "+node, err)
	}
	out := make([]map[string]any, 0, len(fates))
	for _, f := range fates {
		out = append(out, f.describe(covering(f.pod, budgets)))
	}
	return out, nil
}

// fate is what kubectl's drain filters decide about one pod.
type fate struct {
	pod     corev1.Pod
	goes    bool
	refused string // why the drain may not start
	warning string
}

func (f fate) describe(budgets []budget) map[string]any {
	controller := metav1.GetControllerOf(&f.pod)
	out := map[string]any{
		"namespace":  f.pod.Namespace,
		"name":       f.pod.Name,
		"action":     "skip",
		"reason":     f.warning,
		"controller": "",
		"emptyDir":   false,
		"budget":     "",
	}
	if controller != nil {
		out["controller"] = controller.Kind + "/" + controller.Name
	}
	if has, limit := emptyDirs(f.pod); has {
		out["emptyDir"] = true
		if limit != "" {
			out["sizeLimit"] = limit
		}
	}
	if len(budgets) > 0 {
		out["budget"], out["budgetAllows"] = keys(budgets), int(budgets[0].allowed())
	}
	held := holds(f.pod, budgets)
	switch {
	case f.refused != "":
		out["action"], out["reason"] = "blocked", f.refused
	case f.goes && held != "":
		out["action"], out["reason"] = "blocked", held
	case f.goes && controller == nil:
		out["action"] = "delete"
	case f.goes:
		out["action"] = "evict"
	case f.warning == "":
		out["reason"] = "mirror pod of a static manifest"
	}
	return out
}

// holds repeats the API server's decision about an eviction, from the budget's status.
func holds(pod corev1.Pod, budgets []budget) string {
	// These ask no budget.
	if ended(pod) || pod.Status.Phase == corev1.PodPending || pod.DeletionTimestamp != nil || len(budgets) == 0 {
		return ""
	}
	if len(budgets) > 1 {
		return manyBudgets
	}
	b := budgets[0]
	if !ready(pod) {
		policy := b.Spec.UnhealthyPodEvictionPolicy
		if policy != nil && *policy == policyv1.AlwaysAllow {
			return ""
		}
		if b.Status.CurrentHealthy >= b.Status.DesiredHealthy && b.Status.DesiredHealthy > 0 {
			return ""
		}
	}
	if b.allowed() <= 0 {
		return wouldViolate
	}
	return ""
}

// fates runs kubectl's own filters over every pod of the node.
func (c *Cluster) fates(ctx context.Context, node string, force, deleteEmptyDir bool) ([]fate, error) {
	call, cancel := c.call(ctx)
	defer cancel()
	if _, err := c.typed.CoreV1().Nodes().Get(call, node, metav1.GetOptions{}); err != nil {
		return nil, c.missing(ctx, "read node "+node, "node", "", node, err)
	}
	pods, err := c.podsOn(call, node)
	if err != nil {
		return nil, err
	}
	fates := make([]fate, 0, len(pods))
	for _, pod := range pods {
		var failed error
		helper := &drain.Helper{
			Ctx:                 call,
			Client:              onePod{Interface: c.typed, pod: pod, failed: &failed},
			Force:               force,
			DeleteEmptyDirData:  deleteEmptyDir,
			IgnoreAllDaemonSets: true,
			GracePeriodSeconds:  -1,
		}
		list, errs := helper.GetPodsForDeletion(node)
		if failed != nil {
			return nil, failed
		}
		if list == nil {
			return nil, errors.Join(errs...)
		}
		name := ": " + pod.Namespace + "/" + pod.Name
		f := fate{pod: pod, goes: len(list.Pods()) > 0, warning: strings.TrimSuffix(list.Warnings(), name)}
		if len(errs) > 0 {
			f.refused = strings.TrimSuffix(strings.TrimPrefix(errs[0].Error(), "cannot delete "), name)
		}
		fates = append(fates, f)
	}
	return fates, nil
}

func (c *Cluster) podsOn(ctx context.Context, node string) ([]corev1.Pod, error) {
	list, err := c.typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// emptyDirs tells whether the pod has any, and their common limit if every one is limited.
func emptyDirs(pod corev1.Pod) (has bool, limit string) {
	var limits []string
	all := true
	for _, v := range pod.Spec.Volumes {
		if v.EmptyDir == nil {
			continue
		}
		has = true
		if v.EmptyDir.SizeLimit == nil {
			all = false
			continue
		}
		limits = append(limits, v.EmptyDir.SizeLimit.String())
	}
	if !all {
		return has, ""
	}
	return has, strings.Join(limits, " + ")
}
