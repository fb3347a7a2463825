package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What a real node has of its own below /opt/spraydeck-lab.
const (
	realUnits     = "/opt/spraydeck-lab/units"
	realImages    = "/opt/spraydeck-lab/images.tar"
	kubeletConfig = "/var/lib/kubelet/config.yaml"
	cniPlugins    = "/usr/lib/cni"
)

// unitScript is what starts a unit of a real node. A paper node has none.
func unitScript(unit string) string { return filepath.Join(realUnits, unit) }

// isReal reports whether this process is on a real node.
func isReal() bool { return exists(realUnits) }

// tunables are the kernel's settings that a kubelet writes where they are others. They belong to the whole machine, so the
// node sees files in their place.
var tunables = map[string]string{
	"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
	"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
}

// mountReal mounts below root what only a real node has, while the host can still be seen.
func mountReal(l Lab, root string) error {
	if err := bind(l.path("images.tar"), filepath.Join(root, realImages), true); err != nil {
		return err
	}
	if err := unix.Mount("sysfs", filepath.Join(root, "sys"), "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /sys: %w", err)
	}
	if err := unix.Mount("/sys/fs/cgroup", filepath.Join(root, "sys/fs/cgroup"), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount /sys/fs/cgroup: %w", err)
	}
	return nil
}

// becomeReal does the rest from inside the node: its network, its control group, its kernel settings.
func becomeReal(l Lab, name string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil { // volumes travel from the kubelet to containers
		return fmt.Errorf("make mounts shared: %w", err)
	}
	for file, value := range tunables {
		to := filepath.Join("/proc/sys", file)
		if !exists(to) {
			continue
		}
		own := filepath.Join("/run/spraydeck-lab/sys", file)
		if err := writeFile(own, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := bind(own, to, false); err != nil {
			return err
		}
	}
	if err := makeCgroups(cgroupName(l) + "/" + name); err != nil {
		return err
	}
	return realNetwork(name)
}

// realNetwork waits for the cable, and sets addresses and routes: to the operator, and to the pods of the other nodes.
func realNetwork(name string) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		if _, err := net.InterfaceByName("eth0"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no eth0 after 20 s")
		}
		time.Sleep(20 * time.Millisecond)
	}
	own := int(name[len(name)-1] - '0')
	steps := [][]string{
		{"link", "set", "lo", "up"}, {"addr", "add", realAddress(own) + "/24", "dev", "eth0"},
		{"link", "set", "eth0", "up"}, {"route", "add", "default", "via", realGateway},
	}
	for i := 1; i <= 3; i++ {
		if i != own {
			steps = append(steps, []string{"route", "add", realPods(i), "via", realAddress(i)})
		}
	}
	for _, s := range steps {
		if err := ip(s...); err != nil {
			return err
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

// unmountBelow takes away what programs mounted in these directories: a machine that starts again has none of it.
func unmountBelow(dirs ...string) error {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(b)) {
		point := strings.Fields(line)[4]
		if slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(point, d) }) && !strings.HasPrefix(point, "/run/spraydeck-lab/") {
			points = append(points, point)
		}
	}
	for _, p := range slices.Backward(points) {
		if err := unix.Unmount(p, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", p, err)
		}
	}
	return nil
}

// prepareReal writes what a real node has beside its operating system: programs, units, and the configuration of containerd,
// of the network and of kubeadm.
func prepareReal(l Lab, o realOptions, c cluster, n Node, key []byte) (nodeKeys, error) {
	keys, err := prepareMachine(l, c, n, key)
	if err != nil {
		return keys, err
	}
	bin := func(name string) string { return l.path("nodes", n.Name, "local-bin", name) }
	if err := writeStandins(l, c, n); err != nil {
		return keys, err
	}
	for _, name := range []string{"kubelet", "kubeadm", "kubectl"} {
		program := nodefile("real-program", "@PROGRAM@", name)
		if err := writeFile(l.rootfs(n.Name, "opt/spraydeck-lab/mirror", name), program, 0o644); err != nil {
			return keys, err
		}
		if err := writeFile(bin(name), []byte(strings.ReplaceAll(string(program), "@VERSION@", c.at.Kube.Default)), 0o755); err != nil {
			return keys, err
		}
	}
	for _, name := range []string{"crictl", "systemctl", "reboot", "shutdown"} {
		if err := os.Symlink(labInside, bin(name)); err != nil {
			return keys, err
		}
	}
	number := int(n.Name[len(n.Name)-1] - '0')
	fill := []string{
		"@NAME@", n.Name, "@ADDRESS@", n.Address, "@VERSION@", o.from, "@PODS@", realPods(number), "@SERVICES@", realServices,
		"@CGROUP@", "/" + cgroupName(l) + "/" + n.Name, "@ENDPOINT@", realAddress(1) + ":6443", "@PLUGINS@", cniPlugins, "@REPOSITORY@", realRepository,
		"@PAUSE@", realPause,
	}
	kubeadm := "real-kubeadm-join.yaml"
	if n.ControlPlane {
		kubeadm = "real-kubeadm-init.yaml"
	}
	for _, f := range []struct {
		to, from string
		mode     os.FileMode
	}{
		{"etc/containerd/config.toml", "real-containerd.toml", 0o644},
		{"etc/cni/net.d/10-lab.conflist", "real-cni.json", 0o644},
		{"etc/spraydeck-lab/kubeadm.yaml", kubeadm, 0o600},
		{"opt/spraydeck-lab/units/kubelet", "real-unit-kubelet", 0o755},
		{"opt/spraydeck-lab/units/containerd", "real-unit-containerd", 0o755},
		{"opt/spraydeck-lab/shell", "shell", 0o755},
	} {
		if err := writeFile(l.rootfs(n.Name, f.to), nodefile(f.from, fill...), f.mode); err != nil {
			return keys, err
		}
	}
	for _, name := range []string{"sudo", "journalctl"} {
		if err := writeFile(bin(name), nodefile(name), 0o755); err != nil {
			return keys, err
		}
	}
	return keys, writeFile(l.rootfs(n.Name, realImages), nil, 0o644) // the images are mounted over it
}
