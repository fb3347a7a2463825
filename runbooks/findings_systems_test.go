package runbooks

import (
	"testing"

	"spraydeck/runbook"
)

// TestSystemsFindings gives the pitfalls of the system under the cluster, of kubeadm and of K3s facts that a lab does not
// have, and expects a finding, by a part of its evidence, or none ("").
func TestSystemsFindings(t *testing.T) {
	refused := runbook.Result{Exit: 1, Stderr: "sudo: a password is required"}
	node := func(name, version, image, runtime, rest string) string {
		return `{"metadata": {"name": "` + name + `", "labels": {}}, "spec": {}, "status": {"nodeInfo": {"kubeletVersion": "` + version + `", "osImage": "` + image + `", "containerRuntimeVersion": "` + runtime + `"}}` + rest + `}`
	}
	focal := node("n1", "v1.25.6", "Ubuntu 20.04.5 LTS", "docker://20.10.20", "")
	rbd := func(tag string) []any {
		return objects(t, `{"metadata": {"namespace": "rook-ceph", "name": "csi-rbdplugin"}, "spec": {"template": {"spec": {"containers": [
			{"image": "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.10.1"}, {"image": "quay.io/cephcsi/cephcsi:`+tag+`"}]}}}}`)
	}
	calico := func(env string) []any {
		return objects(t, `{"metadata": {"name": "calico-node"}, "spec": {"template": {"spec": {"containers": [{"image": "x", "env": [`+env+`]}]}}}}`)
	}
	config := func(text string) []any {
		return objects(t, `{"metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n`+text+`"}}`)
	}
	static := func(component, version, on string) string {
		return `{"metadata": {"namespace": "kube-system", "name": "` + component + `-` + on + `", "labels": {"component": "` + component + `"}, "annotations": {"kubernetes.io/config.mirror": "x"}},
			"spec": {"nodeName": "` + on + `", "containers": [{"image": "registry.k8s.io/` + component + `:` + version + `"}]}, "status": {}}`
	}
	plan := func(namespace, name, spec string) string {
		return `{"metadata": {"namespace": "` + namespace + `", "name": "` + name + `"}, "spec": {` + spec + `}, "status": {"latestVersion": "v1.32.5-k3s1"}}`
	}
	agents := `"nodeSelector": {"matchExpressions": [{"key": "node-role.kubernetes.io/control-plane", "operator": "DoesNotExist"}]}, "version": "v1.32.5+k3s1"`
	controller := `{"metadata": {"namespace": "system-upgrade", "name": "system-upgrade-controller"}}`
	k3s := objects(t, node("n1", "v1.31.4+k3s1", "Ubuntu 22.04.5 LTS", "containerd://1.7.23-k3s2", ""))
	written := func(at string) map[string]any {
		return map[string]any{"items": []any{map[string]any{"metadata": map[string]any{"managedFields": []any{map[string]any{"manager": "kubectl-edit", "time": at}}}}}}
	}
	known := pitfalls(t)

	for _, c := range []struct {
		name, pitfall string
		inputs        map[string]string
		facts         map[string]any
		want          string
	}{
		// the system under the cluster
		{"held", "release-upgrade-held", nil, map[string]any{"held": hosts{"n1": ran(0, "containerd.io\ndocker-ce\n"), "n2": ran(0, "")}}, "n1: containerd.io docker-ce"},
		{"nothing held", "release-upgrade-held", nil, map[string]any{"held": hosts{"n1": ran(0, "")}}, ""},
		{"not asked", "release-upgrade-held", nil, map[string]any{"held": hosts{"n1": {Exit: 255, Stderr: "connection refused"}}}, "n1 could not be asked: connection refused"},
		{"no screen", "release-upgrade-terminal", nil, map[string]any{"screen": hosts{"n1": ran(1, "screen is not installed\n")}}, "n1: screen is not installed"},
		{"screen", "release-upgrade-terminal", nil, map[string]any{"screen": hosts{"n1": ran(0, "")}}, ""},
		{"changed file", "release-upgrade-conffile", nil, map[string]any{"changed_files": hosts{"n1": ran(0, "/etc/ssh/sshd_config\n")}}, "n1: /etc/ssh/sshd_config"},
		{"files of the packages", "release-upgrade-conffile", nil, map[string]any{"changed_files": hosts{"n1": ran(0, "")}}, ""},
		{"files not readable", "release-upgrade-conffile", nil, map[string]any{"changed_files": hosts{"n1": refused}}, "n1 could not be asked"},
		{"disabled source", "docker-apt-source-disabled", nil, map[string]any{"disabled_sources": hosts{"n1": ran(0, "/etc/apt/sources.list.d/docker.list:deb https://download.docker.com/linux/ubuntu jammy stable # disabled on upgrade to jammy\n")}}, "docker.list"},
		{"sources in order", "docker-apt-source-disabled", nil, map[string]any{"disabled_sources": hosts{"n1": ran(0, "")}}, ""},
		{"legacy key", "apt-legacy-key", nil, map[string]any{"legacy_keys": hosts{"n1": ran(0, "-rw-r--r-- 1 root root 2760 Mar 10 2025 /etc/apt/trusted.gpg\n")}}, "n1 /etc/apt/trusted.gpg"},
		{"no legacy key", "apt-legacy-key", nil, map[string]any{"legacy_keys": hosts{"n1": ran(0, "")}}, ""},
		{"driver of the old base", "rbd-zst-24.04", nil, map[string]any{"daemonsets": rbd("v3.11.0")}, "cephcsi:v3.11.0"},
		{"Rook 1.14.12", "rbd-zst-24.04", nil, map[string]any{"daemonsets": rbd("v3.10.1")}, "cephcsi:v3.10.1"},
		{"Rook 1.15", "rbd-zst-24.04", nil, map[string]any{"daemonsets": rbd("v3.12.3")}, ""},
		{"to 22.04 any driver does", "rbd-zst-24.04", map[string]string{"target_os": "22.04"}, map[string]any{"daemonsets": rbd("v3.10.1")}, "silent"},
		{"no Rook", "rbd-zst-24.04", nil, map[string]any{"daemonsets": []any{}}, "silent"},
		{"known model", "server-hangs-at-restart", nil, map[string]any{"model": hosts{"n1": ran(0, "FUJITSU PRIMERGY RX100 S7p "), "n2": ran(0, "FUJITSU PRIMERGY TX1320 M4 ")}}, "n1 FUJITSU PRIMERGY RX100 S7p"},
		{"other model", "server-hangs-at-restart", nil, map[string]any{"model": hosts{"n2": ran(0, "FUJITSU PRIMERGY TX1320 M4 ")}}, ""},
		{"Ceph recovers", "cadence-too-fast", nil, map[string]any{"ceph": objects(t, `{"metadata": {"namespace": "rook-ceph", "name": "rook-ceph"}, "status": {"ceph": {"health": "HEALTH_WARN"}}}`)}, "rook-ceph/rook-ceph: HEALTH_WARN"},
		{"Ceph says nothing", "cadence-too-fast", nil, map[string]any{"ceph": objects(t, `{"metadata": {"namespace": "rook-ceph", "name": "rook-ceph"}}`)}, "unknown"},
		{"Ceph well", "cadence-too-fast", nil, map[string]any{"ceph": objects(t, `{"metadata": {"namespace": "rook-ceph", "name": "rook-ceph"}, "status": {"ceph": {"health": "HEALTH_OK"}}}`)}, ""},
		{"no Ceph", "cadence-too-fast", nil, map[string]any{"ceph": []any{}}, "silent"},
		{"second disk", "boot-disk-order", nil, map[string]any{"root_disk": hosts{"n1": ran(0, "sdc\n")}}, "n1 boots from /dev/sdc"},
		{"first disk", "boot-disk-order", nil, map[string]any{"root_disk": hosts{"n1": ran(0, "sda\n"), "n2": ran(0, "nvme0n1\n")}}, ""},
		{"past its end", "eol-neglect", nil, map[string]any{"nodes": objects(t, focal), "now": ran(0, "2025-03-10\n")}, "n1 v1.25.6"},
		{"supported", "eol-neglect", nil, map[string]any{"nodes": objects(t, node("n1", "v1.34.3", "", "", "")), "now": ran(0, "2026-02-01\n")}, ""},
		{"its last day", "eol-neglect", nil, map[string]any{"nodes": objects(t, node("n1", "v1.32.5", "", "", "")), "now": ran(0, "2026-03-01\n")}, "n1 v1.32.5"},
		{"newer than the table", "eol-neglect", nil, map[string]any{"nodes": objects(t, node("n1", "v1.36.1", "", "", "")), "now": ran(0, "2030-01-01\n")}, ""},
		{"over an LTS", "os-lts-step", nil, map[string]any{"releases": hosts{"n1": ran(0, "ubuntu 20.04\n")}, "readme": ran(0, "- **Ubuntu** 20.04, 22.04, 24.04\n")}, "n1 ubuntu 20.04 -> 24.04"},
		{"one LTS", "os-lts-step", nil, map[string]any{"releases": hosts{"n1": ran(0, "ubuntu 22.04\n"), "n2": ran(0, "ubuntu 24.04\n"), "n3": ran(0, "debian 12\n")}, "readme": ran(0, "- **Ubuntu** 20.04, 22.04, 24.04\n")}, ""},
		{"checkout too old", "os-lts-step", nil, map[string]any{"releases": hosts{"n1": ran(0, "ubuntu 22.04\n")}, "readme": ran(0, "- **Ubuntu** 20.04, 22.04\n")}, "this checkout: - **Ubuntu** 20.04, 22.04"},
		{"no checkout", "os-lts-step", nil, map[string]any{"releases": hosts{"n1": ran(0, "ubuntu 22.04\n")}, "readme": ran(2, "")}, ""},
		{"back", "os-lts-step", map[string]string{"target_os": "22.04"}, map[string]any{"releases": hosts{"n1": ran(0, "ubuntu 24.04\n")}, "readme": ran(2, "")}, "n1 ubuntu 24.04 -> 22.04"},
		{"never", "release-upgrade-prompt", nil, map[string]any{"prompts": hosts{"n1": ran(0, "Prompt=never\n")}}, "n1 Prompt=never"},
		{"lts", "release-upgrade-prompt", nil, map[string]any{"prompts": hosts{"n1": ran(0, "Prompt = lts\n"), "n2": ran(0, "")}}, ""},
		{"no prompt", "release-upgrade-prompt", nil, map[string]any{"prompts": hosts{"n1": ran(1, "")}}, "n1 has no Prompt"},
		{"cgroup v1", "os-cgroup-v2-flip", nil, map[string]any{"cgroups": hosts{"n1": ran(0, "tmpfs\nBOOT_IMAGE=/vmlinuz systemd.unified_cgroup_hierarchy=0\n")}}, "kept by systemd.unified_cgroup_hierarchy=0"},
		{"cgroup v2", "os-cgroup-v2-flip", nil, map[string]any{"cgroups": hosts{"n1": ran(0, "cgroup2fs\nBOOT_IMAGE=/vmlinuz\n")}}, ""},
		{"legacy rules", "os-iptables-backend", nil, map[string]any{"calico": calico(`{"name": "FELIX_IPTABLESBACKEND", "value": "Legacy"}`)}, "FELIX_IPTABLESBACKEND Legacy"},
		{"finds out", "os-iptables-backend", nil, map[string]any{"calico": calico(`{"name": "FELIX_IPTABLESBACKEND", "value": "Auto"}, {"name": "NODENAME", "valueFrom": {}}`)}, ""},
		{"no calico", "os-iptables-backend", nil, map[string]any{"calico": []any{}}, "silent"},
		{"link to nowhere", "os-resolv-conf", nil, map[string]any{"resolvers": hosts{"n1": {Exit: 2, Stdout: "/run/x\n", Lines: []string{"/run/x"}, Stderr: "grep: /etc/resolv.conf: No such file or directory"}}}, "n1 /run/x grep: /etc/resolv.conf: No such file"},
		{"a server", "os-resolv-conf", nil, map[string]any{"resolvers": hosts{"n1": ran(0, "/run/systemd/resolve/resolv.conf\nnameserver 10.0.0.2\n")}}, ""},
		{"python 3.8", "os-python-interpreter", nil, map[string]any{"inventory.vars": map[string]map[string]any{"n1": {"ansible_python_interpreter": "/usr/bin/python3.8"}, "n2": {}}}, "n1 /usr/bin/python3.8"},
		{"python 3", "os-python-interpreter", nil, map[string]any{"inventory.vars": map[string]map[string]any{"n1": {"ansible_python_interpreter": "/usr/bin/python3"}, "n2": {}}}, ""},
		{"old facts", "os-facts-stale", nil, map[string]any{"nodes": objects(t, node("n1", "v1.25.6", "Ubuntu 22.04.2 LTS", "", "")), "cached": ran(0, "n1 20.04\n")}, "n1: cached 20.04, running Ubuntu 22.04.2 LTS"},
		{"fresh facts", "os-facts-stale", nil, map[string]any{"nodes": objects(t, node("n1", "v1.25.6", "Ubuntu 22.04.2 LTS", "", "")), "cached": ran(0, "n1 22.04\nn9 20.04\n")}, ""},
		{"no facts", "os-facts-stale", nil, map[string]any{"nodes": objects(t, focal), "cached": ran(0, "")}, ""},

		// kubeadm
		{"over a minor", "kubeadm-minor-skip", map[string]string{"kube_version": "1.33.1"}, map[string]any{"kubeadm_config": config(`kubernetesVersion: v1.31.4\n`)}, "the cluster: v1.31.4, to go to: v1.33.1"},
		{"next minor", "kubeadm-minor-skip", map[string]string{"kube_version": "1.32.5"}, map[string]any{"kubeadm_config": config(`kubernetesVersion: v1.31.4\n`)}, ""},
		{"back a patch", "kubeadm-minor-skip", map[string]string{"kube_version": "1.31.2"}, map[string]any{"kubeadm_config": config(`kubernetesVersion: v1.31.4\n`)}, "to go to: v1.31.2"},
		{"no kubeadm", "kubeadm-minor-skip", map[string]string{"kube_version": "1.33.1"}, map[string]any{"kubeadm_config": []any{}}, "silent"},
		{"stacked", "kubeadm-topology", nil, map[string]any{"kubeadm_config": config(""), "api_servers": objects(t, static("kube-apiserver", "v1.31.4", "n1")), "etcd_pods": objects(t, static("etcd", "3.5.16-0", "n1"))}, ""},
		{"external etcd", "kubeadm-topology", nil, map[string]any{"kubeadm_config": config(`etcd:\n  external:\n    endpoints: [x]\n`), "api_servers": objects(t, static("kube-apiserver", "v1.31.4", "n1")), "etcd_pods": []any{}}, ""},
		{"etcd as a service", "kubeadm-topology", nil, map[string]any{"kubeadm_config": config(""), "api_servers": objects(t, static("kube-apiserver", "v1.31.4", "n1")), "etcd_pods": []any{}}, "static etcd pods: 0"},
		{"not of kubeadm", "kubeadm-topology", nil, map[string]any{"kubeadm_config": []any{}, "api_servers": []any{}, "etcd_pods": []any{}}, "no ConfigMap kube-system/kubeadm-config"},
		{"swap", "swap-on", nil, map[string]any{"swaps": hosts{"n1": ran(0, "/swap.img file 4194300 0 -2\nfstab: /swap.img none swap sw 0 0\n")}}, "n1 fstab: /swap.img"},
		{"no swap", "swap-on", nil, map[string]any{"swaps": hosts{"n1": ran(0, "")}}, ""},
		{"static etcd", "etcd-inflight-requests", nil, map[string]any{"etcd_pods": objects(t, static("etcd", "3.5.16-0", "n1"))}, "etcd-n1 registry.k8s.io/etcd:3.5.16-0"},
		{"no static etcd", "etcd-inflight-requests", nil, map[string]any{"etcd_pods": []any{}}, ""},
		{"add-ons at once", "addons-early", map[string]string{"kube_version": "1.27.10"}, map[string]any{"api_servers": objects(t, static("kube-apiserver", "v1.26.5", "n1")+","+static("kube-apiserver", "v1.26.5", "n2"))}, "2 control planes, going to 1.27.10"},
		{"add-ons last", "addons-early", map[string]string{"kube_version": "1.28.6"}, map[string]any{"api_servers": objects(t, static("kube-apiserver", "v1.27.5", "n1")+","+static("kube-apiserver", "v1.27.5", "n2"))}, ""},
		{"one control plane", "addons-early", map[string]string{"kube_version": "1.27.10"}, map[string]any{"api_servers": objects(t, static("kube-apiserver", "v1.26.5", "n1"))}, "silent"},
		{"installed, not running", "kubelet-minor-undrained", nil, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "", "", "")), "kubelets": hosts{"n1": ran(0, "Kubernetes v1.32.5\n")}}, "n1: installed Kubernetes v1.32.5, running v1.31.4"},
		{"installed, drained", "kubelet-minor-undrained", nil, map[string]any{"nodes": objects(t, `{"metadata": {"name": "n1"}, "spec": {"unschedulable": true}, "status": {"nodeInfo": {"kubeletVersion": "v1.31.4"}}}`), "kubelets": hosts{"n1": ran(0, "Kubernetes v1.32.5\n")}}, ""},
		{"a patch ahead", "kubelet-minor-undrained", nil, map[string]any{"nodes": objects(t, node("n1", "v1.31.4", "", "", "")), "kubelets": hosts{"n1": ran(0, "Kubernetes v1.31.9\n")}}, ""},
		{"four behind", "kubeadm-kubelet-skew", map[string]string{"kube_version": "1.32.5"}, map[string]any{"nodes": objects(t, node("n1", "v1.28.6", "", "", ""))}, "n1 v1.28.6"},
		{"three behind", "kubeadm-kubelet-skew", map[string]string{"kube_version": "1.32.5"}, map[string]any{"nodes": objects(t, node("n1", "v1.29.10", "", "", ""))}, ""},
		{"three behind 1.27", "kubeadm-kubelet-skew", map[string]string{"kube_version": "1.27.10"}, map[string]any{"nodes": objects(t, node("n1", "v1.24.6", "", "", ""))}, "n1 v1.24.6"},
		{"ahead", "kubeadm-kubelet-skew", map[string]string{"kube_version": "1.31.9"}, map[string]any{"nodes": objects(t, node("n1", "v1.32.5", "", "", ""))}, "n1 v1.32.5"},
		{"old repository", "package-repo-minor", map[string]string{"kube_version": "1.32.5"}, map[string]any{"repositories": hosts{"n1": ran(0, "/core:/stable:/v1.31/deb/\npkgs.k8s.io/core:/stable:/v1.31/deb/\n")}}, "n1: /core:/stable:/v1.31/deb/"},
		{"repository", "package-repo-minor", map[string]string{"kube_version": "1.32.5"}, map[string]any{"repositories": hosts{"n1": ran(0, "pkgs.k8s.io/core:/stable:/v1.32/deb/\n")}}, ""},
		{"no repository", "package-repo-minor", map[string]string{"kube_version": "1.32.5"}, map[string]any{"repositories": hosts{"n1": ran(0, "")}}, "n1: no repository of Kubernetes"},
		{"no admin.conf", "admin-conf-absent", nil, map[string]any{"admin_conf": hosts{"n1": {Exit: 2, Stderr: "ls: cannot access '/etc/kubernetes/admin.conf': No such file or directory"}}}, "n1: ls: cannot access"},
		{"admin.conf", "admin-conf-absent", nil, map[string]any{"admin_conf": hosts{"n1": ran(0, "/etc/kubernetes/admin.conf\n")}}, ""},
		{"no CA key", "kubeadm-cert-renewed", nil, map[string]any{"ca_key": hosts{"n1": {Exit: 2, Stderr: "ls: cannot access '/etc/kubernetes/pki/ca.key': No such file or directory"}}}, "n1: ls: cannot access"},
		{"CA key", "kubeadm-cert-renewed", nil, map[string]any{"ca_key": hosts{"n1": ran(0, "/etc/kubernetes/pki/ca.key\n")}}, ""},
		{"two versions", "kubeadm-interrupted", nil, map[string]any{"control_pods": objects(t, static("kube-apiserver", "v1.32.5", "n1")+","+static("kube-scheduler", "v1.31.4", "n1")+","+static("etcd", "3.5.16-0", "n1"))}, "n1 registry.k8s.io/kube-scheduler:v1.31.4"},
		{"halfway by node", "kubeadm-interrupted", nil, map[string]any{"control_pods": objects(t, static("kube-apiserver", "v1.32.5", "n1")+","+static("kube-scheduler", "v1.32.5", "n1")+","+static("kube-apiserver", "v1.31.4", "n2"))}, ""},
		{"external etcd is not saved", "kubeadm-backup-limits", nil, map[string]any{"kubeadm_config": config(`etcd:\n  external:\n    endpoints: [x]\n`)}, "etcd.external"},
		{"local etcd is saved", "kubeadm-backup-limits", nil, map[string]any{"kubeadm_config": config(`etcd:\n  local: {}\n`)}, ""},
		{"old backup", "kubeadm-backups-left", nil, map[string]any{"old_backups": hosts{"n1": ran(0, "212M\t/etc/kubernetes/tmp/kubeadm-backup-etcd-2025-08-23-10-15-30\n")}}, "n1 212M"},
		{"no backup", "kubeadm-backups-left", nil, map[string]any{"old_backups": hosts{"n1": ran(0, "")}}, ""},
		{"backups not seen", "kubeadm-backups-left", nil, map[string]any{"old_backups": hosts{"n1": refused}}, "n1 could not be read: sudo"},
		{"waiting for a place", "worker-capacity", nil, map[string]any{"pods": objects(t, `{"metadata": {"namespace": "a", "name": "p"}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: 3 Insufficient cpu."}]}}`)}, "a/p: 0/3 nodes are available"},
		{"pulling its image", "worker-capacity", nil, map[string]any{"pods": objects(t, `{"metadata": {"namespace": "a", "name": "p"}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}}`)}, ""},

		// K3s
		{"Rancher", "suc-rancher-managed", nil, map[string]any{"agents": objects(t, `{"metadata": {"namespace": "cattle-system", "name": "cattle-cluster-agent"}}`)}, "cattle-system/cattle-cluster-agent"},
		{"no Rancher", "suc-rancher-managed", nil, map[string]any{"agents": []any{}}, ""},
		{"plan over a minor", "suc-minor-skip", map[string]string{"kube_version": "v1.32.5+k3s1"}, map[string]any{"nodes": k3s, "plans": objects(t, plan("system-upgrade", "server-plan", `"version": "v1.33.1+k3s1"`))}, "plan system-upgrade/server-plan: v1.33.1+k3s1"},
		{"target over a minor", "suc-minor-skip", map[string]string{"kube_version": "v1.33.1+k3s1"}, map[string]any{"nodes": k3s, "plans": []any{}}, "n1 v1.31.4+k3s1 -> v1.33.1+k3s1"},
		{"channel within a minor", "suc-minor-skip", map[string]string{"kube_version": "v1.32.5+k3s1"}, map[string]any{"nodes": k3s, "plans": objects(t, plan("system-upgrade", "server-plan", `"channel": "https://update.k3s.io/v1-release/channels/stable"`))}, ""},
		{"other namespace", "suc-plan-namespace", nil, map[string]any{"deployments": objects(t, controller), "plans": objects(t, plan("default", "server-plan", ""))}, "plan default/server-plan"},
		{"its namespace", "suc-plan-namespace", nil, map[string]any{"deployments": objects(t, controller), "plans": objects(t, plan("system-upgrade", "server-plan", ""))}, ""},
		{"no resource", "suc-crd-missing", nil, map[string]any{"deployments": objects(t, controller), "crds": []any{}}, "no CustomResourceDefinition"},
		{"resource", "suc-crd-missing", nil, map[string]any{"deployments": objects(t, controller), "crds": objects(t, `{"metadata": {"name": "plans.upgrade.cattle.io"}, "status": {"conditions": [{"type": "Established", "status": "True"}]}}`)}, ""},
		{"no controller", "suc-crd-missing", nil, map[string]any{"deployments": []any{}, "crds": []any{}}, "silent"},
		{"edited since", "suc-configmap-stale", nil, map[string]any{"controllers": objects(t, `{"metadata": {"name": "c"}, "status": {"startTime": "2025-08-23T10:00:00Z"}}`), "env_settings": written("2025-08-24T09:00:00Z")}, "written 2025-08-24T09:00:00Z by kubectl-edit"},
		{"edited before", "suc-configmap-stale", nil, map[string]any{"controllers": objects(t, `{"metadata": {"name": "c"}, "status": {"startTime": "2025-08-23T10:00:00Z"}}`), "env_settings": written("2025-08-22T09:00:00Z")}, ""},
		{"restricted", "suc-privileges", nil, map[string]any{"deployments": objects(t, controller), "namespaces": objects(t, `{"metadata": {"name": "system-upgrade", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}`)}, "system-upgrade: enforce restricted"},
		{"privileged", "suc-privileges", nil, map[string]any{"deployments": objects(t, controller), "namespaces": objects(t, `{"metadata": {"name": "system-upgrade"}}, {"metadata": {"name": "a", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}`)}, ""},
		{"agents do not wait", "suc-agent-prepare", nil, map[string]any{"plans": objects(t, plan("system-upgrade", "server-plan", "")+","+plan("system-upgrade", "agent-plan", agents))}, "plan system-upgrade/agent-plan: prepare is not set"},
		{"agents wait for nothing", "suc-agent-prepare", nil, map[string]any{"plans": objects(t, plan("system-upgrade", "server-plan", "")+","+plan("system-upgrade", "agent-plan", agents+`, "prepare": {"args": ["prepare", "servers"]}`))}, "prepare prepare servers"},
		{"agents wait", "suc-agent-prepare", nil, map[string]any{"plans": objects(t, plan("system-upgrade", "server-plan", "")+","+plan("system-upgrade", "agent-plan", agents+`, "prepare": {"args": ["prepare", "server-plan"]}`))}, ""},
		{"only servers", "suc-agent-prepare", nil, map[string]any{"plans": objects(t, plan("system-upgrade", "server-plan", ""))}, "silent"},
		{"channel", "suc-channel-auto", nil, map[string]any{"plans": objects(t, plan("system-upgrade", "server-plan", `"channel": "https://update.k3s.io/v1-release/channels/stable"`))}, "channels/stable, now v1.32.5-k3s1"},
		{"version wins", "suc-channel-auto", nil, map[string]any{"plans": objects(t, plan("system-upgrade", "server-plan", `"channel": "x", "version": "v1.32.5+k3s1"`))}, ""},
		{"older plan", "suc-downgrade-refused", nil, map[string]any{"nodes": k3s, "plans": objects(t, plan("system-upgrade", "server-plan", `"version": "v1.30.8+k3s1"`))}, "server-plan v1.30.8+k3s1, n1 runs v1.31.4+k3s1"},
		{"newer plan", "suc-downgrade-refused", nil, map[string]any{"nodes": k3s, "plans": objects(t, plan("system-upgrade", "server-plan", `"version": "v1.31.4+k3s2"`))}, ""},
		{"no plan", "suc-downgrade-refused", nil, map[string]any{"nodes": k3s, "plans": []any{}}, ""},
	} {
		t.Run(c.pitfall+"/"+c.name, func(t *testing.T) { judge(t, known[c.pitfall], c.inputs, c.facts, c.want) })
	}
}
