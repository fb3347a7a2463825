package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubeContract runs what package kube expects of any cluster against the lab's: reads, writes, cordons, watches and
// real drains.
func TestKubeContract(t *testing.T) {
	l := boot(t, "pdb-blocks")
	r := command(t, append(os.Environ(), "SPRAYDECK_LAB_KUBECONFIG="+l.vars["KUBECONFIG"], "SPRAYDECK_LAB_KUBECTL="+filepath.Join(l.dir, "bin", "lab")), "go", "test", "-count=1", "-v", "-run", "^TestLab", "spraydeck/kube")
	if r.exit != 0 || strings.Contains(r.out, "--- SKIP") || strings.Count(r.out, "\n--- PASS: TestLab") < 4 {
		t.Errorf("%s", r)
	}
}
