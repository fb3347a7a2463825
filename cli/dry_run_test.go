package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A dry run needs no cluster: without a kubeconfig, and with one that leads nowhere, the whole plan is printed and the
// missing cluster is named once.
func TestDryRunWithoutCluster(t *testing.T) {
	dir := t.TempDir()
	book := filepath.Join(dir, "nodes.yaml")
	nowhere := filepath.Join(dir, "kubeconfig")
	for name, text := range map[string]string{
		book: `{apiVersion: spraydeck/v1, kind: Runbook, name: nodes, title: Nodes, version: 1.0.0, system: kubernetes,
  facts: {nodes: {objects: nodes}}, phases: [{title: All, steps: [
    {id: look, title: Look, kube: {get: nodes}},
    {id: label, title: Label, danger: changes, undo: kubectl label node node1 done-, command: kubectl label node node1 done=yes}]}]}`,
		nowhere: `{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
  clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: u, user: {token: t}}]}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, kubeconfig := range map[string]string{"no such file": filepath.Join(dir, "none"), "connection refused": nowhere} {
		cmd := root()
		var out, told bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&told)
		cmd.SetArgs([]string{"run", book, "--dry-run", "--checkout", dir, "--kubeconfig", kubeconfig})
		err := cmd.Execute()
		tell(&told, err)
		code := codeOf(t.Context(), err)
		if code != exitDone || !strings.Contains(out.String(), "kubectl label node node1 done=yes") || !strings.Contains(out.String(), "kube-system/spraydeck") {
			t.Errorf("%s: exit %d\n%s", what, code, out.String())
		}
		if strings.Count(told.String(), what) != 1 || !strings.Contains(told.String(), "without the cluster") {
			t.Errorf("%s: said\n%s", what, told.String())
		}
	}
}
