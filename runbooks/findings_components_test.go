package runbooks

import (
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// TestComponentFindings gives the pitfalls of container engines, ingress, load balancers, Rook and the API endpoint facts
// that no lab has. A finding is recognised by a part of its evidence, "" is none, and "silent" means that it does not apply.
func TestComponentFindings(t *testing.T) {
	node := func(name, engine string) string {
		return `{"metadata": {"name": "` + name + `"}, "status": {"nodeInfo": {"containerRuntimeVersion": "` + engine + `"}}}`
	}
	// ds serves for a Deployment too
	ds := func(name, image, status string, args ...string) string {
		list := ""
		if len(args) > 0 {
			list = `, "args": ["` + strings.Join(args, `", "`) + `"]`
		}
		return `{"metadata": {"name": "` + name + `", "namespace": "rook-ceph"}, "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "` + image + `"` + list + `}]}}}, "status": {` + status + `}}`
	}
	nginx := func(version string, args ...string) string {
		return ds("ingress-nginx-controller", "registry.k8s.io/ingress-nginx/controller:"+version, `"numberReady": 3, "desiredNumberScheduled": 3`, args...)
	}
	ingress := func(name, spec, annotations string) string {
		return `{"metadata": {"name": "` + name + `", "namespace": "shop", "annotations": {` + annotations + `}}, "spec": {` + spec + `}}`
	}
	rules := func(list string) string {
		return `{"metadata": {"name": "ingress-nginx"}, "rules": [` + list + `]}`
	}
	service := func(spec, status string) string {
		return `{"metadata": {"name": "web", "namespace": "shop"}, "spec": {` + spec + `}, "status": {` + status + `}}`
	}
	waiting := func(name, on, reason string) string {
		return `{"metadata": {"name": "` + name + `", "namespace": "kube-system"}, "spec": {"nodeName": "` + on + `"}, "status": {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "` + reason + `"}}}]}}`
	}
	kubeadm := func(config string) string {
		return `{"metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": "` + config + `"}}`
	}
	docker, containerd := "docker://20.10.20", "containerd://1.6.15"
	assigned := `"loadBalancer": {"ingress": [{"ip": "192.0.2.160"}]}`
	proxy := func(ready string) string {
		return `{"metadata": {"name": "nginx-proxy-w1"}, "spec": {"nodeName": "w1"}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "` + ready + `"}]}}`
	}
	hop := func(from, to string) map[string]string {
		return map[string]string{"previous_tag": from, "target_tag": to}
	}
	there, not := ran(0, ""), ran(1, "")
	refused := runbook.Result{Exit: 1, Stderr: "sudo: a password is required"}
	vip := "/etc/kubernetes/kubelet.conf:    server: https://lb-apiserver.kubernetes.local:6443\n"
	own := "/etc/kubernetes/kubelet.conf:    server: https://127.0.0.1:6443\n"
	pools := map[string]any{"metallb_config": map[string]any{"address_pools": map[string]any{"primary": map[string]any{"ip_range": []any{"192.0.2.160-192.0.2.199"}}}}}
	all := pitfalls(t)

	for _, c := range []struct {
		name, pitfall string
		inputs        map[string]string
		facts         map[string]any
		want          string
	}{
		{"no such volumes", "flexvolume-dir-missing", nil, map[string]any{"volumes": objects(t, `{"spec": {"csi": {}}}`), "kubelet_args": hosts{}}, "silent"},
		{"no argument", "flexvolume-dir-missing", nil, map[string]any{"volumes": objects(t, `{"spec": {"flexVolume": {}}}`), "kubelet_args": hosts{"n1": ran(0, "/usr/local/bin/kubelet --v=2\n"), "e1": ran(1, "")}}, "n1 has no --volume-plugin-dir"},
		{"argument", "flexvolume-dir-missing", nil, map[string]any{"volumes": objects(t, `{"spec": {"flexVolume": {}}}`), "kubelet_args": hosts{"n1": ran(0, "kubelet --volume-plugin-dir=/var/lib\n")}}, ""},

		{"no docker", "docker-package-downgrade", hop("v2.20.0", "v2.21.0"), map[string]any{"nodes": objects(t, node("n1", containerd)), "docker_packages": hosts{}}, "silent"},
		{"held", "docker-package-downgrade", hop("v2.20.0", "v2.21.0"), map[string]any{"nodes": objects(t, node("n1", docker)), "docker_packages": hosts{"n1": ran(0, "hi  containerd.io 1.6.4-1\nhi  docker-ce 5:20.10.20~3-0~ubuntu-jammy\n")}}, ""},
		{"not held", "docker-package-downgrade", hop("v2.15.0", "v2.15.1"), map[string]any{"nodes": objects(t, node("n1", docker)), "docker_packages": hosts{"n1": ran(0, "ii  containerd.io 1.4.3-1\nhi  docker-ce 5:19.03.14\n")}}, "n1 not held: containerd.io 1.4.3-1"},
		{"no such program", "docker-package-downgrade", hop("v2.20.0", "v2.21.0"), map[string]any{"nodes": objects(t, node("n1", docker)), "docker_packages": hosts{"n1": ran(0, "no dpkg here\n")}}, ""},
		{"unreachable", "docker-package-downgrade", hop("v2.20.0", "v2.21.0"), map[string]any{"nodes": objects(t, node("n1", docker)), "docker_packages": hosts{"n1": refused}}, "a password is required"},

		{"docker by its old sample", "container-engine-uninstalled", hop("v2.17.1", "v2.18.2"), map[string]any{"nodes": objects(t, node("n1", docker)), "at_target": not, "engine_settings": map[string]any{"container_manager": "docker"}}, "n1 runs docker://"},
		{"docker kept", "container-engine-uninstalled", hop("v2.17.1", "v2.18.2"), map[string]any{"nodes": objects(t, node("n1", docker)), "at_target": there, "engine_settings": map[string]any{"container_manager": "docker"}}, ""},
		{"docker forgotten", "container-engine-uninstalled", hop("v2.17.1", "v2.18.2"), map[string]any{"nodes": objects(t, node("n1", docker)), "at_target": there, "engine_settings": map[string]any{}}, "container_manager: containerd (default)"},
		{"containerd before", "container-engine-uninstalled", hop("v2.17.1", "v2.18.2"), map[string]any{"nodes": objects(t, node("n1", containerd)), "at_target": not, "engine_settings": map[string]any{"container_manager": "containerd"}}, ""},
		{"cri-o", "container-engine-uninstalled", hop("v2.17.1", "v2.18.2"), map[string]any{"nodes": objects(t, node("n1", "cri-o://1.22.1")), "at_target": there, "engine_settings": map[string]any{"container_manager": "crio"}}, ""},
		{"held", "containerd-hold-conflict", nil, map[string]any{"nodes": objects(t, node("n1", containerd)+","+node("n2", docker)), "holds": hosts{"n1": ran(0, "containerd.io\n"), "n2": ran(0, "containerd.io\n")}}, "n1 holds containerd.io"},
		{"held by docker alone", "containerd-hold-conflict", nil, map[string]any{"nodes": objects(t, node("n1", containerd)+","+node("n2", docker)), "holds": hosts{"n1": ran(0, ""), "n2": ran(0, "containerd.io\n")}}, ""},
		{"no containerd", "containerd-hold-conflict", nil, map[string]any{"nodes": objects(t, node("n1", docker)), "holds": hosts{}}, "silent"},

		{"two engines", "engine-switch-unsupported", nil, map[string]any{"nodes": objects(t, node("n1", docker)+","+node("n2", containerd))}, "n2 containerd://1.6.15"},
		{"one engine, two versions", "engine-switch-unsupported", nil, map[string]any{"nodes": objects(t, node("n1", containerd)+","+node("n2", "containerd://1.7.13"))}, ""},

		{"no ingress", "ingress-not-upgraded", nil, map[string]any{"controller": []any{}}, "silent"},
		{"0.43", "ingress-not-upgraded", nil, map[string]any{"controller": objects(t, nginx("v0.43.0"))}, "controller:v0.43.0"},
		{"1.0", "ingress-not-upgraded", nil, map[string]any{"controller": objects(t, nginx("v1.0.0"))}, ""},
		{"1.10 is no 0", "ingress-not-upgraded", nil, map[string]any{"controller": objects(t, nginx("v1.10.1"))}, ""},

		{"applied as v1beta1", "ingress-v1beta1", nil, map[string]any{"ingresses": objects(t, ingress("web", "", `"kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"networking.k8s.io/v1beta1\",\"kind\":\"Ingress\"}"`))}, "shop/web was applied as networking.k8s.io/v1beta1"},
		{"applied as v1", "ingress-v1beta1", nil, map[string]any{"ingresses": objects(t, ingress("web", "", `"kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"networking.k8s.io/v1\"}"`)+`, {"metadata": {"name": "bare", "namespace": "shop"}, "spec": {}}`)}, ""},

		{"image by hand", "ingressclass-forbidden", nil, map[string]any{"controller": objects(t, nginx("v1.0.0")), "rights": objects(t, rules(`{"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["get", "list", "watch"]}`))}, "rights on networking.k8s.io: ingresses"},
		{"rights of 1.0", "ingressclass-forbidden", nil, map[string]any{"controller": objects(t, nginx("v1.0.0")), "rights": objects(t, rules(`{"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": ["get", "list", "watch"]}`))}, ""},
		{"still 0.43", "ingressclass-forbidden", nil, map[string]any{"controller": objects(t, nginx("v0.43.0")), "rights": []any{}}, "silent"},

		{"no class at all", "ingressclass-missing", nil, map[string]any{"controller": objects(t, nginx("v0.43.0")), "classes": []any{}, "ingresses": objects(t, ingress("web", "", ""))}, "shop/web has no class"},
		{"class and annotation", "ingressclass-missing", nil, map[string]any{"controller": objects(t, nginx("v0.43.0")), "classes": objects(t, `{"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}`),
			"ingresses": objects(t, ingress("web", `"ingressClassName": "nginx"`, "")+","+ingress("old", "", `"kubernetes.io/ingress.class": "nginx"`))}, ""},

		{"proxy down", "nginx-proxy-stopped", nil, map[string]any{"system_pods": objects(t, proxy("False"))}, "nginx-proxy-w1 on w1"},
		{"proxy up, others do not matter", "nginx-proxy-stopped", nil, map[string]any{"system_pods": objects(t, proxy("True")+","+waiting("coredns-1", "n1", "CrashLoopBackOff"))}, ""},

		{"for an hour", "ingress-terminating", nil, map[string]any{"now": ran(0, "2025-03-30T11:00:00Z\n"), "ingress_pods": objects(t, `{"metadata": {"name": "ingress-nginx-controller-5z4ww", "deletionTimestamp": "2025-03-30T10:00:00Z"}, "spec": {"nodeName": "n1"}}`)}, "5z4ww on n1 since"},
		{"for a minute", "ingress-terminating", nil, map[string]any{"now": ran(0, "2025-03-30T10:01:00Z\n"), "ingress_pods": objects(t, `{"metadata": {"name": "ingress-nginx-controller-5z4ww", "deletionTimestamp": "2025-03-30T10:00:00Z"}}`)}, ""},

		{"one of four", "ingress-upgrade-unprotected", nil, map[string]any{"controller": objects(t, ds("c", "x:v1.3.1", `"numberReady": 1, "desiredNumberScheduled": 4`))}, "1 of 4 ready"},
		{"the only one", "ingress-upgrade-unprotected", nil, map[string]any{"controller": objects(t, ds("c", "x:v1.3.1", `"numberReady": 1, "desiredNumberScheduled": 1`))}, "1 of 1 ready"},
		{"three", "ingress-upgrade-unprotected", nil, map[string]any{"controller": objects(t, nginx("v1.3.1"))}, ""},

		{"no rook", "rook-pdb-v1beta1", nil, map[string]any{"operators": objects(t, ds("coredns", "coredns:v1.9.3", ""))}, "silent"},
		{"rook 1.5", "rook-pdb-v1beta1", nil, map[string]any{"operators": objects(t, ds("rook-ceph-operator", "rook/ceph:v1.5.12", ""))}, "rook/ceph:v1.5.12"},
		{"rook 1.9.9", "rook-pdb-v1beta1", nil, map[string]any{"operators": objects(t, ds("rook-ceph-operator", "rook/ceph:v1.9.9", ""))}, "rook/ceph:v1.9.9"},
		{"rook 1.15", "rook-pdb-v1beta1", nil, map[string]any{"operators": objects(t, ds("rook-ceph-operator", "registry.example.com:5000/rook/ceph:v1.15.9", ""))}, ""},

		{"label of v2.21", "multus-limit-label", hop("v2.20.0", "v2.21.0"), map[string]any{"multus_task": ran(0, "  loop_control:\n    label: \"{{ item.item.name }}\"\n")}, "item.item.name"},
		{"label of v2.22.2", "multus-limit-label", hop("v2.20.0", "v2.21.0"), map[string]any{"multus_task": ran(0, "  loop_control:\n    label: \"{{ item.item.name if item != None else 'skipped' }}\"\n")}, ""},
		{"no such tag", "multus-limit-label", hop("v2.20.0", "v2.21.0"), map[string]any{"multus_task": runbook.Result{Exit: 128, Stderr: "fatal: invalid object name"}}, "invalid object name"},

		{"on at v2.22.0", "metallb-v2.22.0", nil, map[string]any{"metallb_settings": map[string]any{"metallb_enabled": true}}, "metallb_enabled: true"},
		{"off at v2.22.0", "metallb-v2.22.0", nil, map[string]any{"metallb_settings": map[string]any{}}, ""},

		{"no metallb", "metallb-controller-timeout", nil, map[string]any{"metallb": []any{}, "addons": map[string]any{}}, "silent"},
		{"0.12, pools ready", "metallb-controller-timeout", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.12.1", "")), "addons": pools}, "pools ready to apply: primary"},
		{"0.12, nothing ready", "metallb-controller-timeout", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.12.1", "")), "addons": map[string]any{}}, "no metallb_config"},
		{"0.13", "metallb-controller-timeout", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.13.9", "")), "addons": pools}, ""},

		{"lost", "metallb-ip-pending", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.13.9", "")), "services": objects(t, service(`"type": "LoadBalancer"`, `"loadBalancer": {}`)), "addons": pools}, "shop/web has no address"},
		{"lost, nothing to apply", "metallb-ip-pending", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.13.9", "")), "services": objects(t, service(`"type": "LoadBalancer"`, "")), "addons": map[string]any{}}, "no metallb_config"},
		{"served, or by another", "metallb-ip-pending", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.13.9", "")), "services": objects(t, service(`"type": "LoadBalancer"`, assigned)+","+service(`"type": "LoadBalancer", "loadBalancerClass": "example.com/lb"`, "")+","+service(`"type": "NodePort"`, "")), "addons": pools}, ""},
		{"no metallb", "metallb-ip-pending", nil, map[string]any{"metallb": []any{}, "services": []any{}, "addons": map[string]any{}}, "silent"},

		{"any address", "metallb-dynamic-ip-moves", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.12.1", "")), "services": objects(t, service(`"type": "LoadBalancer"`, assigned))}, "shop/web has 192.0.2.160"},
		{"its address", "metallb-dynamic-ip-moves", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.12.1", "")), "services": objects(t, service(`"type": "LoadBalancer", "loadBalancerIP": "192.0.2.160"`, assigned)+","+service(`"type": "ClusterIP"`, ""))}, ""},
		{"0.13 already", "metallb-dynamic-ip-moves", nil, map[string]any{"metallb": objects(t, ds("controller", "quay.io/metallb/controller:v0.13.9", "")), "services": objects(t, service(`"type": "LoadBalancer"`, assigned))}, "silent"},

		{"unsafe", "ansible-unsafe-conditional", hop("v2.22.2", "v2.23.1"), map[string]any{"verify_settings": ran(0, "  assert:\n    that: \"groups.get('{{ item }}')\"\n")}, "groups.get('{{ item }}')"},
		{"safe", "ansible-unsafe-conditional", hop("v2.22.2", "v2.23.1"), map[string]any{"verify_settings": ran(0, "  assert:\n    that: \"groups.get( item )\"\n")}, ""},

		{"not there yet", "ingress-lease-rbac", hop("v2.23.3", "v2.24.1"), map[string]any{"at_target": not, "controller": objects(t, nginx("v1.8.1")), "lease_rights": objects(t, rules(`{"resources": ["leases"], "verbs": ["update"]}`))}, "the Role comes with v2.24.1"},
		{"other name", "ingress-lease-rbac", hop("v2.23.3", "v2.24.1"), map[string]any{"at_target": there, "controller": objects(t, nginx("v1.9.4", "--ingress-class=nginx")), "lease_rights": objects(t, rules(`{"resources": ["leases"], "resourceNames": ["ingress-controller-leader-nginx"], "verbs": ["get", "update"]}, {"resources": ["leases"], "verbs": ["create"]}`))}, "ingress-controller-leader-nginx"},
		{"patched", "ingress-lease-rbac", hop("v2.23.3", "v2.24.1"), map[string]any{"at_target": there, "controller": objects(t, nginx("v1.9.4")), "lease_rights": objects(t, rules(`{"resources": ["leases"], "resourceNames": ["ingress-controller-leader-nginx"], "verbs": ["get", "update"]}, {"resources": ["leases"], "verbs": ["get", "update"]}`))}, ""},
		{"told the name", "ingress-lease-rbac", hop("v2.23.3", "v2.24.1"), map[string]any{"at_target": there, "controller": objects(t, nginx("v1.9.4", "--election-id=ingress-controller-leader-nginx")), "lease_rights": objects(t, rules(`{"resources": ["leases"], "resourceNames": ["ingress-controller-leader-nginx"], "verbs": ["get", "update"]}`))}, ""},

		{"numbers", "containerd-rlimit-string", nil, map[string]any{"quoted_limit": not, "text_limits": hosts{"n1": not}}, ""},
		{"text", "containerd-rlimit-string", nil, map[string]any{"quoted_limit": not, "text_limits": hosts{"n1": ran(0, "19:        \"hard\": \"1048576\",\n")}}, `n1 /etc/containerd/cri-base.json:19:        "hard": "1048576"`},
		{"quoted", "containerd-rlimit-string", nil, map[string]any{"quoted_limit": ran(0, "a.yml:1:containerd_base_runtime_spec_rlimit_nofile: \"1048576\"\n"), "text_limits": hosts{}}, "a.yml:1"},
		{"not to be read", "containerd-rlimit-string", nil, map[string]any{"quoted_limit": not, "text_limits": hosts{"n1": refused}}, "a password is required"},

		{"calico 3.26.4", "calico-ipset-egress", nil, map[string]any{"calico_nodes": objects(t, ds("calico-node", "quay.io/calico/node:v3.26.4", "")), "calico_pinned": not}, "brings Calico 3.26.4"},
		{"calico pinned", "calico-ipset-egress", nil, map[string]any{"calico_nodes": objects(t, ds("calico-node", "quay.io/calico/node:v3.26.4", "")), "calico_pinned": ran(0, "calico_version: v3.27.3\n")}, ""},
		{"no calico", "calico-ipset-egress", nil, map[string]any{"calico_nodes": []any{}, "calico_pinned": not}, "silent"},

		{"liberal", "conntrack-be-liberal", nil, map[string]any{"liberal": hosts{"n1": ran(0, "1\n/etc/sysctl.d/90-lb.conf\n"), "n2": ran(0, "0\n")}}, "= 1 by /etc/sysctl.d/90-lb.conf"},
		{"strict, or not loaded", "conntrack-be-liberal", nil, map[string]any{"liberal": hosts{"n1": ran(0, "0\n"), "n2": ran(0, "absent\n")}}, ""},

		{"virtual address", "vip-envvars-v2.27", nil, map[string]any{"server_lines": hosts{"n1": ran(0, vip)}}, "n1 /etc/kubernetes/kubelet.conf https://lb-apiserver"},
		{"own address", "vip-envvars-v2.27", nil, map[string]any{"server_lines": hosts{"n1": ran(0, own+"/etc/kubernetes/admin.conf:    server: https://lb-apiserver.kubernetes.local:6443\n")}}, ""},
		{"a control plane without files", "vip-envvars-v2.27", nil, map[string]any{"server_lines": hosts{"n1": {Exit: 2, Stderr: "No such file or directory"}}}, "n1 could not be read"},

		{"pods wait", "limit-spreads-outage", nil, map[string]any{"all_pods": objects(t, waiting("kube-proxy-1", "n1", "CreateContainerConfigError"))}, "n1: kube-system/kube-proxy-1"},
		{"another reason", "limit-spreads-outage", nil, map[string]any{"all_pods": objects(t, waiting("web-1", "n1", "ImagePullBackOff"))}, ""},

		{"below etcd", "feature-gate-placement", nil, map[string]any{"kubeadm_config": objects(t, kubeadm(`apiVersion: kubeadm.k8s.io/v1beta4\netcd:\n  featureGates:\n    ControlPlaneKubeletLocalMode: true\nkind: ClusterConfiguration\n`))}, "ControlPlaneKubeletLocalMode: true"},
		{"at the top", "feature-gate-placement", nil, map[string]any{"kubeadm_config": objects(t, kubeadm(`etcd:\n  external: {}\nfeatureGates:\n  Other: true\n  ControlPlaneKubeletLocalMode: true\nkind: ClusterConfiguration\n`))}, ""},
		{"another top key between", "feature-gate-placement", nil, map[string]any{"kubeadm_config": objects(t, kubeadm(`featureGates:\n  Other: true\netcd:\n  ControlPlaneKubeletLocalMode: true\n`))}, "featureGates:"},
		{"not used", "feature-gate-placement", nil, map[string]any{"kubeadm_config": objects(t, kubeadm(`kind: ClusterConfiguration\n`))}, ""},
	} {
		t.Run(c.pitfall+"/"+c.name, func(t *testing.T) { judge(t, all[c.pitfall], c.inputs, c.facts, c.want) })
	}
}

// TestComponentRemedies: what the remedies would run, given what was found.
func TestComponentRemedies(t *testing.T) {
	pools := map[string]any{"metallb_config": map[string]any{
		"address_pools": map[string]any{"primary": map[string]any{"ip_range": []any{"192.0.2.160-192.0.2.199", "198.51.100.0/28"}, "auto_assign": false}},
		"layer2":        []any{"primary"},
	}}
	web := objects(t, `{"metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.160"}]}}}`)
	stuck := objects(t, `{"metadata": {"name": "new"}}, {"metadata": {"name": "going", "deletionTimestamp": "2025-03-30T10:12:00Z"}}, {"metadata": {"name": "old-5z4ww", "deletionTimestamp": "2025-03-30T10:00:00Z"}}`)
	for _, c := range []struct {
		pitfall string
		facts   map[string]any
		want    []string
	}{
		{"metallb-controller-timeout", map[string]any{"metallb_config": pools["metallb_config"]}, []string{
			`kind: IPAddressPool, metadata: {name: "primary", namespace: metallb-system}`, `addresses: ["192.0.2.160-192.0.2.199", "198.51.100.0/28"], autoAssign: false`,
			"\n---\n", `kind: L2Advertisement, metadata: {name: "primary"`}},
		{"metallb-dynamic-ip-moves", map[string]any{"services": web}, []string{"-n shop patch services web", `{"spec": {"loadBalancerIP": "192.0.2.160"}}`}},
		{"ingress-terminating", map[string]any{"ingress_pods": stuck, "now": ran(0, "2025-03-30T10:10:00Z\n")}, []string{"delete pod old-5z4ww --grace-period=0 --force"}},
		{"ingressclass-missing", map[string]any{"ingresses": objects(t, `{"metadata": {"name": "a", "namespace": "x"}, "spec": {"ingressClassName": "nginx"}}, {"metadata": {"name": "b", "namespace": "y"}, "spec": {}}`)},
			[]string{"kind: IngressClass", "-n y patch ingresses.networking.k8s.io b", `{"ingressClassName": "nginx"}`}},
		{"multus-limit-label", nil, []string{"refs/tags/v2.21.0 HEAD", "item != None else 'skipped'"}},
		{"ingressclass-forbidden", nil, []string{"cluster.yml", "--tags=ingress-controller,nginx"}},
	} {
		t.Run(c.pitfall, func(t *testing.T) {
			p := pitfalls(t)[c.pitfall]
			s := runbook.NewScope()
			for _, in := range p.Inputs {
				s.Set("inputs."+in.Name, cel.StringType, in.Value.Default.Source)
			}
			s.Set("inputs.target_tag", cel.StringType, "v2.21.0")
			for name, v := range c.facts {
				typ := cel.DynType
				if f, ok := p.Before.Facts.Get(name); ok {
					typ = f.Probe.Type()
				}
				s.Set(name, typ, v)
			}
			var lines strings.Builder
			for _, cure := range p.Remedies {
				for _, step := range cure.Steps {
					commands, err := step.Action.Commands(&runbook.Task{Scope: s, Step: step.ID.Value})
					if err != nil {
						t.Fatal(err)
					}
					for _, cmd := range commands {
						lines.WriteString(cmd.Line + "\n")
					}
				}
			}
			for _, want := range c.want {
				if !strings.Contains(lines.String(), want) {
					t.Errorf("no %q in:\n%s", want, lines.String())
				}
			}
		})
	}
}
