// Command lab boots a Kubernetes cluster small enough for a laptop and true enough for an upgrade:
// a real control plane, one real OpenSSH server per node, and a Kubespray-shaped checkout whose
// playbooks run under real Ansible. It exists so that tests and people can break a cluster and
// fix it again. It is not a cluster to run anything on: pods only run on paper, but for `lab up --real`, whose nodes run them.
//
// One binary holds every part. What it is depends, in this order, on the name it was called by
// (systemctl, kubectl: the shims of a node; kubelet, kubeadm, etcd: the programs of a real one), on its first argument
// (the daemons of the lab), and else it is the command line of up, down, status and fault.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// called lists the names under which a node finds this binary on its PATH.
var called = map[string]func(args []string) int{
	"etcdctl":   etcdctlMain,
	"etcdutl":   etcdutlMain,
	"kubectl":   kubectlMain,
	"reboot":    rebootMain,
	"shutdown":  shutdownMain,
	"systemctl": systemctlMain,
}

// parts lists the daemons. They are separate from the cobra commands because the Kubernetes ones
// bring flag sets and signal handlers of their own, which must only exist in their own process.
var parts = map[string]func(args []string) int{
	"control-plane":           controlPlaneMain,
	"kube-controller-manager": controllerManagerMain,
	"kube-scheduler":          schedulerMain,
	"kubelet":                 kubeletMain,
	"node":                    nodeMain,
	"vip":                     vipMain,
}

func main() {
	name := filepath.Base(os.Args[0])
	if shim, ok := called[name]; ok {
		os.Exit(shim(os.Args[1:]))
	}
	if part, ok := kubeParts[name]; ok {
		os.Exit(part(os.Args[1:]))
	}
	if len(os.Args) > 1 {
		if part, ok := parts[os.Args[1]]; ok {
			os.Exit(part(os.Args[2:]))
		}
	}
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "lab",
		Short:         "A Kubernetes cluster to practise maintenance on",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	var dir string
	root.PersistentFlags().StringVar(&dir, "dir", "", "where the lab lives (relative to $PWD, also under go run -C)")

	var nodes int
	var faults, with []string
	var from, to string
	var away time.Duration
	var realNodes bool
	up := &cobra.Command{
		Use:   "up --dir D",
		Short: "Boot the lab and leave it running",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := labAt(dir)
			if err != nil {
				return err
			}
			if realNodes {
				return upReal(cmd.Context(), l, realOptions{nodes: nodes, from: from, to: to, away: away}, cmd.Flags(), os.Stdout, os.Stderr)
			}
			at, err := releaseAt(from)
			if err != nil {
				return err
			}
			return up(cmd.Context(), l, cluster{nodes: nodeList(nodes), at: at, own: with, faults: faults, away: away}.made(), os.Stdout, os.Stderr)
		},
	}
	up.Flags().IntVar(&nodes, "nodes", 4, "how many nodes, 1 to 8")
	up.Flags().StringVar(&from, "from", defaultRelease, "the release of Kubespray that the cluster was built with; with --real the version of Kubernetes")
	up.Flags().BoolVar(&realNodes, "real", false, "real nodes: containerd, kubelet, kubeadm, static pods; 1 to 3, no checkout")
	up.Flags().StringVar(&to, "to", realTo, "with --real: the version of Kubernetes that the packages of the nodes offer beside --from")
	up.Flags().StringSliceVar(&with, "with", nil, "what the cluster has of its own: "+strings.Join(ownSettings, ", "))
	up.Flags().DurationVar(&away, "away", 0, "how long a node is away when it restarts, such as 2s")
	up.Flags().StringSliceVar(&faults, "fault", nil, "faults to boot with: "+faultNames())

	down := &cobra.Command{
		Use:   "down --dir D",
		Short: "End every process the lab started, and nothing else",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			l, err := labAt(dir)
			if err != nil {
				return err
			}
			return down(l, os.Stderr)
		},
	}
	status := &cobra.Command{
		Use:   "status --dir D",
		Short: "Say which parts run and whether the nodes are Ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := labAt(dir)
			if err != nil {
				return err
			}
			return status(cmd.Context(), l, os.Stdout)
		},
	}
	var match string
	fault := &cobra.Command{
		Use:   "fault --dir D NAME on|off",
		Short: "Set or clear a fault of a running lab",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := labAt(dir)
			if err != nil {
				return err
			}
			if args[1] != "on" && args[1] != "off" {
				return errors.New("a fault is set on or off")
			}
			return switchFault(l, args[0], args[1] == "on", match)
		},
	}
	fault.Flags().StringVar(&match, "match", "", "drop-ssh: an extended regular expression the command must match")
	root.AddCommand(up, down, status, fault)
	return root
}
