package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/runbooks"
)

func TestWhereAPlanStarts(t *testing.T) {
	rs, err := release.ReadReleases(runbooks.Releases, "releases")
	if err != nil {
		t.Fatal(err)
	}
	none := errors.New("not there")
	for name, c := range map[string]struct {
		saw             sighting
		release, source string
		warns           []string // a part of each warning
		fails           string
	}{
		"both agree":                   {sighting{tag: "v2.24.1", kubelets: []string{"v1.28.6", "v1.28.6"}}, "v2.24.1", "checkout and cluster", nil, ""},
		"two releases, one Kubernetes": {sighting{tag: "v2.24.0", kubelets: []string{"v1.28.6"}}, "v2.24.0", "checkout and cluster", nil, ""},
		"a pinned Kubernetes":          {sighting{tag: "v2.28.1", kubelets: []string{"v1.32.7"}}, "v2.28.1", "checkout and cluster", nil, ""},
		"another patch":                {sighting{tag: "v2.28.1", kubelets: []string{"v1.32.5"}}, "v2.28.0", "cluster", []string{"the checkout is at v2.28.1 (Kubernetes 1.32.8), the nodes run 1.32.5"}, ""},
		"the checkout is ahead":        {sighting{tag: "v2.28.1", kubelets: []string{"v1.31.9"}}, "v2.27.1", "cluster", []string{"the start is v2.27.1; --from says otherwise"}, ""},
		"half done":                    {sighting{tag: "v2.27.1", kubelets: []string{"v1.32.8", "v1.31.9"}}, "v2.27.1", "checkout and cluster", []string{"nodes run Kubernetes v1.31.9 to v1.32.8"}, ""},
		"checkout alone":               {sighting{tag: "v2.27.1", noKubelets: none}, "v2.27.1", "checkout", []string{"the cluster was not asked (not there)"}, ""},
		"cluster alone":                {sighting{noTag: none, kubelets: []string{"v1.31.4"}}, "v2.27.0", "cluster", []string{"inferred from Kubernetes 1.31.4 alone"}, ""},
		"a Kubernetes of no release":   {sighting{tag: "v2.31.0", kubelets: []string{"v1.36.0"}}, "v2.31.0", "checkout", []string{"no release known installs"}, ""},
		"an unknown tag, a cluster":    {sighting{tag: "v2.40.0", kubelets: []string{"v1.31.4"}}, "v2.27.0", "cluster", []string{"v2.40.0 is newer than the catalogue"}, ""},
		"an unknown tag alone":         {sighting{tag: "v2.40.0", noKubelets: none}, "", "", nil, "known up to v2.31.0"},
		"nothing":                      {sighting{noTag: none, noKubelets: none}, "", "", nil, "checkout: not there; cluster: not there"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := c.saw.start(rs)
			if c.fails != "" {
				var usage *runbook.UsageError
				if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil || p.Release != c.release || p.Source != c.source || len(p.warnings) != len(c.warns) {
				t.Fatalf("%+v %v", p, err)
			}
			for i, w := range c.warns {
				if p.warnings[i].Ja == "" || !strings.Contains(p.warnings[i].En, w) {
					t.Errorf("%q does not say %q", p.warnings[i].En, w)
				}
			}
		})
	}
}

// TestPlanFindings: what the checks of a hop found is in its row; a hop that was not checked has none.
func TestPlanFindings(t *testing.T) {
	look := func(_ context.Context, h release.Hop) (*hopFindings, error) {
		switch h.To {
		case "v2.29.1":
			return &hopFindings{Blocks: 2, Outage: 1, Unknown: 1}, nil
		case "v2.30.0":
			return &hopFindings{}, nil
		}
		return nil, nil
	}
	run := func(args ...string) string {
		o := &options{checkout: ".", lang: "en"}
		cmd := planCommandWith(o, look)
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(args)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	table := run("--from", "v2.28.1")
	for to, want := range map[string]string{"v2.28.1 → v2.29.1": "2 block, 1 outage, 1 unknown", "v2.29.1 → v2.30.0": "none", "v2.30.0 → v2.31.0": "-"} {
		if row := lineWith(table, to); !strings.HasSuffix(row, "  "+want) {
			t.Errorf("%q does not end with %q", row, want)
		}
	}
	var p plan
	if err := json.Unmarshal([]byte(run("--from", "v2.28.1", "-o", "json")), &p); err != nil {
		t.Fatal(err)
	}
	if p.Hops[0].Findings.Blocks != 2 || *p.Hops[1].Findings != (hopFindings{}) || p.Hops[2].Findings != nil {
		t.Errorf("%+v", p.Hops)
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return ""
}

func TestWrapped(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("the names kube-proxy and lb-apiserver.kubernetes.local stay whole ", 5),
		strings.Repeat("ノードの再起動後に外部へ出られなくなる。kube-proxy ", 8),
	} {
		lines := wrapped(text, 60)
		for _, l := range lines {
			if w := ansi.StringWidth(l); w > 60 || strings.HasPrefix(l, "。") {
				t.Errorf("%d: %q", w, l)
			}
		}
		all := strings.Join(lines, "\n")
		if strings.Count(all, "kube-proxy") != strings.Count(text, "kube-proxy") {
			t.Errorf("a name is broken:\n%s", all)
		}
		bare := strings.NewReplacer(" ", "", "\n", "")
		if bare.Replace(all) != bare.Replace(text) {
			t.Errorf("not the same text:\n%s", all)
		}
	}
}
