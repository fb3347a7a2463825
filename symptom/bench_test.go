package symptom

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const benchSize = 200 << 20

// benchHits is how many lines of the log show something.
const benchHits = 20

// benchMatchers are those that show something gone wrong and that grep -E can be asked for in the same words.
func benchMatchers(tb testing.TB) (list []matcher, grep []string) {
	common := []string{"recap-ok", "recap-failed", "task-header", "retry-line", "adhoc-result", "kube-version-key", "node-kubelet-late",
		"node-cordoned", "node-uncordoned", "node-drained", "ceph-ok", "server-line-local", "etcd-snapshot-row", "etcd-member-row", "host-unreachable"}
	groups := regexp.MustCompile(`\(\?(?:P<\w+>|:)`)
	for _, m := range matchers(tb) {
		// what grep -E has no words for
		if slices.Contains(common, m.ID) || m.Task != "" || strings.Contains(m.Line, "(?i)") || strings.Contains(m.Line, `+?`) || strings.Contains(m.Line, `[^\]`) {
			continue
		}
		ere := groups.ReplaceAllString(m.Line, "(")
		ere = regexp.MustCompile(`(\[[^\]]*)\\([dw.])([^\]]*\])`).ReplaceAllStringFunc(ere, func(s string) string {
			return strings.NewReplacer(`\d`, "0-9", `\w`, "a-zA-Z0-9_", `\.`, ".").Replace(s)
		})
		ere = strings.ReplaceAll(ere, `\d`, "[0-9]")
		if strings.Contains(ere, `\\]`) {
			ere = strings.ReplaceAll(ere, `"\\]`, `"\]`)
		}
		list, grep = append(list, m), append(grep, ere)
	}
	return list, grep
}

// benchLog writes a log as a night of upgrades leaves it, and gives the file and the numbers of the lines that show
// something.
func benchLog(tb testing.TB, list []matcher, size int) string {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(tb.TempDir(), "night.log")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var nears []string
	set := setOf(tb, list)
	for _, m := range list {
		for _, miss := range m.Miss {
			if !slices.ContainsFunc(list, func(o matcher) bool { return set.patterns[set.byID[o.ID]].Line.MatchString(miss) }) {
				nears = append(nears, miss)
			}
		}
	}
	hash := func() string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }
	lines := []func() string{
		func() string {
			return fmt.Sprintf("\nTASK [%s : %s] %s", pick(r, "kubernetes/node", "container-engine/containerd", "download", "etcd", "kubernetes/preinstall"),
				pick(r, "Install | Copy kubelet binary from download dir", "Download_file | Create dest directory on node", "Check certs | Register ca and etcd node certs", "Set label to node"), strings.Repeat("*", 30))
		},
		func() string { return fmt.Sprintf("ok: [node%d]", r.IntN(60)) },
		func() string { return fmt.Sprintf("changed: [node%d]", r.IntN(60)) },
		func() string {
			return fmt.Sprintf("skipping: [node%d] => (item={'name': 'kubelet', 'checksum': '%s', 'dest': '/tmp/releases/kubelet-1.32.%d-amd64'}) ", r.IntN(60), hash(), r.IntN(9))
		},
		func() string {
			return fmt.Sprintf(`ok: [node%d] => {"changed": false, "checksum": "%s", "dest": "/etc/kubernetes/ssl/node-%d.pem", "gid": 0, "group": "root", "mode": "0640", "owner": "root", "size": %d, "state": "file", "uid": 0}`, r.IntN(60), hash(), r.IntN(60), r.IntN(9999))
		},
		func() string {
			return fmt.Sprintf(`Sep  1 %02d:%02d:%02d node%d kubelet[%d]: I0901 %02d:%02d:%02d.%06d    1963 reconciler_common.go:245] "operationExecutor.VerifyControllerAttachedVolume started for volume \"kube-api-access-%s\" (UniqueName: \"kubernetes.io/projected/%s\") pod \"web-%d\""`,
				r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(60), r.IntN(9999), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(999999), hash()[:5], hash(), r.IntN(99))
		},
		func() string {
			return fmt.Sprintf("Sep  1 %02d:%02d:%02d node%d containerd[811]: time=\"2025-09-01T%02d:00:00.%09dZ\" level=info msg=\"StartContainer for \\\"%s\\\" returns successfully\"", r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(60), r.IntN(24), r.IntN(999999999), hash())
		},
		func() string {
			return fmt.Sprintf(`{"level":"info","ts":"2025-09-01T06:%02d:%02d.%06dZ","caller":"mvcc/index.go:214","msg":"compact tree index","revision":%d}`, r.IntN(60), r.IntN(60), r.IntN(999999), r.IntN(99999999))
		},
		func() string {
			return fmt.Sprintf("kube-system   calico-node-%s   1/1   Running   %d (%dd ago)   %dd", hash()[:5], r.IntN(9), r.IntN(99), r.IntN(999))
		},
		func() string {
			return fmt.Sprintf("node%d   Ready   <none>   %dd   v1.32.%d", r.IntN(60), r.IntN(999), r.IntN(9))
		},
	}
	// a long line now and then, as the result of a command has
	long := `changed: [node1] => {"changed": true, "cmd": ["kubeadm", "upgrade", "apply"], "stdout": "` + strings.Repeat(`[upgrade/staticpods] Preparing for \"kube-apiserver\" upgrade\n`, 60) + `"}`
	written, next, planted := 0, size/(benchHits+1), 0
	for written < size {
		line := lines[r.IntN(len(lines))]()
		switch n := r.IntN(1000); {
		case n < 20:
			line = nears[r.IntN(len(nears))]
		case n == 20:
			line = long
		}
		if written >= next && planted < benchHits {
			line = list[planted*3%len(list)].Match[0]
			planted++
			next += size / (benchHits + 1)
		}
		n, _ := w.WriteString(line + "\n")
		written += n
	}
	if err := errorsOf(w.Flush(), f.Close()); err != nil {
		tb.Fatal(err)
	}
	return path
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// BenchmarkScan searches 200 MB for 60 and more patterns, and lets grep -E do the same in the same run.
func BenchmarkScan(b *testing.B) {
	list, ere := benchMatchers(b)
	if len(list) < 60 {
		b.Fatalf("only %d patterns", len(list))
	}
	set := setOf(b, list)
	path := benchLog(b, list, benchSize)
	var peak uint64
	stop := watchHeap(&peak)
	b.SetBytes(benchSize)
	b.ResetTimer()
	for range b.N {
		if n := scanFile(b, set, path); n != benchHits {
			b.Fatalf("%d hits", n)
		}
	}
	b.StopTimer()
	stop()
	ours := b.Elapsed() / time.Duration(b.N)
	grep := timeGrep(b, ere, path)
	b.ReportMetric(float64(len(list)), "patterns")
	b.ReportMetric(float64(peak)/(1<<20), "MB-heap")
	if grep > 0 {
		b.ReportMetric(float64(grep)/float64(ours), "x-grep")
	}
}

