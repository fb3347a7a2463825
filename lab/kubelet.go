package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// The lab's kubelet does what the control plane can see of one: it registers its node, reports
// versions and conditions, renews its lease and moves pods through their phases. It runs nothing.
//
// What it reads, it reads as the real one does: kubelet.conf once at start, the server by the name
// written there, through the node's own /etc/hosts. So it fails for the reasons the real one fails.
type kubelet struct {
	name    string
	client  kubernetes.Interface
	info    corev1.NodeSystemInfo
	address string
	pods    *podRunner
}

const (
	kubeletConf    = "/etc/kubernetes/kubelet.conf"
	statusInterval = 2 * time.Second
	statusRetries  = 5
)

func kubeletMain(args []string) int {
	if len(args) < 1 {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	k, err := newKubelet(args[0])
	if err != nil {
		klog.ErrorS(err, "command failed")
		return 1
	}
	klog.InfoS("Starting kubelet", "kubeletVersion", k.info.KubeletVersion, "node", k.name)
	k.run(ctx)
	return 0
}

func newKubelet(name string) (*kubelet, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeletConf)
	if err != nil {
		return nil, fmt.Errorf("failed to run Kubelet: unable to load kubeconfig %s: %w", kubeletConf, err)
	}
	klog.InfoS("Using kubeconfig", "path", kubeletConf, "server", config.Host)
	config.UserAgent = "kubelet/lab"
	config.Timeout = 5 * time.Second
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("failed to run Kubelet: %w", err)
	}
	// A watch lasts longer than a request may.
	config.Timeout = 0
	watcher, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("failed to run Kubelet: %w", err)
	}
	k := &kubelet{name: name, client: client, address: hostAddress(name)}
	k.info = nodeInfo()
	k.pods = newPodRunner(name, k.address, client, watcher)
	return k, nil
}

func (k *kubelet) run(ctx context.Context) {
	go k.pods.run(ctx)
	go every(ctx, statusInterval, k.renewLease)
	every(ctx, statusInterval, k.reportStatus)
}

func every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// nodeInfo asks the programs on the node what they are, as inventory tools do. The answers stand
// until the next start: a kubelet that was replaced but not restarted still reports the old version.
func nodeInfo() corev1.NodeSystemInfo {
	var uts syscall.Utsname
	syscall.Uname(&uts)
	return corev1.NodeSystemInfo{
		MachineID:               firstLine("/etc/machine-id"),
		SystemUUID:              firstLine("/etc/machine-id"),
		BootID:                  bootID(),
		KernelVersion:           firstLine(bootedKernel),
		OSImage:                 prettyName(),
		OperatingSystem:         "linux",
		Architecture:            "amd64",
		ContainerRuntimeVersion: "containerd://" + lastVersion("/usr/local/bin/containerd"),
		KubeletVersion:          "v" + lastVersion("/usr/local/bin/kubelet"),
	}
}

// lastVersion runs a program with --version and takes the word that looks like one.
func lastVersion(program string) string {
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		klog.ErrorS(err, "Failed to get the version", "program", program)
		return "0.0.0"
	}
	return versionIn(string(out))
}

func versionIn(s string) string {
	for _, word := range strings.Fields(s) {
		word = strings.TrimPrefix(word, "v")
		if strings.Count(word, ".") >= 2 && word[0] >= '0' && word[0] <= '9' {
			return word
		}
	}
	return "0.0.0"
}

func firstLine(path string) string {
	b, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}

// hostAddress reads the node's own address from its /etc/hosts.
func hostAddress(name string) string {
	b, _ := os.ReadFile("/etc/hosts")
	for _, line := range strings.Split(string(b), "\n") {
		fields := strings.Fields(line)
		for i, f := range fields {
			if i > 0 && f == name {
				return fields[0]
			}
		}
	}
	return "127.0.0.1"
}

func (k *kubelet) reportStatus(ctx context.Context) {
	for i := 0; i < statusRetries; i++ {
		err := k.tryStatus(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			return
		}
		klog.ErrorS(err, "Error updating node status, will retry")
	}
	klog.ErrorS(fmt.Errorf("update node status exceeds retry count"), "Unable to update node status")
}

func (k *kubelet) tryStatus(ctx context.Context) error {
	node, err := k.client.CoreV1().Nodes().Get(ctx, k.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return k.register(ctx)
	}
	if err != nil {
		return fmt.Errorf("error getting node %q: %w", k.name, err)
	}
	old := node.DeepCopy()
	k.fill(&node.Status, old.Status.Conditions)
	if _, err := k.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("failed to patch status for node %q: %w", k.name, err)
	}
	return nil
}

func (k *kubelet) register(ctx context.Context) error {
	klog.InfoS("Attempting to register node", "node", k.name)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: k.name,
		Labels: map[string]string{
			corev1.LabelHostname: k.name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
			"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64",
		},
		Annotations: map[string]string{"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
	}}
	k.fill(&node.Status, nil)
	if _, err := k.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		klog.ErrorS(err, "Unable to register node with API server", "node", k.name)
		return err
	}
	klog.InfoS("Successfully registered node", "node", k.name)
	return nil
}

func (k *kubelet) fill(s *corev1.NodeStatus, old []corev1.NodeCondition) {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("4"),
		corev1.ResourceMemory:           resource.MustParse("8Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
		corev1.ResourcePods:             resource.MustParse("110"),
	}
	s.Capacity, s.Allocatable = capacity, capacity
	s.NodeInfo = k.info
	s.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: k.address},
		{Type: corev1.NodeHostName, Address: k.name},
	}
	s.DaemonEndpoints.KubeletEndpoint.Port = 10250
	now := metav1.Now()
	s.Conditions = nil
	for _, c := range k.conditions() {
		c.LastHeartbeatTime, c.LastTransitionTime = now, now
		for _, o := range old {
			if o.Type == c.Type && o.Status == c.Status {
				c.LastTransitionTime = o.LastTransitionTime
			}
		}
		s.Conditions = append(s.Conditions, c)
	}
}

func (k *kubelet) conditions() []corev1.NodeCondition {
	ready := corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue,
		Reason: "KubeletReady", Message: "kubelet is posting ready status",
	}
	if _, err := os.Stat(runtimeSocket); err != nil {
		ready.Status, ready.Reason, ready.Message = corev1.ConditionFalse, "KubeletNotReady", "container runtime is down"
	}
	good := func(t corev1.NodeConditionType, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: t, Status: corev1.ConditionFalse, Reason: reason, Message: message}
	}
	return []corev1.NodeCondition{
		good(corev1.NodeMemoryPressure, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
		good(corev1.NodeDiskPressure, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
		good(corev1.NodePIDPressure, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
		ready,
	}
}

func (k *kubelet) renewLease(ctx context.Context) {
	if err := k.tryLease(ctx); err != nil && ctx.Err() == nil {
		klog.ErrorS(err, "Failed to update lease, will retry", "interval", statusInterval)
	}
}

func (k *kubelet) tryLease(ctx context.Context) error {
	leases := k.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	seconds := int32(8)
	now := metav1.NowMicro()
	lease, err := leases.Get(ctx, k.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		lease = &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: k.name, Namespace: corev1.NamespaceNodeLease},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &k.name, LeaseDurationSeconds: &seconds, RenewTime: &now},
		}
		_, err = leases.Create(ctx, lease, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	lease.Spec.RenewTime = &now
	_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}
