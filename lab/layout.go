package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The addresses of the lab. Every node shares the network of the host, so 127.0.0.1:6443 is local
// to each of them, exactly as on a cluster whose nodes run their own API server or proxy.
const (
	apiAddress = "127.0.0.1:6443"
	apiServer  = "https://127.0.0.1:6443"
	vipHost    = "lb-apiserver.kubernetes.local"
	vipAddress = "127.0.0.100"
	vipServer  = "https://" + vipHost + ":6443"
	sshPort    = 2222

	podCIDR     = "10.233.64.0/18"
	serviceCIDR = "10.233.0.0/18"
)

// defaultRelease is the release of a cluster that nobody chose another for.
const defaultRelease = "v2.27.0"

// Lab is a directory: everything the lab knows or writes is below it.
type Lab struct{ Dir string }

// labAt resolves dir against $PWD rather than the working directory, because `go run -C lab`
// changes the latter and leaves the former where the caller stands.
func labAt(dir string) (Lab, error) {
	if dir == "" {
		return Lab{}, errors.New("--dir is missing: say where the lab lives")
	}
	if !filepath.IsAbs(dir) {
		base := os.Getenv("PWD")
		if base == "" || !filepath.IsAbs(base) {
			var err error
			if base, err = os.Getwd(); err != nil {
				return Lab{}, err
			}
		}
		dir = filepath.Join(base, dir)
	}
	return Lab{Dir: filepath.Clean(dir)}, nil
}

func (l Lab) path(elem ...string) string {
	return filepath.Join(append([]string{l.Dir}, elem...)...)
}

func (l Lab) binary() string    { return l.path("bin", "lab") }
func (l Lab) adminConf() string { return l.path("admin.conf") }
func (l Lab) checkout() string  { return l.path("kubespray") }

// rootfs is what a node sees as its root directory.
func (l Lab) rootfs(node string, elem ...string) string {
	return l.path(append([]string{"nodes", node, "rootfs"}, elem...)...)
}

// cluster is what `up` was asked for.
type cluster struct {
	nodes  []Node
	at     release
	own    settings
	faults []string
	away   time.Duration // how long a restart of a node takes; 0 = rebootTime
}

// vip reports whether there is a virtual address of the API server.
func (c cluster) vip() bool { return c.own.has(ownVIP) || slices.Contains(c.faults, faultDeadVIP) }

// server is what a kubeconfig of a node names. With kube-vip that is the virtual address everywhere. With a dead one in the
// making, the kubelets of node2 and node3 still know it by that, as leftovers of a cluster that once had kube-vip.
func (c cluster) server(n Node, conf string) string {
	left := slices.Contains(c.faults, faultDeadVIP) && conf == "kubelet" && (n.Name == "node2" || n.Name == "node3")
	if c.own.has(ownVIP) || left {
		return vipServer
	}
	return apiServer
}

// Node is one machine of the lab.
type Node struct {
	Name         string
	Address      string
	ControlPlane bool
	Etcd         bool
	EtcdMember   string
}

func (n Node) etcdClient() string { return n.Address + ":2379" }
func (n Node) etcdPeer() string   { return n.Address + ":2380" }

// nodeList returns the shape the inventory has: two control planes, an odd number of etcd members.
func nodeList(n int) []Node {
	var nodes []Node
	members := 1
	if n >= 3 {
		members = 3
	}
	for i := 1; i <= n; i++ {
		node := Node{
			Name:         fmt.Sprintf("node%d", i),
			Address:      fmt.Sprintf("127.0.0.%d", 10+i),
			ControlPlane: i <= 2 && (i == 1 || n >= 3),
			Etcd:         i <= members,
		}
		if node.Etcd {
			node.EtcdMember = fmt.Sprintf("etcd%d", i)
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// roles are the parts of a control plane that have a kubeconfig and a manifest on its nodes.
func (n Node) kubeconfigs() []string {
	if n.ControlPlane {
		return []string{"kubelet", "admin", "controller-manager", "scheduler"}
	}
	return []string{"kubelet"}
}
