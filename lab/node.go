package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// labInside is where a node sees the lab's binary.
const labInside = "/opt/spraydeck-lab/lab"

// nodeMain turns a process freshly put into its own mount, UTS and pid namespace into a machine:
// it builds the root file system out of the host's programs and the node's own files, changes
// into it, and stays as the first process.
func nodeMain(args []string) int {
	l, code := partLab(args)
	if code != 0 || len(args) < 2 {
		return 2
	}
	name := args[1]
	s, err := l.load()
	if err == nil {
		err = enterNode(l, name, s.Real)
	}
	if err == nil && s.Real {
		err = becomeReal(l, name)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return initMain(name)
}

// enterNode mounts and pivots. Programs come from the host, read-only, so that a playbook cannot
// harm it; what a machine owns (/etc, /var, /root, /run, /tmp, /usr/local/bin) comes from D/nodes.
func enterNode(l Lab, name string, real bool) error {
	root := l.rootfs(name)
	// Nothing mounted here may travel back to the host.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := bind(root, root, false); err != nil {
		return err
	}
	for _, dir := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"} {
		if err := mirror(dir, root); err != nil {
			return err
		}
	}
	if err := bind("/etc", filepath.Join(root, ".host/etc"), true); err != nil {
		return err
	}
	if err := bind(l.path("nodes", name, "local-bin"), filepath.Join(root, "usr/local/bin"), false); err != nil {
		return err
	}
	if member := l.path("etcd", strings.Replace(name, "node", "etcd", 1)); exists(member) {
		if err := bind(member, filepath.Join(root, "var/lib/etcd"), exists(filepath.Join(root, "etc/etcd.env"))); err != nil {
			return err
		}
	}
	if err := bind(l.binary(), filepath.Join(root, labInside), true); err != nil {
		return err
	}
	if real {
		if err := mountReal(l, root); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/dev", "/sys"} {
		if real && dir == "/sys" {
			continue // its own, since its network is
		}
		if err := unix.Mount(dir, filepath.Join(root, dir), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the host's root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	// The kernel, which all nodes share, has one boot id; a node has its own.
	if err := writeBootID(); err != nil {
		return err
	}
	if err := bind(bootIDInside, bootIDPath, true); err != nil {
		return err
	}
	return unix.Sethostname([]byte(name))
}

// mirror shows a directory of the host in root. On a merged-/usr system /bin and the like are
// symbolic links, which are copied as such.
func mirror(dir, root string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	target := filepath.Join(root, dir)
	if info.Mode()&fs.ModeSymlink != 0 {
		to, err := os.Readlink(dir)
		if err != nil {
			return err
		}
		if err := os.Symlink(to, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	return bind(dir, target, true)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func bind(from, to string, readonly bool) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", from, to, err)
	}
	if !readonly {
		return nil
	}
	if err := unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make %s read-only: %w", to, err)
	}
	return nil
}

// etcdEnv is what Kubespray writes for a member of etcd. The lab's members do not read it; checks and etcdctl do. Between
// them the members speak plain http, whatever it says.
func etcdEnv(n Node, nodes []Node) string {
	return "ETCD_DATA_DIR=/var/lib/etcd\nETCD_NAME=" + n.EtcdMember +
		"\nETCD_INITIAL_ADVERTISE_PEER_URLS=https://" + n.etcdPeer() + "\nETCD_ADVERTISE_CLIENT_URLS=https://" + n.etcdClient() +
		"\nETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER=" + initialCluster(nodes, "https") +
		"\nETCDCTL_ENDPOINTS=http://" + n.etcdClient() + "\n"
}

// namespaces is what a node gets of its own. The network is shared on purpose.
func namespaces() syscall.SysProcAttr {
	return syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWPID}
}

// ownEtc names what a node does not take from the host's /etc.
var ownEtc = map[string]bool{
	"ssl": true, "apt": true, "update-manager": true, "fstab": true,
	"kubernetes": true, "hosts": true, "hostname": true, "machine-id": true, "os-release": true,
	"passwd": true, "shadow": true, "group": true, "gshadow": true, "ssh": true, "motd": true,
	"cni": true, "containerd": true, "crictl.yaml": true, "systemd": true, "sudoers": true,
	"subuid": true, "subgid": true, "passwd-": true, "shadow-": true, "group-": true, "gshadow-": true,
}