func scanFile(tb testing.TB, set *Set, path string) int {
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	n := 0
	if err := set.Scan(context.Background(), f, path, func(Hit) error { n++; return nil }); err != nil {
		tb.Fatal(err)
	}
	return n
}

// timeGrep returns the best of three runs, 0 without a grep that has -E -f.
func timeGrep(b *testing.B, ere []string, path string) time.Duration {
	patterns := filepath.Join(b.TempDir(), "patterns")
	if err := os.WriteFile(patterns, []byte(strings.Join(ere, "\n")+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	var best time.Duration
	for range 3 {
		cmd := exec.Command("grep", "-a", "-E", "-f", patterns, path)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		start := time.Now()
		out, err := cmd.Output()
		took := time.Since(start)
		if err != nil {
			b.Logf("no comparison: grep: %v", err)
			return 0
		}
		if n := bytes.Count(out, []byte("\n")); n != benchHits {
			b.Fatalf("grep finds %d lines:\n%.2000s", n, out)
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return best
}

func watchHeap(peak *uint64) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		var m runtime.MemStats
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&m)
				*peak = max(*peak, m.HeapInuse+m.StackInuse)
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// BenchmarkFeed is the live watcher: one core, line by line.
func BenchmarkFeed(b *testing.B) {
	list, _ := benchMatchers(b)
	set := setOf(b, list)
	text, err := os.ReadFile(benchLog(b, list, 20<<20))
	if err != nil {
		b.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	for range b.N {
		stream := set.Stream()
		for _, l := range lines {
			stream.Feed(Input{}, l, time.Time{})
		}
	}
}

// BenchmarkNaive is every pattern on every line: what the prefilter saves.
func BenchmarkNaive(b *testing.B) {
	list, _ := benchMatchers(b)
	set := setOf(b, list)
	text, err := os.ReadFile(benchLog(b, list, 2<<20))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	for range b.N {
		for line := range bytes.Lines(text) {
			for i := range set.patterns {
				set.patterns[i].Line.Match(line)
			}
		}
	}
}

// BenchmarkFinder is the prefilter alone.
func BenchmarkFinder(b *testing.B) {
	list, _ := benchMatchers(b)
	set := setOf(b, list)
	text, err := os.ReadFile(benchLog(b, list, 20<<20))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		var found []int32
		for range b.N {
			for line := range bytes.Lines(text) {
				found = set.find.appendFound(found[:0], line)
			}
		}
		b.ReportMetric(float64(set.find.m), "window")
	})
}
