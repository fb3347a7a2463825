package release

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func chain(t *testing.T, from, to string, o ChainOptions) *Chain {
	t.Helper()
	c, err := NewChain(theReleases(t), from, to, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func route(c *Chain) string {
	var names []string
	for _, s := range c.Stops {
		names = append(names, s.Release)
	}
	return strings.Join(names, " ")
}

// TestChainGolden holds a whole answer: every version at every stop, every reason.
func TestChainGolden(t *testing.T) {
	got, err := json.MarshalIndent(chain(t, "v2.24.1", "v2.31.0", ChainOptions{}), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/chain-v2.24.1-v2.31.0.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("the chain is not that of %s; if it should not be: go test ./runbook -run ChainGolden -update", golden)
	}
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"v2.15.0", "v2.31.0", "v2.15.0 v2.16.0 v2.17.1 v2.18.2 v2.19.1 v2.20.0 v2.21.0 v2.22.2 v2.23.3 v2.24.1 v2.25.1 v2.26.1 v2.27.1 v2.28.1 v2.29.1 v2.30.0 v2.31.0"},
		{"v2.24.1", "v2.25.1", "v2.24.1 v2.25.1"},
		{"v2.24.2", "v2.26.1", "v2.24.2 v2.25.1 v2.26.1"}, // out of a release that is no place to stop
		{"v2.23.3", "v2.25.1", "v2.23.3 v2.24.1 v2.25.1"},
		{"v2.28.0", "v2.28.1", "v2.28.0 v2.28.1"}, // within a minor
		{"v2.24.0", "v2.24.3", "v2.24.0 v2.24.3"}, // asked for, for better or worse
		{"v2.27.1", "v2.28.0", "v2.27.1 v2.28.0"},
		{"2.30.0", "2.31.0", "v2.30.0 v2.31.0"},
		{"v2.31.0", "v2.31.0", "v2.31.0"},
	} {
		if got := route(chain(t, c.from, c.to, ChainOptions{})); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// TestEveryPair walks from every release to every later one.
func TestEveryPair(t *testing.T) {
	rs := theReleases(t)
	for i, from := range rs {
		for _, to := range rs[i:] {
			c, err := NewChain(rs, from.Name.Value, to.Name.Value, ChainOptions{})
			if err != nil {
				t.Errorf("%s to %s: %v", from.Name, to.Name, err)
				continue
			}
			if c.Stops[0].release != from || c.Stops[len(c.Stops)-1].release != to || len(c.Hops) != len(c.Stops)-1 {
				t.Errorf("%s to %s: broken: %s", from.Name, to.Name, route(c))
			}
			for j, h := range c.Hops {
				a, b := c.Stops[j].release, c.Stops[j+1].release
				if step := b.version.Minor() - a.version.Minor(); step > 1 || !b.version.GreaterThan(a.version) {
					t.Errorf("%s to %s: no hop", h.From, h.To)
				}
				if why := refuses(b, a); len(why) > 0 {
					t.Errorf("%s to %s is not legal: %s", h.From, h.To, why)
				}
				// only what was asked for may be bad or make something older, and then the hop says it
				bad := b.Avoid != nil || len(h.Backwards) > 0
				if bad && b != to {
					t.Errorf("%s to %s: stops at %s", from.Name, to.Name, h.To)
				}
				if b.Avoid != nil && !slices.ContainsFunc(h.Conditions, func(c Condition) bool { return c.About == "release" && c.Unmet }) {
					t.Errorf("%s to %s: not said that it is no place to stop", h.From, h.To)
				}
			}
		}
	}
}

func said(h Hop) string {
	text, _ := json.Marshal(h)
	return string(text)
}

func TestHopReasons(t *testing.T) {
	c := chain(t, "v2.24.1", "v2.31.0", ChainOptions{})
	hops := map[string]Hop{}
	for _, h := range c.Hops {
		hops[h.To] = h
	}
	for to, words := range map[string][]string{
		"v2.25.1": {`"release":"v2.24.2"`, "Calico 3.26.4", `"release":"v2.24.3"`, `"release":"v2.25.0"`, "calico must be 3.27.0 or later before v2.28.1"},
		"v2.26.1": {"etcd 3.5.16 → 3.5.12", "changed control-plane settings"},
		"v2.28.1": {`"release":"v2.28.0"`, "calico 3.29.4 → 3.29.3", "leading v"},
		"v2.29.1": {"leave Ubuntu 20.04 before v2.29.1", "22.04, 24.04", "virtual environment", "weave"},
		"v2.30.0": {"etcd must be 3.5.26 or later before v2.31.0", "do not leave it out"},
		"v2.31.0": {"etcd 3.5.26 or later must run everywhere before v2.31.0", "cgroup v1", "Python 3.11 to 3.13"},
	} {
		for _, w := range words {
			if !strings.Contains(said(hops[to]), w) {
				t.Errorf("the hop to %s does not say %q:\n%s", to, w, said(hops[to]))
			}
		}
	}
	// every text an operator reads is in both languages
	for _, h := range c.Hops {
		for _, a := range h.Avoided {
			inBoth(t, a.Why)
		}
		for _, c := range h.Conditions {
			inBoth(t, c.Says)
		}
		for _, n := range append(h.Notes, h.Faults...) {
			inBoth(t, n.Says)
		}
	}
}

func inBoth(t *testing.T, text event.Text) {
	t.Helper()
	if text.En == "" || text.Ja == "" || strings.Contains(text.En+text.Ja, "%!") {
		t.Errorf("not in both languages: %q", text)
	}
}

func TestBackwards(t *testing.T) {
	got := chain(t, "v2.27.1", "v2.28.0", ChainOptions{}).Hops[0].Backwards
	want := []Backwards{{"etcd", "3.5.21", "3.5.16"}, {"calico", "3.29.4", "3.29.3"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestNodesOfTheCluster(t *testing.T) {
	nodes := map[string]string{
		"node1": "Ubuntu 22.04.5 LTS", "node2": "Ubuntu 20.04.6 LTS", "node3": "Ubuntu 20.04.6 LTS",
		"node4": "Rocky Linux 8.10 (Green Obsidian)", "node5": "Debian GNU/Linux 12 (bookworm)",
	}
	c := chain(t, "v2.28.1", "v2.31.0", ChainOptions{Kubernetes: "1.32.8", Nodes: nodes})
	unmet := map[string][]string{}
	for _, h := range c.Hops {
		for _, c := range h.Conditions {
			if c.Unmet {
				unmet[h.To] = append(unmet[h.To], c.Nodes...)
			}
		}
	}
	if len(unmet) != 2 || !slices.Equal(unmet["v2.29.1"], []string{"node2", "node3"}) || !slices.Equal(unmet["v2.30.0"], []string{"node4"}) {
		t.Errorf("%v", unmet)
	}

	// a system that no node runs is not worth a line, unless a node runs something that is not known
	fine := map[string]string{"node1": "Ubuntu 22.04.5 LTS"}
	if text := said(chain(t, "v2.28.1", "v2.29.1", ChainOptions{Nodes: fine}).Hops[0]); strings.Contains(text, "20.04") {
		t.Errorf("no node runs it: %s", text)
	}
	fine["node2"] = "Flatcar Container Linux"
	if text := said(chain(t, "v2.28.1", "v2.29.1", ChainOptions{Nodes: fine}).Hops[0]); !strings.Contains(text, "20.04") {
		t.Errorf("node2 is not known: %s", text)
	}

	// what neither release supports is said once, at the first hop
	old := chain(t, "v2.29.1", "v2.31.0", ChainOptions{Nodes: map[string]string{"node1": "Ubuntu 18.04.6 LTS"}})
	if first := said(old.Hops[0]); !strings.Contains(first, "does not support") || strings.Contains(said(old.Hops[1]), "does not support") {
		t.Errorf("%s", first)
	}
}

func TestKubernetesOfTheCluster(t *testing.T) {
	for kubernetes, want := range map[string]bool{"1.28.6": false, "1.28.14": false, "1.27.10": true, "1.26.5": true} {
		h := chain(t, "v2.24.1", "v2.26.1", ChainOptions{Kubernetes: kubernetes}).Hops[0]
		got := slices.ContainsFunc(h.Conditions, func(c Condition) bool { return c.About == "kubernetes" && c.Unmet })
		if got != want {
			t.Errorf("%s: unmet %v, want %v", kubernetes, got, want)
		}
	}
}

func TestNoWay(t *testing.T) {
	rs := theReleases(t)
	without := func(gone ...string) Releases {
		return slices.DeleteFunc(slices.Clone(rs), func(r *Release) bool { return slices.Contains(gone, r.Name.Value) })
	}
	for _, c := range []struct {
		rs       Releases
		from, to string
		want     string
	}{
		{rs, "v2.28.1", "v2.24.1", "there is no way back"},
		{rs, "v2.28.1", "v2.28.0", "there is no way back"},
		{rs, "v2.28.1", "v2.32.0", "known up to v2.31.0"},
		{rs, "v2.14.2", "v2.31.0", "known from v2.15.0"},
		{without("v2.30.0"), "v2.29.1", "v2.31.0", "no release v2.30 is known"},
	} {
		_, err := NewChain(c.rs, c.from, c.to, ChainOptions{})
		var usage *runbook.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
	}
	// without a good patch, the least bad one; and a patch of the same minor first where the next minor wants it
	c, err := NewChain(without("v2.28.1"), "v2.27.1", "v2.29.1", ChainOptions{})
	if err != nil || route(c) != "v2.27.1 v2.28.0 v2.29.1" {
		t.Errorf("%v %v", c, err)
	}
}

func TestPatchFirst(t *testing.T) {
	parse := func(tag, kubernetes, minimum, etcd string) *runbook.ReleaseFile {
		text := "apiVersion: spraydeck/v1\nkind: Release\nname: " + tag + "\ntitle: x\ndate: 2027-01-01\n" +
			"kubernetes: {default: " + kubernetes + ", min: " + minimum + ", max: " + kubernetes + ", minors: [" + kubernetes[:4] + "]}\n" +
			"components: {etcd: " + etcd + "}\nansible: {package: 1.0.0, min: 2.0.0, below: 3.0.0}\nos: {debian: 12}\n"
		f, problems := runbook.Parse(tag+".yaml", []byte(text), &runbook.Language{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return f.Release
	}
	a, b := parse("v2.40.0", "1.44.0", "1.43.0", "3.6.0"), parse("v2.40.1", "1.44.1", "1.43.0", "3.6.9")
	far := parse("v2.41.0", "1.45.0", "1.44.0", "{version: 3.7.0, from: 3.6.9}")
	rs, err := NewReleases(far, b, a)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChain(rs, "v2.40.0", "v2.41.0", ChainOptions{})
	if err != nil || route(c) != "v2.40.0 v2.40.1 v2.41.0" {
		t.Errorf("%v %v", c, err)
	}
	rs, err = NewReleases(far, a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewChain(rs, "v2.40.0", "v2.41.0", ChainOptions{}); err == nil || !strings.Contains(err.Error(), "v2.41.0 takes etcd 3.6.9 or later") {
		t.Errorf("%v", err)
	}
}
