package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // as the kubelet's own main has it
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // the same
	_ "k8s.io/component-base/metrics/prometheus/version"  // the same
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmerrors "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	realkubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// kubeParts are the programs of a real node and of its images, by the name they are called by. Their main functions are
// those of Kubernetes and etcd; package stamp has given them their version by now. coredns and crictl are ours.
var kubeParts = map[string]func(args []string) int{
	"kube-apiserver":          component(apiserver.NewAPIServerCommand),
	"kube-controller-manager": component(controllermanager.NewControllerManagerCommand),
	"kube-scheduler":          component(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kubelet":                 component(func() *cobra.Command { return realkubelet.NewKubeletCommand(context.Background()) }),
	"kubeadm":                 func([]string) int { kubeadmerrors.HandleError(kubeadm.Run()); return 0 },
	"etcd":                    func([]string) int { etcdmain.Main(os.Args); return 0 },
	"coredns":                 coreDNSMain,
	"crictl":                  crictlMain,
}

func component(command func() *cobra.Command) func([]string) int {
	return func(args []string) int {
		cmd := command()
		cmd.SetArgs(args)
		return cli.Run(cmd)
	}
}
