package runbooks

import (
	"strings"
	"testing"
	"time"

	"spraydeck/runbook"
)

// TestWorkflowFindings: the pitfalls of the workflow, of drains, certificates and etcd, over facts that are well and facts
// that are not. want is a part of the evidence, "" where nothing is to be found, and "silent" where it does not apply.
func TestWorkflowFindings(t *testing.T) {
	known := pitfalls(t)
	now := time.Date(2025, 8, 23, 10, 0, 0, 0, time.UTC)
	clock := ran(0, now.Format(time.RFC3339)+"\n")
	failed := func(exit int, stderr string) runbook.Result { return runbook.Result{Exit: int64(exit), Stderr: stderr} }
	node := func(name, role, engine string) string {
		return `{"metadata": {"name": "` + name + `", "labels": {"node-role.kubernetes.io/` + role + `": ""}}, "spec": {}, "status": {"nodeInfo": {"containerRuntimeVersion": "` + engine + `"}}}`
	}
	// pod is one on a node; since is when it was asked to end, "" for never
	pod := func(name, node, since string, ready string) string {
		deleted := ""
		if since != "" {
			deleted = `, "deletionTimestamp": "` + since + `"`
		}
		return `{"metadata": {"name": "` + name + `", "namespace": "mq", "labels": {"app.kubernetes.io/name": "rabbit"}` + deleted + `}, "spec": {"nodeName": "` + node +
			`"}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "` + ready + `"}]}}`
	}
	budget := func(min, max string, pods int) string {
		return `{"namespace": "a", "name": "b", "minAvailable": "` + min + `", "maxUnavailable": "` + max + `", "allowed": 1, "healthy": 2, "desired": 1, "expected": 2, "pods": [` +
			strings.TrimSuffix(strings.Repeat(`{"namespace": "a", "name": "p", "node": "n1", "ready": true},`, pods), ",") + `]}`
	}
	attached := `{"spec": {"attacher": "rook-ceph.rbd.csi.ceph.com", "nodeName": "n1"}}`
	ceph := func(health string) string {
		return `{"metadata": {"name": "rook-ceph", "namespace": "rook-ceph"}, "status": {"ceph": {"health": "` + health + `"}}}`
	}
	here, away := ran(0, ""), ran(1, "")
	groups := func(kv ...string) map[string][]string {
		m := map[string][]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = strings.Fields(kv[i+1])
		}
		return m
	}
	type vars = map[string]map[string]any
	for _, c := range []struct {
		name, pitfall string
		inputs        map[string]string
		facts         map[string]any
		want          string
	}{
		{"on master", "commit-on-master", nil, map[string]any{"own_on_master": ran(0, "1a2b3c4 our settings\n")}, "1a2b3c4 our settings"},
		{"master untouched", "commit-on-master", nil, map[string]any{"own_on_master": ran(0, "")}, ""},
		{"clean", "dirty-worktree", nil, map[string]any{"worktree": ran(0, "")}, ""},
		{"edited", "dirty-worktree", nil, map[string]any{"worktree": ran(0, " M ansible.cfg\n?? notes.txt\n")}, "?? notes.txt"},
		{"no branch", "previous-branch-missing", map[string]string{"previous_branch": "t_v2.27.0"}, map[string]any{"previous": ran(1, ""), "previous_tag_in_it": ran(128, ""), "previous_inventory": ran(128, "")}, "there is no branch t_v2.27.0"},
		{"branch of another tag", "previous-branch-missing", map[string]string{"previous_tag": "v2.27.0", "previous_branch": "t_v2.28.0"}, map[string]any{"previous": here, "previous_tag_in_it": away, "previous_inventory": here}, "does not come from tag v2.27.0"},
		{"tracked", "gitignore-hides-inventory", nil, map[string]any{"ignored": away, "tracked": here}, ""},
		{"ignored", "gitignore-hides-inventory", nil, map[string]any{"ignored": ran(0, ".gitignore:3:inventory/*\tinventory/mycluster/inventory.ini\n"), "tracked": failed(1, "error: pathspec did not match")}, ".gitignore:3"},
		{"left cordoned", "node-left-cordoned", nil, map[string]any{"at_target": here, "nodes": objects(t, `{"metadata": {"name": "n4"}, "spec": {"unschedulable": true}, "status": {"nodeInfo": {"kubeletVersion": "v1.32.5"}}}`)}, "n4 v1.32.5 SchedulingDisabled"},
		{"lost a line", "ansible-cfg-not-reapplied", nil, map[string]any{"at_target": here, "own_cfg": ran(0, "--- a/ansible.cfg\n+++ b/ansible.cfg\n+remote_user = ops\n"), "cfg_here": ran(0, "[defaults]\n")}, "+remote_user = ops"},
		{"v in front", "version-leading-v", nil, map[string]any{"at_target": here, "leading_v": ran(0, "inventory/mycluster/group_vars/all/all.yml:7:calico_version: v3.29.1\n")}, "calico_version: v3.29.1"},

		{"the old sample's v", "version-leading-v", nil, map[string]any{"at_target": away, "leading_v": ran(0, "k.yml:20:kube_version: v1.31.9\n"), "in_sample": ran(0, "kube_version: v1.31.9\n")}, ""},
		{"an own v, looked at early", "version-leading-v", nil, map[string]any{"at_target": away, "leading_v": ran(0, "k.yml:20:kube_version: v1.31.9\na.yml:7:calico_version: v3.29.1\n"), "in_sample": ran(0, "kube_version: v1.31.9\n")}, "calico_version: v3.29.1"},
		{"an own pin, looked at early", "kube-version-pinned", nil, map[string]any{"at_target": away, "pinned": ran(0, "k.yml:20:kube_version: v1.31.4\n"), "in_sample": ran(0, "kube_version: v1.31.9\n")}, "v1.31.4"},
		{"merged", "old-group-vars-reused", nil, map[string]any{"at_target": here, "new_in_sample": ran(0, "group_vars/all/all.yml\n"), "as_before": ran(0, "group_vars/all/etcd.yml\n")}, ""},
		{"copied", "old-group-vars-reused", nil, map[string]any{"at_target": here, "new_in_sample": ran(0, "group_vars/k8s_cluster/addons.yml\n"), "as_before": ran(0, "group_vars/k8s_cluster/addons.yml\n")}, "group_vars/k8s_cluster/addons.yml"},
		{"old checkout", "old-group-vars-reused", nil, map[string]any{"at_target": away}, "silent"},

		{"the sample's", "upgrades-doc-stale-commands", map[string]string{"inventory": "inventory/sample/hosts.ini"}, map[string]any{"inventory_there": away}, "inventory/sample/hosts.ini is not there"},
		{"one's own", "upgrades-doc-stale-commands", nil, map[string]any{"inventory_there": here}, ""},

		{"hyphens", "group-vars-dir-renamed", map[string]string{"target_tag": "v2.16.0"}, map[string]any{"at_target": here, "hyphen_dirs": ran(0, "group_vars/k8s-cluster\n")}, "inventory/mycluster/group_vars/k8s-cluster"},
		{"underscores", "group-vars-dir-renamed", map[string]string{"target_tag": "v2.28.0"}, map[string]any{"at_target": here, "hyphen_dirs": ran(0, "")}, ""},
		{"no inventory", "group-vars-dir-renamed", map[string]string{"target_tag": "v2.28.0"}, map[string]any{"at_target": here, "hyphen_dirs": failed(2, "cd: no such directory")}, "no such directory"},
		{"before the rename", "group-vars-dir-renamed", map[string]string{"target_tag": "v2.16.0", "previous_tag": "v2.15.1"}, map[string]any{"at_target": away}, "silent"},
		{"never renamed", "group-vars-dir-renamed", map[string]string{"target_tag": "v2.18.2", "previous_tag": "v2.17.1"}, map[string]any{"at_target": away, "hyphen_dirs": ran(0, "group_vars/k8s-cluster\n")}, "inventory/mycluster/group_vars/k8s-cluster"},

		{"old names", "inventory-groups-renamed", nil, map[string]any{"inventory.groups": groups("kube-master", "n1", "kube-node", "n2")}, "kube-master"},
		{"names of today", "inventory-groups-renamed", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1", "kube_node", "n2")}, ""},

		{"same roles", "sample-topology-differs", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "nodes": objects(t, node("n1", "control-plane", "")+","+node("n2", "x", ""))}, ""},
		{"as it was called once", "sample-topology-differs", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "nodes": objects(t, node("n1", "master", ""))}, ""},
		{"another name", "sample-topology-differs", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "inventory.vars": vars{"n1": {"kube_override_hostname": "node-1"}}, "nodes": objects(t, node("node-1", "control-plane", ""))}, ""},
		{"from the sample", "sample-topology-differs", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1 n2 n3"), "nodes": objects(t, node("n1", "control-plane", "")+","+node("n2", "control-plane", "")+","+node("n3", "x", ""))}, "inventory: n1, n2, n3"},

		{"named", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("etcd", "n1 n2"), "inventory.vars": vars{"n1": {"etcd_member_name": "etcd2"}, "n2": {"etcd_member_name": "etcd1"}}, "etcd_env": hosts{"n1": ran(0, "ETCD_NAME=etcd2\n"), "n2": ran(0, "ETCD_NAME=etcd1\n")}}, ""},
		{"counted", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("etcd", "n1 n2"), "etcd_env": hosts{"n1": ran(0, "ETCD_NAME=etcd1\n"), "n2": ran(0, "ETCD_NAME=etcd2\n")}}, ""},
		{"another order", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("etcd", "n2 n1"), "etcd_env": hosts{"n1": ran(0, "ETCD_NAME=etcd1\n"), "n2": ran(0, "ETCD_NAME=etcd2\n")}}, "n1 runs as etcd1; inventory: etcd2 (by its place in the group)"},
		{"guessed", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("etcd", "n1"), "inventory.vars": vars{"n1": {"etcd_member_name": "node1"}}, "etcd_env": hosts{"n1": ran(0, "ETCD_NAME=etcd1\n")}}, "n1 runs as etcd1; inventory: node1"},
		{"etcd by kubeadm", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("etcd", "n1"), "etcd_env": hosts{"n1": failed(2, "grep: /etc/etcd.env: No such file or directory")}}, ""},
		{"unreadable", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("etcd", "n1"), "etcd_env": hosts{"n1": failed(1, "sudo: a password is required")}}, "n1 could not be read: sudo"},
		{"no etcd hosts", "etcd-member-name-mismatch", nil, map[string]any{"inventory.groups": groups("kube_node", "n1")}, "silent"},

		{"as pinned", "requirements-drift", nil, map[string]any{"at_target": here, "pinned": ran(0, "ansible==9.13.0\nMarkupSafe==2.1.3\n"), "installed": ran(0, "ansible==9.13.0\nansible-core==2.16.14\nmarkupsafe==2.1.3\n")}, ""},
		{"drifted", "requirements-drift", nil, map[string]any{"at_target": here, "pinned": ran(0, "ansible==7.6.0 # note\n"), "installed": ran(0, "ansible==7.7.0\nansible-core==2.14.18\n")}, "required: ansible==7.6.0"},
		{"core is free", "requirements-drift", nil, map[string]any{"at_target": here, "pinned": ran(0, "ansible==7.6.0\n"), "installed": ran(0, "ansible-core==2.14.18\n")}, "pinned by nothing: ansible-core==2.14.18"},
		{"ansible of the system", "requirements-drift", map[string]string{"ansible": "system"}, map[string]any{"at_target": here}, "silent"},

		{"stale", "kube-version-sample-stale", map[string]string{"target_tag": "v2.23.3"}, map[string]any{"at_target": here, "settings": map[string]any{"kube_version": "v1.27.7"}}, "inventory: kube_version: v1.27.7"},
		{"decided", "kube-version-sample-stale", map[string]string{"target_tag": "v2.23.3"}, map[string]any{"at_target": here, "version_here": ran(0, "kube_version: v1.27.10\n"), "version_of_role": ran(0, "kube_version: v1.27.10\n")}, ""},
		{"another release", "kube-version-sample-stale", map[string]string{"target_tag": "v2.24.0"}, map[string]any{"at_target": here}, "silent"},

		{"defaults", "drain-timeout-tuning", nil, map[string]any{"settings": map[string]any{}, "at_target": away, "here": ran(0, "drain_timeout: 360s\n"), "old": ran(0, "drain_timeout: 360s\n"), "new": ran(0, "")}, ""},
		{"raised", "drain-timeout-tuning", nil, map[string]any{"settings": map[string]any{"drain_timeout": "560s"}, "at_target": away, "here": ran(0, ""), "old": ran(0, ""), "new": ran(0, "")}, "drain_timeout: 560s"},
		{"raised in the role", "drain-timeout-tuning", nil, map[string]any{"settings": map[string]any{}, "at_target": here, "here": ran(0, "drain_grace_period: 500\n"), "old": ran(0, "drain_grace_period: 500\n"), "new": ran(0, "drain_grace_period: 300\n")}, "drain_grace_period: 500"},
		{"ignored", "drain-ignore-errors", nil, map[string]any{"ignored": ran(0, "roles/upgrade/pre-upgrade/tasks/main.yml:60:      ignore_errors: yes\n"), "switched": away}, "ignore_errors: yes"},
		{"switched", "drain-ignore-errors", nil, map[string]any{"ignored": away, "switched": ran(0, "inventory/mycluster/group_vars/all/all.yml:3:drain_nodes: false\n")}, "drain_nodes: false"},
		{"drained", "drain-ignore-errors", nil, map[string]any{"ignored": away, "switched": away}, ""},

		{"renewed", "auto-renew-off", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "renew_settings": map[string]any{"auto_renew_certificates": true}, "renew_timer": hosts{"n1": ran(0, "enabled\n")}}, ""},
		{"never", "auto-renew-off", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "renew_settings": map[string]any{}, "renew_timer": hosts{"n1": ran(4, "not-found\n")}}, "silent"},
		{"only next time", "auto-renew-off", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "renew_settings": map[string]any{"auto_renew_certificates": true}, "renew_timer": hosts{"n1": ran(1, "disabled\n")}}, "is disabled"},
		{"by others", "auto-renew-off", nil, map[string]any{"inventory.groups": groups("kube_control_plane", "n1"), "renew_settings": map[string]any{"kube_external_ca_mode": true}}, "silent"},

		{"docker kept", "etcd-default-host", map[string]string{"previous_tag": "v2.17.1", "target_tag": "v2.18.0"}, map[string]any{"nodes": objects(t, node("n1", "x", "docker://20.10.8")), "etcd_settings": map[string]any{"container_manager": "docker"}}, "n1 docker://20.10.8"},
		{"docker and decided", "etcd-default-host", map[string]string{"previous_tag": "v2.17.1", "target_tag": "v2.18.0"}, map[string]any{"nodes": objects(t, node("n1", "x", "docker://20.10.8")), "etcd_settings": map[string]any{"etcd_deployment_type": "docker"}}, ""},
		{"years later", "etcd-default-host", map[string]string{"previous_tag": "v2.27.0", "target_tag": "v2.28.0"}, nil, "silent"},
		{"docker beside host", "etcd-type-guard-one-way", nil, map[string]any{"etcd_settings": map[string]any{"container_manager": "docker"}}, "container_manager docker, etcd_deployment_type host"},
		{"containerd", "etcd-type-guard-one-way", nil, map[string]any{"etcd_settings": map[string]any{}}, ""},
		{"both docker", "etcd-type-guard-one-way", nil, map[string]any{"etcd_settings": map[string]any{"container_manager": "docker", "etcd_deployment_type": "docker"}}, ""},
		{"only in the file", "etcd-type-change-ignored", nil, map[string]any{"inventory.groups": groups("etcd", "n1"), "etcd_settings": map[string]any{"etcd_deployment_type": "docker"}, "etcd_unit": hosts{"n1": ran(1, "0\n")}}, "n1 runs etcd as host"},
		{"as it says", "etcd-type-change-ignored", nil, map[string]any{"inventory.groups": groups("etcd", "n1"), "etcd_settings": map[string]any{"etcd_deployment_type": "host"}, "etcd_unit": hosts{"n1": ran(1, "0\n")}}, ""},
		{"kubeadm's", "etcd-type-change-ignored", nil, map[string]any{"inventory.groups": groups("etcd", "n1"), "etcd_settings": map[string]any{"etcd_deployment_type": "kubeadm"}, "etcd_unit": hosts{"n1": failed(2, "grep: /etc/systemd/system/etcd.service: No such file or directory")}}, ""},

		{"fresh", "restart-skipped", nil, map[string]any{"up_days": hosts{"n1": ran(0, "days 3\n")}}, ""},
		{"old", "restart-skipped", nil, map[string]any{"up_days": hosts{"n1": ran(0, "days 412\n"), "n2": ran(0, "days 1\n")}}, "n1: up for 412 days"},
		{"asked for", "restart-skipped", nil, map[string]any{"up_days": hosts{"n1": ran(0, "days 3\nrestart required\n")}}, "the system asks for a restart"},

		{"apart", "rabbitmq-colocated", nil, map[string]any{"rabbits": objects(t, pod("r-0", "n1", "", "True")+","+pod("r-1", "n2", "", "True"))}, ""},
		{"together", "rabbitmq-colocated", nil, map[string]any{"rabbits": objects(t, pod("r-0", "n1", "", "True")+","+pod("r-1", "n1", "", "True"))}, "mq/r-0 on n1"},
		{"no rabbit", "rabbitmq-colocated", nil, map[string]any{"rabbits": []any{}}, ""},
		{"quorum", "rabbitmq-prestop", nil, map[string]any{"rabbits": objects(t, pod("r-0", "n1", "", "True"))}, ""},
		{"one down", "rabbitmq-prestop", nil, map[string]any{"rabbits": objects(t, pod("r-0", "n1", "", "True")+","+pod("r-1", "n2", "", "False"))}, "mq/r-1 on n2: Running"},

		{"protects", "pdb-override-breaks-app", nil, map[string]any{"budgets": objects(t, budget("2", "N/A", 3))}, ""},
		{"loosened", "pdb-override-breaks-app", nil, map[string]any{"budgets": objects(t, budget("0", "N/A", 3))}, "a/b: minAvailable 0"},
		{"one pod", "pdb-override-breaks-app", nil, map[string]any{"budgets": objects(t, budget("0", "N/A", 1))}, ""},

		{"quiet journal", "orphaned-pod-volumes", nil, map[string]any{"orphans": hosts{"n1": ran(0, "")}}, ""},
		{"orphans", "orphaned-pod-volumes", nil, map[string]any{"orphans": hosts{"n1": ran(0, `err="orphaned pod \"3446\" found, but error not a directory occurred when trying to remove the volumes dir"`+"\n")}}, "n1: err="},
		{"no journal", "orphaned-pod-volumes", nil, map[string]any{"orphans": hosts{"n1": failed(2, "sudo: a password is required")}}, "n1 could not be read"},
		{"ends", "pod-stuck-terminating", nil, map[string]any{"now": clock, "all_pods": objects(t, pod("a", "n1", now.Add(-time.Minute).Format(time.RFC3339), "True")+","+pod("b", "n1", "", "True"))}, ""},
		{"hangs", "pod-stuck-terminating", nil, map[string]any{"now": clock, "all_pods": objects(t, pod("a", "n1", now.Add(-time.Hour).Format(time.RFC3339), "True"))}, "mq/a on n1: terminating since 2025-08-23T09:00:00Z"},
		{"no block device", "rbd-unmount-hang", nil, map[string]any{"attached": []any{}}, "silent"},
		{"well attached", "rbd-unmount-hang", nil, map[string]any{"attached": objects(t, attached), "ceph": objects(t, ceph("HEALTH_OK")), "now": clock, "all_pods": objects(t, pod("a", "n1", "", "True"))}, ""},
		{"ceph ill", "rbd-unmount-hang", nil, map[string]any{"attached": objects(t, attached), "ceph": objects(t, ceph("HEALTH_WARN")), "now": clock, "all_pods": []any{}}, "rook-ceph/rook-ceph: HEALTH_WARN"},
		{"pod hangs there", "rbd-unmount-hang", nil, map[string]any{"attached": objects(t, attached), "ceph": []any{}, "now": clock, "all_pods": objects(t, pod("a", "n1", now.Add(-time.Hour).Format(time.RFC3339), "True"))}, "mq/a on n1, which has a Ceph block device"},
		{"pod hangs elsewhere", "rbd-unmount-hang", nil, map[string]any{"attached": objects(t, attached), "ceph": []any{}, "now": clock, "all_pods": objects(t, pod("a", "n2", now.Add(-time.Hour).Format(time.RFC3339), "True"))}, ""},

		{"good", "cert-expired-kubelet", nil, map[string]any{"kubelet_certs": hosts{"n1": ran(0, "good /var/lib/kubelet/pki/kubelet-client-current.pem, renews itself, until Dec 10 18:11:40 2026 GMT\n"), "lb": ran(0, "no kubelet here\n")}}, ""},
		{"expired", "cert-expired-kubelet", nil, map[string]any{"kubelet_certs": hosts{"n1": ran(0, "expired /etc/kubernetes/kubelet.conf, renewed by nobody, until May  5 13:03:23 2021 GMT\n")}}, "n1 expired /etc/kubernetes/kubelet.conf, renewed by nobody"},
		{"not read", "cert-expired-kubelet", nil, map[string]any{"kubelet_certs": hosts{"n1": failed(127, "openssl is not on this host")}}, "n1 could not be read: openssl"},
		{"good for long", "cert-expired-kubectl", nil, map[string]any{"control_plane_certs": hosts{"n1": ran(0, "good /etc/kubernetes/ssl/apiserver.crt until x\n"), "n2": ran(0, "no API server here\n")}}, ""},
		{"soon", "cert-expired-kubectl", nil, map[string]any{"control_plane_certs": hosts{"n1": ran(0, "good /etc/kubernetes/ssl/apiserver.crt until x\nsoon /etc/kubernetes/admin.conf until y\n")}}, "n1 soon /etc/kubernetes/admin.conf until y"},
		{"same name", "kubelet-identity-mismatch", nil, map[string]any{"identities": hosts{"n1": ran(0, "same n1\n")}}, ""},
		{"other name", "kubelet-identity-mismatch", nil, map[string]any{"identities": hosts{"n1": ran(0, "other n1, uname -n prints n1.example.com\n")}}, "n1: node n1, uname -n prints n1.example.com"},
		{"restarted", "control-plane-stale-after-renew", nil, map[string]any{"stale": hosts{"n1": ran(0, "good kube-apiserver\ngood kube-scheduler\n")}}, ""},
		{"stale scheduler", "control-plane-stale-after-renew", nil, map[string]any{"stale": hosts{"n1": ran(0, "good kube-apiserver\nstale kube-scheduler was started 70 minutes before /etc/kubernetes/scheduler.conf was written\n")}}, "n1 stale kube-scheduler was started 70 minutes"},
	} {
		t.Run(c.pitfall+"/"+c.name, func(t *testing.T) { judge(t, known[c.pitfall], c.inputs, c.facts, c.want) })
	}
}
