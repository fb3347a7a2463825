package ui

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
)

// press builds the key press that tea would send: "enter", "ctrl+c", "A", "/".
func press(name string) tea.KeyPressMsg {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome,
		"end": tea.KeyEnd, "tab": tea.KeyTab, "backspace": tea.KeyBackspace}
	switch {
	case name == "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case codes[name] != 0:
		return tea.KeyPressMsg{Code: codes[name]}
	case strings.HasPrefix(name, "ctrl+"):
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	case strings.HasPrefix(name, "shift+"):
		return tea.KeyPressMsg{Code: codes[name[6:]], Mod: tea.ModShift}
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: name}
}

// drawn gives what a part draws as plain text, and checks that each line has the width it was given.
func drawn(t *testing.T, view string, w, h int) string {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != h {
		t.Errorf("%d lines in a part of %d", len(lines), h)
	}
	for i, l := range lines {
		if got := width(l); got != w {
			t.Errorf("line %d is %d wide, not %d: %q", i, got, w, ansi.Strip(l))
		}
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// rowsText writes rows so that a table can hold them: "=1,1 ~2,2 -3 +3".
func rowsText(t *comparison) string {
	var out []string
	for _, r := range t.rows {
		switch r.kind {
		case rowRemoved:
			out = append(out, fmt.Sprintf("-%d", r.old))
		case rowAdded:
			out = append(out, fmt.Sprintf("+%d", r.new))
		default:
			out = append(out, fmt.Sprintf("%c%d,%d", "=~  x"[r.kind], r.old, r.new))
		}
	}
	return strings.Join(out, " ")
}

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
		if got := rowsText(sideBySide(tt.old, tt.new)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Whatever the texts, the rows hold every line of both once and in order, and equal rows are equal.
func TestSideBySideLosesNothing(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for range 300 {
		old, new := randomText(random), randomText(random)
		c := sideBySide(old, new)
		o, n := 0, 0
		for _, r := range c.rows {
			if r.old > 0 {
				if o++; r.old != o {
					t.Fatalf("left line %d stands where %d should: %q %q", r.old, o, old, new)
				}
			}
			if r.new > 0 {
				if n++; r.new != n {
					t.Fatalf("right line %d stands where %d should: %q %q", r.new, n, old, new)
				}
			}
			if r.kind == rowEqual && c.old[r.old-1] != c.new[r.new-1] {
				t.Fatalf("%q and %q are taken for equal", c.old[r.old-1], c.new[r.new-1])
			}
		}
		if o != len(c.old) || n != len(c.new) {
			t.Fatalf("rows hold %d and %d lines of %d and %d", o, n, len(c.old), len(c.new))
		}
	}
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
	left, right := changedSpans(old, new)
	if got := pieces(old, left); got != "# |Always" {
		t.Errorf("left %q", got)
	}
	if got := pieces(new, right); got != "Never" {
		t.Errorf("right %q", got)
	}
	if _, right := changedSpans("値: 古い", "値: 新しい"); pieces("値: 新しい", right) != "新し" {
		t.Errorf("wide: %q", pieces("値: 新しい", right))
	}
}

func pieces(s string, spans []span) string {
	var out []string
	for _, p := range spans {
		out = append(out, s[p.from:p.to])
	}
	return strings.Join(out, "|")
}

func TestSlide(t *testing.T) {
	plain := newTheme(true).Plain
	tests := []struct {
		text    string
		left, w int
		want    string
	}{
		{"abc", 0, 5, "abc  "},
		{"abcdef", 0, 4, "abc…"},
		{"abcdef", 2, 4, "…def"},
		{"abcdefgh", 2, 4, "…de…"},
		{"日本語です", 0, 5, "日本…"},
		{"日本語です", 0, 4, "日 …"},
		{"日本語です", 1, 5, "…本 …"},
		{"日本語です", 2, 9, "… 語です "},
		{"abc", 9, 3, "…  "},
		{"abc", 0, 0, ""},
	}
	for _, tt := range tests {
		got := slide(tt.text, plain, nil, tt.left, tt.w)
		if width(got) != tt.w {
			t.Errorf("slide(%q, %d, %d) = %q is %d wide", tt.text, tt.left, tt.w, got, width(got))
		}
		if got != tt.want {
			t.Errorf("slide(%q, %d, %d) = %q, want %q", tt.text, tt.left, tt.w, got, tt.want)
		}
	}
}

func comparedSample() event.Compared {
	var old, new strings.Builder
	for i := range 60 {
		line := fmt.Sprintf("key_%02d: value  # 説明 %d\n", i, i)
		old.WriteString(line)
		switch i {
		case 8:
			new.WriteString("calico_network_backend: vxlan\n" + line)
		case 30:
			new.WriteString("key_30: 新しい値  # 説明 30\n")
		case 31:
		case 50:
			new.WriteString(strings.TrimSuffix(line, "\n") + " " + strings.Repeat("長い", 60) + "\n")
		default:
			new.WriteString(line)
		}
	}
	return event.Compared{Path: "group_vars/k8s_cluster/k8s-net-calico.yml", Left: "t_v2.27.0", Right: "v2.28.0",
		Old: old.String(), New: new.String() + "last", Note: text("default changed: bird → vxlan", "既定値が変わりました: bird → vxlan")}
}

func newTestDiff(lang string, w, h int) *diffView {
	v := newDiffView(newLook(Options{Lang: lang}), comparedSample())
	v.SetSize(w, h)
	return v
}

func TestDiffGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		w, h := size[0], size[1]
		v := newTestDiff(map[int]string{40: "ja"}[w], w, h)
		got := drawn(t, v.View(), w, h)
		for _, k := range []string{"]", "right"} {
			v.HandleKey(press(k))
			got += fmt.Sprintf("──── %s\n", k) + drawn(t, v.View(), w, h)
		}
		sameAsGolden(t, fmt.Sprintf("diff-%dx%d", w, h), got)
	}
}

func TestDiffKeys(t *testing.T) {
	changed := func(v *diffView, keys ...string) bool {
		before := v.View()
		for _, k := range keys {
			v.HandleKey(press(k))
		}
		return v.View() != before
	}
	for _, w := range []int{80, 120} {
		for _, k := range newTestDiff("", w, 20).Keys() {
			for _, name := range k.Keys {
				v := newTestDiff("", w, 20)
				for _, first := range []string{"w", "]", "right"} { // somewhere in the middle
					v.HandleKey(press(first))
				}
				if name == "esc" {
					if _, back := v.HandleKey(press(name)).(actBack); !back {
						t.Error("esc does not go back")
					}
				} else if !changed(v, name) {
					t.Errorf("%d columns: %s does nothing", w, name)
				}
			}
		}
	}
	v := newTestDiff("", 120, 20)
	if !changed(v, "/", "k", "e", "y", "_", "4", "0", "enter") || !strings.Contains(ansi.Strip(v.View()), "key_40") {
		t.Error("a search does not open the fold")
	}
	if !changed(v, "/", "v", "a", "l", "u", "e", "enter") || !changed(v, "n") || !changed(v, "N") {
		t.Error("a search does not go on")
	}
	if _, back := v.HandleKey(press("esc")).(actBack); back {
		t.Error("esc does not end the search first")
	}
	if changed(v, "/", "n", "o", "n", "e", "enter"); !strings.Contains(ansi.Strip(v.View()), "not found: none") {
		t.Error("a vain search does not say so")
	}
	if v.HandleKey(press("x")) != nil {
		t.Error("x means something")
	}
}

func TestDiffAtAnySize(t *testing.T) {
	for _, c := range []event.Compared{comparedSample(), {}, {Old: "a\n", New: "a\n"}} {
		v := newDiffView(newLook(Options{}), c)
		_ = v.View()
		for w := range 130 {
			for _, h := range []int{0, 1, 2, 5, 30} {
				v.SetSize(w, h)
				_ = v.View()
				v.HandleKey(press("]"))
			}
		}
	}
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
				if c := sideBySide(old, new); len(c.hunks) == 0 {
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

// gitDiff gives the median time of git for the same texts.
func gitDiff(b *testing.B, old, new string) time.Duration {
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal("git is missing: install git")
		}
		b.Skip("left out, because git is missing: install git")
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
