package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// bootTimeout is far more than the ten seconds it takes: a CI machine may be busy compiling.
const bootTimeout = 4 * time.Minute

// up boots a lab: files first, then processes, and returns when the cluster is Ready. Whatever
// fails, nothing it started is left behind.
func up(ctx context.Context, l Lab, c cluster, stdout, stderr io.Writer) (err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	count := len(c.nodes)
	if count < 1 || count > 8 {
		return errors.New("--nodes: the lab has 1 to 8")
	}
	if err := checkFaults(c.faults, count); err != nil {
		return err
	}
	if err := c.own.check(c.at); err != nil {
		return err
	}
	release, err := claim(l, stderr)
	if err != nil {
		return err
	}
	defer release()
	if err := preflight(c); err != nil {
		return err
	}
	d := &daemons{lab: l, failed: make(chan error, 1), state: State{
		Format: 1, BootID: bootID(), Nodes: count, From: c.at.Tag, With: c.own, Faults: slices.Clone(c.faults),
	}}
	if err := l.save(d.state); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.state.end())
		}
	}()
	say := func(format string, args ...any) { fmt.Fprintf(stderr, "lab: "+format+"\n", args...) }

	say("writing keys, nodes and the checkout below %s", l.Dir)
	if err := prepare(l, c); err != nil {
		return err
	}
	say("starting the control plane (Kubernetes %s, whatever the nodes report), %d nodes of %s at v%s", controlPlaneVersion, count, c.at.Tag, c.at.Kube.Default)
	if err := d.startAll(c); err != nil {
		return err
	}
	checkout := make(chan error, 1)
	go func() { checkout <- writeCheckout(l, c.nodes, c.at, c.own) }()
	if err := d.waitFor(ctx, c, say); err != nil {
		return err
	}
	if err := <-checkout; err != nil {
		return err
	}
	for _, f := range c.faults {
		if f == faultDeadVIP {
			continue // it lies in the nodes' files
		}
		if err := applyFault(l, f, true, ""); err != nil {
			return err
		}
	}
	d.state.Ready = true
	if err := l.save(d.state); err != nil {
		return err
	}
	return announce(l, c, stdout)
}

// claim takes the directory: an empty or new one, or one that holds a lab, whose processes are
// ended and whose files are removed first.
func claim(l Lab, stderr io.Writer) (release func(), err error) {
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return nil, err
	}
	s, err := l.load()
	switch {
	case err == nil:
		release, err = l.lock()
		if err != nil {
			return nil, err
		}
		if err := errors.Join(s.end(), endReal(l, s)); err != nil {
			release()
			return nil, err
		}
		fmt.Fprintf(stderr, "lab: replacing the earlier lab in %s\n", l.Dir)
		return release, clean(l)
	case os.IsNotExist(err):
		entries, err := os.ReadDir(l.Dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Name() != "lock" {
				return nil, fmt.Errorf("%s is not empty and holds no lab: choose another --dir", l.Dir)
			}
		}
		return l.lock()
	}
	return nil, err
}

// ours are the names in D that the lab makes; nothing else is ever removed.
var ours = []string{
	"admin.conf", "bin", "env", "etcd", "facts", "id_ed25519", "id_ed25519.pub", "images.tar", "known_hosts", "kubectl-cache",
	"kubespray", "kubespray.git", "lab.json", "lab.json.new", "logs", "nodes", "pki", "ssh", "ssh_config",
}

