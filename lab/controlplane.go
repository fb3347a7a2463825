package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"spraydeck/lab/stamp"
)

// controlPlaneVersion is what the API server says of itself: the version it was compiled from.
// The nodes' versions come from the nodes.
const controlPlaneVersion = "v1.34.4"

// setVersion says so: left alone, a part built without linker flags would call itself v0.0.0-master+$Format:%H$.
func setVersion() {
	if os.Getenv(stamp.Variable) != "" {
		return // a program of a real node, which has its version
	}
	if err := stamp.Set(controlPlaneVersion); err != nil {
		panic(err) // it is a version
	}
}

// controlPlaneMain is etcd and the API server in one process: neither is of use without the other.
func controlPlaneMain(args []string) int {
	l, code := partLab(args)
	if code != 0 {
		return code
	}
	s, err := l.load()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	nodes := nodeList(s.Nodes)
	if err := startEtcd(nodes, l); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		return 1
	}
	return runComponent(apiserver.NewAPIServerCommand(), apiServerArgs(l, nodes))
}

func controllerManagerMain(args []string) int {
	l, code := partLab(args)
	if code != 0 {
		return code
	}
	return runComponent(controllermanager.NewControllerManagerCommand(), controllerManagerArgs(l))
}

func schedulerMain(args []string) int {
	l, code := partLab(args)
	if code != 0 {
		return code
	}
	return runComponent(scheduler.NewSchedulerCommand(), schedulerArgs(l))
}

// partLab reads the one argument every daemon takes.
func partLab(args []string) (Lab, int) {
	if len(args) < 1 {
		fmt.Fprintln(os.Stderr, "a part of the lab is started by `lab up`")
		return Lab{}, 2
	}
	return Lab{Dir: args[0]}, 0
}

func runComponent(cmd *cobra.Command, args []string) int {
	setVersion()
	cmd.SetArgs(args)
	return cli.Run(cmd)
}

// startEtcd runs the members of all etcd hosts, in this one process.
func startEtcd(nodes []Node, l Lab) error {
	var started []*embed.Etcd
	for _, n := range nodes {
		if !n.Etcd {
			continue
		}
		cfg := embed.NewConfig()
		cfg.Name = n.EtcdMember
		cfg.Dir = l.path("etcd", n.EtcdMember)
		cfg.LogLevel = "warn"
		cfg.LogOutputs = []string{l.path("logs", "etcd.log")}
		cfg.WarningUnaryRequestDuration = time.Second
		cfg.UnsafeNoFsync = true // a lab that loses power is booted again
		client, peer := url.URL{Scheme: "http", Host: n.etcdClient()}, url.URL{Scheme: "http", Host: n.etcdPeer()}
		cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
		cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
		cfg.InitialCluster = initialCluster(nodes, "http")
		e, err := embed.StartEtcd(cfg) // it does not wait for the others
		if err != nil {
			return fmt.Errorf("%s: %w", cfg.Name, err)
		}
		started = append(started, e)
	}
	late := time.After(30 * time.Second)
	for _, e := range started {
		select {
		case <-e.Server.ReadyNotify():
		case err := <-e.Err():
			return err
		case <-late:
			return fmt.Errorf("%s is not ready after 30 s", e.Config().Name)
		}
	}
	return nil
}

// initialCluster is how etcd writes who its members are.
func initialCluster(nodes []Node, scheme string) string {
	var members []string
	for _, n := range nodes {
		if n.Etcd {
			members = append(members, n.EtcdMember+"="+scheme+"://"+n.etcdPeer())
		}
	}
	return strings.Join(members, ",")
}

func apiServerArgs(l Lab, nodes []Node) []string {
	var etcd []string
	for _, n := range nodes {
		if n.Etcd {
			etcd = append(etcd, "http://"+n.etcdClient())
		}
	}
	pki := func(name string) string { return l.path("pki", name) }
	return []string{
		"--etcd-servers=" + strings.Join(etcd, ","),
		"--bind-address=127.0.0.1",
		"--secure-port=6443",
		// The kubernetes Service has no use for endpoints here, and a loopback address is refused as one.
		"--advertise-address=10.1.1.11",
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--tls-cert-file=" + pki("apiserver.crt"),
		"--tls-private-key-file=" + pki("apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("sa.key"),
		"--service-account-signing-key-file=" + pki("sa.key"),
		"--allow-privileged=true",
		"--profiling=false",
	}
}

// controllerManagerArgs makes the node controller quick: a node that stopped reporting is NotReady
// within ten seconds instead of a minute, so that an outage is seen while somebody is looking.
func controllerManagerArgs(l Lab) []string {
	return []string{
		"--kubeconfig=" + l.path("pki", "controller-manager.conf"),
		"--secure-port=0",
		"--leader-elect=true", leaseLasts, "--leader-elect-renew-deadline=50s",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + l.path("pki", "sa.key"),
		"--root-ca-file=" + l.path("pki", "ca.crt"),
		"--allocate-node-cidrs=true",
		"--cluster-cidr=" + podCIDR,
		"--service-cluster-ip-range=" + serviceCIDR,
		"--node-cidr-mask-size=24",
		"--node-monitor-period=1s",
		"--node-monitor-grace-period=8s",
		"--kube-api-qps=100",
		"--kube-api-burst=200",
		"--profiling=false",
	}
}

// leaseLasts: there is one of each, and it is not to end because a busy machine was late to renew.
const leaseLasts = "--leader-elect-lease-duration=60s"

func schedulerArgs(l Lab) []string {
	return []string{
		"--kubeconfig=" + l.path("pki", "scheduler.conf"),
		"--secure-port=0",
		"--leader-elect=true", leaseLasts, "--leader-elect-renew-deadline=50s",
		"--profiling=false",
	}
}
