package runbooks

import (
	"strings"
	"testing"

	"spraydeck/runbook"
)

// TestHazards gives the pitfalls that come from the list of later hazards facts that no lab has, as TestFindings does, and
// the variables of the inventory besides. A finding is recognised by a part of its evidence, "" is none.
func TestHazards(t *testing.T) {
	v228 := map[string]string{"target_tag": "v2.28.1"}
	type vars = map[string]map[string]any
	type groups = map[string][]string
	pod := func(name, component, image string, ready bool) string {
		r, state := "true", "{}"
		if !ready {
			r, state = "false", `{"waiting": {"reason": "CrashLoopBackOff"}}`
		}
		return `{"metadata": {"name": "` + name + `", "labels": {"component": "` + component + `"}}, "spec": {"nodeName": "n1", "containers": [{"name": "` + component + `", "image": "` + image + `"}]},
			"status": {"containerStatuses": [{"ready": ` + r + `, "state": ` + state + `}]}}`
	}
	node := func(name, ready string, cordoned bool) string {
		spec := "{}"
		if cordoned {
			spec = `{"unschedulable": true}`
		}
		return `{"metadata": {"name": "` + name + `"}, "spec": ` + spec + `, "status": {"conditions": [{"type": "Ready", "status": "` + ready + `"}]}}`
	}
	members := func(lines ...string) runbook.Result { return ran(0, strings.Join(lines, "\n")+"\n") }
	config := func(repo string) string {
		return `{"metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": "apiVersion: kubeadm.k8s.io/v1beta4\nimageRepository: ` + repo + `\nkind: ClusterConfiguration\n"}}`
	}
	role := func(resources string) string {
		return `{"metadata": {"name": "calico-webhook-reader"}, "rules": [{"resources": [` + resources + `]}]}`
	}
	workers := []string{"w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9", "w10"}
	all := pitfalls(t)
	refused := runbook.Result{Exit: 1, Stderr: "sudo: a password is required"}

	for _, c := range []struct {
		name, pitfall string
		inputs        map[string]string
		facts         map[string]any
		want          string
	}{
		{"two take pods", "kubeadm-create-job", nil, map[string]any{"nodes": objects(t, node("n1", "True", false)+","+node("n2", "True", false))}, ""},
		{"one is cordoned", "kubeadm-create-job", nil, map[string]any{"nodes": objects(t, node("n1", "True", false)+","+node("n2", "True", true))}, "n2 Ready,SchedulingDisabled"},
		{"one is lost", "kubeadm-create-job", nil, map[string]any{"nodes": objects(t, node("n1", "True", false)+","+node("n2", "Unknown", false))}, "n2 NotReady"},

		{"one behind", "kubeadm-below-minimum", map[string]string{"kube_version": "1.33.7"}, map[string]any{"api_pods": objects(t, pod("a", "kube-apiserver", "registry.k8s.io/kube-apiserver:v1.32.8", true))}, ""},
		{"two behind", "kubeadm-below-minimum", map[string]string{"kube_version": "1.34.3"}, map[string]any{"api_pods": objects(t, pod("a", "kube-apiserver", "registry.k8s.io/kube-apiserver:v1.32.5", true))}, "v1.32.5"},

		{"no records", "etcd-v2-wal", nil, map[string]any{"v2store": hosts{"n1": ran(0, "No custom content found in v2store.\n")}}, ""},
		{"records", "etcd-v2-wal", nil, map[string]any{"v2store": hosts{"n1": {Exit: 1, Stdout: "Error: detected custom content in v2store\n"}}}, "n1: Error: detected"},
		{"not to be read", "etcd-v2-wal", nil, map[string]any{"v2store": hosts{"n1": refused}}, "a password is required"},

		{"three voters", "etcd-learner-members", nil, map[string]any{"inventory.groups": groups{"etcd": {"n1", "n2", "n3"}}, "etcd_list": hosts{"n1": members(
			"1, started, etcd1, https://10.0.0.11:2380, https://10.0.0.11:2379, false", "2, started, etcd2, https://10.0.0.12:2380, https://10.0.0.12:2379, false", "3, started, etcd3, https://10.0.0.13:2380, https://10.0.0.13:2379, false")}}, ""},
		{"a learner", "etcd-learner-members", nil, map[string]any{"inventory.groups": groups{"etcd": {"n1"}}, "etcd_list": hosts{"n1": members(
			"1, started, etcd1, https://10.0.0.11:2380, https://10.0.0.11:2379, false", "2, started, etcd2, https://10.0.0.12:2380, https://10.0.0.12:2379, true")}}, "2, started, etcd2"},
		{"members of kubeadm's", "etcd-learner-members", nil, map[string]any{"etcd_list": hosts{"n1": ran(0, "no etcd of Kubespray here\n")}}, ""},
		{"a member too many", "etcd-learner-members", nil, map[string]any{"inventory.groups": groups{"etcd": {"n1"}}, "etcd_list": hosts{"n1": members(
			"1, started, etcd1, https://10.0.0.11:2380, https://10.0.0.11:2379, false", "2, started, old, https://10.0.0.19:2380, https://10.0.0.19:2379, false")}}, "hosts of the inventory: n1"},

		{"by ip", "etcd-peer-address", v228, map[string]any{"inventory.vars": vars{"n1": {"ip": "10.0.0.11"}}, "etcd_peer": hosts{"n1": ran(0, "https://10.0.0.11:2380\n192.168.0.11\n")}}, ""},
		{"by access_ip", "etcd-peer-address", v228, map[string]any{"inventory.vars": vars{"n1": {"ip": "10.0.0.11", "access_ip": "10.1.0.11"}}, "etcd_peer": hosts{"n1": ran(0, "https://10.1.0.11:2380\n192.168.0.11\n")}}, ""},
		{"another card", "etcd-peer-address", v228, map[string]any{"inventory.vars": vars{"n1": {}}, "etcd_peer": hosts{"n1": ran(0, "https://10.0.0.11:2380\n192.168.0.11\n")}}, "192.168.0.11 (default route)"},
		{"a longer address", "etcd-peer-address", v228, map[string]any{"inventory.vars": vars{"n1": {"ip": "10.0.0.1"}}, "etcd_peer": hosts{"n1": ran(0, "https://10.0.0.11:2380\n")}}, "the inventory gives 10.0.0.1"},
		{"etcd by kubeadm", "etcd-peer-address", v228, map[string]any{"etcd_peer": hosts{"n1": ran(0, "no etcd of Kubespray here\n")}}, ""},
		{"asked no more", "etcd-peer-address", v228, map[string]any{"inventory.vars": vars{"n1": {"ip": "10.0.0.11", "etcd_access_address": "10.2.0.11"}}, "etcd_peer": hosts{"n1": ran(0, "https://10.0.0.11:2380\n")}}, "etcd_access_address, which is not asked any more"},

		{"no quotes", "etcd-env-quotes", nil, map[string]any{"etcd_quotes": hosts{"n1": ran(1, "")}}, ""},
		{"quotes", "etcd-env-quotes", nil, map[string]any{"etcd_quotes": hosts{"n1": ran(0, "/etc/etcd.env:20:ETCD_INITIAL_CLUSTER=etcd1=\"https://10.0.0.11:2380\"\n")}}, "n1: /etc/etcd.env:20"},
		{"quotes unknown", "etcd-env-quotes", nil, map[string]any{"etcd_quotes": hosts{"n1": {Exit: 3, Stderr: "sudo: a password is required"}}}, "a password is required"},

		{"vxlan", "calico-both-encapsulations", nil, map[string]any{"calico_settings": map[string]any{}}, ""},
		{"ipip alone", "calico-both-encapsulations", nil, map[string]any{"calico_settings": map[string]any{"calico_ipip_mode": "Always", "calico_vxlan_mode": "Never"}}, ""},
		{"ipip and the default", "calico-both-encapsulations", nil, map[string]any{"calico_settings": map[string]any{"calico_ipip_mode": "Always"}}, "Always (default)"},
		{"no calico", "calico-both-encapsulations", nil, map[string]any{"calico_settings": map[string]any{"calico_ipip_mode": "Always", "kube_network_plugin": "flannel"}}, ""},

		{"no pin", "calico-version-pinned", nil, map[string]any{"calico_pin": ran(1, "")}, ""},
		{"pin", "calico-version-pinned", nil, map[string]any{"calico_pin": ran(0, "inventory/mycluster/group_vars/all/all.yml:3:calico_version: v3.26.4\n")}, "v3.26.4"},

		{"1.29", "kubeadm-config-mixed-flags", map[string]string{"kube_version": "1.29.10"}, nil, ""},
		{"1.30", "kubeadm-config-mixed-flags", map[string]string{"kube_version": "1.30.4"}, nil, "1.30.4"},
		{"1.32", "kubeadm-skip-phases", map[string]string{"kube_version": "1.32.8"}, nil, ""},
		{"1.31", "kubeadm-skip-phases", map[string]string{"kube_version": "1.31.9"}, nil, "1.31.9"},

		{"no such server", "calico-apiserver-rbac", nil, map[string]any{"calico_apiserver": []any{}, "webhook_reader": []any{}, "policy_reader": []any{}}, ""},
		{"no right", "calico-apiserver-rbac", nil, map[string]any{"calico_apiserver": objects(t, `{"metadata": {"name": "calico-apiserver"}}`), "webhook_reader": objects(t, role(`"validatingwebhookconfigurations"`)), "policy_reader": []any{}}, "validatingwebhookconfigurations"},
		{"right", "calico-apiserver-rbac", nil, map[string]any{"calico_apiserver": objects(t, `{"metadata": {"name": "calico-apiserver"}}`), "webhook_reader": objects(t, role(`"validatingadmissionpolicybindings"`)), "policy_reader": []any{}}, ""},

		{"not in use", "kubelet-pod-infra-flag", nil, map[string]any{"pod_infra": hosts{"n1": ran(0, "")}}, ""},
		{"in use", "kubelet-pod-infra-flag", nil, map[string]any{"pod_infra": hosts{"n1": ran(0, "/var/lib/kubelet/kubeadm-flags.env:1:pod-infra-container-image=registry.k8s.io/pause:3.10\n")}}, "n1 /var/lib/kubelet/kubeadm-flags.env:1"},
		{"not to be looked at", "kubelet-pod-infra-flag", nil, map[string]any{"pod_infra": hosts{"n1": {Exit: 3, Stderr: "sudo: a password is required"}}}, "n1 could not be read"},

		{"off", "gateway-api-checksum", nil, map[string]any{"gateway_on": ran(1, ""), "gateway_version": ran(1, "")}, ""},
		{"on", "gateway-api-checksum", nil, map[string]any{"gateway_on": ran(0, "a.yml:1:gateway_api_enabled: true\n"), "gateway_version": ran(1, "")}, "gateway_api_enabled: true"},
		{"on, other version", "gateway-api-checksum", nil, map[string]any{"gateway_on": ran(0, "a.yml:1:gateway_api_enabled: true\n"), "gateway_version": ran(0, "a.yml:2:gateway_api_version: 1.4.0\n")}, ""},

		{"no pin", "containerd-version-pinned", map[string]string{"target_tag": "v2.28.0"}, map[string]any{"containerd_pin": ran(1, "")}, ""},
		{"2.0 too early", "containerd-version-pinned", map[string]string{"target_tag": "v2.27.1"}, map[string]any{"containerd_pin": ran(0, "containerd_version: 2.0.2\n")}, "2.0.2"},
		{"1.7 too late", "containerd-version-pinned", map[string]string{"target_tag": "v2.28.0"}, map[string]any{"containerd_pin": ran(0, "containerd_version: \"1.7.24\"\n")}, "1.7.24"},
		{"2.2", "containerd-version-pinned", map[string]string{"target_tag": "v2.30.0"}, map[string]any{"containerd_pin": ran(0, "containerd_version: 2.2.1\n")}, ""},
		{"2.3 too early", "containerd-version-pinned", map[string]string{"target_tag": "v2.31.0"}, map[string]any{"containerd_pin": ran(0, "containerd_version: 2.3.4\n")}, "2.3.4"},

		{"ready", "metallb-webhook-not-ready", nil, map[string]any{"metallb_controller": objects(t, `{"metadata": {"name": "controller"}, "status": {"readyReplicas": 1}}`)}, ""},
		{"not ready", "metallb-webhook-not-ready", nil, map[string]any{"metallb_controller": objects(t, `{"metadata": {"name": "controller"}, "status": {}}`)}, "controller: ready 0"},
		{"none", "metallb-addresspool-left", nil, map[string]any{"address_pools": []any{}}, ""},
		{"one", "metallb-addresspool-left", nil, map[string]any{"address_pools": objects(t, `{"metadata": {"name": "first", "namespace": "metallb-system"}}`)}, "metallb-system/first"},
		{"no copy", "metallb-config-deleted", nil, map[string]any{"metallb_old_config": objects(t, `{"metadata": {"name": "config"}, "data": {"config": "address-pools:\n- addresses: [10.0.0.0/24]"}}`), "metallb_copy": ran(0, "")}, "addresses: [10.0.0.0/24]"},
		{"copy", "metallb-config-deleted", nil, map[string]any{"metallb_old_config": objects(t, `{"metadata": {"name": "config"}}`), "metallb_copy": ran(0, "/root/metallb-config-20250101T000000.yaml\n")}, ""},

		{"own dns", "coredns-although-manual", map[string]string{"kube_version": "1.32.5"}, map[string]any{"coredns_deployment": []any{}, "dns_settings": map[string]any{"dns_mode": "manual"}}, "Deployment coredns: not there"},
		{"own dns, told", "coredns-although-manual", map[string]string{"kube_version": "1.32.5"}, map[string]any{"coredns_deployment": []any{}, "dns_settings": map[string]any{"dns_mode": "manual", "kubeadm_scale_down_coredns_enabled": false}}, ""},
		{"own dns, 1.32.0", "coredns-although-manual", map[string]string{"kube_version": "1.32.0"}, map[string]any{"coredns_deployment": []any{}, "dns_settings": map[string]any{"dns_mode": "manual", "kubeadm_scale_down_coredns_enabled": false}}, "kube_version 1.32.0"},
		{"coredns", "coredns-although-manual", nil, map[string]any{"coredns_deployment": []any{}, "dns_settings": map[string]any{}}, ""},

		{"same registry", "kubeadm-config-stale", nil, map[string]any{"kubeadm_config": objects(t, config("registry.example.com/k8s")), "image_repo": map[string]any{"kube_image_repo": "registry.example.com/k8s"}}, ""},
		{"other registry", "kubeadm-config-stale", nil, map[string]any{"kubeadm_config": objects(t, config("registry.k8s.io")), "image_repo": map[string]any{"kube_image_repo": "registry.example.com/k8s"}}, "imageRepository: registry.k8s.io"},
		{"put together", "kubeadm-config-stale", nil, map[string]any{"kubeadm_config": objects(t, config("registry.k8s.io")), "image_repo": map[string]any{"kube_image_repo": "{{ registry_host }}"}}, "unknown"},
		{"kubeadm's", "kube-proxy-image-lost", nil, map[string]any{"kubeadm_config": objects(t, config("registry.k8s.io")), "kube_proxy": objects(t, `{"spec": {"template": {"spec": {"containers": [{"name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.31.9"}]}}}}`)}, ""},
		{"by hand", "kube-proxy-image-lost", nil, map[string]any{"kubeadm_config": objects(t, config("registry.k8s.io")), "kube_proxy": objects(t, `{"spec": {"template": {"spec": {"containers": [{"name": "kube-proxy", "image": "example.com/kube-proxy:fixed"}]}}}}`)}, "example.com/kube-proxy:fixed"},

		{"no timer", "certs-renew-in-window", nil, map[string]any{"renew_timer": hosts{"n1": ran(0, "no timer\n")}}, ""},
		{"next week", "certs-renew-in-window", nil, map[string]any{"renew_timer": hosts{"n1": ran(0, "next run in 170 hours, at 2026-12-07 03:10 JST\n")}}, ""},
		{"tonight", "certs-renew-in-window", nil, map[string]any{"renew_timer": hosts{"n1": ran(0, "next run in 3 hours, at 2026-12-07 03:10 JST\n")}}, "n1: next run in 3 hours"},
		{"running", "certs-renew-in-window", nil, map[string]any{"renew_timer": hosts{"n1": ran(0, "next run unknown: \n")}}, "next run unknown"},
		{"unquoted", "certs-renew-script-calendar", nil, map[string]any{"renew_script": hosts{"n1": ran(0, "8:calendar=Mon *-*-1,2,3,4,5,6,7 03:00:00\n")}}, "n1: 8:calendar=Mon"},
		{"no script", "certs-renew-script-calendar", nil, map[string]any{"renew_script": hosts{"n1": ran(0, "no script\n")}}, ""},
		{"all up", "control-plane-crash-after-renewal", nil, map[string]any{"control_pods": objects(t, pod("s", "kube-scheduler", "x", true))}, ""},
		{"crashing", "control-plane-crash-after-renewal", nil, map[string]any{"control_pods": objects(t, pod("kube-scheduler-n1", "kube-scheduler", "x", false))}, "kube-scheduler-n1 on n1: CrashLoopBackOff"},
		{"soon", "etcd-certs-expire", nil, map[string]any{"etcd_certs": hosts{"n1": ran(0, "ends soon: /etc/ssl/etcd/ssl/member-n1.pem notAfter=Dec  1 00:00:00 2026 GMT\n")}}, "member-n1.pem"},
		{"long", "etcd-certs-expire", nil, map[string]any{"etcd_certs": hosts{"n1": ran(0, "")}}, ""},
		{"no look", "ca-expires", nil, map[string]any{"authorities": hosts{"n1": refused}}, "could not be asked"},
		{"soon", "ca-expires", nil, map[string]any{"authorities": hosts{"n1": ran(0, "ends soon: /etc/kubernetes/ssl/ca.crt notAfter=Jul  1 00:00:00 2027 GMT\n")}}, "ca.crt"},

		{"contained", "etcd-member-removed-by-text", map[string]string{"target_tag": "v2.25.1"}, map[string]any{"inventory.groups": groups{"etcd": {"n1", "n2"}}, "inventory.vars": vars{"n1": {"ip": "10.0.0.1"}, "n2": {"ip": "10.0.0.11"}}}, "n1 10.0.0.1 is contained in n2 10.0.0.11"},
		{"by word", "etcd-member-removed-by-text", map[string]string{"target_tag": "v2.26.1"}, map[string]any{"inventory.groups": groups{"etcd": {"n1", "n2"}}, "inventory.vars": vars{"n1": {"ip": "10.0.0.1"}, "n2": {"ip": "10.0.0.11"}}}, ""},
		{"no ip", "etcd-member-removed-by-text", map[string]string{"target_tag": "v2.25.1"}, map[string]any{"inventory.groups": groups{"etcd": {"n1", "n2"}}, "inventory.vars": vars{}}, ""},
		{"another name", "node-name-not-inventory-name", nil, map[string]any{"inventory.groups": groups{"kube_control_plane": {"cp1"}}, "control_plane_nodes": objects(t, node("master-1", "True", false))}, "cluster: master-1"},
		{"same name", "node-name-not-inventory-name", nil, map[string]any{"inventory.groups": groups{"kube_control_plane": {"cp1"}}, "control_plane_nodes": objects(t, node("cp1", "True", false))}, ""},
		{"elsewhere", "ip-not-local", nil, map[string]any{"own_routes": hosts{"n1": ran(0, "10.0.0.11 is not local: 10.0.0.11 dev eth0 src 10.0.0.21 uid 0\n")}}, "n1: 10.0.0.11 is not local"},
		{"here", "ip-not-local", nil, map[string]any{"own_routes": hosts{"n1": ran(0, "local: 10.0.0.11 dev lo src 10.0.0.11 uid 0\n"), "n2": ran(0, "")}}, ""},
		{"no answer", "access-ip-unreachable", nil, map[string]any{"inventory.vars": vars{}, "ping_self": hosts{"n1": ran(1, "1 packets transmitted, 0 received\n")}}, "0 received"},
		{"full", "download-in-window", nil, map[string]any{"disk_free": hosts{"n1": ran(0, "/ 20000\n/tmp 900\n")}}, "n1: MB free on /tmp 900"},
		{"room", "download-in-window", nil, map[string]any{"disk_free": hosts{"n1": ran(0, "/ 20000\n/tmp 6000\n")}}, ""},
		{"patching", "system-upgrade-on", nil, map[string]any{"system_upgrade": ran(0, "a.yml:1:system_upgrade: true\n")}, "system_upgrade: true"},
		{"not patching", "system-upgrade-on", nil, map[string]any{"system_upgrade": ran(0, "a.yml:1:system_upgrade: false\na.yml:2:system_upgrade_reboot: always\n")}, ""},
		{"old scheduler", "scheduler-not-recreated", nil, map[string]any{"scheduler_age": hosts{"n1": ran(0, "started 2024-10-01 01:00, manifest written 2024-10-25 01:00\n")}}, "n1: started 2024-10-01"},
		{"new scheduler", "scheduler-not-recreated", nil, map[string]any{"scheduler_age": hosts{"n1": ran(0, "newer than its manifest\n")}}, ""},
		{"forced in", "credentials-committed", nil, map[string]any{"tracked_secrets": ran(0, "inventory/mycluster/credentials/kube_encrypt_token.creds\n")}, "kube_encrypt_token"},
		{"ignored", "credentials-committed", nil, map[string]any{"tracked_secrets": ran(0, "")}, ""},
		{"nobody there", "worker-localhost-unserved", nil, map[string]any{"worker_server": hosts{"w1": ran(0, "https://127.0.0.1:6443 does not answer\n")}}, "w1: https://127.0.0.1:6443 does not answer"},
		{"proxy", "worker-localhost-unserved", nil, map[string]any{"worker_server": hosts{"w1": ran(0, "https://localhost:6443 answers\n"), "w2": ran(0, "https://10.0.0.10:6443\n")}}, ""},
		{"ten workers", "serial-default", nil, map[string]any{"inventory.groups": groups{"kube_node": workers}}, "workers: 10; at once: 2"},
		{"nine workers", "serial-default", nil, map[string]any{"inventory.groups": groups{"kube_node": workers[1:]}}, ""},
		{"one of them controls", "serial-default", nil, map[string]any{"inventory.groups": groups{"kube_node": workers, "kube_control_plane": {"w1"}}}, ""},
		{"image of another age", "kube-vip-image-pinned", nil, map[string]any{"kube_vip_pin": ran(0, "a.yml:9:kube_vip_image_tag: v0.8.9\n")}, "kube_vip_image_tag: v0.8.9"},
		{"image of the release", "kube-vip-image-pinned", nil, map[string]any{"kube_vip_pin": ran(1, "")}, ""},
		{"by force", "drain-fallback", nil, map[string]any{"drain_fallback": ran(0, "a.yml:9:drain_fallback_enabled: true\n")}, "drain_fallback_enabled"},
		{"no netaddr", "python-netaddr-missing", nil, map[string]any{"netaddr": runbook.Result{Exit: 1, Stderr: "ModuleNotFoundError: No module named 'netaddr'"}}, "No module named 'netaddr'"},
		{"netaddr", "python-netaddr-missing", nil, map[string]any{"netaddr": ran(0, "1.3.0\n")}, ""},
		{"keys", "upgrade-confirm-prompts", nil, map[string]any{"confirms": ran(0, "a.yml:9:upgrade_node_confirm: true\n")}, "upgrade_node_confirm"},
		{"anonymous", "apiserver-refused-after-restart", nil, map[string]any{"anonymous": ran(0, "a.yml:9:remove_anonymous_access: true\n")}, "remove_anonymous_access"},
		{"not carried", "credentials-deleted", nil, map[string]any{"credentials_aside": ran(0, ""), "credentials_before": ran(0, "kube_encrypt_token.creds\n"), "credentials_here": ran(0, "")}, "missing: credentials/kube_encrypt_token.creds"},
		{"aside", "credentials-deleted", nil, map[string]any{"credentials_aside": ran(0, "kubeadm_certificate_key.creds\n"), "credentials_before": ran(0, ""), "credentials_here": ran(0, "")}, "aside: kubeadm_certificate_key.creds"},
		{"carried", "credentials-deleted", nil, map[string]any{"credentials_aside": ran(0, ""), "credentials_before": ran(0, "a.creds\n"), "credentials_here": ran(0, "a.creds\n")}, ""},
		{"misprint", "misprinted-names", nil, map[string]any{"misprints": ran(0, "a.yml:1:kube_vip_enabled912021: true\n")}, "kube_vip_enabled912021"},
	} {
		t.Run(c.pitfall+"/"+c.name, func(t *testing.T) { judge(t, all[c.pitfall], c.inputs, c.facts, c.want) })
	}
}
