package kube

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fate is what a drain does with one pod. It is decided as kubectl drain --ignore-daemonsets does, in kubectl's words.
type fate struct {
	pod     corev1.Pod
	goes    bool
	refused string // why the drain may not start
	warning string
}

var daemonSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}

// fates decides about every pod of the node.
func (c *Cluster) fates(ctx context.Context, node string, force, deleteEmptyDir bool) ([]fate, error) {
	call, cancel := c.call(ctx)
	defer cancel()
	if _, err := c.core.node(call, node); err != nil {
		return nil, c.missing(ctx, "read node "+node, "node", "", node, err)
	}
	pods, err := c.podsOn(call, node)
	if err != nil {
		return nil, err
	}
	fates := make([]fate, 0, len(pods))
	for _, pod := range pods {
		f, err := c.fate(call, pod, force, deleteEmptyDir)
		if err != nil {
			return nil, err
		}
		fates = append(fates, f)
	}
	return fates, nil
}

func (c *Cluster) fate(ctx context.Context, pod corev1.Pod, force, deleteEmptyDir bool) (fate, error) {
	f := fate{pod: pod}
	owner := metav1.GetControllerOf(&pod)
	if owner != nil && owner.Kind == "DaemonSet" && owner.APIVersion == daemonSets.GroupVersion().String() && !ended(pod) {
		_, err := c.dynamic.Resource(daemonSets).Namespace(pod.Namespace).Get(ctx, owner.Name, metav1.GetOptions{})
		switch {
		case err == nil:
			f.warning = "ignoring DaemonSet-managed Pods"
			return f, nil
		case !apierrors.IsNotFound(err):
			return f, err // not answered: the owner of the pod is unknown
		case !force:
			f.refused = err.Error()
			return f, nil
		}
		f.warning = err.Error() // an orphan: nothing makes it again
	}
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	emptyDir := slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
	switch {
	case mirror:
		f.warning = ""
	case ended(pod):
		f.goes = true
	case emptyDir && !deleteEmptyDir:
		f.refused = "Pods with local storage (use --delete-emptydir-data to override)"
	case owner == nil && !force:
		f.refused = "Pods that declare no controller (use --force to override)"
	case owner == nil:
		f.goes, f.warning = true, "deleting Pods that declare no controller"
	default:
		f.goes = true
	}
	return f, nil
}

func (c *Cluster) podsOn(ctx context.Context, node string) ([]corev1.Pod, error) {
	return c.core.pods(ctx, "spec.nodeName="+node)
}
