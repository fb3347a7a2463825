package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// realBootTimeout is far more than a boot takes: a CI machine may be busy compiling.
const realBootTimeout = 10 * time.Minute

// upReal boots a cluster of real nodes, as kubeadm makes one. Whatever fails, nothing it started is left behind.
func upReal(ctx context.Context, l Lab, o realOptions, flags *pflag.FlagSet, stdout, stderr io.Writer) (err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, realBootTimeout)
	defer cancel()
	if err := o.fill(flags); err != nil {
		return err
	}
	c := o.cluster()
	release, err := claim(l, stderr)
	if err != nil {
		return err
	}
	defer release()
	if err := preflightReal(c.nodes); err != nil {
		return err
	}
	d := &daemons{lab: l, failed: make(chan error, 1), state: State{
		Format: 1, BootID: bootID(), Nodes: o.nodes, From: o.from, To: o.to, Real: true,
	}}
	if err := l.save(d.state); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.state.end(), endReal(l, d.state))
		}
	}()
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(stderr, "lab: %3.0fs "+format+"\n", append([]any{time.Since(begun).Seconds()}, args...)...)
	}
	say("writing keys, nodes and images of %s and %s below %s", o.from, o.to, l.Dir)
	if err := prepareRealLab(l, o, c); err != nil {
		return err
	}
	say("starting %d nodes: containerd, then kubeadm init of %s", o.nodes, o.from)
	if err := d.startReal(c); err != nil {
		return err
	}
	if err := bringUp(ctx, d, c, say); err != nil {
		return err
	}
	say("all nodes are Ready and all pods run")
	d.state.Ready = true
	if err := l.save(d.state); err != nil {
		return err
	}
	return writePlaces(l, [][3]string{
		{"LAB_DIR", "directory", l.Dir},
		{"KUBECONFIG", "kubeconfig", l.adminConf()},
		{"LAB_SSH_CONFIG", "ssh_config", l.path("ssh_config")},
		{"LAB_SSH_KEY", "ssh key", l.path("id_ed25519")},
		{"LAB_KNOWN_HOSTS", "known_hosts", l.path("known_hosts")},
		{"ANSIBLE_SSH_COMMON_ARGS", "ssh options", "-F " + l.path("ssh_config")},
	}, stdout)
}

func prepareRealLab(l Lab, o realOptions, c cluster) error {
	for _, dir := range []string{"bin", "logs"} {
		if err := os.MkdirAll(l.path(dir), 0o755); err != nil {
			return err
		}
	}
	if err := copyBinary(l.binary()); err != nil {
		return err
	}
	if err := writeImages(l, realImageList(o.from, o.to)); err != nil {
		return err
	}
	return prepareSSH(l, c.nodes, func(n Node, key []byte) (nodeKeys, error) { return prepareReal(l, o, c, n, key) })
}

// startReal makes the bridge, starts the first process of every node, and connects each.
func (d *daemons) startReal(c cluster) error {
	for _, args := range [][]string{
		{"link", "add", realBridge, "type", "bridge"}, {"addr", "add", realGateway + "/24", "dev", realBridge}, {"link", "set", realBridge, "up"},
	} {
		if err := ip(args...); err != nil {
			return err
		}
	}
	for _, n := range c.nodes {
		attr := namespaces()
		attr.Cloneflags |= syscall.CLONE_NEWNET
		if err := d.start(n.Name, d.lab.path("logs", n.Name+".log"), attr, "node", d.lab.Dir, n.Name); err != nil {
			return err
		}
		pid := d.state.Processes[len(d.state.Processes)-1].PID
		cable := cableOf(n.Name)
		if err := ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", fmt.Sprint(pid)); err != nil {
			return err
		}
		if err := ip("link", "set", cable, "master", realBridge, "up"); err != nil {
			return err
		}
	}
	return nil
}

// on runs a line on a node, over SSH, with what it printed in a log.
func (l Lab) on(ctx context.Context, n Node, line string) error {
	cmd := exec.CommandContext(ctx, "ssh", "-F", l.path("ssh_config"), "-o", "ConnectTimeout=5", n.Name, line)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	log, opened := os.OpenFile(l.path("logs", "boot-"+n.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if opened == nil {
		fmt.Fprintf(log, "$ %s\n%s\n", line, out.Bytes())
		log.Close()
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w\n%s", n.Name, line, err, logTail(log.Name(), 12))
	}
	return nil
}

// everyNode does something on all nodes at once.
func everyNode(nodes []Node, do func(n Node) error) error {
	failed := make([]error, len(nodes))
	var wait sync.WaitGroup
	for i, n := range nodes {
		wait.Go(func() { failed[i] = do(n) })
	}
	wait.Wait()
	return errors.Join(failed...)
}

// bringUp brings the cluster from running nodes to Ready ones, as an engineer would with kubeadm.
func bringUp(ctx context.Context, d *daemons, c cluster, say func(string, ...any)) error {
	l, first := d.lab, c.nodes[0]
	imported := func(n Node) error {
		if err := d.until(ctx, n.Name+" answers", func() error { return l.on(ctx, n, "ctr version >/dev/null") }); err != nil {
			return err
		}
		return l.on(ctx, n, "ctr -n k8s.io images import "+realImages+" >/dev/null")
	}
	workers := make(chan error, 1)
	go func() { workers <- everyNode(c.nodes[1:], imported) }()
	if err := imported(first); err != nil {
		return err
	}
	say("images are imported")
	if err := l.on(ctx, first, "kubeadm init --config /etc/spraydeck-lab/kubeadm.yaml"); err != nil {
		return err
	}
	conf, err := os.ReadFile(l.rootfs(first.Name, "etc/kubernetes/admin.conf"))
	if err != nil {
		return err
	}
	for _, path := range []string{l.adminConf(), l.rootfs(first.Name, "root/.kube/config")} {
		if err := writeFile(path, conf, 0o600); err != nil {
			return err
		}
	}
	say("the control plane is up, the other nodes join")
	if err := <-workers; err != nil {
		return err
	}
	if err := everyNode(c.nodes[1:], func(n Node) error { return l.on(ctx, n, "kubeadm join --config /etc/spraydeck-lab/kubeadm.yaml") }); err != nil {
		return err
	}
	if err := kubectlApply(l, "real.yaml"); err != nil {
		return err
	}
	client, err := adminClient(l)
	if err != nil {
		return err
	}
	return d.until(ctx, "all nodes are Ready and all pods run", func() error { return settledReal(ctx, client, c.nodes) })
}

// settledReal is nil when every node is Ready and every pod is ready or has ended well.
func settledReal(ctx context.Context, client kubernetes.Interface, nodes []Node) error {
	for _, n := range nodes {
		node, err := client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !ready(node) {
			return fmt.Errorf("%s is not Ready", n.Name)
		}
	}
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	shop := 0
	for _, p := range pods.Items {
		if p.Status.Phase != corev1.PodSucceeded && !podReady(&p) {
			return fmt.Errorf("pod %s/%s is %s and not Ready", p.Namespace, p.Name, p.Status.Phase)
		}
		if p.Namespace == "shop" {
			shop++
		}
	}
	if shop < 3 {
		return fmt.Errorf("%d pods of the workload", shop)
	}
	return nil
}
