package runbooks

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// unread is the pitfall that finds every setting with an old default that the new release reads nowhere. It looks at hops from
// v2.28 on; open is how many such defaults the hops before dropped that no pitfall names. It may only shrink.
const (
	unread = "defaults-no-longer-read"
	open   = 149
)

// TestBehaviours: every default that went or changed at a hop from v2.18 to v2.31, and is no version or image, is named by a
// pitfall; or a file that is rendered for the hop shows it; or it went and a pitfall warns who sets it, from v2.28 on; or it is harmless, with
// the reason in testdata/harmless.tsv.
func TestBehaviours(t *testing.T) {
	harmless, used := map[string]string{}, map[string]bool{}
	for _, f := range table(t, "testdata/harmless.tsv", 2) {
		if f[1] == "" || harmless[f[0]] != "" {
			t.Errorf("harmless.tsv: %s stands twice or without a reason", f[0])
		}
		harmless[f[0]] = f[1]
	}
	named := namedByPitfalls(t)
	if _, err := fs.Stat(FS, "kubespray/pitfalls/"+unread+".yaml"); err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	hops := map[string]bool{}
	for _, f := range table(t, "testdata/behaviours.tsv", 6) {
		hop, kind, key, read := f[0], f[1], f[2], f[3]
		hops[hop] = true
		switch {
		case named[key] != "":
			by["pitfall"]++
		case kind == "removed" && read == "nothing" && hop < "v2.28":
			by["open"]++
		case kind == "removed" && read == "nothing":
			by[unread]++
		case strings.Contains(read, "/templates/"):
			by["rendered"]++
		case harmless[key] != "":
			by["harmless"]++
			used[key] = true
		default:
			t.Errorf("%s: the default of %s is %s, read by %s: write a pitfall, or say in harmless.tsv why it is harmless", hop, key, kind, read)
		}
	}
	for key := range harmless {
		if !used[key] {
			t.Errorf("harmless.tsv: %s is no default that needs it: take the line away", key)
		}
	}
	if len(hops) != 13 {
		t.Errorf("%d hops, not the 13 from v2.18 to v2.31", len(hops))
	}
	if by["open"] != open {
		t.Errorf("%d defaults that went before v2.28 are named by no pitfall, not %d: %v", by["open"], open, by)
	}
}

// table reads lines of fields between tabs.
func table(t *testing.T, name string, fields int) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != fields {
			t.Fatalf("%s: %q has %d fields, not %d", name, line, len(f), fields)
		}
		rows = append(rows, f)
	}
	return rows
}

var aKey = regexp.MustCompile(`\b[a-z][a-z0-9]*_[a-z0-9_]+\b`)

// namedByPitfalls are the words of Kubespray's pitfalls that may be settings, comments left out, each with a pitfall.
func namedByPitfalls(t *testing.T) map[string]string {
	t.Helper()
	named := map[string]string{}
	files, err := fs.Glob(FS, "kubespray/pitfalls/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, w := range aKey.FindAllString(line, -1) {
				named[w] = strings.TrimSuffix(path.Base(name), ".yaml")
			}
		}
	}
	return named
}
