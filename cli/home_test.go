package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/ui"
)

func seenAt(tag string, kubelets ...string) ui.HomeSeen {
	s := ui.HomeSeen{Checkout: ui.HomeCheckout{Tag: tag, Exact: true}}
	if tag == "" {
		s.CheckoutErr = errors.New("no checkout")
	}
	for i, v := range kubelets {
		s.Cluster.Nodes = append(s.Cluster.Nodes, event.Node{Name: "node" + string(rune('1'+i)), Version: v, OS: "Ubuntu 22.04.5 LTS"})
	}
	if len(kubelets) == 0 {
		s.ClusterErr = errors.New("connection refused")
	}
	return s
}

// Where to go from what was seen: the chain starts where it should, and the runbook that leads on comes first.
func TestHomeNext(t *testing.T) {
	for _, c := range []struct {
		name       string
		seen       ui.HomeSeen
		hop, fits  string
		kubernetes string
		warning    string
	}{
		{"both agree", seenAt("v2.27.0", "v1.31.4", "v1.31.4"), "v2.27.0 v2.28.1", "kubespray-v2.28.1", "1.31.4", ""},
		{"no cluster", seenAt("v2.27.0"), "v2.27.0 v2.28.1", "kubespray-v2.28.1", "1.31.4", "was not asked (no answer)"},
		{"no checkout", seenAt("", "v1.31.4"), "v2.27.0 v2.28.1", "kubespray-v2.28.1", "1.31.4", "inferred from Kubernetes 1.31.4 alone"},
		{"half an upgrade", seenAt("v2.27.0", "v1.32.5", "v1.31.4"), "v2.27.0 v2.28.1", "kubespray-v2.28.1", "1.31.4", "an upgrade is not finished"},
		{"the newest", seenAt("v2.31.0", "v1.35.4"), "", "", "1.35.4", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, err := homeNext(&options{lang: "en"}, c.seen)
			if err != nil {
				t.Fatal(err)
			}
			hop := ""
			if len(next.Chain.Hops) > 0 {
				hop = next.Chain.Hops[0].From + " " + next.Chain.Hops[0].To
			}
			if hop != c.hop || next.Kubernetes != c.kubernetes || len(next.Hops) != len(next.Chain.Hops) {
				t.Errorf("hop %q, Kubernetes %s, %d hops", hop, next.Kubernetes, len(next.Hops))
			}
			if c.fits != "" && (len(next.Fits) == 0 || next.Fits[0] != c.fits) || c.fits == "" && slices.Contains(next.Fits, "kubespray-v2.28.1") {
				t.Errorf("fitting: %v", next.Fits)
			}
			var warnings []string
			for _, w := range next.Warnings {
				warnings = append(warnings, w.En)
			}
			if all := strings.Join(warnings, "\n"); !strings.Contains(all, c.warning) || c.warning == "" && all != "" {
				t.Errorf("warnings: %q", all)
			}
		})
	}
	_, err := homeNext(&options{lang: "en"}, seenAt(""))
	if err == nil || !strings.Contains(event.HintOf(err), "--checkout") {
		t.Errorf("nothing seen: %v", err)
	}
}

func TestHomeNode(t *testing.T) {
	got := homeNode(map[string]any{
		"metadata": map[string]any{"name": "node1"},
		"spec":     map[string]any{"unschedulable": true},
		"status": map[string]any{
			"nodeInfo": map[string]any{"kubeletVersion": "v1.31.4", "osImage": "Ubuntu 22.04"},
			"conditions": []any{map[string]any{"type": "MemoryPressure", "status": "False"},
				map[string]any{"type": "Ready", "status": "True"}},
		},
	})
	if got.Name != "node1" || got.Ready != "True" || !got.Unschedulable || got.Version != "v1.31.4" || got.OS != "Ubuntu 22.04" {
		t.Errorf("got %+v", got)
	}
	if got := homeNode(map[string]any{}); got.Ready != "Unknown" {
		t.Errorf("a node without status is %q", got.Ready)
	}
}

func TestHomeRunbooks(t *testing.T) {
	stateAt(t, t.TempDir())
	list, err := homeRunbooks(&options{lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(b ui.HomeRunbook) bool { return b.Name == "kubespray-v2.28.0" })
	if i < 0 || list[i].To != "v2.28.0" || list[i].Estimate != 0 || list[i].Title.Ja == "" {
		t.Errorf("got %+v", list)
	}
}
