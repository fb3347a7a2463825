package diagnose

import (
	"bytes"
	"context"
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

// BenchmarkRead is diagnose on 200 MB of what Ansible prints, a task every few lines, beside grep -E -f with the same patterns,
// as far as grep has words for them.
func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "night.log")
	if err := os.WriteFile(path, night(200<<20), 0o600); err != nil {
		b.Fatal(err)
	}
	pitfalls := builtinPitfalls(b)
	k := New(pitfalls, nil)
	var patterns []string
	for _, p := range pitfalls {
		for i := range p.Symptoms {
			if ere, ok := extended(p.Symptoms[i].Line.Source); ok && p.Symptoms[i].Task.RE == nil {
				patterns = append(patterns, ere)
			}
		}
	}
	b.SetBytes(200 << 20)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		r, err := k.Read(context.Background(), f, path)
		if err != nil || len(r.Findings) == 0 {
			b.Fatal(err, "nothing found")
		}
		_ = f.Close()
	}
	ours := b.Elapsed() / time.Duration(b.N)
	file := filepath.Join(b.TempDir(), "patterns")
	if err := os.WriteFile(file, []byte(strings.Join(patterns, "\n")+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	grep := exec.Command("grep", "-a", "-E", "-c", "-f", file, path)
	grep.Env = append(os.Environ(), "LC_ALL=C")
	start := time.Now()
	if out, err := grep.CombinedOutput(); grep.ProcessState.ExitCode() > 1 {
		b.Fatalf("%v: %s", err, out)
	}
	b.ReportMetric(float64(time.Since(start))/float64(ours), "x-grep-E-f")
	b.ReportMetric(float64(len(patterns)), "patterns-of-grep")
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
