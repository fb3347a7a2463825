package runbooks

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// ran is what a command printed.
func ran(exit int, stdout string) runbook.Result {
	r := runbook.Result{Exit: int64(exit), Stdout: stdout}
	if s := strings.TrimRight(stdout, "\n"); s != "" {
		r.Lines = strings.Split(s, "\n")
	}
	return r
}

// objects is what the cluster would answer: JSON, so numbers are what JSON makes of them.
func objects(t *testing.T, text string) []any {
	t.Helper()
	v := []any{}
	if err := json.Unmarshal([]byte("["+text+"]"), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

type hosts = map[string]runbook.Result

// TestFindings gives the pitfalls facts that a lab does not have, and expects a finding, by a part of its evidence, or
// none ("").
func TestFindings(t *testing.T) {
	ds := func(image string) []any {
		return objects(t, `{"metadata": {"name": "x", "labels": {}}, "spec": {"template": {"spec": {"containers": [{"image": "`+image+`"}]}}}}`)
	}
	node := func(name, version, kernel string, cordoned bool) string {
		spec := "{}"
		if cordoned {
			spec = `{"unschedulable": true}`
		}
		return `{"metadata": {"name": "` + name + `"}, "spec": ` + spec + `, "status": {"nodeInfo": {"kubeletVersion": "` + version + `", "kernelVersion": "` + kernel + `", "architecture": "amd64"}}}`
	}
	lb := "lb-apiserver.kubernetes.local"
	all := pitfalls(t)
	for _, c := range []struct {
		name, pitfall string
		inputs        map[string]string
		facts         map[string]any
		want          string
	}{
		{"unreadable is no pass", "vip-notready-v2.28", nil, map[string]any{"server_lines": hosts{"n1": {Exit: 1, Stderr: "sudo: a password is required"}}}, "n1 could not be read"},
		{"etcd host without kubeconfig", "vip-notready-v2.28", nil, map[string]any{"server_lines": hosts{"n1": {Exit: 2, Stderr: "grep: /etc/kubernetes/*.conf: No such file or directory"}}}, ""},
		{"virtual address", "vip-notready-v2.28", nil, map[string]any{"server_lines": hosts{"n1": ran(0, "/etc/kubernetes/kubelet.conf:    server: https://"+lb+":6443\n")}}, "n1 /etc/kubernetes/kubelet.conf https://" + lb + ":6443"},
		{"no calico", "calico-pool-mismatch", nil, map[string]any{"pools": []any{}, "calico_settings": map[string]any{}}, ""},
		{"cilium asks no pool", "calico-pool-mismatch", nil, map[string]any{"pools": objects(t, `{"metadata": {"name": "default-pool"}, "spec": {"ipipMode": "Always"}}`), "calico_settings": map[string]any{"kube_network_plugin": "cilium"}}, ""},
		{"ipip by default", "calico-pool-mismatch", nil, map[string]any{"pools": objects(t, `{"metadata": {"name": "default-pool"}, "spec": {"ipipMode": "Always", "vxlanMode": "Never"}}`), "calico_settings": map[string]any{}}, "ipipMode Always; inventory: calico_ipip_mode: Never (default)"},
		{"block size", "calico-blocksize", nil, map[string]any{"pools": objects(t, `{"metadata": {"name": "default-pool"}, "spec": {"blockSize": 24}}`), "calico_settings": map[string]any{}}, "blockSize 24; inventory: calico_pool_blocksize: 26 (default)"},
		{"block size as text", "calico-blocksize", nil, map[string]any{"pools": objects(t, `{"metadata": {"name": "default-pool"}, "spec": {"blockSize": 24}}`), "calico_settings": map[string]any{"calico_pool_blocksize": "24"}}, ""},
		{"calico too old", "calico-too-old", map[string]string{"target_tag": "v2.28.0"}, map[string]any{"calicoctl": hosts{}, "calico_nodes": ds("quay.io/calico/node:v3.26.4")}, "v3.26.4"},
		{"cilium from templates", "cilium-template-installed", map[string]string{"target_tag": "v2.28.1"}, map[string]any{"cilium": ds("quay.io/cilium/cilium:v1.15.4")}, "not from Helm"},
		{"cilium settings", "cilium-defaults", nil, map[string]any{"cilium": ds("quay.io/cilium/cilium:v1.15.4"), "cilium_config": objects(t, `{"metadata": {"name": "cilium-config"}, "data": {"identity-allocation-mode": "kvstore"}}`), "cilium_settings": ran(0, "kube_owner: root\n")}, "identity-allocation-mode kvstore"},
		{"old kernel", "kernel-too-old", nil, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "4.18.0-553.el8", false))}, "n1 4.18.0-553.el8"},
		{"new kernel", "kernel-too-old", nil, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "6.1.0-13-amd64", false))}, ""},
		{"cordoned", "precordoned-node", nil, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "6.1", true))}, "n1 SchedulingDisabled"},
		{"two minors", "tag-skipped", map[string]string{"kube_version": "1.32.5"}, map[string]any{"nodes": objects(t, node("n1", "v1.30.4", "6.1", false))}, "n1 v1.30.4"},
		{"going back", "tag-skipped", map[string]string{"kube_version": "1.32.5"}, map[string]any{"nodes": objects(t, node("n1", "v1.32.8", "6.1", false))}, "n1 v1.32.8"},
		{"no such version", "kube-version-absent", map[string]string{"kube_version": "1.32.9"}, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "6.1", false)), "checksums": map[string]any{"kubelet_checksums": map[string]any{"amd64": map[string]any{"1.32.5": "x"}}}}, "amd64: 1.32.5"},
		{"other architecture", "kube-version-absent", map[string]string{"kube_version": "1.32.5"}, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "6.1", false)), "checksums": map[string]any{"kubelet_checksums": map[string]any{"arm64": map[string]any{"1.32.5": "x"}}}}, "no evidence"},
		{"two load balancers", "metallb-kube-vip-both", nil, map[string]any{"lb_settings": map[string]any{"metallb_enabled": true, "kube_vip_enabled": true, "kube_vip_services_enabled": "yes"}}, "metallb_enabled: true"},
		{"arp", "strict-arp", nil, map[string]any{"lb_settings": map[string]any{"metallb_enabled": true, "kube_proxy_strict_arp": false}}, "kube_proxy_strict_arp: false"},
		{"ipv6 pool", "calico-ipv6-vxlan", nil, map[string]any{"pools": objects(t, `{"metadata": {"name": "default-pool-ipv6"}, "spec": {"cidr": "fd85::/112", "vxlanMode": "Never"}}`), "pinned_ipv6": ran(1, "")}, "vxlanMode Never"},
		{"ipv6 pool pinned", "calico-ipv6-vxlan", nil, map[string]any{"pools": objects(t, `{"metadata": {"name": "default-pool-ipv6"}, "spec": {"cidr": "fd85::/112", "vxlanMode": "Never"}}`), "pinned_ipv6": ran(0, "calico_vxlan_mode_ipv6: Never\n")}, ""},
		{"patch there", "patch-tag-v2.28.1", map[string]string{"target_tag": "v2.28.0"}, map[string]any{"patch_tags": ran(0, "v2.28.0\nv2.28.1\n")}, "v2.28.1"},
		{"even etcd", "etcd-even", nil, map[string]any{"inventory.groups": map[string][]string{"etcd": {"n1", "n2"}}}, "n1"},
		{"etcd on the control planes", "etcd-even", nil, map[string]any{"inventory.groups": map[string][]string{"kube_control_plane": {"n1", "n2", "n3"}}}, ""},
		{"blocked", "pdb-blocks-drain", nil, map[string]any{"budgets": objects(t, `{"namespace": "a", "name": "b", "minAvailable": "2", "maxUnavailable": "N/A", "allowed": 0, "healthy": 2, "desired": 2, "expected": 2, "pods": [{"namespace": "a", "name": "p-0", "node": "n1", "ready": false}]}`)}, "a/b: allowed disruptions 0, minAvailable 2, maxUnavailable N/A, healthy 2 of 2; pods: p-0 on n1 (not ready)"},
		{"no limits", "pdb-without-limits", nil, map[string]any{"budgets": objects(t, `{"namespace": "a", "name": "b", "minAvailable": "N/A", "maxUnavailable": "N/A", "allowed": 1, "pods": [{"namespace": "a", "name": "p-0", "node": "n1"}]}`)}, "p-0 on n1"},
		{"facts need more than a group", "inventory-ini-not-carried", nil, map[string]any{"inventory_changes": ran(1, "--- a/i\n+++ b/i\n+\n+[k8s_cluster:children]\n+kube_control_plane\n+kube_node\n")}, ""},
		{"another host", "inventory-ini-not-carried", nil, map[string]any{"inventory_changes": ran(1, "--- a/i\n+++ b/i\n-node3 ip=10.1.1.13\n")}, "-node3"},
		{"old ansible", "ansible-version-range", map[string]string{"ansible": "system"}, map[string]any{"ansible_version": ran(0, "ansible [core 2.14.18]\n"), "ansible_range": []any{map[string]any{"vars": map[string]any{"minimal_ansible_version": "2.16.4", "maximal_ansible_version": "2.17.0"}}}}, "at least 2.16.4"},
		{"wrong ansible", "ansible-version-range", map[string]string{"ansible": "venv"}, map[string]any{"ansible_version": ran(0, "ansible [core 2.16.14]\n  executable location = /usr/bin/ansible\n"), "ansible_range": []any{map[string]any{"vars": map[string]any{"minimal_ansible_version": "2.16.4", "maximal_ansible_version": "2.17.0"}}}}, "/usr/bin/ansible"},
		{"right ansible", "ansible-version-range", map[string]string{"ansible": "venv"}, map[string]any{"ansible_version": ran(0, "ansible [core 2.16.14]\n  executable location = /opt/kubespray/venv/k8s/bin/ansible\n"), "ansible_range": []any{map[string]any{"vars": map[string]any{"minimal_ansible_version": "2.16.4", "maximal_ansible_version": "2.17.0"}}}}, ""},
	} {
		t.Run(c.pitfall+"/"+c.name, func(t *testing.T) { judge(t, all[c.pitfall], c.inputs, c.facts, c.want) })
	}
}

