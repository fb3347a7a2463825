package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"
)

const (
	manifestDir = "/etc/kubernetes/manifests"
	// stopTime is how long a pod takes to end on paper, unless its grace period is shorter.
	stopTime = time.Second
	// neverEnds marks a pod whose end the runtime does not get done, as Docker with a lost port mapping: only force removes it.
	neverEnds = "spraydeck-lab/never-ends"
)

// podRunner moves the pods bound to one node through their phases: Pending becomes Running and
// ready, a deletion is confirmed after a moment. Manifests of the node become mirror pods.
type podRunner struct {
	node, address string
	client        kubernetes.Interface
	factory       informers.SharedInformerFactory
	lister        cache.SharedIndexInformer

	mu     sync.Mutex
	ending map[types.UID]bool
	nextIP byte
	ips    map[types.UID]string
}

func newPodRunner(node, address string, client, watcher kubernetes.Interface) *podRunner {
	factory := informers.NewSharedInformerFactoryWithOptions(watcher, 10*time.Second,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
		}))
	return &podRunner{
		node: node, address: address, client: client, factory: factory, lister: factory.Core().V1().Pods().Informer(),
		ending: map[types.UID]bool{}, ips: map[types.UID]string{}, nextIP: 2,
	}
}

func (r *podRunner) run(ctx context.Context) {
	// The handler's error tells of a second start, which does not happen.
	r.lister.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { r.sync(ctx, o) },
		UpdateFunc: func(_, o any) { r.sync(ctx, o) },
	})
	r.factory.Start(ctx.Done())
	every(ctx, 2*time.Second, r.mirror)
}

func (r *podRunner) sync(ctx context.Context, o any) {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	switch {
	case pod.DeletionTimestamp != nil:
		r.end(ctx, pod)
	case pod.Status.Phase == corev1.PodPending:
		go r.begin(ctx, pod)
	case pod.Status.Phase == corev1.PodRunning && !podReady(pod):
		// The node controller takes readiness from the pods of a node that stopped reporting; the
		// kubelet gives it back when it is heard again. Budgets count on that.
		go r.setReady(ctx, pod.DeepCopy())
	}
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// end confirms a deletion, once per pod, after the rest of its grace period or stopTime.
func (r *podRunner) end(ctx context.Context, pod *corev1.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, hangs := pod.Annotations[neverEnds]; hangs || r.ending[pod.UID] {
		return
	}
	r.ending[pod.UID] = true
	wait := stopTime
	if g := pod.DeletionGracePeriodSeconds; g != nil && time.Duration(*g)*time.Second < wait {
		wait = time.Duration(*g) * time.Second
	}
	klog.InfoS("Killing container with a grace period", "pod", klog.KObj(pod), "gracePeriod", wait)
	time.AfterFunc(wait, func() {
		zero := int64(0)
		err := r.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &pod.UID},
		})
		if err != nil && !apierrors.IsNotFound(err) {
			klog.ErrorS(err, "Failed to delete pod", "pod", klog.KObj(pod))
			// The informer's resync brings it back.
			r.mu.Lock()
			delete(r.ending, pod.UID)
			r.mu.Unlock()
		}
	})
}

