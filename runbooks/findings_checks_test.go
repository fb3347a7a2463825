package runbooks

import (
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// TestCheckFindings gives the pitfalls made of what changed from release to release the facts of a cluster that is well
// and of one that is not. Without want the rule must hold; a pitfall whose condition is false is silent.
func TestCheckFindings(t *testing.T) {
	type facts = map[string]any
	type values = map[string]any
	type inputs = map[string]string
	none := ran(1, "")
	set := func(lines ...string) runbook.Result { return ran(0, strings.Join(lines, "\n")+"\n") }
	broken := runbook.Result{Exit: 2, Stderr: "grep: inventory/mycluster: No such file or directory\n"}
	node := func(name, info, spec string) string {
		return `{"metadata": {"name": "` + name + `", "annotations": {}}, "spec": {` + spec + `}, "status": {"nodeInfo": {` + info + `}}}`
	}
	runs := func(engine string) []any {
		return objects(t, node("n1", `"containerRuntimeVersion": "`+engine+`"`, ""))
	}
	image := func(name, image string) []any {
		return objects(t, `{"metadata": {"name": "`+name+`"}, "spec": {"template": {"spec": {"containers": [{"image": "`+image+`"}]}}}}`)
	}
	pool := func(spec string) []any {
		return objects(t, `{"metadata": {"name": "default-pool"}, "spec": {`+spec+`}}`)
	}
	taint := func(keys ...string) []any {
		var l []string
		for _, k := range keys {
			l = append(l, `{"key": "node-role.kubernetes.io/`+k+`", "effect": "NoSchedule"}`)
		}
		return objects(t, node("n1", "", `"taints": [`+strings.Join(l, ",")+`]`))
	}
	nothing := []any{}
	for _, c := range []struct {
		name, pitfall string
		inputs        inputs
		facts         facts
		want          string // "": well; "silent": it does not apply; "no evidence": a finding without any; else a part of it
	}{
		{"v2.30", "etcd-3.6-stepping-stone", nil, facts{"etcd_versions": hosts{"n1": ran(0, "etcd Version: 3.5.26\nGit SHA: x\n")}}, ""},
		{"v2.29", "etcd-3.6-stepping-stone", nil, facts{"etcd_versions": hosts{"n1": ran(0, "etcd Version: 3.5.26\n"), "n2": ran(0, "etcd Version: 3.5.25\n")}}, "n2 etcd Version: 3.5.25"},
		{"managed by kubeadm", "etcd-3.6-stepping-stone", nil, facts{"etcd_versions": hosts{"n1": ran(0, "no etcd program here\n")}}, ""},
		{"unreachable", "etcd-3.6-stepping-stone", nil, facts{"etcd_versions": hosts{"n1": {Exit: 126, Stderr: "permission denied"}}}, "n1 could not be asked"},
		{"one cluster", "etcd-events-v2-store", nil, facts{"events_settings": values{}}, ""},
		{"two clusters", "etcd-events-v2-store", nil, facts{"events_settings": values{"etcd_events_cluster_enabled": true}}, "etcd_events_cluster_enabled: true"},
		{"v2", "cgroup-v1", nil, facts{"cgroup_type": hosts{"n1": set("cgroup2fs")}, "cgroup_settings": values{}}, ""},
		{"v1", "cgroup-v1", nil, facts{"cgroup_type": hosts{"n1": set("cgroup2fs"), "n2": set("tmpfs")}, "cgroup_settings": values{}}, "n2 has tmpfs"},
		{"v1 allowed", "cgroup-v1", nil, facts{"cgroup_type": hosts{"n2": set("tmpfs")}, "cgroup_settings": values{"kubelet_fail_cgroup_v1": false}}, "silent"},
		{"none of the three", "removed-addons-v2.31", nil, facts{"addon_settings": values{"ingress_nginx_enabled": false}, "ingress_daemonsets": nothing, "add_on_deployments": nothing}, ""},
		{"still running", "removed-addons-v2.31", nil, facts{"addon_settings": values{}, "ingress_daemonsets": image("ingress-nginx-controller", "x"), "add_on_deployments": nothing}, "daemonset ingress-nginx/"},
		{"netchecker", "removed-addons-v2.31", nil, facts{"addon_settings": values{}, "ingress_daemonsets": nothing, "add_on_deployments": objects(t, `{"metadata": {"name": "netchecker-server", "namespace": "default"}}`)}, "deployment default/netchecker-server"},
		{"switched on", "removed-addons-v2.31", nil, facts{"addon_settings": values{"dashboard_enabled": "yes"}, "ingress_daemonsets": nothing, "add_on_deployments": nothing}, "dashboard_enabled: yes"},
		{"no such key", "removed-variables-refused", nil, facts{"refused_keys": none}, ""},
		{"key", "removed-variables-refused", nil, facts{"refused_keys": set("i/g/k.yml:3:kubelet_static_pod_path: /x")}, "k.yml:3"},
		{"no inventory", "removed-variables-refused", nil, facts{"refused_keys": broken}, "No such file"},
		{"enough", "kubeadm-preflight-unmasked", nil, facts{"host_limits": hosts{"n1": set("memory 3900", "swap 0", "cpu 2")}, "ignored_errors": none}, ""},
		{"little memory", "kubeadm-preflight-unmasked", nil, facts{"host_limits": hosts{"n1": set("memory 1482", "swap 0", "cpu 2")}, "ignored_errors": none}, "n1: 1482 MB"},
		{"little memory, known", "kubeadm-preflight-unmasked", nil, facts{"host_limits": hosts{"n1": set("memory 1482", "swap 0", "cpu 2")}, "ignored_errors": set("k.yml:9:kubeadm_ignore_preflight_errors:", "k.yml-10-  - Mem")}, ""},
		{"swap", "kubeadm-preflight-unmasked", nil, facts{"host_limits": hosts{"n1": set("memory 3900", "swap 1", "cpu 2")}, "ignored_errors": none}, "1 swap areas"},
		{"a list", "kubeadm-patches-format", nil, facts{"at_target": set("x"), "old_patches": none}, ""},
		{"a mapping", "kubeadm-patches-format", nil, facts{"at_target": set("x"), "old_patches": set("k.yml-371-  enabled: false")}, "enabled: false"},
		{"checkout of the old release", "kubeadm-patches-format", nil, facts{"at_target": none, "old_patches": set("k.yml-371-  enabled: false")}, "silent"},
		{"mirrors", "containerd-registries-ignored", nil, facts{"old_registries": none, "new_registries": set("x")}, ""},
		{"old registries", "containerd-registries-ignored", nil, facts{"old_registries": set("containerd.yml:5:containerd_registries:"), "new_registries": none}, "containerd.yml:5"},
		{"new taint", "control-plane-taint-legacy", nil, facts{"nodes": taint("control-plane")}, ""},
		{"old taint", "control-plane-taint-legacy", nil, facts{"nodes": taint("master", "control-plane")}, "n1: node-role.kubernetes.io/master:NoSchedule"},
		{"both taints", "control-plane-taint-lost", nil, facts{"nodes": taint("master", "control-plane")}, ""},
		{"no taint", "control-plane-taint-lost", nil, facts{"nodes": objects(t, node("n1", "", ""))}, ""},
		{"only the old taint", "control-plane-taint-lost", nil, facts{"nodes": taint("master")}, "n1 has only the old taint"},
		{"containerd", "crio-default-runtime", nil, facts{"nodes": runs("containerd://1.7.1"), "crio_runtime_keys": none}, "silent"},
		{"crio", "crio-default-runtime", nil, facts{"nodes": runs("cri-o://1.30.3"), "crio_runtime_keys": none}, "n1 cri-o://1.30.3"},
		{"archive", "calico-crds-url", nil, facts{"at_target": set("x"), "crds_url": set("offline.yml:47:calico_crds_download_url: http://m/v3.tar.gz")}, "offline.yml:47"},
		{"one file", "calico-crds-url", nil, facts{"at_target": set("x"), "crds_url": none}, ""},
		{"kube-vip off", "kube-vip-v2.25.0", nil, facts{"vip_settings": values{}}, ""},
		{"kube-vip on", "kube-vip-v2.25.0", nil, facts{"vip_settings": values{"kube_vip_enabled": true}}, "kube_vip_enabled: true"},
		{"limit chosen", "containerd-nofile-65535", nil, facts{"nodes": runs("containerd://1.6.8"), "nofile_keys": set("x")}, ""},
		{"limit not chosen", "containerd-nofile-65535", nil, facts{"nodes": runs("containerd://1.6.8"), "nofile_keys": none}, "65535"},
		{"docker has no limit", "containerd-nofile-65535", nil, facts{"nodes": runs("docker://20.10.1"), "nofile_keys": none}, "silent"},
		{"as said", "container-engine-uninstalled", nil, facts{"nodes": runs("docker://20.10.8"), "engine_settings": values{"container_manager": "docker"}}, ""},
		{"crio", "container-engine-uninstalled", nil, facts{"nodes": runs("cri-o://1.24.3"), "engine_settings": values{"container_manager": "crio"}}, ""},
		{"docker by habit", "container-engine-uninstalled", nil, facts{"nodes": runs("docker://20.10.8"), "engine_settings": values{}}, "n1 runs docker://20.10.8"},
		{"host", "etcd-docker-without-docker", nil, facts{"etcd_settings": values{}}, ""},
		{"docker alone", "etcd-docker-without-docker", nil, facts{"etcd_settings": values{"etcd_deployment_type": "docker"}}, "containerd (default)"},
		{"docker for both", "etcd-docker-without-docker", nil, facts{"etcd_settings": values{"etcd_deployment_type": "docker", "container_manager": "docker"}}, ""},
		{"docker_dns", "resolvconf-docker-dns", nil, facts{"resolv_settings": values{"resolvconf_mode": "docker_dns"}}, "docker_dns"},
		{"docker_dns and docker", "resolvconf-docker-dns", nil, facts{"resolv_settings": values{"resolvconf_mode": "docker_dns", "container_manager": "docker"}}, ""},
		{"events", "etcd-events-port", nil, facts{"events_settings": values{"etcd_events_cluster_enabled": true}}, "true"},
		{"no events", "etcd-events-port", nil, facts{"events_settings": values{}}, ""},
		{"default range", "calico-pool-cidr", nil, facts{"pools": pool(`"cidr": "10.233.64.0/18"`), "pool_settings": values{}}, ""},
		{"other range", "calico-pool-cidr", nil, facts{"pools": pool(`"cidr": "10.10.0.0/16"`), "pool_settings": values{"kube_pods_subnet": "10.20.0.0/16"}}, "cidr 10.10.0.0/16; inventory: 10.20.0.0/16"},
		{"own range of the pool", "calico-pool-cidr", nil, facts{"pools": pool(`"cidr": "10.10.0.0/16"`), "pool_settings": values{"kube_pods_subnet": "10.20.0.0/16", "calico_pool_cidr": "10.10.0.0/16"}}, ""},
		{"a template", "calico-pool-cidr", nil, facts{"pools": pool(`"cidr": "10.10.0.0/16"`), "pool_settings": values{"calico_pool_cidr": "{{ my_net }}"}}, "silent"},
		{"alike", "calico-extra-pools", nil, facts{"pools": objects(t, `{"metadata": {"name": "a"}, "spec": {"cidr": "10.0.0.0/16", "ipipMode": "Always"}}, {"metadata": {"name": "b"}, "spec": {"cidr": "10.1.0.0/16", "ipipMode": "Always", "vxlanMode": "Never"}}, {"metadata": {"name": "c"}, "spec": {"cidr": "fd00::/64"}}`)}, ""},
		{"one differs", "calico-extra-pools", nil, facts{"pools": objects(t, `{"metadata": {"name": "a"}, "spec": {"cidr": "10.0.0.0/16", "ipipMode": "Always"}}, {"metadata": {"name": "b"}, "spec": {"cidr": "10.1.0.0/16", "vxlanMode": "Always"}}`)}, "pool b 10.1.0.0/16: ipipMode Never, vxlanMode Always"},
		{"legacy key", "legacy-keys-refused", nil, facts{"legacy_keys": set("k.yml:8:ipip: true")}, "ipip: true"},
		{"no legacy key", "legacy-keys-refused", nil, facts{"legacy_keys": none}, ""},
		{"no encryption", "secrets-encryption-algorithm", nil, facts{"encryption_settings": values{}, "providers": hosts{"n1": set("none")}}, "silent"},
		{"not yet", "secrets-encryption-algorithm", nil, facts{"encryption_settings": values{"kube_encrypt_secret_data": true}, "providers": hosts{"n1": set("none")}}, ""},
		{"old algorithm", "secrets-encryption-algorithm", nil, facts{"encryption_settings": values{"kube_encrypt_secret_data": true}, "providers": hosts{"n1": set("aescbc:", "identity:")}}, "n1: aescbc: identity:"},
		{"old algorithm, pinned", "secrets-encryption-algorithm", nil, facts{"encryption_settings": values{"kube_encrypt_secret_data": true, "kube_encryption_algorithm": "aescbc"}, "providers": hosts{"n1": set("aescbc:", "identity:")}}, ""},
		{"file not readable", "secrets-encryption-algorithm", nil, facts{"encryption_settings": values{"kube_encrypt_secret_data": true}, "providers": hosts{"n1": {Exit: 1, Stderr: "sudo: a password is required"}}}, "n1 could not be read"},
		{"etcd by kubeadm", "etcd-kubeadm-enabled", inputs{"target_tag": "v2.19.1"}, facts{"etcd_kubeadm_key": set("etcd.yml:2:etcd_kubeadm_enabled: true")}, "etcd.yml:2"},
		{"false, as in old samples", "etcd-kubeadm-enabled", inputs{"target_tag": "v2.19.1"}, facts{"etcd_kubeadm_key": set("all.yml:6:etcd_kubeadm_enabled: false")}, ""},
		{"false at v2.28", "etcd-kubeadm-enabled", inputs{"target_tag": "v2.28.1"}, facts{"etcd_kubeadm_key": set("all.yml:6:etcd_kubeadm_enabled: false")}, "all.yml:6"},
		{"no file for etcd", "etcd-vars-scope", nil, facts{"etcd_only": broken, "etcd_for_all": none}, ""},
		{"the default for etcd alone", "etcd-vars-scope", nil, facts{"etcd_only": set("23:etcd_deployment_type: host"), "etcd_for_all": none}, ""},
		{"for etcd alone", "etcd-vars-scope", nil, facts{"etcd_only": set("22:etcd_deployment_type: docker"), "etcd_for_all": none}, "group_vars/etcd.yml:22"},
		{"for all, too", "etcd-vars-scope", nil, facts{"etcd_only": set("22:etcd_deployment_type: docker"), "etcd_for_all": set("etcd_deployment_type:")}, ""},
		{"calico asks no ranges", "pod-network-too-small", inputs{"target_tag": "v2.21.0"}, facts{"nodes": objects(t, node("n1", "", "")), "network_settings": values{}}, "silent"},
		{"64 ranges", "pod-network-too-small", inputs{"target_tag": "v2.31.0"}, facts{"nodes": objects(t, node("n1", "", "")), "network_settings": values{"kube_network_plugin": "flannel"}}, ""},
		{"one range for two", "pod-network-too-small", inputs{"target_tag": "v2.31.0"}, facts{"nodes": objects(t, node("n1", "", "")+","+node("n2", "", "")), "network_settings": values{"kube_network_plugin": "flannel", "kube_pods_subnet": "10.0.0.0/24"}}, "2 nodes"},
		{"narrower than a node", "pod-network-too-small", inputs{"target_tag": "v2.31.0"}, facts{"nodes": objects(t, node("n1", "", "")), "network_settings": values{"kube_network_plugin": "flannel", "kube_pods_subnet": "10.0.0.0/25"}}, "10.0.0.0/25"},
		{"webhook", "kubelet-webhook-authorization", nil, facts{"webhook_key": none}, "not set"},
		{"right socket", "cri-socket-annotation", nil, facts{"nodes": objects(t, `{"metadata": {"name": "n1", "annotations": {"kubeadm.alpha.kubernetes.io/cri-socket": "unix:///var/run/containerd/containerd.sock"}}, "spec": {}, "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://1.6.8"}}}`)}, ""},
		{"dockershim", "cri-socket-annotation", nil, facts{"nodes": objects(t, `{"metadata": {"name": "n1", "annotations": {"kubeadm.alpha.kubernetes.io/cri-socket": "/var/run/dockershim.sock"}}, "spec": {}, "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://1.6.8"}}}`)}, "/var/run/dockershim.sock"},
		{"four slashes", "cri-socket-annotation", nil, facts{"nodes": objects(t, `{"metadata": {"name": "n1", "annotations": {"kubeadm.alpha.kubernetes.io/cri-socket": "unix:////var/run/containerd/containerd.sock"}}, "spec": {}, "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://1.6.8"}}}`)}, "unix:////var"},
		{"no annotation", "cri-socket-annotation", nil, facts{"nodes": runs("containerd://1.6.8")}, ""},
		{"old registry", "registry-k8s-io", nil, facts{"old_registry": set("offline.yml:10:kube_image_repo: k8s.gcr.io")}, "k8s.gcr.io"},
		{"port zero", "insecure-api-port", nil, facts{"insecure_keys": set("k.yml:3:kube_apiserver_insecure_port: 0 # (disabled)")}, ""},
		{"open port", "insecure-api-port", nil, facts{"insecure_keys": set("k.yml:3:kube_apiserver_insecure_port: 8080")}, "8080"},
		{"no policies", "pod-security-policy", nil, facts{"psp_settings": values{}, "policies": nothing}, ""},
		{"a policy", "pod-security-policy", nil, facts{"psp_settings": values{}, "policies": objects(t, `{"metadata": {"name": "restricted"}}`)}, "policy restricted"},
		{"switched on", "pod-security-policy", nil, facts{"psp_settings": values{"podsecuritypolicy_enabled": true}, "policies": nothing}, "podsecuritypolicy_enabled: true"},
		{"nameserver", "no-nameserver", nil, facts{"nameservers": hosts{"n1": set("nameserver 127.0.0.53")}, "dns_keys": none}, ""},
		{"no nameserver", "no-nameserver", nil, facts{"nameservers": hosts{"n1": none}, "dns_keys": none}, "n1: no nameserver"},
		{"no nameserver, upstream", "no-nameserver", nil, facts{"nameservers": hosts{"n1": none}, "dns_keys": set("all.yml:3:upstream_dns_servers:")}, ""},
		{"plugins as a list", "admission-plugins-list", nil, facts{"plugin_lines": set("k.yml:3:kube_apiserver_enable_admission_plugins: [NodeRestriction, EventRateLimit]")}, ""},
		{"quoted list", "admission-plugins-list", nil, facts{"plugin_lines": set("k.yml:3:kube_apiserver_enable_admission_plugins: ['NodeRestriction', 'EventRateLimit']")}, ""},
		{"plugins as a text", "admission-plugins-list", nil, facts{"plugin_lines": set(`k.yml:3:kube_apiserver_enable_admission_plugins: "NodeRestriction,EventRateLimit"`)}, "NodeRestriction,"},
		{"plugins in one item", "admission-plugins-list", nil, facts{"plugin_lines": set("k.yml:3:kube_apiserver_enable_admission_plugins:", "k.yml-4-  - NodeRestriction,EventRateLimit")}, "k.yml-4-"},
		{"no MetalLB", "metallb-flat-variables", nil, facts{"flat_keys": none, "config_key": none, "metallb_settings": values{}, "config_map": nothing, "address_pools": nothing}, "silent"},
		{"flat", "metallb-flat-variables", nil, facts{"flat_keys": set("addons.yml:9:metallb_ip_range:"), "config_key": none, "metallb_settings": values{"metallb_enabled": true}, "config_map": objects(t, `{"metadata": {"name": "config"}}`), "address_pools": nothing}, "no metallb_config"},
		{"new form", "metallb-flat-variables", nil, facts{"flat_keys": none, "config_key": set("x"), "metallb_settings": values{"metallb_enabled": true}, "config_map": nothing, "address_pools": nothing}, ""},
		{"MetalLB", "metallb-v2.22.0", nil, facts{"metallb_settings": values{"metallb_enabled": true}}, "metallb_enabled"},
		{"calico", "cni-removed", inputs{"target_tag": "v2.31.0"}, facts{"cni_settings": values{}, "daemonsets": image("calico-node", "x")}, ""},
		{"weave on the way to v2.28", "cni-removed", inputs{"target_tag": "v2.28.1"}, facts{"cni_settings": values{"kube_network_plugin": "weave"}, "daemonsets": image("weave-net", "x")}, ""},
		{"weave on the way to v2.29", "cni-removed", inputs{"target_tag": "v2.29.1"}, facts{"cni_settings": values{}, "daemonsets": image("weave-net", "x")}, "daemonset kube-system/weave-net"},
		{"canal running", "cni-removed", inputs{"target_tag": "v2.22.2"}, facts{"cni_settings": values{}, "daemonsets": image("canal", "x")}, "daemonset kube-system/canal"},
		{"canal", "cni-removed", inputs{"target_tag": "v2.22.2"}, facts{"cni_settings": values{"kube_network_plugin": "canal"}, "daemonsets": nothing}, "kube_network_plugin: canal"},
		{"no cilium", "cilium-ipam-mode", nil, facts{"cilium_config": nothing, "ipam_settings": values{}}, ""},
		{"ipam flips", "cilium-ipam-mode", nil, facts{"cilium_config": objects(t, `{"metadata": {}, "data": {"ipam": "kubernetes"}}`), "ipam_settings": values{}}, "running: ipam kubernetes; inventory: cilium_ipam_mode cluster-pool (default)"},
		{"ipam pinned", "cilium-ipam-mode", nil, facts{"cilium_config": objects(t, `{"metadata": {}, "data": {"ipam": "kubernetes"}}`), "ipam_settings": values{"cilium_ipam_mode": "kubernetes"}}, ""},
		{"probe", "cilium-kube-proxy-replacement", inputs{"target_tag": "v2.22.2"}, facts{"replacement_settings": values{"cilium_kube_proxy_replacement": "probe"}}, "probe"},
		{"strict at v2.27", "cilium-kube-proxy-replacement", inputs{"target_tag": "v2.27.1"}, facts{"replacement_settings": values{"cilium_kube_proxy_replacement": "strict"}}, ""},
		{"strict at v2.28", "cilium-kube-proxy-replacement", inputs{"target_tag": "v2.28.1"}, facts{"replacement_settings": values{"cilium_kube_proxy_replacement": "strict"}}, "strict"},
		{"true at v2.28", "cilium-kube-proxy-replacement", inputs{"target_tag": "v2.28.1"}, facts{"replacement_settings": values{"cilium_kube_proxy_replacement": true}}, ""},
		{"no selectors", "nodelocaldns-label", nil, facts{"policies": objects(t, `{"metadata": {"name": "p", "namespace": "a"}, "spec": {"podSelector": {}}}`), "service_monitors": nothing, "services": objects(t, `{"metadata": {"name": "s"}, "spec": {}}`)}, ""},
		{"egress by the old label", "nodelocaldns-label", nil, facts{"policies": objects(t, `{"metadata": {"name": "p", "namespace": "a"}, "spec": {"podSelector": {}, "egress": [{"to": [{"podSelector": {"matchLabels": {"k8s-app": "nodelocaldns"}}}]}]}}`), "service_monitors": nothing, "services": nothing}, "NetworkPolicy a/p"},
		{"swap kept", "disable-swap-ignored", nil, facts{"swap_key": set("all.yml:4:disable_swap: false"), "fail_swap_key": none}, "disable_swap: false"},
		{"no access", "dl-k8s-io", nil, facts{"old_urls": none, "reaches": runbook.Result{Exit: 6, Stderr: "curl: (6) Could not resolve host: dl.k8s.io"}}, "dl.k8s.io: curl"},
		{"reached", "dl-k8s-io", nil, facts{"old_urls": none, "reaches": ran(0, "")}, ""},
		{"podCIDR", "pod-cidr-not-allocated", nil, facts{"calico_nodes": image("calico-node", "x"), "nodes": objects(t, node("n1", "", `"podCIDR": "10.233.64.0/24"`))}, "n1 podCIDR 10.233.64.0/24"},
		{"service not chosen", "ingress-nginx-service", nil, facts{"ingress_settings": values{"ingress_nginx_enabled": true}, "services": nothing}, "LoadBalancer"},
		{"service there", "ingress-nginx-service", nil, facts{"ingress_settings": values{"ingress_nginx_enabled": true}, "services": objects(t, `{"metadata": {"name": "ingress-nginx"}, "spec": {}}`)}, ""},
		{"on the host's network", "ingress-nginx-service", nil, facts{"ingress_settings": values{"ingress_nginx_enabled": true, "ingress_nginx_host_network": true}, "services": nothing}, "silent"},
		{"short filter", "ipaddr-filter", nil, facts{"at_target": set("x"), "short_filter": set("k.yml:9:skydns_server: x")}, "k.yml:9"},
		{"1.13 to 1.15", "cilium-minor-skipped", inputs{"target_tag": "v2.25.1"}, facts{"cilium": image("cilium", "quay.io/cilium/cilium:v1.13.4"), "cilium_pin": values{}}, "v1.13.4"},
		{"1.13 to 1.14", "cilium-minor-skipped", inputs{"target_tag": "v2.25.1"}, facts{"cilium": image("cilium", "quay.io/cilium/cilium:v1.13.4"), "cilium_pin": values{"cilium_version": "v1.14.9"}}, ""},
		{"1.17 to 1.18", "cilium-minor-skipped", inputs{"target_tag": "v2.29.1"}, facts{"cilium": image("cilium", "quay.io/cilium/cilium:v1.17.7@sha256:0"), "cilium_pin": values{}}, ""},
		{"no cilium", "cilium-minor-skipped", inputs{"target_tag": "v2.29.1"}, facts{"cilium": nothing, "cilium_pin": values{}}, "silent"},
		{"no reflectors", "calico-rr-cluster-id", nil, facts{"cluster_ids": none}, "silent"},
		{"no address", "calico-rr-cluster-id", nil, facts{"inventory.groups": map[string][]string{"calico_rr": {"r1"}}, "cluster_ids": set(`cluster_id: "rack1"`)}, "rack1"},
		{"an address", "calico-rr-cluster-id", nil, facts{"inventory.groups": map[string][]string{"calico_rr": {"r1"}}, "cluster_ids": set(`cluster_id="1.0.0.1"`)}, ""},
		{"focal at v2.28", "os-dropped", inputs{"target_tag": "v2.28.1"}, facts{"nodes": objects(t, node("n1", `"osImage": "Ubuntu 20.04.6 LTS"`, ""))}, ""},
		{"focal at v2.29", "os-dropped", inputs{"target_tag": "v2.29.1"}, facts{"nodes": objects(t, node("n1", `"osImage": "Ubuntu 20.04.6 LTS"`, ""))}, "n1 Ubuntu 20.04.6 LTS"},
		{"EL 8 at v2.30", "os-dropped", inputs{"target_tag": "v2.30.0"}, facts{"nodes": objects(t, node("n1", `"osImage": "Rocky Linux 8.10 (Green Obsidian)"`, ""))}, "n1 Rocky"},
		{"buster at v2.25.0", "os-dropped", inputs{"target_tag": "v2.25.0"}, facts{"nodes": objects(t, node("n1", `"osImage": "Debian GNU/Linux 10 (buster)"`, ""))}, ""},
		{"in-tree", "cloud-provider-in-tree", inputs{"target_tag": "v2.27.1"}, facts{"cloud_settings": values{"cloud_provider": "openstack"}}, "cloud_provider: openstack"},
		{"external", "cloud-provider-in-tree", inputs{"target_tag": "v2.27.1"}, facts{"cloud_settings": values{"cloud_provider": "external", "external_cloud_provider": "openstack"}}, ""},
		{"empty", "cloud-provider-in-tree", inputs{"target_tag": "v2.27.1"}, facts{"cloud_settings": values{"cloud_provider": nil}}, ""},
		{"per role", "kubelet-keys-per-role", nil, facts{"at_target": set("x"), "kubelet_keys": set("k.yml:3:kube_master_cpu_reserved: 200m"), "text_flags": none}, "kube_master_cpu_reserved"},
		{"flags as text", "kubelet-keys-per-role", nil, facts{"at_target": set("x"), "kubelet_keys": none, "text_flags": set("k.yml:4:kubelet_custom_flags: --v=4")}, "--v=4"},
		{"misplaced", "kube-control-plane-vars-everywhere", nil, facts{"misplaced": set("3:kube_memory_reserved: 1Gi")}, "kube_memory_reserved"},
		{"commented out", "kube-control-plane-vars-everywhere", nil, facts{"misplaced": none}, ""},
		{"3.19.2 at v2.20", "calico-too-old-before-v2.28", inputs{"target_tag": "v2.20.0"}, facts{"calico_nodes": image("calico-node", "quay.io/calico/node:v3.19.2")}, "v3.19.2"},
		{"3.19.2 at v2.19", "calico-too-old-before-v2.28", inputs{"target_tag": "v2.19.1"}, facts{"calico_nodes": image("calico-node", "quay.io/calico/node:v3.19.2")}, ""},
		{"ipvs", "nftables-kernel", nil, facts{"nodes": objects(t, node("n1", `"kernelVersion": "5.4.0-1"`, "")), "proxy_settings": values{}}, "silent"},
		{"old kernel", "nftables-kernel", nil, facts{"nodes": objects(t, node("n1", `"kernelVersion": "5.4.0-1"`, "")), "proxy_settings": values{"kube_proxy_mode": "nftables"}}, "n1 5.4.0-1"},
		{"ambassador", "removed-addons-v2.18", nil, facts{"ambassador_settings": values{"ingress_ambassador_enabled": true}, "deployments": nothing, "registry_proxies": nothing}, "ingress_ambassador_enabled"},
		{"no load balancer", "lb-name-unresolved", nil, facts{"lb_keys": none, "lb_name": values{}, "by_dns": hosts{"n1": none}}, "silent"},
		{"default name", "lb-name-unresolved", nil, facts{"lb_keys": set("x"), "lb_name": values{}, "by_dns": hosts{"n1": ran(2, "")}}, "lb-apiserver.kubernetes.local is not in the DNS"},
		{"name in the DNS", "lb-name-unresolved", nil, facts{"lb_keys": set("x"), "lb_name": values{"apiserver_loadbalancer_domain_name": "api.example.net"}, "by_dns": hosts{"n1": set("192.0.2.1 api.example.net")}}, ""},
		{"names unknown", "etc-hosts-unmanaged", nil, facts{"by_dns": hosts{"n1": set("node3")}, "hosts_keys": none}, "node3 is not in the DNS"},
		{"names known", "etc-hosts-unmanaged", nil, facts{"by_dns": hosts{"n1": ran(0, "")}, "hosts_keys": none}, ""},
		{"AppArmor at v2.28", "feature-gates-removed", inputs{"target_tag": "v2.28.1"}, facts{"gates": set("h.yml:4:kube_apiserver_feature_gates: ['AppArmor=true']")}, ""},
		{"AppArmor at v2.29", "feature-gates-removed", inputs{"target_tag": "v2.29.1"}, facts{"gates": set("h.yml:4:kube_apiserver_feature_gates: ['AppArmor=true']")}, "AppArmor"},
		{"RBD at v2.26", "feature-gates-removed", inputs{"target_tag": "v2.26.1"}, facts{"gates": set("h.yml:4:kubelet_feature_gates: ['CSIMigrationRBD=true']")}, ""},
		{"no load balancer", "api-name-default-changes", nil, facts{"lb_keys": none, "lb_name": values{}, "names": hosts{}}, "silent"},
		{"not pinned", "api-name-default-changes", nil, facts{"lb_keys": set("x"), "lb_name": values{}, "names": hosts{"n1": set("X509v3 Subject Alternative Name: ", "    DNS:lb-apiserver.kubernetes.local")}}, "n1: DNS:lb-apiserver.kubernetes.local"},
		{"pinned and in the certificate", "api-name-default-changes", nil, facts{"lb_keys": set("x"), "lb_name": values{"apiserver_loadbalancer_domain_name": "api.example.net"}, "names": hosts{"n1": set("    DNS:api.example.net")}}, ""},
		{"minutes", "drain-timeout-units", nil, facts{"timeouts": set("k.yml:3:drain_timeout: 10m")}, "10m"},
		{"seconds", "drain-timeout-units", nil, facts{"timeouts": set("k.yml:3:drain_timeout: 600s # long", "k.yml:4:drain_fallback_timeout: \"360\"")}, ""},
		{"no binding", "admin-artifact-group", nil, facts{"bindings": nothing, "artifact_settings": values{}}, "no ClusterRoleBinding"},
		{"binding", "admin-artifact-group", nil, facts{"bindings": objects(t, `{"metadata": {}, "roleRef": {"name": "cluster-admin"}, "subjects": [{"name": "kubeadm:cluster-admins"}]}`), "artifact_settings": values{}}, ""},
		{"misleading", "kube-vip-version-misleads", nil, facts{"vip_version": set("addons.yml:9:kube_vip_version: 0.8.9")}, "0.8.9"},
		{"dead key", "keys-no-longer-read", nil, facts{"dead_keys": set("i/g/all.yml:3:disable_swap")}, "disable_swap"},
		{"no tag", "keys-no-longer-read", nil, facts{"dead_keys": runbook.Result{Exit: 2, Stderr: "the tags v2.27.0 and v2.28.0 are not both here"}}, "not both here"},
		{"all read", "keys-no-longer-read", nil, facts{"dead_keys": ran(0, "")}, ""},
		{"a directory", "inventory-is-directory", inputs{"inventory": "inventory/mycluster"}, facts{"inventory_kind": set("directory")}, "inventory/mycluster is a directory"},
		{"a file", "inventory-is-directory", inputs{"inventory": "inventory/mycluster/inventory.ini"}, facts{"inventory_kind": set("file")}, ""},
		{"python 3.10 for v2.31", "controller-python-range", inputs{"target_tag": "v2.31.0"}, facts{"python": set("3.10")}, "python3 is 3.10"},
		{"python 3.10 for v2.30", "controller-python-range", inputs{"target_tag": "v2.30.0"}, facts{"python": set("3.10")}, ""},
		{"python 3.12 for v2.22", "controller-python-range", inputs{"target_tag": "v2.22.2"}, facts{"python": set("3.12")}, "3.12"},
		{"etcd back from v2.24.3", "component-regression-patch", inputs{"target_tag": "v2.25.0"}, facts{"nodes": runs("containerd://1.7.16"), "etcd_versions": hosts{"n1": set("etcd Version: 3.5.16")}}, "n1 etcd Version: 3.5.16"},
		{"containerd back from v2.22.2", "component-regression-patch", inputs{"target_tag": "v2.23.1"}, facts{"nodes": runs("containerd://1.7.13"), "etcd_versions": hosts{"n1": set("etcd Version: 3.5.6")}}, "containerd://1.7.13"},
		{"forward", "component-regression-patch", inputs{"target_tag": "v2.26.0"}, facts{"nodes": runs("containerd://1.7.16"), "etcd_versions": hosts{"n1": set("etcd Version: 3.5.12")}}, ""},
		{"two behind", "kube-version-below-minimum", inputs{"target_tag": "v2.27.0"}, facts{"at_target": set("x"), "minimum": values{"kube_version_min_required": "v1.29.0"}, "version_pin": values{"kube_version": "v1.28.10"}}, "v1.28.10; at least v1.29.0"},
		{"one behind", "kube-version-below-minimum", inputs{"target_tag": "v2.27.0"}, facts{"at_target": set("x"), "minimum": values{"kube_version_min_required": "v1.29.0"}, "version_pin": values{"kube_version": "v1.30.4"}}, ""},
		{"no etcd for 1.29", "kube-version-unknown-to-tag", inputs{"target_tag": "v2.24.3", "kube_version": "1.29.1"}, facts{"nodes": objects(t, node("n1", `"architecture": "amd64"`, "")), "known": values{"kubelet_checksums": values{"amd64": values{"v1.29.1": "x"}}, "etcd_supported_versions": values{"v1.28": "v3.5.16"}}}, "etcd is known for: v1.28"},
		{"known", "kube-version-unknown-to-tag", inputs{"target_tag": "v2.24.3", "kube_version": "v1.28.14"}, facts{"nodes": objects(t, node("n1", `"architecture": "amd64"`, "")), "known": values{"kubelet_checksums": values{"amd64": values{"v1.28.14": "x"}}, "etcd_supported_versions": values{"v1.28": "v3.5.16"}}}, ""},
		{"tag not here", "kube-version-unknown-to-tag", inputs{"target_tag": "v2.25.1", "kube_version": "1.29.10"}, facts{"nodes": objects(t, node("n1", `"architecture": "amd64"`, "")), "known": values{}}, "silent"},
		{"no such patch", "kube-version-unknown-to-tag", inputs{"target_tag": "v2.24.3", "kube_version": "1.28.99"}, facts{"nodes": objects(t, node("n1", `"architecture": "arm64"`, "")), "known": values{"kubelet_checksums": values{"arm64": values{"v1.28.14": "x"}}, "etcd_supported_versions": values{"v1.28": "v3.5.16"}}}, "arm64: v1.28.14"},
		{"4096", "hubble-buffer-capacity", nil, facts{"hubble_settings": values{"cilium_hubble_event_buffer_capacity": 4096}}, "4096"},
		{"4095", "hubble-buffer-capacity", nil, facts{"hubble_settings": values{"cilium_hubble_event_buffer_capacity": 4095}}, ""},
		{"both", "auto-renew-with-external-ca", nil, facts{"ca_settings": values{"kube_external_ca_mode": true, "auto_renew_certificates": "true"}}, "auto_renew_certificates: true"},
		{"driver", "containerd-cgroup-driver-v2.16", nil, facts{"nodes": runs("containerd://1.3.9"), "driver_keys": none}, "containerd://1.3.9"},
		{"mapping", "containerd-config-refused", nil, facts{"config_key": set("containerd.yml:1:containerd_config:")}, "containerd.yml:1"},
		{"port in a policy", "metrics-server-port", nil, facts{"policies": objects(t, `{"metadata": {"name": "p", "namespace": "kube-system"}, "spec": {"ingress": [{"ports": [{"port": 4443}]}]}}`), "metrics_settings": values{"metrics_server_enabled": true}}, "kube-system/p names port 4443"},
		{"no policy", "metrics-server-port", nil, facts{"policies": nothing, "metrics_settings": values{"metrics_server_enabled": true}}, ""},
		{"dns on the host", "coredns-host-network", nil, facts{"dns_host_keys": set("k.yml:3:coredns_host_network: true")}, "coredns_host_network"},
		{"both sources", "kube-vip-bgp-source", nil, facts{"bgp_settings": values{"kube_vip_bgp_sourceip": "192.0.2.1", "kube_vip_bgp_sourceif": "eth0"}}, "eth0"},
		{"one source", "kube-vip-bgp-source", nil, facts{"bgp_settings": values{"kube_vip_bgp_sourceip": "192.0.2.1", "kube_vip_bgp_sourceif": nil}}, ""},
		{"lines", "log-lines-split", nil, facts{"nodes": runs("containerd://1.7.23"), "line_keys": none}, "16384"},
		{"layers", "unpacked-layers-discarded", nil, facts{"nodes": runs("containerd://1.7.22"), "layer_keys": none}, "true"},
		{"small database", "etcd-tunables-defaults", nil, facts{"db_size": hosts{"n1": set("20971520")}, "quota_keys": none}, ""},
		{"large database", "etcd-tunables-defaults", nil, facts{"db_size": hosts{"n1": set("3221225472")}, "quota_keys": none}, "n1: database of 3221225472"},
		{"database not readable", "etcd-tunables-defaults", nil, facts{"db_size": hosts{"n1": {Exit: 1, Stderr: "sudo: a password is required"}}, "quota_keys": none}, "a password is required"},
		{"nobody asks", "removed-kubernetes-apis", inputs{"kube_version": "1.25.6"}, facts{"deprecated_calls": []any{values{"removed_release": "999.0"}}}, ""},
		{"never gone", "removed-kubernetes-apis", inputs{"kube_version": "1.33.5"}, facts{"deprecated_calls": []any{values{"group": "", "removed_release": "", "resource": "endpoints", "version": "v1"}}}, ""},
		{"gone later", "removed-kubernetes-apis", inputs{"kube_version": "1.25.6"}, facts{"deprecated_calls": []any{values{"group": "autoscaling", "removed_release": "1.26", "resource": "horizontalpodautoscalers", "version": "v2beta2"}}}, ""},
		{"gone now", "removed-kubernetes-apis", inputs{"kube_version": "1.25.6"}, facts{"deprecated_calls": []any{values{"removed_release": "999.0"}, values{"group": "policy", "removed_release": "1.25", "resource": "poddisruptionbudgets", "version": "v1beta1"}}}, "policy/v1beta1 poddisruptionbudgets, gone in 1.25"},
		{"3.5.0", "etcd-3.5.0-inconsistency", nil, facts{"etcd_versions": hosts{"n1": set("etcd Version: 3.5.0")}}, "n1 etcd Version: 3.5.0"},
		{"3.5.3", "etcd-3.5.0-inconsistency", nil, facts{"etcd_versions": hosts{"n1": set("etcd Version: 3.5.3")}}, ""},
		{"asserts", "asserts-ignored", nil, facts{"ignored": set("all.yml:3:ignore_assert_errors: true")}, "all.yml:3"},
		{"fapolicyd", "fapolicyd-disabled", nil, facts{"fapolicyd": hosts{"n1": set("active"), "n2": set("inactive")}, "fapolicyd_key": none}, "n1: fapolicyd is active"},
		{"no fapolicyd", "fapolicyd-disabled", nil, facts{"fapolicyd": hosts{"n1": ran(0, ""), "n2": set("inactive")}, "fapolicyd_key": none}, ""},
		{"texts at v2.24", "openstack-lbaas-values", inputs{"target_tag": "v2.24.3"}, facts{"at_target": set("x"), "lbaas": set(`o.yml:26:external_openstack_lbaas_monitor_delay: "1m"`)}, "1m"},
		{"numbers at v2.24", "openstack-lbaas-values", inputs{"target_tag": "v2.24.3"}, facts{"at_target": set("x"), "lbaas": set("o.yml:26:external_openstack_lbaas_monitor_delay: 5 # s")}, ""},
		{"numbers at v2.25", "openstack-lbaas-values", inputs{"target_tag": "v2.25.1"}, facts{"at_target": set("x"), "lbaas": set("o.yml:26:external_openstack_lbaas_monitor_delay: 5")}, "delay: 5"},
		{"octavia", "openstack-lbaas-values", inputs{"target_tag": "v2.22.2"}, facts{"at_target": set("x"), "lbaas": set("o.yml:24:external_openstack_lbaas_provider: octavia")}, "octavia"},
		{"group not named", "no-k8s-cluster-group", nil, facts{"inventory_groups": set("[kube_node]"), "k8s_cluster_group": none}, "[kube_node]"},
		{"group named", "no-k8s-cluster-group", nil, facts{"inventory_groups": set("[k8s_cluster:children]"), "k8s_cluster_group": set("9:[k8s_cluster:children]")}, ""},
		{"own address", "download-url-without-v", nil, facts{"own_urls": set("offline.yml:23:kubelet_download_url: http://m/{{ kube_version }}/kubelet")}, "offline.yml:23"},
		{"no address of its own", "download-url-without-v", nil, facts{"own_urls": none}, ""},
		{"no kube-proxy", "kube-proxy-less", inputs{"target_tag": "v2.28.0"}, facts{"kube_proxies": nothing}, "no evidence"},
		{"kube-proxy", "kube-proxy-less", inputs{"target_tag": "v2.28.0"}, facts{"kube_proxies": image("kube-proxy", "x")}, ""},
		{"v2.28.1 leaves it out", "kube-proxy-less", inputs{"target_tag": "v2.28.1"}, facts{"kube_proxies": nothing}, "silent"},
		{"IPv6", "ipv6-disabled", nil, facts{"kernel_ipv6": hosts{"n1": set("present")}, "bind_address": none}, ""},
		{"no IPv6", "ipv6-disabled", nil, facts{"kernel_ipv6": hosts{"n1": set("absent")}, "bind_address": none}, "n1: no IPv6"},
		{"no IPv6, other address", "ipv6-disabled", nil, facts{"kernel_ipv6": hosts{"n1": set("absent")}, "bind_address": set("kube_apiserver_bind_address: 0.0.0.0")}, ""},
		{"old schema", "containerd-config-v1", nil, facts{"containerd_snippets": set("containerd.yml:3:containerd_extra_args: |")}, "containerd.yml:3"},
		{"no snippets", "containerd-config-v1", nil, facts{"containerd_snippets": none}, ""},
		{"krew", "removed-addons", nil, facts{"addons_on": set("addons.yml:258:krew_enabled: true")}, "krew_enabled"},
		{"no krew", "removed-addons", nil, facts{"addons_on": none}, ""},
	} {
		t.Run(c.pitfall+"/"+c.name, func(t *testing.T) {
			p := checksPitfalls(t)[c.pitfall]
			if p == nil || p.Before == nil {
				t.Fatalf("there is no check %s", c.pitfall)
			}
			s := runbook.NewScope()
			s.Set("inventory.groups", cel.MapType(cel.StringType, cel.ListType(cel.StringType)), map[string][]string{})
			for _, in := range p.Inputs {
				s.Set("inputs."+in.Name, cel.StringType, in.Value.Default.Source)
			}
			for name, v := range c.inputs {
				s.Set("inputs."+name, cel.StringType, v)
			}
			for name, v := range c.facts {
				if f, ok := p.Before.Facts.Get(name); ok {
					s.Set(name, f.Probe.Type(), v)
				} else if name == "inventory.groups" {
					s.Set(name, s.Types[name], v)
				} else {
					t.Fatalf("no fact %s", name)
				}
			}
			for _, f := range p.Before.Facts {
				if _, ok := c.facts[f.Name]; !ok {
					t.Fatalf("the fact %s is not given", f.Name)
				}
			}
			applies := true
			if p.Before.When.Set() {
				var err error
				if applies, err = s.True(p.Before.When); err != nil {
					t.Fatal(err)
				}
			}
			if applies == (c.want == "silent") {
				t.Fatalf("that it applies is %v", applies)
			}
			if !applies {
				return
			}
			ok, err := s.True(p.Before.Rule)
			if err != nil {
				t.Fatal(err)
			}
			if ok != (c.want == "") {
				t.Fatalf("the rule gave %v", ok)
			}
			evidence, err := s.Strings(p.Before.Evidence)
			if err != nil {
				t.Fatal(err)
			}
			if c.want != "no evidence" && !strings.Contains(strings.Join(evidence, "\n"), c.want) {
				t.Errorf("evidence %q does not say %q", evidence, c.want)
			}
		})
	}
}

var checksLoaded map[string]*runbook.Pitfall

// checksPitfalls reads the catalogue once for all cases.
func checksPitfalls(t *testing.T) map[string]*runbook.Pitfall {
	if checksLoaded == nil {
		checksLoaded = pitfalls(t)
	}
	return checksLoaded
}
