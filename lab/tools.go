package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/etcdctl/v3/ctlv3"
	"go.etcd.io/etcd/etcdutl/v3/etcdutl"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

// kubectlMain is the real kubectl, which Debian does not package.
func kubectlMain([]string) int {
	setVersion()
	logs.GlogSetter(kubectl.GetLogVerbosity(os.Args)) //nolint:errcheck // as kubectl's own main does
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
	return 0
}

// etcdctlMain is the real etcdctl. Endpoint and certificates come from the environment, as /etc/etcd.env sets it.
func etcdctlMain([]string) int {
	ctlv3.MustStart()
	return 0
}

// etcdutlMain is as much of the real etcdutl as looking at a snapshot takes.
func etcdutlMain([]string) int {
	root := &cobra.Command{Use: "etcdutl", SilenceUsage: true}
	root.PersistentFlags().StringVarP(&etcdutl.OutputFormat, "write-out", "w", "simple", "set the output format (fields, json, protobuf, simple, table)")
	root.AddCommand(etcdutl.NewSnapshotCommand(), etcdutl.NewVersionCommand())
	if err := root.Execute(); err != nil {
		return 1
	}
	return 0
}

func rebootMain([]string) int { return restart() }

// shutdownMain can only restart: a lab node that stays off is one that the lab has lost.
func shutdownMain(args []string) int {
	for _, a := range args {
		if strings.HasPrefix(a, "-") && strings.Contains(a, "r") {
			return restart()
		}
	}
	fmt.Fprintln(os.Stderr, "shutdown (lab): only -r")
	return 1
}

func restart() int {
	if _, err := askInit("reboot", ""); err != nil {
		fmt.Fprintln(os.Stderr, "reboot (lab):", err)
		return 1
	}
	return 0
}
