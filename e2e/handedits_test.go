package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spraydeck/runbook"
	"spraydeck/whatif"
)

// handEdit is a change that somebody makes in a file on a node, what must be named of it, and the setting that keeps it, "" where
// the templates have none.
type handEdit struct {
	nodes, file, sed string
	named            string // PATH=VALUE ON THE NODE, "" where it is removed
	carry            string
}

var handEdits = []handEdit{
	{"node1", "kubelet-config.yaml", "s/^maxPods: .*/maxPods: 250/", "KubeletConfiguration.maxPods=250", "kubelet_max_pods"},
	{"node2", "kubelet-config.yaml", "s/^imageGCHigh.*/imageGCHighThresholdPercent: 70/", "KubeletConfiguration.imageGCHighThresholdPercent=70", "kubelet_image_gc_high"},
	{"node3", "kubelet-config.yaml", "s/^containerLog.*/containerLogMaxSize: 50Mi/", "KubeletConfiguration.containerLogMaxSize=50Mi", "kubelet_log_max_size"},
	{"node4", "kubelet-config.yaml", "$ a serializeImagePulls: false", "KubeletConfiguration.serializeImagePulls=false", ""},
	{"node1", "config.toml", "s/max_concurrent_downloads.*/max_concurrent_downloads = 9/", `plugins."io.containerd.grpc.v1.cri".max_concurrent_downloads=9`, "containerd_max_download"},
	{"node2", "config.toml", "s/overlayfs/native/", `plugins."io.containerd.grpc.v1.cri".containerd.snapshotter=native`, "containerd_snapshotter"},
	{"node3", "config.toml", "s/enable_nri.*/enable_nri = true/", `plugins."io.containerd.grpc.v1.cri".enable_nri=true`, ""},
	{"node4", "config.toml", `s/address = ""/address = "127.0.0.1:1338"/`, "metrics.address=127.0.0.1:1338", "containerd_metrics_address"},
	{"node1", "etcd.env", "s/^ETCD_SNAPSHOT_COUNT=.*/ETCD_SNAPSHOT_COUNT=5000/", "ETCD_SNAPSHOT_COUNT=5000", "etcd_snapshot_count"},
	{"node2", "etcd.env", "$ a ETCD_LOG_LEVEL=debug", "ETCD_LOG_LEVEL=debug", "etcd_log_level"},
	{"node3", "etcd.env", "s/^ETCD_HEARTBEAT_INTERVAL=.*/ETCD_HEARTBEAT_INTERVAL=500/", "ETCD_HEARTBEAT_INTERVAL=500", "etcd_heartbeat_interval"},
	{"node1", "kubelet.service", "s/^LimitNOFILE.*/LimitNOFILE=65536/", "Service.LimitNOFILE=65536", "kubelet_open_files"},
	{"node2", "kubelet.service", "s/^Restart=.*/Restart=on-failure/", "Service.Restart=on-failure", ""},
	{"node3", "kubelet.service", "/^Restart=/ a RestartSec=30", "Service.RestartSec=30", ""},
	{"node1", "chrony.ini", "s/^interval.*/interval = 16/", "time.interval=16", "ntp_interval"},
	{"node2", "chrony.ini", "s/^step.*/step = no/", "time.step=no", ""},
	{"node3,node4", "chrony.ini", "/^interval/ d", "time.interval=", ""},
	{"node1", "10-calico.conflist", `s/"mtu": [0-9]*/"mtu": 1450/`, "plugins[calico].mtu=1450", "calico_mtu"},
	{"node2", "10-calico.conflist", `s/"info"/"debug"/`, "plugins[calico].log_level=debug", ""},
	{"node1", "nginx.conf", "s/proxy_timeout .*/proxy_timeout 30m;/", "=proxy_timeout 30m;", "nginx_timeout"},
	{"node2", "nginx.conf", "s/worker_processes .*/worker_processes 4;/", "=worker_processes 4;", ""},
	{"node3", "nginx.conf", "/least_conn/ d", "=", ""},
	{"node1", "99-kubernetes.conf", "s/^vm.max_map_count.*/vm.max_map_count = 524288/", "=vm.max_map_count = 524288", "sysctl_map_count"},
	{"node2", "99-kubernetes.conf", "$ a net.core.somaxconn = 4096", "=net.core.somaxconn = 4096", ""},
	{"node1", "kube-apiserver.manifest.yml", "s/maxage=.*/maxage=90/", "Pod kube-apiserver.spec.containers[kube-apiserver].command[--audit-log-maxage]=90", "apiserver_audit_age"},
	{"node2", "kube-apiserver.manifest.yml", "/profiling/ a \\    - --token-auth-file=/etc/tokens", "Pod kube-apiserver.spec.containers[kube-apiserver].command[--token-auth-file]=/etc/tokens", ""},
	{"node1", "resolv.conf", "s/timeout:[0-9]*/timeout:5/", "=options timeout:5 attempts:2", "dns_timeout"},
	{"node2", "resolv.conf", "$ a nameserver 192.0.2.53", "=nameserver 192.0.2.53", ""},
	{"node1", "backup.sh", "s/^keep=.*/keep=30/", "=keep=30", "backup_keep"},
	{"node4", "backup.sh", "s/correct-horse//;s/^ls -t/nice ls -t/", `=nice ls -t /var/backups/etcd-*.db | tail -n +"$keep" | xargs rm -f`, ""},
}