// judge gives a pitfall facts and expects of its rule what want says: "" is no finding, "silent" that it does not apply,
// "no evidence" a finding that names nothing, "unknown" that there is no verdict, anything else a part of the evidence. Facts may be inventory.groups and
// inventory.vars as well; inputs have their defaults where none are given.
func judge(t *testing.T, p *runbook.Pitfall, inputs map[string]string, facts map[string]any, want string) {
	t.Helper()
	if p == nil || p.Before == nil {
		t.Fatal("there is no such pitfall, or it has nothing to look at beforehand")
	}
	s := runbook.NewScope()
	s.Set("inventory.groups", cel.MapType(cel.StringType, cel.ListType(cel.StringType)), map[string][]string{})
	s.Set("inventory.vars", cel.MapType(cel.StringType, cel.MapType(cel.StringType, cel.DynType)), map[string]map[string]any{})
	s.Set("inventory.dynamic", cel.ListType(cel.StringType), []string{})
	s.Set("release.to", cel.MapType(cel.StringType, cel.DynType), nil)
	for _, in := range p.Inputs {
		s.Set("inputs."+in.Name, cel.StringType, in.Value.Default.Source)
	}
	for name, v := range inputs {
		s.Set("inputs."+name, cel.StringType, v)
	}
	for _, f := range p.Before.Facts {
		s.Set(f.Name, f.Value.Probe.Type(), nil)
	}
	given := map[string]any{}
	for name, v := range facts {
		switch {
		case strings.HasPrefix(name, "defaults."): // below
		case has(p.Before.Facts, name) || strings.Contains(name, "."):
			s.Set(name, s.Types[name], v)
		case name == "in_sample", name == "reads":
		case (s.Types[name] == nil || name == "settings") && settingsIn(t, v, given):
		default:
			t.Fatalf("there is no fact %s", name)
		}
	}
	settings := runbook.GivenSettings(given)
	settings.Defaults = defaultsAt(t, p, inputs["target_tag"])
	s.Set("settings", runbook.SettingsType, settings)
	s.Set("defaults.new", runbook.SettingsType, settings.Defaults)
	for _, name := range []string{"defaults.old", "defaults.new"} {
		if v, given := facts[name].(map[string]any); given {
			s.Set(name, runbook.SettingsType, runbook.GivenSettings(v))
		}
	}
	s.Set("sample.old", runbook.SettingsType, sampleIn(facts))
	s.Set("sample.new", runbook.SettingsType, runbook.GivenSettings(nil))
	read, _ := facts["reads"].(map[string]any)
	s.Set("reads", runbook.SettingsType, runbook.GivenSettings(read))
	s, err := s.WithLets(p.Before.Let)
	if err != nil && !errors.Is(err, runbook.ErrNotKnownYet) {
		t.Log(err)
	}
	applies, err := s.True(p.Before.When)
	if errors.Is(err, runbook.ErrNotKnownYet) {
		applies, err = true, nil // the case is about the rule alone
	}
	if err != nil && want == "unknown" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if applies != (want != "silent") {
		t.Fatalf("whether it applies: %v", applies)
	}
	if !applies {
		return
	}
	ok, err := s.True(p.Before.Rule)
	if err != nil && want == "unknown" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if ok != (want == "") {
		t.Fatalf("the rule gave %v", ok)
	}
	evidence, err := s.Strings(p.Before.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	if want != "no evidence" && !strings.Contains(strings.Join(evidence, "\n"), want) {
		t.Errorf("evidence %q does not say %q", evidence, want)
	}
}

func pitfalls(t *testing.T) map[string]*runbook.Pitfall {
	t.Helper()
	m := map[string]*runbook.Pitfall{}
	for _, f := range load(t) {
		if f.Pitfall != nil {
			m[f.Pitfall.Name.Value] = f.Pitfall
		}
	}
	return m
}

func has(facts runbook.Named[runbook.Fact], name string) bool {
	_, ok := facts.Get(name)
	return ok
}
