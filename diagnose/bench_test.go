package diagnose

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// BenchmarkRead runs spraydeck diagnose on 200 MB of what Ansible prints, a task every few lines, and then grep -E -f with the same
// patterns, as far as grep has words for them.
func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	path, program := filepath.Join(dir, "night.log"), filepath.Join(dir, "spraydeck")
	if err := os.WriteFile(path, night(200<<20), 0o600); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", program, "spraydeck").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var patterns []string
	for _, p := range builtinPitfalls(b) {
		for i := range p.Symptoms {
			if ere, ok := extended(p.Symptoms[i].Line.Source); ok && p.Symptoms[i].Task.RE == nil {
				patterns = append(patterns, ere)
			}
		}
	}
	file := filepath.Join(dir, "patterns")
	if err := os.WriteFile(file, []byte(strings.Join(patterns, "\n")+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	var ours, peer spent
	b.SetBytes(200 << 20)
	for b.Loop() {
		out := ours.run(b, 3, program, "diagnose", path)
		if !strings.Contains(out, "pdb-blocks-drain") {
			b.Fatalf("the budget is not found: %s", out)
		}
		peer.run(b, 0, "grep", "-a", "-E", "-c", "-f", file, path)
	}
	b.ReportMetric(float64(peer.wall)/float64(ours.wall), "x-grep-E-f")
	b.ReportMetric(float64(peer.cpu)/float64(ours.cpu), "x-grep-E-f-cpu")
	b.ReportMetric(float64(ours.rss)/(1<<10), "MB-resident")
	b.ReportMetric(float64(len(patterns)), "patterns-of-grep")
}

// spent is what runs of a program have taken.
type spent struct {
	wall, cpu time.Duration
	rss       int64 // in KB, of the largest
}

// run starts a program that must end with a code, and gives what it printed.
func (s *spent) run(b *testing.B, code int, name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	for running := true; running; {
		s.rss = max(s.rss, resident(cmd.Process.Pid))
		select {
		case <-ended:
			running = false
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.wall += time.Since(start)
	if cmd.ProcessState.ExitCode() != code {
		b.Fatalf("%s: %v: %s", name, cmd.ProcessState, &out)
	}
	s.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return out.String()
}

// resident gives the most memory that a program has had, in KB. What the kernel says once it has ended counts the program that
// started it, too.
func resident(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	var kb int64
	if _, after, ok := bytes.Cut(text, []byte("VmHWM:")); ok {
		_, _ = fmt.Sscan(string(after), &kb)
	}
	return kb
}

// night is what the playbook of a night prints: some failures that are ignored, one that is not.
func night(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var log bytes.Buffer
	for log.Len() < size {
		fmt.Fprintf(&log, "\nTASK [kubernetes/node : Install | Copy kubelet binary from download dir %d] ***\nMonday 02 February 2026  01:02:%02d +0000 (0:00:00.3)       0:12:%02d.4 ***\n", r.IntN(400), r.IntN(60), r.IntN(60))
		for range 3 + r.IntN(8) {
			switch host := r.IntN(60); r.IntN(40) {
			case 0:
				fmt.Fprintf(&log, "fatal: [node%d]: FAILED! => {\"changed\": false, \"msg\": \"non-zero return code\", \"rc\": 1, \"stderr\": \"unit not loaded\"}\n...ignoring\n", host)
			case 1, 2, 3:
				fmt.Fprintf(&log, "changed: [node%d] => (item={'name': 'nf_conntrack', 'state': 'present'})\n", host)
			default:
				fmt.Fprintf(&log, "ok: [node%d]\n", host)
			}
		}
	}
	log.WriteString("\nTASK [upgrade/pre-upgrade : Drain node] ***\nfatal: [node3]: FAILED! => {\"msg\": \"non-zero return code\", \"stderr\": \"error when evicting pods/\\\"a-0\\\" -n \\\"b\\\": Cannot evict pod as it would violate the pod's disruption budget.\"}\n")
	return log.Bytes()
}

var (
	groupHeads = regexp.MustCompile(`\(\?(?:P<\w+>|:)`)
	inClass    = regexp.MustCompile(`(\[[^\]]*)\\([dwS.])`)
)

// extended gives an expression in the words of grep -E, and whether it has some.
func extended(line string) (string, bool) {
	if strings.Contains(line, "(?i)") || strings.Contains(line, "+?") || strings.Contains(line, "*?") || strings.Contains(line, `[^\]`) || strings.Contains(line, `(?i:`) {
		return "", false
	}
	ere := groupHeads.ReplaceAllString(line, "(")
	for inClass.MatchString(ere) {
		ere = inClass.ReplaceAllStringFunc(ere, func(s string) string {
			return strings.NewReplacer(`\d`, "0-9", `\w`, "a-zA-Z0-9_", `\.`, ".", `\S`, "!-~").Replace(s)
		})
	}
	ere = strings.NewReplacer(`\d`, "[0-9]", `\t`, " ").Replace(ere)
	return ere, !strings.Contains(ere, "(?")
}