// handEdits: on nodes as ansible-playbook left them nothing is named, in eleven kinds of file; thirty edits by hand are named,
// each, and nothing else; the settings that are offered for them keep them through the hop.
func (l *lab) handEdits(state string) {
	t := l.t
	t.Helper()
	dir := l.releasesOfOurs()
	ssh := func(node, line string) string {
		return l.shell("ssh -F " + l.vars["LAB_SSH_CONFIG"] + " " + node + " " + runbook.Quote(line))
	}
	play := func(tag string) {
		l.shell(fmt.Sprintf("cd %s && git checkout -q %s && ANSIBLE_SSH_COMMON_ARGS=%s ansible-playbook -i inventory/own/hosts.ini upgrade-cluster.yml", dir, tag,
			runbook.Quote(l.vars["ANSIBLE_SSH_COMMON_ARGS"])))
	}
	ask := func() (report whatif.Report, r result) {
		r = l.spraydeck(state, "whatif", "--nodes", "--checkout", dir, "--hop", "v2.27.1..v2.28.1", "-o", "json", "--inventory", "inventory/own/hosts.ini")
		if err := json.Unmarshal([]byte(r.out), &report); err != nil {
			t.Fatalf("%v\n%s", err, r)
		}
		return report, r
	}
	play("v2.27.1")
	report, r := ask()
	if len(report.Edits) != 0 || len(report.Missing) != 0 || len(report.Unread) != 0 || report.Compared != 11*4 || r.exit != 0 {
		t.Errorf("untouched: exit %d, %d files read, not read %v, missing %v, edits %+v", r.exit, report.Compared, report.Unread, report.Missing, report.Edits)
	}
	for _, e := range handEdits {
		for node := range strings.SplitSeq(e.nodes, ",") {
			ssh(node, fmt.Sprintf("sed -i %s /opt/handedits/%s", runbook.Quote(e.sed), e.file))
		}
	}
	report, r = ask()
	want := map[string]bool{}
	for _, e := range handEdits {
		want[e.nodes+" "+e.file+" "+e.named] = true
	}
	settings := map[string]map[string]any{}
	for _, edit := range report.Edits {
		for _, x := range edit.Settings {
			id := strings.Join(edit.Nodes, ",") + " " + filepath.Base(edit.Dest) + " " + x.Path + "=" + x.Node
			if !want[id] {
				t.Errorf("not made and named: %s (%+v)", id, x)
				continue
			}
			delete(want, id)
			made := handEdits[slices.IndexFunc(handEdits, func(e handEdit) bool { return e.nodes+" "+e.file+" "+e.named == id })]
			if key := carryKey(x); key != made.carry {
				t.Errorf("%s: carried by %q, want %q", id, key, made.carry)
			}
			if x.Carry != nil {
				if settings[edit.Nodes[0]] == nil {
					settings[edit.Nodes[0]] = map[string]any{}
				}
				settings[edit.Nodes[0]][x.Carry.Key] = x.Carry.Value
			}
		}
	}
	for id := range want {
		t.Errorf("made and not named: %s", id)
	}
	if r.exit != 3 || strings.Contains(r.out+r.err, "correct-horse") {
		t.Errorf("exit %d, or a secret is shown", r.exit)
	}

	for node, values := range settings {
		text, _ := json.Marshal(values)
		if err := os.WriteFile(filepath.Join(dir, "inventory/own/host_vars", node+".yml"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	play("v2.28.1")
	for _, e := range handEdits {
		_, value, _ := strings.Cut(e.named, "=")
		if got := ssh(e.nodes[:5], "cat /opt/handedits/"+e.file); e.carry != "" && !strings.Contains(got, value) {
			t.Errorf("%s of %s on %s did not get through the hop with %s:\n%s", e.named, e.file, e.nodes, e.carry, got)
		}
	}
}

func carryKey(x whatif.Setting) string {
	if x.Carry == nil {
		return ""
	}
	return x.Carry.Key
}

// releasesOfOurs makes a checkout with two releases of a small playbook of ours and an inventory of the lab's nodes.
func (l *lab) releasesOfOurs() string {
	t := l.t
	dir := filepath.Join(t.TempDir(), "releases")
	next := strings.NewReplacer("v2.27.1", "v2.28.1", "snapshot_count: 10000", "snapshot_count: 100000", "open_files: infinity", "open_files: 1048576",
		"v1.31.9", "v1.32.8", "cniVersion\": \"0.3.1", "cniVersion\": \"1.0.0", "ntp_interval: 64", "ntp_interval: 32", "proxy_connect_timeout 1s", "proxy_connect_timeout 2s")
	for _, tag := range []string{"v2.27.1", "v2.28.1"} {
		err := os.CopyFS(dir, os.DirFS("testdata/handedits"))
		if tag == "v2.28.1" {
			err = filepath.Walk("testdata/handedits", func(path string, info os.FileInfo, err error) error {
				if err != nil || info.IsDir() {
					return err
				}
				rel, _ := filepath.Rel("testdata/handedits", path)
				return os.WriteFile(filepath.Join(dir, rel), []byte(next.Replace(read(t, path))), 0o644)
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		l.shell(fmt.Sprintf("cd %s && { [ -d .git ] || git init -q .; } && git config user.name t && git config user.email t@lab.invalid && git add -A && git commit -q -m %s && git tag %[2]s", dir, tag))
	}
	if err := os.MkdirAll(filepath.Join(dir, "inventory/own/host_vars"), 0o755); err != nil {
		t.Fatal(err)
	}
	var hosts strings.Builder
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(&hosts, "node%d ansible_host=127.0.0.1%[1]d ip=127.0.0.1%[1]d ansible_port=2222 ansible_user=root\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "inventory/own/hosts.ini"), []byte(hosts.String()+"\n[kube_node]\nnode1\nnode2\nnode3\nnode4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