func (r *podRunner) begin(ctx context.Context, pod *corev1.Pod) {
	pod = pod.DeepCopy()
	now := metav1.Now()
	s := &pod.Status
	s.Phase = corev1.PodRunning
	s.HostIP = r.address
	s.HostIPs = []corev1.HostIP{{IP: r.address}}
	s.PodIP = r.ip(ctx, pod)
	s.PodIPs = []corev1.PodIP{{IP: s.PodIP}}
	s.StartTime = &now
	s.ContainerStatuses = nil
	for _, c := range pod.Spec.Containers {
		yes := true
		s.ContainerStatuses = append(s.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: true, Started: &yes,
			ContainerID: "containerd://" + string(pod.UID) + "-" + c.Name,
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	r.setReady(ctx, pod)
}

// setReady writes the status of a pod with all its conditions true.
func (r *podRunner) setReady(ctx context.Context, pod *corev1.Pod) {
	for _, t := range []corev1.PodConditionType{
		corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady,
	} {
		setPodCondition(&pod.Status, t, metav1.Now())
	}
	_, err := r.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	switch {
	case err == nil:
		klog.InfoS("Pod is running on paper", "pod", klog.KObj(pod))
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		// Somebody was faster; the next event shows what is true now.
	default:
		klog.ErrorS(err, "Failed to update status for pod", "pod", klog.KObj(pod))
	}
}

func setPodCondition(s *corev1.PodStatus, t corev1.PodConditionType, now metav1.Time) {
	c := corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: now}
	for i := range s.Conditions {
		if s.Conditions[i].Type == t {
			s.Conditions[i] = c
			return
		}
	}
	s.Conditions = append(s.Conditions, c)
}

// ip hands out addresses of the node's pod range. Pods of the host's network have the host's.
func (r *podRunner) ip(ctx context.Context, pod *corev1.Pod) string {
	if pod.Spec.HostNetwork {
		return r.address
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if ip, ok := r.ips[pod.UID]; ok {
		return ip
	}
	prefix := "10.233.64."
	if node, err := r.client.CoreV1().Nodes().Get(ctx, r.node, metav1.GetOptions{}); err == nil && node.Spec.PodCIDR != "" {
		prefix = node.Spec.PodCIDR[:strings.LastIndexByte(node.Spec.PodCIDR, '.')+1]
	}
	r.nextIP++
	if r.nextIP > 250 {
		r.nextIP = 3
	}
	r.ips[pod.UID] = fmt.Sprintf("%s%d", prefix, r.nextIP)
	return r.ips[pod.UID]
}

// mirror keeps one pod in the API for each manifest on the node, so that static pods show.
func (r *podRunner) mirror(ctx context.Context) {
	if !r.lister.HasSynced() {
		return
	}
	wanted := map[string]*corev1.Pod{}
	files, _ := filepath.Glob(filepath.Join(manifestDir, "*.y*ml"))
	for _, file := range files {
		pod, err := r.staticPod(file)
		if err != nil {
			klog.ErrorS(err, "Could not process manifest file", "path", file)
			continue
		}
		wanted[pod.Name] = pod
	}
	for _, o := range r.lister.GetStore().List() {
		have := o.(*corev1.Pod)
		hash, static := have.Annotations[corev1.MirrorPodAnnotationKey]
		if !static {
			continue
		}
		want, ok := wanted[have.Name]
		if ok && want.Annotations[corev1.MirrorPodAnnotationKey] == hash {
			delete(wanted, have.Name)
			continue
		}
		zero := int64(0)
		r.client.CoreV1().Pods(have.Namespace).Delete(ctx, have.Name, metav1.DeleteOptions{GracePeriodSeconds: &zero})
	}
	if len(wanted) == 0 {
		return
	}
	node, err := r.client.CoreV1().Nodes().Get(ctx, r.node, metav1.GetOptions{})
	if err != nil {
		return // reportStatus has said so already
	}
	yes := true
	for _, pod := range wanted {
		// Only a pod owned by the node is taken from a node.
		pod.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID, Controller: &yes},
		}
		_, err := r.client.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			klog.ErrorS(err, "Failed creating a mirror pod", "pod", klog.KObj(pod))
		}
	}
}

func (r *podRunner) staticPod(file string) (*corev1.Pod, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict(b, &pod); err != nil {
		return nil, err
	}
	if pod.Name == "" {
		return nil, fmt.Errorf("no name")
	}
	h := fnv.New64a()
	h.Write(b)
	if pod.Namespace == "" {
		pod.Namespace = metav1.NamespaceSystem
	}
	pod.Name += "-" + r.node
	pod.Annotations = map[string]string{
		corev1.MirrorPodAnnotationKey: fmt.Sprintf("%x", h.Sum64()),
		"kubernetes.io/config.source": "file",
		"kubernetes.io/config.hash":   fmt.Sprintf("%x", h.Sum64()),
		"kubernetes.io/config.seen":   "at start",
	}
	pod.Spec.NodeName = r.node
	return &pod, nil
}
