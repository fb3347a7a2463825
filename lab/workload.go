package main

import (
	"bytes"
	"embed"
	"fmt"
	"os/exec"
	"strings"
)

// workload is what lives in the cluster, and the variants a fault puts in its place.
//
//go:embed workload
var workload embed.FS

// kubectlApply applies embedded manifests with the same kubectl the nodes have.
func kubectlApply(l Lab, names ...string) error {
	var all [][]byte
	for _, name := range names {
		b, err := workload.ReadFile("workload/" + name)
		if err != nil {
			return err
		}
		// Without a node3 the pinned pod lives on the first node.
		pinned := dropNode
		if s, err := l.load(); err == nil && s.Nodes < 3 {
			pinned = "node1"
		}
		all = append(all, bytes.ReplaceAll(b, []byte("@ARBITER@"), []byte(pinned)))
	}
	return kubectlRun(l, bytes.Join(all, []byte("\n---\n")), "apply", "--server-side", "--force-conflicts", "-f", "-")
}

func kubectlRun(l Lab, stdin []byte, args ...string) error {
	cmd := exec.Command(l.binary())
	cmd.Args = append([]string{"kubectl", "--kubeconfig", l.adminConf(), "--cache-dir", l.path("kubectl-cache")}, args...)
	cmd.Env = daemonEnv()
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("kubectl %s: %w\n%s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}
