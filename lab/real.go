package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/util/version"
)

// The versions of a real cluster: where it begins, and what its packages offer beside that. Both are the same code, which
// says that it is one or the other; kubeadm, for one, takes another etcd for each.
const (
	realFrom = "v1.33.8"
	realTo   = "v1.34.4"
)

// The network of real nodes: a bridge on the operator's side, a network namespace a node, a bridge for the pods of each.
const (
	realBridge   = "spraydeck0"
	realGateway  = "10.77.0.1"
	realServices = "10.79.0.0/24"
	realMinimum  = "v1.32.0" // the oldest version whose etcd kubeadm v1.34 knows and whose kubelet it accepts
)

func realAddress(i int) string { return fmt.Sprintf("10.77.0.%d", 10+i) }
func realPods(i int) string    { return fmt.Sprintf("10.78.%d.0/24", i) }

// realOptions is what `up --real` was asked for.
type realOptions struct {
	nodes    int
	from, to string
	away     time.Duration
}

// fill gives the defaults of --real where a flag was not set, and refuses what is only of the paper lab.
func (o *realOptions) fill(flags *pflag.FlagSet) error {
	for _, name := range []string{"with", "fault"} {
		if flags.Changed(name) {
			return fmt.Errorf("--%s is of the paper lab, not of --real", name)
		}
	}
	if !flags.Changed("nodes") {
		o.nodes = 2
	}
	if !flags.Changed("from") {
		o.from = realFrom
	}
	if o.nodes < 1 || o.nodes > 3 {
		return errors.New("--nodes: a real lab has 1 to 3")
	}
	for _, v := range []string{o.from, o.to} {
		parsed, err := version.ParseSemantic(v)
		if err != nil {
			return fmt.Errorf("%s is not a version such as %s", v, realTo)
		}
		if !strings.HasPrefix(v, "v") || !parsed.AtLeast(version.MustParseSemantic(realMinimum)) || parsed.GreaterThan(version.MustParseSemantic(controlPlaneVersion)) {
			return fmt.Errorf("%s: a real lab has %s to %s, since its code is that of %s", v, realMinimum, controlPlaneVersion, controlPlaneVersion)
		}
	}
	return nil
}

// cluster gives the nodes: the first is the control plane.
func (o realOptions) cluster() cluster {
	c := cluster{away: o.away, at: release{Tag: "kubeadm"}}
	c.at.Kube.Default = strings.TrimPrefix(o.from, "v")
	for i := 1; i <= o.nodes; i++ {
		c.nodes = append(c.nodes, Node{Name: fmt.Sprintf("node%d", i), Address: realAddress(i), ControlPlane: i == 1})
	}
	return c
}

// preflightReal collects what is missing before anything is started, each with its cure.
func preflightReal(nodes []Node) error {
	if os.Getuid() != 0 {
		return errors.New("the lab needs root: its nodes are namespaces (run it with sudo, or in a privileged container)")
	}
	var missing []string
	for _, tool := range []struct{ path, install string }{
		{"/usr/sbin/sshd", "openssh-server"}, {"/usr/bin/ssh", "openssh-client"}, {"/usr/bin/containerd", "containerd"}, {"/usr/sbin/runc", "runc"},
		{cniPlugins + "/bridge", "containernetworking-plugins"}, {"/bin/busybox", "busybox-static"}, {"/usr/bin/openssl", "openssl"}, {"/usr/bin/curl", "curl"},
	} {
		if _, err := os.Stat(tool.path); err != nil {
			missing = append(missing, fmt.Sprintf("%s is not there: apt-get install %s", tool.path, tool.install))
		}
	}
	if _, err := exec.LookPath("ip"); err != nil {
		missing = append(missing, "ip is not on PATH: apt-get install iproute2")
	}
	if groups, err := hierarchies(); err != nil || len(groups) == 0 {
		missing = append(missing, "no control groups are mounted below /sys/fs/cgroup (ip netns exec hides them: use nsenter --net or unshare --net)")
	}
	if _, err := net.InterfaceByName(realBridge); err == nil {
		missing = append(missing, fmt.Sprintf("the bridge %s is there: is another real lab up? end it with down --dir, or: ip link del %s", realBridge, realBridge))
	}
	attr := namespaces()
	try := exec.Command("/bin/true")
	try.SysProcAttr = &unix.SysProcAttr{Cloneflags: attr.Cloneflags | unix.CLONE_NEWNET}
	if err := try.Run(); err != nil {
		missing = append(missing, fmt.Sprintf("namespaces are refused (%v): in a container give it --privileged", err))
	}
	if len(missing) > 0 {
		return fmt.Errorf("nothing was started:\n  %s", strings.Join(missing, "\n  "))
	}
	return nil
}

// ip runs the command of that name.
func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// cgroupName is the control group of this lab's nodes, in every hierarchy: one lab does not remove that of another.
func cgroupName(l Lab) string {
	h := fnv.New32a()
	h.Write([]byte(l.Dir))
	return fmt.Sprintf("spraydeck-lab-%08x", h.Sum32())
}

// cableOf is the operator's end of the cable to a node.
func cableOf(node string) string { return "sd-" + node }

// endReal removes what is left of real nodes once their processes are gone: the bridge, the cables and the control groups. Their
// mounts went with their namespaces; the kernel takes a network down some time after its last process, and the cable with it.
func endReal(l Lab, s State) error {
	if !s.Real {
		return nil
	}
	var failed []error
	devices := []string{realBridge}
	for i := range s.Nodes {
		devices = append(devices, cableOf(fmt.Sprintf("node%d", i+1)))
	}
	for _, name := range devices {
		if _, err := net.InterfaceByName(name); err != nil {
			continue
		}
		err := ip("link", "del", name)
		if _, left := net.InterfaceByName(name); left == nil { // else the kernel was faster
			failed = append(failed, err)
		}
	}
	return errors.Join(append(failed, removeCgroups(cgroupName(l)))...)
}
