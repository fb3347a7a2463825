package learn_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spraydeck/kubespray"
	"spraydeck/learn"
	"spraydeck/learn/learntest"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// small reads both releases of the small checkout.
func small(t *testing.T) (c *kubespray.Checkout, before, after *learn.Facts) {
	t.Helper()
	c, err := kubespray.Open(learntest.Checkout(t, true))
	if err != nil {
		t.Fatal(err)
	}
	h, err := learn.NewHistory(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	h.Since = "v2.31.0"
	if before, err = learn.Read(t.Context(), c, "v2.31.0", "v2.31.0", h); err != nil {
		t.Fatal(err)
	}
	if after, err = learn.Read(t.Context(), c, "master", "v2.32.0", h); err != nil {
		t.Fatal(err)
	}
	return c, before, after
}

const smallRelease = `apiVersion: spraydeck/v1
kind: Release
name: v2.32.0
title: Kubespray v2.32.0 with Kubernetes 1.36.2
date: 2026-05-01
kubernetes: {default: 1.36.2, min: 1.35.3, max: 1.36.2, minors: [1.35, 1.36]}
components:
  etcd:
    version: 3.7.3
    from: 3.6.10
    why:
      en: 'the data of etcd: 3.6.10 or later'
      ja: etcd のデータ
    source: made up
    with:
      - {kubernetes: 1.35, version: 3.6.20}
      - {kubernetes: 1.36, version: 3.7.3}
  containerd: 3.1.0
  calico: {version: 3.41.0, from: 3.30.0}
  coredns: 1.20.0
ansible: {package: 12.1.0, min: 2.19.0, below: 2.20.0}
python: {min: 3.12, max: 3.14}
os:
  debian: [12, 13]
  ubuntu: [24.04, 26.04]
  rhel: [9, 10]
inventory: {style: inventory.ini, controlPlaneGroup: kube_control_plane, clusterVars: group_vars/k8s_cluster, etcdVars: [group_vars/all/etcd.yml]}
playbooks: {facts: playbooks/facts.yml, upgrade: upgrade-cluster.yml, cluster: cluster.yml, scale: scale.yml, removeNode: remove-node.yml}
checksums: roles/kubespray_defaults/vars/main/checksums.yml
defaults:
  etcd_deployment_type: host
  kube_network_plugin: calico
  kube_proxy_mode: ipvs
allowed:
  kube_network_plugin: [calico, cilium]
variables:
  gone: [mirror_port]
  renamed:
    mirror_port: mirror_host
checks:
  - path: roles/engine/tasks/main.yml
    task: Stop at a debugged engine
    message: 'engine_debug fills the disk: {{ engine_debug }}'
    when: engine_debug
avoid:
  why: {en: it is made up, ja: 架空}
  instead: v2.32.1
  source: made up
`

const smallByHand = `components:
  etcd:
    from: 3.6.10
    why:
      en: 'the data of etcd: 3.6.10 or later'
      ja: etcd のデータ
    source: made up
variables:
  renamed:
    mirror_port: mirror_host
avoid:
  why: {en: it is made up, ja: 架空}
  instead: v2.32.1
  source: made up
`

// TestFile: the file of a release holds what the release says and what people wrote, and is itself enough to keep the latter.
func TestFile(t *testing.T) {
	_, before, after := small(t)
	for what, hand := range map[string]string{"by hand": smallByHand, "the file itself": smallRelease} {
		text, err := learn.File(after, []byte(hand), before.Checks)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != smallRelease {
			t.Errorf("with %s:\n%s", what, text)
		}
	}
	f, problems := runbook.Parse("v2.32.0.yaml", []byte(smallRelease), &runbook.Language{})
	if problems = append(problems, lint.Check([]runbook.File{f})...); len(problems) > 0 {
		t.Error(problems)
	}
}

// TestCompare: every kind of change is found.
func TestCompare(t *testing.T) {
	_, before, after := small(t)
	d := learn.Compare(before, after)
	if d.Behaviours != 2 {
		t.Errorf("%d behaviours changed: mirror_port went and snapshot_count changed", d.Behaviours)
	}
	if len(d.Defaults.Removed) != 1 || d.Defaults.Removed[0].Key != "mirror_port" {
		t.Errorf("removed: %v", d.Defaults.Removed)
	}
	changed := d.Defaults.Changed[slices.IndexFunc(d.Defaults.Changed, func(k learn.Key) bool { return k.Key == "snapshot_count" })]
	if changed.Old != 10000 || changed.New != 100000 || changed.Version {
		t.Errorf("changed: %+v", changed)
	}
	if !slices.Equal(d.Unread, []string{"mirror_port"}) {
		t.Errorf("unread: %v", d.Unread)
	}
	if n := d.Refusals.New; len(n) != 1 || n[0].Task != "Stop at a debugged engine" || len(d.Refusals.Gone) != 0 {
		t.Errorf("refusals: %+v", d.Refusals)
	}
	if n := d.Prompts.New; len(n) != 1 || n[0].Says != "Go on with {{ inventory_hostname }}?" {
		t.Errorf("prompts: %+v", d.Prompts)
	}
	if n := d.Notifies; len(n) != 1 || n[0].New != "Reload proxy, Restart engine" {
		t.Errorf("notifies: %+v", n)
	}
}

// TestDrafts: drafts and the hop have no mistake that lint knows, and are marked as drafts.
func TestDrafts(t *testing.T) {
	_, before, after := small(t)
	drafts := learn.Drafts(learn.Compare(before, after))
	var names []string
	var files []runbook.File
	for _, d := range drafts {
		names = append(names, d.Name)
		f, problems := runbook.Parse(d.Name+".yaml", d.Text, runbooktest.Language())
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, d.Text)
		}
		if !strings.HasPrefix(f.Pitfall.Title.Text(runbook.NewScope()).En, "Draft: ") || !strings.HasPrefix(string(d.Text), "# Draft") {
			t.Errorf("%s is not marked as a draft:\n%s", d.Name, d.Text)
		}
		files = append(files, f)
	}
	if want := []string{"draft-default-snapshot-count", "draft-removed-engine", "draft-refused-stop-at-a-debugged-engine"}; !slices.Equal(names, want) {
		t.Errorf("drafts: %v, not %v", names, want)
	}
	if problems := lint.Check(files); len(problems) > 0 {
		t.Error(problems)
	}
	want := `from: ">=2.31.0 <2.32.0"`
	if hop := string(learn.Hop(after, "v2.31.0")); !strings.Contains(hop, want) || !strings.Contains(hop, "extends: kubespray-hop\n") {
		t.Errorf("the hop:\n%s", hop)
	}
	patch := *after
	patch.Tag = "v2.32.1"
	if hop := string(learn.Hop(&patch, "v2.32.0")); !strings.Contains(hop, `from: ">=2.31.0 <2.32.1"`) {
		t.Errorf("the hop of a patch:\n%s", hop)
	}
}

