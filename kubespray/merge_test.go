package kubespray

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func always(answer string) func(Hunk) string { return func(Hunk) string { return answer } }

const (
	oldSample = "---\n# Helm\nhelm_enabled: false\n\nkube_version: v1.31.4\n# metallb_pool: []\nmetallb_enabled: false\nmetallb_config:\n  speaker:\n    nodeselector: linux\nlast: 1\n"
	oldMine   = "---\n# Helm\nhelm_enabled: true\n\nkube_version: v1.31.3\n# metallb_pool: []\nmetallb_enabled: false\nmetallb_config:\n  speaker:\n    nodeselector: mine\nlast: 1\n"
	newSample = "---\n# new header\n# Helm\nhelm_enabled: false\n\n# metallb_pool: []\nmetallb_enabled: false\nmetallb_config:\n  speaker:\n    nodeselector: linux\nlast: 1\nadded: true\n"
)

func TestMergeTellsTheCustomisations(t *testing.T) {
	m, err := Merge([]byte(oldSample), []byte(oldMine), []byte(newSample))
	if err != nil {
		t.Fatal(err)
	}
	want := []Hunk{
		{ID: 1, OldStart: 3, NewStart: 4, Base: []string{"helm_enabled: false"}, Mine: []string{"helm_enabled: true"}, Theirs: []string{"helm_enabled: false"}, Keys: []string{"helm_enabled"}},
		{ID: 2, Conflict: true, OldStart: 5, NewStart: 6, Base: []string{"kube_version: v1.31.4"}, Mine: []string{"kube_version: v1.31.3"}, Theirs: []string{}, Keys: []string{"kube_version"}},
		{ID: 3, OldStart: 10, NewStart: 10, Base: []string{"    nodeselector: linux"}, Mine: []string{"    nodeselector: mine"}, Theirs: []string{"    nodeselector: linux"}, Keys: []string{"metallb_config"}},
	}
	if !reflect.DeepEqual(m.Hunks, want) {
		t.Errorf("hunks:\n got %+v\nwant %+v", m.Hunks, want)
	}
	picked := m.Apply(func(h Hunk) string {
		if h.Conflict {
			return "theirs"
		}
		return "mine"
	})
	wantText := strings.NewReplacer("helm_enabled: false", "helm_enabled: true", "nodeselector: linux", "nodeselector: mine").Replace(newSample)
	if string(picked) != wantText {
		t.Errorf("apply:\n%s\nwant:\n%s", picked, wantText)
	}
	both := string(m.Apply(always("both")))
	if !strings.Contains(both, "helm_enabled: false\nhelm_enabled: true\n") {
		t.Errorf("both must put the operator's line last, where it wins:\n%s", both)
	}
}

// gitMerge is the reference: git merge-file as an operator would run it.
func gitMerge(t *testing.T, base, mine, theirs []byte) (text []byte, conflicts bool) {
	t.Helper()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"base": base, "mine": mine, "theirs": theirs} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "merge-file", "-p", "mine", "base", "theirs")
	cmd.Dir = dir
	out, err := cmd.Output()
	return out, err != nil
}

func checkMerge(t *testing.T, base, mine, theirs []byte) (clean bool) {
	t.Helper()
	m, err := Merge(base, mine, theirs)
	if err != nil {
		t.Fatal(err)
	}
	say := fmt.Sprintf("base %q mine %q theirs %q", base, mine, theirs)
	if got := m.Apply(always("theirs")); !bytes.Equal(got, theirs) {
		t.Fatalf("%s: all theirs is %q, not the new sample", say, got)
	}
	conflict := false
	mineLines := bare(splitLines(mine))
	for i, h := range m.Hunks {
		conflict = conflict || h.Conflict
		if h.ID != i+1 {
			t.Fatalf("%s: hunk %d has id %d", say, i+1, h.ID)
		}
		if h.OldStart < 1 || h.OldStart > len(mineLines)+1 {
			t.Fatalf("%s: hunk %d starts at %d of %d lines", say, h.ID, h.OldStart, len(mineLines))
		}
		if len(h.Mine) > 0 && !h.Conflict && mineLines[h.OldStart-1] != h.Mine[0] {
			t.Fatalf("%s: hunk %d is %q, but line %d is %q", say, h.ID, h.Mine[0], h.OldStart, mineLines[h.OldStart-1])
		}
	}
	reference, conflicts := gitMerge(t, base, mine, theirs)
	if conflict != conflicts {
		t.Fatalf("%s: conflict %v, git says %v", say, conflict, conflicts)
	}
	if got := m.Apply(always("mine")); !conflicts && !bytes.Equal(got, reference) {
		t.Fatalf("%s: all mine is %q, git merges to %q", say, got, reference)
	}
	return !conflicts
}

func TestMergeAgreesWithGit(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 28))
	// Few distinct lines make the alignments hard.
	words := []string{"a: 1\n", "b: 2\n", "  c: 3\n", "\n", "# d: 4\n", "<<<<<<< x\n", "=======\n", "crlf: 1\r\n"}
	edit := func(lines []string) []string {
		var out []string
		for _, line := range lines {
			switch rng.IntN(12) {
			case 0:
			case 1:
				out = append(out, words[rng.IntN(len(words))])
			case 2:
				out = append(out, line, words[rng.IntN(len(words))])
			default:
				out = append(out, line)
			}
		}
		return out
	}
	text := func(lines []string) []byte {
		s := strings.Join(lines, "")
		if rng.IntN(5) == 0 {
			s = strings.TrimSuffix(s, "\n")
		}
		return []byte(s)
	}
	rounds, clean := 150, 0
	if testing.Short() {
		rounds = 30
	}
	for range rounds {
		var base []string
		for range rng.IntN(25) {
			base = append(base, words[rng.IntN(len(words))])
		}
		if checkMerge(t, text(base), text(edit(base)), text(edit(base))) {
			clean++
		}
	}
	if clean < rounds/10 {
		t.Errorf("only %d of %d rounds merged without conflict: the test shows little", clean, rounds)
	}
}

func TestMergeCorners(t *testing.T) {
	for _, c := range [][3]string{
		{"", "", ""},
		{"", "a: 1\n", ""},
		{"a: 1\n", "", "a: 1\n"},
		{"a: 1", "a: 2", "a: 1"},
		{"a: 1", "a: 2", "a: 3"},
		{"a: 1\n", "a: 2", "a: 3\n"},
		{"a: 1\nb: 1", "a: 1\n", "a: 1\nb: 1\nc: 1"},
		{"x\n", "x\nmine\n", "x\ntheirs\n"},
		{oldSample, oldSample, newSample},
		{oldSample, oldMine, oldSample},
	} {
		checkMerge(t, []byte(c[0]), []byte(c[1]), []byte(c[2]))
	}
	if _, err := Merge([]byte("a\x00b"), []byte("c\x00"), nil); err == nil || !strings.HasPrefix(err.Error(), "merge: ") {
		t.Errorf("binary text: error %v", err)
	}
}
