package cli

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// BenchmarkStart starts the program as it is released, for what has to be quick, beside the peers that are installed. A
// process of its own each time: within one, what was compiled before is kept.
func BenchmarkStart(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "spraydeck")
	buildAsReleased(b, bin)
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

// BenchmarkFirstFrame times the demo in a terminal until its first screen, beside kubectl in the same run.
func BenchmarkFirstFrame(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "spraydeck")
	buildAsReleased(b, bin)
	peer := time.Duration(0)
	if _, err := exec.LookPath("kubectl"); err == nil {
		peer, _ = median(b, "kubectl", "version", "--client")
	} else {
		b.Log("not compared with kubectl, which is not installed")
	}
	var took time.Duration
	for b.Loop() {
		var tooks []time.Duration
		for range 7 {
			tooks = append(tooks, firstFrame(b, bin, "demo"))
		}
		slices.Sort(tooks)
		took = tooks[3]
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took.Microseconds())/1000, "ms")
	if peer > 0 {
		b.ReportMetric(float64(took)/float64(peer), "x-kubectl")
	}
}

// firstFrame runs a rehearsal in a terminal that answers no queries, until its header is drawn.
func firstFrame(b *testing.B, name string, args ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color")
	begun := time.Now()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer tty.Close()
	defer func() { _ = cmd.Process.Kill() }()
	var seen []byte
	for buf := make([]byte, 64<<10); ; {
		n, err := tty.Read(buf)
		if seen = append(seen, buf[:n]...); bytes.Contains(seen, []byte("REHEARSAL")) {
			return time.Since(begun)
		}
		if err != nil {
			b.Fatalf("%s ended before its first frame: %v\n%s", name, err, seen)
		}
	}
}

// buildAsReleased builds the program with the flags of the Makefile.
func buildAsReleased(b *testing.B, bin string) {
	b.Helper()
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "..")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
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
