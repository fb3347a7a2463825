package main

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"os/exec"
	"strings"
)

// workload is what lives in the cluster, and the variants a fault puts in its place.
//
//go:embed workload
var workload embed.FS

// kubectlApply applies embedded manifests with the same kubectl the nodes have.
func kubectlApply(l Lab, names ...string) error {
	values, err := workloadValues(l)
	if err != nil {
		return err
	}
	var all [][]byte
	for _, name := range names {
		b, err := workload.ReadFile("workload/" + name)
		if err != nil {
			return err
		}
		all = append(all, []byte(values.Replace(string(b))))
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

// workloadValues fills the manifests in: where the pinned pod lives, and the versions of the release.
func workloadValues(l Lab) (*strings.Replacer, error) {
	s, err := l.load()
	if err != nil {
		return nil, err
	}
	if s.Real {
		return strings.NewReplacer("@PAUSE@", realRepository+"/pause:"+realPause), nil
	}
	at, err := releaseAt(s.From)
	if err != nil {
		return nil, err
	}
	pinned := dropNode
	if s.Nodes < 3 {
		pinned = "node1"
	}
	// What a release no longer has still runs as an earlier one left it.
	components := map[string]any{}
	for _, r := range releases {
		if at.Since(r.Tag) {
			maps.Copy(components, r.Components)
		}
	}
	values := []string{"@ARBITER@", pinned, "@KUBERNETES@", at.Kube.Default}
	for name, v := range components {
		values = append(values, "@"+strings.ToUpper(name)+"@", fmt.Sprint(v))
	}
	return strings.NewReplacer(values...), nil
}
