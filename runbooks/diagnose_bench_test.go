package runbooks

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"spraydeck/runbook"
	"spraydeck/symptom"
)

// BenchmarkDiagnose looks for everything that is known in what a large playbook prints, where nearly every line looks like
// those that count in some task, in short tasks and in one of a long loop; beside what one would do otherwise: search it for
// errors.
func BenchmarkDiagnose(b *testing.B) {
	b.Run("tasks", func(b *testing.B) { benchmarkDiagnose(b, 60) })
	b.Run("loop", func(b *testing.B) { benchmarkDiagnose(b, 1<<30) })
}

func benchmarkDiagnose(b *testing.B, linesOfTask int) {
	const size = 100 << 20
	r := rand.New(rand.NewPCG(1, 2))
	var log bytes.Buffer
	for n := 0; log.Len() < size; n++ {
		if n%linesOfTask == 0 {
			fmt.Fprintf(&log, "\nTASK [kubernetes/node : Install | Copy kubelet binary from download dir %d] ***\n", r.IntN(400))
		}
		fmt.Fprintf(&log, []string{"ok: [node%d] => (item=nf_conntrack)\n", "ok: [node%d]\n", "changed: [node%d]\n", "skipping: [node%d]\n"}[r.IntN(4)], r.IntN(60))
	}
	path := filepath.Join(b.TempDir(), "night.log")
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	var list []*runbook.Pitfall
	for _, f := range load(b) {
		if f.Pitfall != nil {
			list = append(list, f.Pitfall)
		}
	}
	known := runbook.NewSymptoms(list)
	b.SetBytes(size)
	for b.Loop() {
		err := known.Set.Scan(context.Background(), bytes.NewReader(log.Bytes()), path, func(h symptom.Hit) error {
			return fmt.Errorf("line %d shows %s", h.Line, h.ID)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	ours := b.Elapsed() / time.Duration(b.N)
	start := time.Now()
	grep := exec.Command("grep", "-a", "-E", "fatal:|FAILED|[Ee]rror|unreachable", path)
	grep.Env = append(os.Environ(), "LC_ALL=C")
	if err := grep.Run(); err == nil || grep.ProcessState == nil {
		b.Logf("no comparison with grep: %v", err)
		return
	}
	b.ReportMetric(float64(time.Since(start))/float64(ours), "x-grep-for-errors")
}
