package runbooks

import (
	"slices"
	"strings"
	"testing"

	"spraydeck/release"
	"spraydeck/runbook"
)

// hops returns the runbooks that lead from one release of Kubespray to another, whole, by their names.
func hops(t *testing.T) map[string]*runbook.Runbook {
	t.Helper()
	files := load(t)
	runbook.Link(files)
	books := map[string]*runbook.Runbook{}
	for _, f := range files {
		if b := f.Runbook; b != nil && b.System.Value == "kubespray" && b.To.Value != "" {
			books[b.Name.Value] = b
		}
	}
	if len(books) == 0 {
		t.Fatal("there are no hops")
	}
	return books
}

func releasesOf(t *testing.T) release.Releases {
	t.Helper()
	rs, err := release.ReadReleases(Releases, "releases")
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// TestEveryHopHasARunbook: from every release there is a way to the newest, and each hop of it has a runbook.
func TestEveryHopHasARunbook(t *testing.T) {
	rs, books := releasesOf(t), hops(t)
	newest := rs[len(rs)-1].Name.Value
	for _, r := range rs {
		if minorOf(r) < 18 {
			continue // the releases before v2.18 are facts and pitfalls
		}
		chain, err := release.NewChain(rs, r.Name.Value, newest, release.ChainOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range chain.Hops {
			b := books["kubespray-"+h.To]
			if b == nil || !b.From.Has(h.From) {
				t.Errorf("no runbook leads from %s to %s", h.From, h.To)
			}
		}
	}
	// every patch that is the newest of its minor, and those that operators' notes dwell on
	named := []string{"v2.22.0", "v2.22.1", "v2.23.3", "v2.24.2", "v2.26.1", "v2.28.0", "v2.28.1"}
	for i, r := range rs {
		if minorOf(r) > 18 && (i+1 == len(rs) || minorOf(rs[i+1]) > minorOf(r)) {
			named = append(named, r.Name.Value)
		}
	}
	for _, tag := range named {
		if b := books["kubespray-"+tag]; b == nil || b.To.Value != tag {
			t.Errorf("there is no runbook kubespray-%s", tag)
		}
	}
}

func minorOf(r *release.Release) int {
	n := 0
	for _, c := range strings.Split(r.Name.Value, ".")[1] {
		n = n*10 + int(c-'0')
	}
	return n
}

// TestPitfallsOfHops: a pitfall that says which releases it affects is in force in every hop there, and in no other; any
// other pitfall is named by some runbook, or nobody would ever meet it.
func TestPitfallsOfHops(t *testing.T) {
	files := load(t)
	runbook.Link(files)
	rs := releasesOf(t)
	named := map[string]bool{}
	for _, f := range files {
		if f.Runbook != nil {
			for _, id := range f.Runbook.InForce() {
				named[id] = true
			}
		}
	}
	books := map[*runbook.Runbook][]string{}
	for _, f := range files {
		if b := f.Runbook; b != nil && b.System.Value == "kubespray" && b.To.Value != "" {
			books[b] = b.InForce()
		}
	}
	for _, f := range files {
		p := f.Pitfall
		if p == nil {
			continue
		}
		if p.Affects.From.Source == "" && p.Affects.To.Source == "" {
			if !named[p.Name.Value] {
				t.Errorf("%s: no runbook names the pitfall %s, and it names no release", p.Name.Pos, p.Name)
			}
			continue
		}
		for b, inForce := range books {
			from := slices.ContainsFunc(rs, func(r *release.Release) bool { return b.From.Has(r.Name.Value) && p.Affects.From.Has(r.Name.Value) })
			want := from && p.Affects.To.Has(b.To.Value)
			if got := slices.Contains(inForce, p.Name.Value); got != want {
				t.Errorf("%s in %s: in force %v, and it affects it %v", p.Name, b.Name, got, want)
			}
		}
	}
}

// TestHopsSayOnlyWhatIsSpecial: no hop repeats the procedure, and none names what its release file says.
func TestHopsSayOnlyWhatIsSpecial(t *testing.T) {
	for name, b := range hops(t) {
		if b.Extends.Value == "" {
			t.Errorf("%s extends no other", name)
		}
		if want := "kubespray-" + b.To.Value; name != want {
			t.Errorf("%s leads to %s", name, b.To)
		}
		for _, e := range b.Inputs {
			if e.Value.Default.Given() && !strings.HasSuffix(e.Pos.File, "hop.yaml") && (e.Name == "kube_version" || e.Name == "target_tag") {
				t.Errorf("%s: %s follows from the release", e.Pos, e.Name)
			}
		}
	}
}