// linkHostEtc fills a node's /etc with links to the host's (mounted at /.host/etc): name lookup,
// certificates and alternatives work as on the host, and writing to them fails.
func linkHostEtc(etc string) error {
	entries, err := os.ReadDir("/etc")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ownEtc[e.Name()] {
			continue
		}
		to := "/.host/etc/" + e.Name()
		if e.Type()&fs.ModeSymlink != 0 {
			// A relative link would point elsewhere from /.host.
			if to, err = os.Readlink(filepath.Join("/etc", e.Name())); err != nil {
				return err
			}
		}
		if err := os.Symlink(to, filepath.Join(etc, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// nodeKeys is what `up` must know of a node after preparing it.
type nodeKeys struct {
	node    Node
	hostKey string // as known_hosts lists it
}

// prepareNode writes everything a paper node owns. Nothing is mounted yet; that happens inside its
// namespaces.
func prepareNode(l Lab, ca *authority, c cluster, n Node, clientKey []byte) (nodeKeys, error) {
	keys, err := prepareMachine(l, c, n, clientKey)
	if err != nil {
		return keys, err
	}
	if n.EtcdMember != "" && !c.own.has(ownKubeadm) {
		if err := writeFile(l.rootfs(n.Name, "etc/etcd.env"), []byte(etcdEnv(n, c.nodes)), 0o644); err != nil {
			return keys, err
		}
	}
	// as the playbook of the release left it
	env := fmt.Sprintf("KUBELET_ADDRESS=\"--node-ip=%s\"\nKUBELET_HOSTNAME=\"--hostname-override=%s\"\n# kubelet %s\n", n.Address, n.Name, c.at.Kube.Default)
	if err := writeFile(l.rootfs(n.Name, "etc/kubernetes/kubelet.env"), []byte(env), 0o600); err != nil {
		return keys, err
	}
	if err := writeShims(l, c, n); err != nil {
		return keys, err
	}
	return keys, writeNodeConfs(l, ca, c, n)
}

// prepareMachine writes what a node owns of an operating system: its files and its keys.
func prepareMachine(l Lab, c cluster, n Node, clientKey []byte) (nodeKeys, error) {
	keys := nodeKeys{node: n}
	root := func(elem ...string) string { return l.rootfs(n.Name, elem...) }
	for _, dir := range []string{
		".host/etc", "boot", "dev", "etc/kubernetes/manifests", "etc/ssh", "home", "media", "mnt", "opt/spraydeck-lab", "proc",
		"root/.kube", "run/sshd", "run/spraydeck-lab", "run/lock", "run/containerd", "srv", "sys", "tmp", "usr",
		"var/lib/etcd", "var/lib/kubelet/pki", "var/log", "var/tmp", "var/cache", "var/backups",
	} {
		if err := os.MkdirAll(root(dir), 0o755); err != nil {
			return keys, err
		}
	}
	for _, dir := range []string{"tmp", "var/tmp"} {
		if err := os.Chmod(root(dir), 0o777|os.ModeSticky); err != nil {
			return keys, err
		}
	}
	for _, dir := range []string{"root", "var/lib/kubelet/pki"} {
		if err := os.Chmod(root(dir), 0o700); err != nil {
			return keys, err
		}
	}
	if err := linkHostEtc(root("etc")); err != nil {
		return keys, err
	}
	hostPriv, hostPub, err := sshKey("root@" + n.Name)
	if err != nil {
		return keys, err
	}
	keys.hostKey = string(hostPub)

	files := map[string]string{
		"etc/hostname":   n.Name + "\n",
		"etc/hosts":      hostsFile(c),
		"etc/machine-id": fmt.Sprintf("5adeck%026x\n", n.Address[len(n.Address)-2:]),
		"etc/os-release": osRelease,
		"etc/passwd": "root:x:0:0:root:/root:/opt/spraydeck-lab/shell\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" +
			"sshd:x:110:65534::/run/sshd:/usr/sbin/nologin\n",
		"etc/group":               "root:x:0:\ntty:x:5:\ndisk:x:6:\nadm:x:4:\nsudo:x:27:\nnogroup:x:65534:\n",
		"etc/crictl.yaml":         "runtime-endpoint: unix:///run/containerd/containerd.sock\n",
		"etc/ssh/sshd_config":     sshdConfig(n),
		"etc/ssh/authorized_keys": string(clientKey) + " spraydeck-lab\n",
		"run/containerd/.keep":    "",
		"var/log/kubelet.log":     "",
		"var/log/lastlog":         "",
		"opt/spraydeck-lab/lab":   "", // the binary is mounted over it
		"root/.profile":           "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
	}
	for name, data := range files {
		if err := writeFile(root(name), []byte(data), 0o644); err != nil {
			return keys, err
		}
	}
	if err := writeFile(root("etc/shadow"), []byte("root:*:20000:0:99999:7:::\nsshd:!:20000::::::\n"), 0o600); err != nil {
		return keys, err
	}
	if err := writeFile(root("etc/ssh/ssh_host_ed25519_key"), hostPriv, 0o600); err != nil {
		return keys, err
	}
	if err := writeFile(root("etc/ssh/ssh_host_ed25519_key.pub"), []byte(string(hostPub)+"\n"), 0o644); err != nil {
		return keys, err
	}
	if err := os.Symlink(filepath.Join("rootfs", "var/log/kubelet.log"), l.path("nodes", n.Name, "kubelet.log")); err != nil {
		return keys, err
	}
	return keys, nil
}

func hostsFile(c cluster) string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
	for _, n := range c.nodes {
		fmt.Fprintf(&b, "%s %s.cluster.local %s\n", n.Address, n.Name, n.Name)
	}
	if c.vip() {
		fmt.Fprintf(&b, "%s %s %s.cluster.local\n", vipAddress, vipHost, vipHost)
	}
	return b.String()
}

// sshdConfig: no PAM, since that would want the host's accounts. The login shell in /etc/passwd,
// not a ForceCommand, is where drop-ssh waits, so that sftp stays what it is.
func sshdConfig(n Node) string {
	return fmt.Sprintf(`Port %d
ListenAddress %s
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile /etc/ssh/authorized_keys
StrictModes no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200
MaxSessions 100
AcceptEnv LANG LC_*
SetEnv SHELL=/bin/bash
Subsystem sftp internal-sftp
`, sshPort, n.Address)
}

const osRelease = `PRETTY_NAME="Ubuntu 22.04.5 LTS"
NAME="Ubuntu"
VERSION_ID="22.04"
VERSION="22.04.5 LTS (Jammy Jellyfish)"
VERSION_CODENAME=jammy
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=jammy
`