func clean(l Lab) error {
	for _, name := range ours {
		if err := os.RemoveAll(l.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// prepare writes what the processes read.
func prepare(l Lab, c cluster) error {
	for _, dir := range []string{"bin", "facts", "logs", "pki"} {
		if err := os.MkdirAll(l.path(dir), 0o755); err != nil {
			return err
		}
	}
	// A copy, since `go run` removes its binary and a rebuild replaces it, under running nodes.
	if err := copyBinary(l.binary()); err != nil {
		return err
	}
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	if err := writePKI(l, ca); err != nil {
		return err
	}
	return prepareSSH(l, c.nodes, func(n Node, key []byte) (nodeKeys, error) { return prepareNode(l, ca, c, n, key) })
}

// prepareSSH writes the keys and the configuration by which an operator reaches the nodes, and the nodes themselves.
func prepareSSH(l Lab, nodes []Node, prepare func(n Node, key []byte) (nodeKeys, error)) error {
	private, public, err := sshKey("spraydeck-lab")
	if err != nil {
		return err
	}
	if err := writeFile(l.path("id_ed25519"), private, 0o600); err != nil {
		return err
	}
	if err := writeFile(l.path("id_ed25519.pub"), append(public, '\n'), 0o644); err != nil {
		return err
	}
	var known strings.Builder
	for _, n := range nodes {
		keys, err := prepare(n, public)
		if err != nil {
			return err
		}
		fmt.Fprintf(&known, "[%s]:%d,[%s]:%d %s\n", n.Address, sshPort, n.Name, sshPort, keys.hostKey)
	}
	if err := writeFile(l.path("known_hosts"), []byte(known.String()), 0o644); err != nil {
		return err
	}
	return writeFile(l.path("ssh_config"), []byte(sshConfig(l, nodes)), 0o644)
}

func copyBinary(to string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// sshConfig knows each node by name and by address, since Ansible dials the latter.
func sshConfig(l Lab, nodes []Node) string {
	var b strings.Builder
	for _, n := range nodes {
		fmt.Fprintf(&b, `Host %s %s
  HostName %s
  Port %d
  User root
  IdentityFile "%s"
  IdentitiesOnly yes
  UserKnownHostsFile "%s"
  StrictHostKeyChecking yes

`, n.Name, n.Address, n.Address, sshPort, l.path("id_ed25519"), l.path("known_hosts"))
	}
	return b.String()
}

func (d *daemons) startAll(c cluster) error {
	l := d.lab
	dir := l.Dir
	log := func(name string) string { return l.path("logs", name+".log") }
	if err := d.start("control-plane", log("control-plane"), syscall.SysProcAttr{}, "control-plane", dir); err != nil {
		return err
	}
	if c.vip() {
		if err := d.start("vip", log("vip"), syscall.SysProcAttr{}, "vip", dir); err != nil {
			return err
		}
	}
	return nil
}

// waitFor brings the cluster from nothing to Ready, or stops at the first process that ends.
func (d *daemons) waitFor(ctx context.Context, c cluster, say func(string, ...any)) error {
	l, nodes := d.lab, c.nodes
	client, err := adminClient(l)
	if err != nil {
		return err
	}
	if err := d.until(ctx, "the API server answers", func() error {
		return client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}); err != nil {
		return fmt.Errorf("%w\n%s", err, logTail(l.path("logs", "control-plane.log"), 12))
	}
	// These retry for long before they notice an API server that came late, so they come after it.
	for _, part := range []string{"kube-controller-manager", "kube-scheduler"} {
		if err := d.start(part, l.path("logs", part+".log"), syscall.SysProcAttr{}, part, l.Dir); err != nil {
			return err
		}
	}
	for _, n := range nodes {
		if err := d.start(n.Name, l.path("logs", n.Name+".log"), namespaces(), "node", l.Dir, n.Name); err != nil {
			return err
		}
	}
	say("applying the workload")
	pool := "pool.yaml"
	if c.own.has(ownIPIP) {
		pool = "pool-ipip.yaml"
	}
	if err := kubectlApply(l, "crd.yaml"); err != nil {
		return err
	}
	if err := d.until(ctx, "the pool is accepted", func() error { return kubectlApply(l, pool) }); err != nil {
		return err
	}
	manifests := []string{"workload.yaml", "pdb.yaml"}
	if c.own.has(ownKubeadm) {
		manifests = append(manifests, "kubeadm.yaml")
	}
	if err := kubectlApply(l, manifests...); err != nil {
		return err
	}
	if err := d.until(ctx, "the nodes are labelled", func() error { return label(ctx, client, nodes) }); err != nil {
		return err
	}
	return d.until(ctx, "all nodes are Ready and all pods run", func() error { return settled(ctx, client, nodes) })
}

// until repeats a check, and gives up when the time is over or a daemon ended.
func (d *daemons) until(ctx context.Context, what string, check func() error) error {
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case failed := <-d.failed:
			return failed
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting until %s: %w", what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func adminClient(l Lab) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", l.adminConf())
	if err != nil {
		return nil, err
	}
	config.Timeout = 5 * time.Second
	config.WarningHandler = rest.NoWarnings{}
	return kubernetes.NewForConfig(config)
}

// label marks the control planes. A kubelet may not do that itself.
func label(ctx context.Context, client kubernetes.Interface, nodes []Node) error {
	for _, n := range nodes {
		if !n.ControlPlane {
			continue
		}
		patch := `{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}`
		_, err := client.CoreV1().Nodes().Patch(ctx, n.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
		if err != nil {
			return err
		}
	}
	return nil
}

// settled is nil when every node is Ready and every pod runs and is ready.
func settled(ctx context.Context, client kubernetes.Interface, nodes []Node) error {
	for _, n := range nodes {
		node, err := client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !ready(node) {
			return fmt.Errorf("%s is not Ready", n.Name)
		}
	}
	if _, err := client.AppsV1().StatefulSets("monitoring").Get(ctx, "prometheus", metav1.GetOptions{}); err != nil {
		if apierrors.IsNotFound(err) {
			return errors.New("the workload is not there")
		}
		return err
	}
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(pods.Items) < 20 && len(nodes) >= 3 {
		return fmt.Errorf("only %d pods yet", len(pods.Items))
	}
	static := map[string]int{} // of each node, those whose containers run
	for _, p := range pods.Items {
		if p.Annotations[corev1.MirrorPodAnnotationKey] != "" && len(p.Status.ContainerStatuses) > 0 {
			static[p.Spec.NodeName]++
		}
		if p.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("pod %s/%s is %s", p.Namespace, p.Name, p.Status.Phase)
		}
		if !podReady(&p) {
			return fmt.Errorf("pod %s/%s is not Ready", p.Namespace, p.Name)
		}
	}
	for _, n := range nodes {
		if n.ControlPlane && static[n.Name] < 3 {
			return fmt.Errorf("%s has %d of the 3 static pods of a control plane", n.Name, static[n.Name])
		}
	}
	return nil
}

func ready(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// announce writes D/env and prints the same places for a person.
func announce(l Lab, c cluster, w io.Writer) error {
	inventory, _ := c.at.inventory(l, c.nodes)
	places := [][3]string{
		{"LAB_DIR", "directory", l.Dir},
		{"KUBECONFIG", "kubeconfig", l.adminConf()},
		{"LAB_CHECKOUT", "checkout", l.checkout()},
		{"LAB_INVENTORY", "inventory", filepath.Join(l.checkout(), "inventory/mycluster", inventory)},
		{"LAB_SSH_CONFIG", "ssh_config", l.path("ssh_config")},
		{"LAB_SSH_KEY", "ssh key", l.path("id_ed25519")},
		{"LAB_KNOWN_HOSTS", "known_hosts", l.path("known_hosts")},
		// For inventories that say nothing of how a node is reached, such as the inventory builder's.
		{"ANSIBLE_SSH_COMMON_ARGS", "ssh options", "-F " + l.path("ssh_config")},
	}
	return writePlaces(l, places, w)
}

func writePlaces(l Lab, places [][3]string, w io.Writer) error {
	var env strings.Builder
	for _, p := range places {
		fmt.Fprintf(&env, "export %s=%s\n", p[0], shellQuote(p[2]))
		fmt.Fprintf(w, "%-12s %s\n", p[1], p[2])
	}
	fmt.Fprintf(w, "%-12s %s\n", "env", l.path("env"))
	return writeFile(l.path("env"), []byte(env.String()), 0o644)
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// down ends a lab. The files stay, for reading logs; the next up removes them.
func down(l Lab, stderr io.Writer) error {
	s, err := l.load()
	if os.IsNotExist(err) {
		fmt.Fprintf(stderr, "lab: no lab in %s\n", l.Dir)
		return nil
	}
	if err != nil {
		return err
	}
	release, err := l.lock()
	if err != nil {
		return err
	}
	defer release()
	if err := errors.Join(s.end(), endReal(l, s)); err != nil {
		return err
	}
	s.Ready, s.Processes = false, nil
	return l.save(s)
}

// status prints one line per process and node; it fails when the lab is not whole.
func status(ctx context.Context, l Lab, w io.Writer) error {
	if ctx == nil {
		ctx = context.Background()
	}
	s, err := l.load()
	if err != nil {
		return fmt.Errorf("no lab in %s: %w", l.Dir, err)
	}
	if len(s.Processes) == 0 {
		return fmt.Errorf("the lab in %s is down", l.Dir)
	}
	whole := s.Ready
	for _, p := range s.Processes {
		word := "runs"
		if !s.alive(p) {
			word, whole = "ended", false
		}
		fmt.Fprintf(w, "%-24s %-6s pid %-8d %s\n", p.Name, word, p.PID, p.Log)
	}
	client, err := adminClient(l)
	if err != nil {
		return err
	}
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("the API server does not answer: %w", err)
	}
	for _, n := range list.Items {
		word := "Ready"
		if !ready(&n) {
			word, whole = "NotReady", false
		}
		if n.Spec.Unschedulable {
			word += ",SchedulingDisabled"
		}
		fmt.Fprintf(w, "%-24s %-28s %s\n", n.Name, word, n.Status.NodeInfo.KubeletVersion)
	}
	if len(s.Faults) > 0 {
		fmt.Fprintf(w, "%-24s %s\n", "faults", strings.Join(s.Faults, ", "))
	}
	if !whole {
		return errors.New("the lab is not whole")
	}
	return nil
}
