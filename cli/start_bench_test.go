package cli

import (
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart starts the program as it is released, for what has to be quick, beside the peers that are installed. A
// process of its own each time: within one, what was compiled before is kept.
func BenchmarkStart(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "spraydeck")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "..")
	build.Env = append(build.Environ(), "CGO_ENABLED=0") // as the Makefile does
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	peers := map[string]time.Duration{}
	for name, args := range map[string][]string{"kubectl": {"version", "--client"}, "ansible": {"--version"}} {
		if _, err := exec.LookPath(name); err != nil {
			b.Logf("not compared with %s, which is not installed", name)
			continue
		}
		peers[name], _ = median(b, name, args...)
	}
	for _, args := range [][]string{{"version"}, {"runbooks", "list"}, {"lint", "../runbooks"}} {
		b.Run(args[0], func(b *testing.B) {
			var took, cpu time.Duration
			for b.Loop() {
				took, cpu = median(b, bin, args...)
			}
			b.ReportMetric(0, "ns/op") // which would be that of all runs of a median
			b.ReportMetric(float64(took.Microseconds())/1000, "ms")
			b.ReportMetric(float64(cpu.Microseconds())/1000, "cpu-ms")
			for name, peer := range peers {
				b.ReportMetric(float64(took)/float64(peer), "x-"+name)
			}
		})
	}
}

// median is the time a command takes, and the work of all cores, of the middle one of seven runs.
func median(b *testing.B, name string, args ...string) (took, cpu time.Duration) {
	b.Helper()
	var tooks, cpus []time.Duration
	for range 7 {
		cmd := exec.Command(name, args...)
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", name, err, out)
		}
		tooks = append(tooks, time.Since(start))
		used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		cpus = append(cpus, time.Duration(used.Utime.Nano()+used.Stime.Nano()))
	}
	slices.Sort(tooks)
	slices.Sort(cpus)
	return tooks[3], cpus[3]
}
