package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// standins are the programs of a node that only act as the real ones would: each says so, keeps its state below labState,
// and refuses what the real one refuses.
var standins = map[string][]string{
	"apt-get":            {"apt-get", "apt"},
	"apt-mark":           {"apt-mark"},
	"dpkg":               {"dpkg", "dpkg-query"},
	"do-release-upgrade": {"do-release-upgrade"},
	"killall":            {"killall"},
	"screen":             {"screen"},
}

// labState is where the stand-ins of a node keep what they did.
const labState = "/var/lib/spraydeck-lab"

// kernelFirst is the kernel a node boots with until a release upgrade brings another.
const kernelFirst = "5.15.0-140-generic"

// writeStandins puts the stand-ins on a node's PATH, and the state they begin with.
func writeStandins(l Lab, c cluster, n Node) error {
	for file, names := range standins {
		for _, name := range names {
			if err := writeFile(l.path("nodes", n.Name, "local-bin", name), nodefile(file), 0o755); err != nil {
				return err
			}
		}
	}
	if n.Etcd {
		etcd := nodefile("etcd", "@VERSION@", c.at.component("etcd"))
		if err := writeFile(l.path("nodes", n.Name, "local-bin", "etcd"), etcd, 0o755); err != nil {
			return err
		}
	}
	version := c.at.Kube.Default
	minor := version[:strings.LastIndexByte(version, '.')]
	for name, text := range map[string]string{
		labState + "/holds":           "kubeadm\nkubelet\nkubectl\n",
		labState + "/updates":         "3\n",
		labState + "/kernel":          kernelFirst + "\n",
		labState + "/package-kubeadm": version + "\n",
		labState + "/package-kubelet": version + "\n",
		labState + "/package-kubectl": version + "\n",
		"/etc/apt/sources.list.d/kubernetes.list": fmt.Sprintf(
			"deb [signed-by=/etc/apt/keyrings/kubernetes.gpg] https://pkgs.k8s.io/core:/stable:/v%s/deb/ /\n", minor),
		"/etc/update-manager/release-upgrades": "[DEFAULT]\nPrompt=lts\n",
		"/etc/fstab":                           "",
	} {
		if err := writeFile(l.rootfs(n.Name, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if c.away > 0 {
		return writeFile(l.rootfs(n.Name, awayFile), []byte(c.away.String()), 0o644)
	}
	return nil
}

// awayFile says how long a restart of the node takes, where that is not rebootTime.
const awayFile = "/run/spraydeck-lab/away"

func rebootTakes() time.Duration {
	b, err := os.ReadFile(awayFile)
	if d, bad := time.ParseDuration(strings.TrimSpace(string(b))); err == nil && bad == nil {
		return d
	}
	return rebootTime
}

// bootedKernel is the kernel of this boot: what was installed when it began.
const bootedKernel = "/run/spraydeck-lab/kernel"

func bootKernel() error {
	b, err := os.ReadFile(filepath.Join(labState, "kernel"))
	if err != nil {
		return err
	}
	return os.WriteFile(bootedKernel, b, 0o644)
}

// prettyName is how the system of the node calls itself.
func prettyName() string {
	b, _ := os.ReadFile("/etc/os-release")
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return strings.Trim(value, `"`)
		}
	}
	return "Linux"
}

// unitText is what systemctl cat prints of a unit, "" where the node has none of that name.
func unitText(unit string) string {
	if text, err := os.ReadFile(unitScript(unit)); err == nil {
		return "[Service]\nExecStart=" + unitScript(unit) + "\nRestart=always\n\n# " + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n# ") + "\n"
	}
	switch {
	case unit == "kubelet":
		return "[Service]\nExecStart=/usr/local/bin/kubelet\nRestart=always\n"
	case unit == "containerd":
		return "[Service]\nExecStart=/usr/local/bin/containerd\n"
	case unit == "etcd" && exists("/etc/etcd.env"):
		return "[Service]\nEnvironmentFile=/etc/etcd.env\nExecStart=/usr/local/bin/etcd\n"
	}
	return ""
}
