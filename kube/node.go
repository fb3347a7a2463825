package kube

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Node is what an operator wants to see of a node, and nothing that changes with every heartbeat.
type Node struct {
	Name          string
	Ready         string // "True", "False" or "Unknown"
	Unschedulable bool
	Roles         []string // sorted
	Version       string
	Runtime       string
	OS            string
	Kernel        string
	BootID        string
	InternalIP    string
	Taints        []string // key=value:Effect
	Pressure      []string // conditions that should be false and are not, such as DiskPressure
	Since         time.Time
	Created       time.Time
}

const (
	rolePrefix = "node-role.kubernetes.io/"
	roleLabel  = "kubernetes.io/role"
)

func summarise(in *corev1.Node) Node {
	info := in.Status.NodeInfo
	n := Node{
		Name:          in.Name,
		Ready:         string(corev1.ConditionUnknown),
		Unschedulable: in.Spec.Unschedulable,
		Roles:         roles(in.Labels),
		Version:       info.KubeletVersion,
		Runtime:       info.ContainerRuntimeVersion,
		OS:            info.OSImage,
		Kernel:        info.KernelVersion,
		BootID:        info.BootID,
		Created:       in.CreationTimestamp.Time,
	}
	for _, a := range in.Status.Addresses {
		if a.Type == corev1.NodeInternalIP && n.InternalIP == "" {
			n.InternalIP = a.Address
		}
	}
	for _, t := range in.Spec.Taints {
		n.Taints = append(n.Taints, t.ToString())
	}
	for _, c := range in.Status.Conditions {
		switch {
		case c.Type == corev1.NodeReady:
			n.Ready, n.Since = string(c.Status), c.LastTransitionTime.Time
		case troubles[c.Type] && c.Status == corev1.ConditionTrue:
			n.Pressure = append(n.Pressure, string(c.Type))
		}
	}
	return n
}

// troubles are the conditions that mean trouble when true. Others (node-problem-detector adds its
// own, with its own sense) are skipped.
var troubles = map[corev1.NodeConditionType]bool{
	corev1.NodeMemoryPressure:     true,
	corev1.NodeDiskPressure:       true,
	corev1.NodePIDPressure:        true,
	corev1.NodeNetworkUnavailable: true,
}

func roles(labels map[string]string) []string {
	set := map[string]bool{}
	for key, value := range labels {
		if role, ok := strings.CutPrefix(key, rolePrefix); ok && role != "" {
			set[role] = true
		} else if key == roleLabel && value != "" {
			set[value] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Cordon marks the node unschedulable (on) or schedulable (off). It is idempotent: changed is false
// when the node was so already, and then nothing was written.
func (c *Cluster) Cordon(ctx context.Context, node string, on bool) (changed bool, err error) {
	return c.cordon(ctx, node, on, false)
}

func (c *Cluster) cordon(ctx context.Context, node string, on, dryRun bool) (bool, error) {
	doing := "cordon node " + node
	if !on {
		doing = "uncordon node " + node
	}
	call, cancel := c.call(ctx)
	defer cancel()
	got, err := c.core.node(call, node)
	if err != nil {
		return false, c.missing(ctx, doing, "node", "", node, err)
	}
	if got.Spec.Unschedulable == on {
		return false, nil
	}
	patch := `{"spec":{"unschedulable":true}}`
	if !on {
		patch = `{"spec":{"unschedulable":null}}`
	}
	nodes := corev1.SchemeGroupVersion.WithResource("nodes")
	options := metav1.PatchOptions{FieldManager: manager, DryRun: dry(dryRun)}
	if _, err := c.dynamic.Resource(nodes).Patch(call, node, types.MergePatchType, []byte(patch), options); err != nil {
		return false, c.missing(ctx, doing, "node", "", node, err)
	}
	return true, nil
}
