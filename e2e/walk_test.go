package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// TestWalk takes one cluster through four hops, with everything in its inventory that operators change, and the API server
// behind kube-vip. What check finds before a hop is met in the run, remedied by its remedy, and not met again.
func TestWalk(t *testing.T) {
	l := up(t, "--from", "v2.24.3", "--with", "kube-vip,ipip")
	state := t.TempDir()
	l.shell("git fetch -q --tags origin")
	for _, hop := range []struct {
		from, to, kubernetes string
		met                  map[string]string // pitfalls and their remedies
	}{
		{"v2.24.3", "v2.25.1", "v1.29.10", nil},
		{"v2.25.1", "v2.26.1", "v1.30.6", nil},
		{"v2.26.1", "v2.27.1", "v1.31.9", map[string]string{"vip-envvars-v2.27": "kubelet-loopback"}},
		{"v2.27.1", "v2.28.1", "v1.32.8", map[string]string{"vip-notready-v2.28": "use-loopback"}},
	} {
		start := time.Now()
		args := []string{"kubespray-" + hop.to, "--set", "ansible=system", "--set", "previous_tag=" + hop.from}
		var report struct{ Findings []runbook.Finding }
		r := l.spraydeck(state, append([]string{"check", "-o", "json"}, args...)...)
		if err := json.Unmarshal([]byte(r.out), &report); err != nil {
			t.Fatalf("check before %s: %v\n%s", hop.to, err, r)
		}
		found := map[string]string{}
		for _, f := range report.Findings {
			if f.Verdict != event.Pass && f.Required != event.Advisory {
				found[f.Pitfall] = hop.met[f.Pitfall]
			}
		}
		if !maps.Equal(found, hop.met) {
			t.Errorf("check before %s found %v, want %v", hop.to, found, hop.met)
		}

		answers := walkOn
		for pitfall, remedy := range hop.met {
			answers = fmt.Sprintf("\"*/%s\": [\"remedy:%[1]s/%s\"]\n", pitfall, remedy) + answers
		}
		r = l.spraydeck(state, append([]string{"run", "--plain", "--answers", write(t, "a.yaml", answers)}, args...)...)
		if r.exit != 0 {
			t.Fatalf("%s: exit %d\n%s\n%s", hop.to, r.exit, tail(r.out, 60), r.err)
		}
		met, remedied := map[string]bool{}, map[string]bool{}
		for _, e := range newest(t, state) {
			switch d := e.Data.(type) {
			case event.GateChecked:
				if d.Verdict == event.Pass || d.Required == event.Advisory {
					continue
				}
				if met[d.Pitfall] = true; remedied[d.Pitfall] {
					t.Errorf("%s: %s is met again", hop.to, d.Pitfall)
				}
			case event.RemedyEnded:
				pitfall, _, _ := strings.Cut(d.ID, "/")
				remedied[pitfall] = true
			}
		}
		want := slices.Sorted(maps.Keys(hop.met))
		if got := slices.Sorted(maps.Keys(met)); !slices.Equal(got, want) || len(remedied) != len(want) {
			t.Errorf("%s: met %v, remedied %v, want %v", hop.to, got, slices.Sorted(maps.Keys(remedied)), want)
		}
		for _, node := range l.nodes() {
			if !strings.HasSuffix(node, " Ready "+hop.kubernetes) {
				t.Errorf("after %s: %s", hop.to, node)
			}
		}
		if got := l.shell("git branch --show-current; git status --porcelain"); got != "t_"+hop.to {
			t.Errorf("after %s the checkout is on %s", hop.to, got)
		}
		t.Logf("%s to %s in %s", hop.from, hop.to, time.Since(start).Round(time.Second))
	}

	values := l.shell("cat inventory/mycluster/group_vars/k8s_cluster/*.yml")
	for _, want := range []string{"calico_ipip_mode: 'Always'", "calico_vxlan_mode: 'Never'", "calico_network_backend: bird", "calico_pool_blocksize: 24",
		"metallb_enabled: true", "kube_vip_enabled: true", "auto_renew_certificates: true", "- 10.1.1.200-10.1.1.220"} {
		if !strings.Contains(values, want) {
			t.Errorf("after four hops the inventory does not say %s", want)
		}
	}
	if got := l.shell("ls inventory/mycluster"); strings.Contains(got, "hosts.yaml") || !strings.Contains(got, "inventory.ini") {
		t.Errorf("the inventory was not converted: %s", got)
	}
}

// walkOn goes on everywhere, keeps the operator's settings, and types what is to be typed.
const walkOn = `"*/hunk-*": mine
"*": continue
"*/approve": continue
fresh-inventory/approve: {choice: continue, text: inventory/mycluster}
upgrade-all/approve: {choice: continue, text: cluster.local}
strategy: all_at_once
`
