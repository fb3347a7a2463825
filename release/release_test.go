package release

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"spraydeck/runbook"
)

func theReleases(t testing.TB) Releases {
	t.Helper()
	rs, err := ReadReleases(os.DirFS("../runbooks"), "releases")
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// patches is how many tags each minor has. A tag that is added to the catalogue is added here.
var patches = map[int]int{
	15: 2, 16: 1, 17: 2, 18: 3, 19: 2, 20: 1, 21: 1, 22: 3, 23: 4, 24: 4, 25: 2, 26: 2, 27: 2, 28: 2, 29: 2, 30: 1, 31: 1,
}

func TestEveryTagIsThere(t *testing.T) {
	var want, got []string
	for minor := 15; minor <= 31; minor++ {
		for patch := range patches[minor] {
			want = append(want, fmt.Sprintf("v2.%d.%d", minor, patch))
		}
	}
	for _, r := range theReleases(t) {
		got = append(got, r.Name.Value)
	}
	if !slices.Equal(got, want) {
		t.Errorf("tags\n%s\nwant\n%s", got, want)
	}
}

// TestReleasesFitEachOther holds what is true of the whole catalogue, so that a slip of the hand is found.
func TestReleasesFitEachOther(t *testing.T) {
	rs := theReleases(t)
	newest := map[uint64]*Release{}
	for _, r := range rs {
		// one minor of Kubespray is one minor of Kubernetes
		if k := r.Kubernetes.Version(); k.Minor() != r.version.Minor()+4 {
			t.Errorf("%s installs Kubernetes %s", r.Name, k)
		}
		if want := fmt.Sprintf("Kubespray %s with Kubernetes %s", r.Name, r.Kubernetes.Default); r.Title.En.Source != want {
			t.Errorf("title %q, want %q", r.Title.En.Source, want)
		}
		for _, name := range []string{"etcd", "containerd", "calico", "coredns"} {
			if r.component(name).Version.Value == "" {
				t.Errorf("%s: no %s", r.Name, name)
			}
		}
		if e := r.component("etcd"); len(e.With) > 0 {
			minor := fmt.Sprintf("1.%d", r.Kubernetes.Version().Minor())
			if !slices.ContainsFunc(e.With, func(w runbook.VersionWith) bool {
				return w.Kubernetes.Value == minor && w.Version.Value == e.Version.Value
			}) {
				t.Errorf("%s: etcd %s is not the one that goes with Kubernetes %s", r.Name, e.Version, minor)
			}
		}
		if a := r.Avoid; a != nil {
			instead, err := rs.Find(a.Instead.Value)
			if err != nil || instead.Avoid != nil || !instead.version.GreaterThan(r.version) {
				t.Errorf("%s: %s is no release to take instead", r.Name, a.Instead)
			}
		}
		newest[r.version.Minor()] = r
	}
	// from newest patch to newest patch nothing gets older, and nothing is refused
	for minor := uint64(16); minor <= 31; minor++ {
		from, to := newest[minor-1], newest[minor]
		if b, why := backwards(from, to), refuses(to, from); len(b)+len(why) > 0 {
			t.Errorf("%s to %s: %v %v", from.Name, to.Name, b, why)
		}
	}
}

func TestFindRelease(t *testing.T) {
	rs := theReleases(t)
	for _, tag := range []string{"v2.28.1", "2.28.1"} {
		if r, err := rs.Find(tag); err != nil || r.Name.Value != "v2.28.1" {
			t.Errorf("%s: %v %v", tag, r, err)
		}
	}
	for tag, want := range map[string][]string{
		"v2.24.9":  {"no release v2.24.9", "v2.24.0, v2.24.1, v2.24.2, v2.24.3"},
		"v2.24":    {"no release v2.24", "v2.24.0, v2.24.1, v2.24.2, v2.24.3"},
		"v2.31.1":  {"v2.31.1 is newer than the catalogue", "known up to v2.31.0"},
		"v2.40.0":  {"newer than the catalogue", "v2.31.0"},
		"v2.14.2":  {"older than the catalogue", "v2.15.0"},
		"v1.0.0":   {"older than the catalogue", "v2.15.0"},
		"master":   {"not a release of Kubespray", "v2.15.0 to v2.31.0"},
		"v2.28.-1": {"not a release of Kubespray"},
		"":         {"not a release of Kubespray"},
	} {
		_, err := rs.Find(tag)
		var usage *runbook.UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%q: %v", tag, err)
			continue
		}
		for _, w := range want {
			if text := usage.Message + "\n" + usage.Way; !strings.Contains(text, w) {
				t.Errorf("%q: %q does not say %q", tag, text, w)
			}
		}
	}
	if _, err := (Releases{}).Find("v2.28.1"); err == nil {
		t.Error("found in an empty catalogue")
	}
}

func TestRunningRelease(t *testing.T) {
	rs := theReleases(t)
	for kubernetes, want := range map[string]string{
		"v1.28.6":  "v2.24.1", // v2.24.0 installs it too
		"1.28.10":  "v2.24.2",
		"v1.28.12": "v2.24.2", // pinned, between two releases
		"v1.31.0":  "v2.27.0", // older than any release installs
		"v1.35.4":  "v2.31.0",
	} {
		if r := rs.Running(kubernetes); r == nil || r.Name.Value != want {
			t.Errorf("%s: %v, want %s", kubernetes, r, want)
		}
	}
	for _, none := range []string{"v1.36.0", "v1.18.0", "nonsense", ""} {
		if r := rs.Running(none); r != nil {
			t.Errorf("%s: %s", none, r.Name)
		}
	}
}

// TestIgnoredKeys: what each release says of variables adds up.
func TestIgnoredKeys(t *testing.T) {
	rs := theReleases(t)
	for tag, count := range map[string]int{"v2.15.0": 38, "v2.25.0": 85, "v2.25.1": 83, "v2.28.0": 196, "v2.31.0": 227} {
		r, err := rs.Find(tag)
		if err != nil {
			t.Fatal(err)
		}
		keys := rs.Ignored(r)
		if len(keys) != count {
			t.Errorf("%s ignores %d keys, want %d", tag, len(keys), count)
		}
		if dead := slices.Contains(keys, "ingress_nginx_enabled"); dead != (tag == "v2.31.0") {
			t.Errorf("%s: ingress_nginx_enabled ignored: %v", tag, dead)
		}
	}
}

func TestNewReleases(t *testing.T) {
	rs := theReleases(t)
	own := *rs[0].ReleaseFile
	own.Title.En.Source = "mine"
	list, err := NewReleases(append(rs.Files(), &own)...)
	if err != nil || len(list) != len(rs) || list[0].Title.En.Source != "mine" {
		t.Errorf("the later one has not taken the place: %d %v", len(list), err)
	}
	own.Name.Value = "newest"
	if _, err := NewReleases(&own); err == nil {
		t.Error("a release without a tag for a name")
	}
}

// BenchmarkReadReleases: only commands that ask about releases pay this.
func BenchmarkReadReleases(b *testing.B) {
	for b.Loop() {
		theReleases(b)
	}
}