// TestBuiltInOfSmall: what is made of a checkout are its release files and its refusals with first and last tag.
func TestBuiltInOfSmall(t *testing.T) {
	c, _, _ := small(t)
	files, err := learn.BuiltIn(t.Context(), c, func(string) ([]byte, error) { return []byte(smallByHand), nil })
	if err != nil {
		t.Fatal(err)
	}
	without := smallRelease[:strings.Index(smallRelease, "checks:\n")] + smallRelease[strings.Index(smallRelease, "avoid:\n"):]
	if got := string(files["releases/v2.32.0.yaml"]); got != without {
		t.Errorf("v2.32.0.yaml:\n%s", got)
	}
	checks := string(files["checks.json"])
	for _, want := range []string{`"task":"Stop at a debugged engine"`, `"first":"v2.32.0","last":"v2.32.0"`, `"first":"v2.31.0","last":"v2.32.0"`} {
		if !strings.Contains(checks, want) {
			t.Errorf("checks.json lacks %s:\n%s", want, checks)
		}
	}
}

// TestBuiltIn: the built-in release files and refusals are what learn makes of Kubespray itself. It needs a checkout with all
// tags, which the repository does not have: SPRAYDECK_KUBESPRAY names one.
func TestBuiltIn(t *testing.T) {
	dir := os.Getenv("SPRAYDECK_KUBESPRAY")
	if dir == "" {
		t.Skip("SPRAYDECK_KUBESPRAY names no checkout of Kubespray")
	}
	c, err := kubespray.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := learn.BuiltIn(t.Context(), c, learn.Judgement)
	if err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Glob("../runbooks/releases/*.yaml")
	if err != nil || len(there) < 35 {
		t.Fatalf("%d release files, %v", len(there), err)
	}
	for _, name := range there {
		files[strings.TrimPrefix(name, "../runbooks/")] = append([]byte(nil), files[strings.TrimPrefix(name, "../runbooks/")]...)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../runbooks", name))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s differs from what learn makes: go run ./runbooks/learn %s (%v)", name, dir, err)
		}
	}
}
