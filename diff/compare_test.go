package diff

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSideBySide(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"the same", "a\nb\n", "a\nb\n", "=1,1 =2,2"},
		{"a new file", "", "a\nb\n", "+1 +2"},
		{"a file gone", "a\n", "", "-1"},
		{"changed", "a\nb: 1\nc\n", "a\nb: 2\nc\n", "=1,1 ~2,2 =3,3"},
		{"replaced by something else", "a\nfoo\nc\n", "a\nbar baz\nc\n", "=1,1 x2,2 =3,3"},
		{"the lines that became one another stand together", "x\nmode: Always\ny\n", "x\nnew: 1\nmode: Never\ny\n",
			"=1,1 +2 ~2,3 =3,4"},
		{"in the middle", "q\none_key: 1\ntwo_key: 2\nz\n", "q\ntwo_key: 3\nz\n", "=1,1 -2 ~3,2 =4,3"},
		{"a newline at the end", "a\nb", "a\nb\n", "=1,1 ~2,2"},
		{"windows lines", "a\r\n", "a\n", "~1,1"},
		{"blank lines", "a\n\n\n", "a\n\n", "=1,1 =2,2 -3"},
	}
	for _, tt := range tests {
		if got := rowsText(Compare(tt.old, tt.new)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Whatever the texts, the rows hold every line of both once and in order, and equal rows are equal.
func TestSideBySideLosesNothing(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for range 300 {
		old, new := randomText(random), randomText(random)
		c := Compare(old, new)
		o, n := 0, 0
		for _, r := range c.Rows {
			if r.Old > 0 {
				if o++; r.Old != o {
					t.Fatalf("left line %d stands where %d should: %q %q", r.Old, o, old, new)
				}
			}
			if r.New > 0 {
				if n++; r.New != n {
					t.Fatalf("right line %d stands where %d should: %q %q", r.New, n, old, new)
				}
			}
			if r.Kind == Equal && c.Old[r.Old-1] != c.New[r.New-1] {
				t.Fatalf("%q and %q are taken for equal", c.Old[r.Old-1], c.New[r.New-1])
			}
		}
		if o != len(c.Old) || n != len(c.New) {
			t.Fatalf("rows hold %d and %d lines of %d and %d", o, n, len(c.Old), len(c.New))
		}
	}
}

// rowsText writes rows so that a table can hold them: "=1,1 ~2,2 -3 +3".
func rowsText(t *Comparison) string {
	var out []string
	for _, r := range t.Rows {
		switch r.Kind {
		case rowRemoved:
			out = append(out, fmt.Sprintf("-%d", r.Old))
		case rowAdded:
			out = append(out, fmt.Sprintf("+%d", r.New))
		default:
			out = append(out, fmt.Sprintf("%c%d,%d", "=~  x"[r.Kind], r.Old, r.New))
		}
	}
	return strings.Join(out, " ")
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.Intn(30) {
		b.WriteString([]string{"a: 1\n", "a: 2\n", "b\n", "\n", "日本語 の値\n", "x\x00\xff", "kube_version: v1.31.4\n"}[r.Intn(7)])
	}
	return b.String()
}

func TestChangedSpans(t *testing.T) {
	old, new := "# calico_ipip_mode: 'Always'", "calico_ipip_mode: 'Never'"
	left, right := ChangedSpans(old, new)
	if got := pieces(old, left); got != "# |Always" {
		t.Errorf("left %q", got)
	}
	if got := pieces(new, right); got != "Never" {
		t.Errorf("right %q", got)
	}
	if _, right := ChangedSpans("値: 古い", "値: 新しい"); pieces("値: 新しい", right) != "新し" {
		t.Errorf("wide: %q", pieces("値: 新しい", right))
	}
}

func pieces(s string, spans []Span) string {
	var out []string
	for _, p := range spans {
		out = append(out, s[p.From:p.To])
	}
	return strings.Join(out, "|")
}

// BenchmarkSideBySide compares as the screen does, and as git does in the same sitting: x-git is the ratio of the two,
// and below 1 is faster than git. Starting git costs some 5 ms, which is most of the small case.
func BenchmarkSideBySide(b *testing.B) {
	for _, size := range []struct{ lines, changes int }{{2000, 150}, {200000, 5000}} {
		old, new := manyLines(size.lines, size.changes)
		b.Run(fmt.Sprintf("%d/%d", size.lines, size.changes), func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				begin := time.Now()
				if c := Compare(old, new); len(c.Hunks) == 0 {
					b.Fatal("no difference")
				}
				took += time.Since(begin)
			}
			git := gitDiff(b, old, new)
			b.ReportMetric(took.Seconds()/float64(b.N)/git.Seconds(), "x-git")
			b.ReportMetric(git.Seconds()*1000, "git-ms")
		})
	}
}

func manyLines(lines, changes int) (old, new string) {
	r := rand.New(rand.NewSource(7))
	var a, b strings.Builder
	for i := range lines {
		line := fmt.Sprintf("some_setting_%d: value %d # with a comment %d\n", i%9973, i, r.Intn(50))
		a.WriteString(line)
		if r.Intn(lines) >= changes {
			b.WriteString(line)
			continue
		}
		switch r.Intn(3) {
		case 0:
		case 1:
			b.WriteString(strings.Replace(line, "value", "other", 1))
		default:
			b.WriteString(line + "an_added_line: true\n")
		}
	}
	return a.String(), b.String()
}

// gitDiff returns the median time of git for the same texts.
func gitDiff(b *testing.B, old, new string) time.Duration {
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal("git is missing: install git")
		}
		b.Skip("skipped, because git is missing: install git")
	}
	dir := b.TempDir()
	for name, text := range map[string]string{"a": old, "b": new} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	var times []time.Duration
	for range 5 {
		begin := time.Now()
		_ = exec.Command(git, "diff", "--no-index", filepath.Join(dir, "a"), filepath.Join(dir, "b")).Run() // exit 1: they differ
		times = append(times, time.Since(begin))
	}
	for i := range times {
		for j := range times[:i] {
			if times[i] < times[j] {
				times[i], times[j] = times[j], times[i]
			}
		}
	}
	return times[len(times)/2]
}
