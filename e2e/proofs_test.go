package e2e

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// proof is a pitfall set for real in a lab that is well: an object of the API, a file on a node, the checkout, or the
// inventory as the real ansible-inventory reads it.
type proof struct {
	pitfall string // what check must find, and nothing else
	hop     string // "" is defaultHop
	fault   string // a shell script in the checkout, with the functions of prelude
	undo    string
}

const defaultHop = "v2.27.0..v2.28.0"

// prelude is what the scripts below can say.
const prelude = `set -e
cd "$LAB_CHECKOUT"
api() { kubectl "$@" >/dev/null; }
on() { ssh -F "$LAB_SSH_CONFIG" "$1" "set -e; $2"; }
# the inventory says one more thing, or another, and that is committed
says() { printf '%s\n' "$2" >>"inventory/mycluster/group_vars/$1.yml"; git commit -q -a -m "say $2"; }
edit() { sed -i -e "$2" "inventory/mycluster/$1"; git commit -q -a -m "edit $1"; }
takeback() { git reset -q --hard HEAD~1; }
`

const (
	cluster = "k8s_cluster/k8s-cluster"
	addons  = "k8s_cluster/addons"
	calico  = "k8s_cluster/k8s-net-calico"
)

// setting is a pitfall that a line of the inventory is.
func setting(pitfall, hop, file, line string) proof {
	return proof{pitfall, hop, "says " + file + " " + runbook.Quote(line), "takeback"}
}

var proofs = []proof{
	// objects of the API
	{"calico-pool-mismatch", "", pool(`{"ipipMode": "Always", "vxlanMode": "Never"}`), pool(`{"ipipMode": "Never", "vxlanMode": "Always"}`)},
	{"calico-blocksize", "", pool(`{"blockSize": 26}`), pool(`{"blockSize": 24}`)},
	{"calico-pool-cidr", "", pool(`{"cidr": "10.234.0.0/18"}`), pool(`{"cidr": "10.233.64.0/18"}`)},
	{"calico-extra-pools", "", apply(`{"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": {"name": "second"},
		"spec": {"cidr": "10.99.0.0/16", "ipipMode": "Always", "vxlanMode": "Never"}}`), "api delete ippools.crd.projectcalico.org second"},
	{"calico-ipv6-vxlan", "", apply(`{"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": {"name": "default-pool-ipv6"},
		"spec": {"cidr": "fd85:ee78:d8a6:8607::1:0/112", "ipipMode": "Never", "vxlanMode": "Never"}}`), "api delete ippools.crd.projectcalico.org default-pool-ipv6"},
	{"calico-too-old", "", image("kube-system", "daemonset/calico-node", "calico-node=quay.io/calico/node:v3.26.4"),
		image("kube-system", "daemonset/calico-node", "calico-node=quay.io/calico/node:v3.29.1")},
	{"component-regression", "", image("kube-system", "daemonset/calico-node", "calico-node=quay.io/calico/node:v3.29.4"),
		image("kube-system", "daemonset/calico-node", "calico-node=quay.io/calico/node:v3.29.1")},
	{"metallb-controller-timeout", "", image("metallb-system", "deployment/controller", "metallb=quay.io/metallb/controller:v0.12.1"),
		image("metallb-system", "deployment/controller", "metallb=quay.io/metallb/controller:v0.13.9")},
	{"metallb-webhook-not-ready", "", "api -n metallb-system scale deployment controller --replicas 0", "api -n metallb-system scale deployment controller --replicas 1"},
	{"metallb-config-deleted", "", "api -n metallb-system create configmap config --from-literal=config=x", "api -n metallb-system delete configmap config"},
	{"metallb-ip-pending", "", "api create service loadbalancer outside --tcp=80", "api delete service outside"},
	{"pdb-blocks-drain", "", budget(`{"maxUnavailable": 0}`), budget(`{"maxUnavailable": 1}`)},
	{"precordoned-node", "", "api cordon node4", "api uncordon node4"},
	{"control-plane-taint-legacy", "", "api taint node node1 node-role.kubernetes.io/master=:NoSchedule", "api taint node node1 node-role.kubernetes.io/master-"},
	{"cri-socket-annotation", "", "api annotate node node3 kubeadm.alpha.kubernetes.io/cri-socket=/var/run/dockershim.sock",
		"api annotate node node3 kubeadm.alpha.kubernetes.io/cri-socket-"},
	{"ingress-not-upgraded", "", image("ingress-nginx", "daemonset/ingress-nginx-controller", "ingress-nginx=registry.k8s.io/ingress-nginx/controller:v0.43.0"),
		image("ingress-nginx", "daemonset/ingress-nginx-controller", "ingress-nginx=registry.k8s.io/ingress-nginx/controller:v1.12.0")},
	{"nodelocaldns-label", "v2.21.0..v2.22.2", apply(`{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "dns", "namespace": "kube-system"},
		"spec": {"podSelector": {"matchLabels": {"k8s-app": "nodelocaldns"}}}}`), "api -n kube-system delete networkpolicy dns"},
	{"sample-topology-differs", "", "api label node node2 node-role.kubernetes.io/control-plane-", "api label node node2 node-role.kubernetes.io/control-plane="},

	// files of nodes, over SSH
	{"vip-notready-v2.28", "", server("node3", "lb-apiserver.kubernetes.local"), server("node3", "127.0.0.1")},
	{"vip-envvars-v2.27", "v2.26.1..v2.27.1", server("node1", "lb-apiserver.kubernetes.local"), server("node1", "127.0.0.1")},
	{"no-nameserver", "", "on node2 'mv /etc/resolv.conf /etc/resolv.conf.aside; echo options ndots:2 >/etc/resolv.conf'", "on node2 'mv /etc/resolv.conf.aside /etc/resolv.conf'"},
	{"etcd-env-quotes", "", `on node1 "cp -p /etc/etcd.env /root/etcd.env; sed -i 's/^ETCD_INITIAL_CLUSTER=\(.*\)/ETCD_INITIAL_CLUSTER=\"\1\"/' /etc/etcd.env"`, "on node1 'mv /root/etcd.env /etc/etcd.env'"},
	{"etcd-member-name-mismatch", "", "on node3 'sed -i s/^ETCD_NAME=.*/ETCD_NAME=etcd9/ /etc/etcd.env'", "on node3 'sed -i s/^ETCD_NAME=.*/ETCD_NAME=etcd3/ /etc/etcd.env'"},
	{"etcd-peer-address", "", "on node2 'cp -p /etc/etcd.env /root/etcd.env; sed -i s#^ETCD_INITIAL_ADVERTISE_PEER_URLS=.*#ETCD_INITIAL_ADVERTISE_PEER_URLS=https://10.9.9.9:2380# /etc/etcd.env'",
		"on node2 'mv /root/etcd.env /etc/etcd.env'"},
	{"containerd-rlimit-string", "", `on node4 'mkdir -p /etc/containerd; echo "{\"hard\": \"65535\"}" >/etc/containerd/cri-base.json'`, "on node4 'rm /etc/containerd/cri-base.json'"},
	{"certs-renew-script-calendar", "v2.29.1..v2.30.0", "on node2 'echo calendar=Mon *-*-1 03:00 >/usr/local/bin/k8s-certs-renew.sh'", "on node2 'rm /usr/local/bin/k8s-certs-renew.sh'"},

	// the checkout
	{"dirty-worktree", "", "echo >>README.md", "git checkout -q -- README.md"},
	{"commit-on-master", "", "git update-ref refs/heads/master $(git commit-tree -p master -m mine 'master^{tree}')", "git update-ref refs/heads/master origin/master"},
	{"previous-branch-missing", "", "git branch -m t_v2.27.0 elsewhere", "git branch -m elsewhere t_v2.27.0"},
	{"patch-tag-v2.28.1", "", "git fetch -q origin refs/tags/v2.28.1:refs/tags/v2.28.1", "git tag -d v2.28.1 >/dev/null"},
	{"drain-ignore-errors", "", "sed -i 's/^    - name: Drain node/&\\n      ignore_errors: true/' roles/upgrade/pre-upgrade/tasks/main.yml; git commit -q -a -m drain", "takeback"},
	{"gitignore-hides-inventory", "", "git checkout -q -b hidden; sed -i '/^!inventory.mycluster/d' .gitignore; git rm -q --cached inventory/mycluster/inventory.ini; git commit -q -a -m hide",
		"git checkout -q -f t_v2.27.0; git branch -q -D hidden"},

	// the inventory, as ansible-inventory reads it
	{"etcd-even", "", `edit inventory.ini '/^\[etcd\]/a node4'`, "takeback"},
	{"inventory-groups-renamed", "", `edit inventory.ini '$a [kube-master:children]\nkube_control_plane'`, "takeback"},
	// the inventory's files
	{"strict-arp", "", "edit group_vars/" + cluster + ".yml s/^kube_proxy_strict_arp:.*/kube_proxy_strict_arp:\\ false/", "takeback"},
	setting("metallb-kube-vip-both", "", cluster, "kube_vip_enabled: true\nkube_vip_services_enabled: true"),
	setting("calico-version-pinned", "", calico, "calico_version: 3.29.1"),
	setting("containerd-version-pinned", "", "all/containerd", "containerd_version: 1.7.24"),
	setting("system-upgrade-on", "", "all/all", "system_upgrade: true"),
	setting("registry-k8s-io", "", "all/offline", "coredns_image_repo: k8s.gcr.io/coredns"),
	setting("kubeadm-config-stale", "", "all/offline", "kube_image_repo: registry.example.com"),
	setting("legacy-keys-refused", "", calico, "ipip: true"),
	setting("hubble-buffer-capacity", "", cluster, "cilium_hubble_event_buffer_capacity: 100"),
	setting("coredns-host-network", "", cluster, "coredns_host_network: true"),
	setting("pod-security-policy", "v2.21.0..v2.22.2", cluster, "podsecuritypolicy_enabled: true"),
	setting("keys-no-longer-read", "v2.24.3..v2.25.1", cluster, "podsecuritypolicy_enabled: true"),
	setting("removed-variables-refused", "v2.30.0..v2.31.0", cluster, "kubelet_static_pod_path: /etc/kubernetes/static"),
	{"gateway-api-checksum", "v2.29.1..v2.30.0", "edit group_vars/" + addons + ".yml s/^gateway_api_enabled:.*/gateway_api_enabled:\\ true/", "takeback"},
	setting("drain-timeout-units", "v2.30.0..v2.31.0", cluster, "drain_fallback_timeout: 6m"),
	setting("cloud-provider-in-tree", "", "all/all", "cloud_provider: openstack"),
	// what the next release does not take, told on the branch of the old one
	setting("version-leading-v", "", "all/all", "helm_version: v3.16.4"),
	setting("kubelet-keys-per-role", "", cluster, "kube_master_cpu_reserved: 200m"),
	setting("ipaddr-filter", "", cluster, `my_dns: "{{ kube_service_addresses | ipaddr(3) }}"`),
	setting("openstack-lbaas-values", "", "all/all", "external_openstack_lbaas_provider: octavia"),
	setting("etcd-kubeadm-enabled", "v2.27.1..v2.28.1", "all/all", "etcd_kubeadm_enabled: false"),
}

func pool(spec string) string {
	return "api patch ippools.crd.projectcalico.org default-pool --type merge -p '{\"spec\": " + spec + "}'"
}

func apply(object string) string { return "api apply -f - <<'.'\n" + object + "\n.\n" }

// image gives a workload another image and waits until its pods run it: what is not ready yet is a finding of its own.
func image(namespace, workload, container string) string {
	return "api -n " + namespace + " set image " + workload + " " + container + "; api -n " + namespace + " rollout status " + workload + " --timeout 2m"
}

func budget(spec string) string {
	return "api -n rocketchat patch pdb myrocketchat-mongodb-arbiter --type merge -p '{\"spec\": " + spec + "}'"
}

func server(node, name string) string {
	return "on " + node + " 'sed -i s#server:.*#server:\\ https://" + name + ":6443# /etc/kubernetes/kubelet.conf'"
}

// TestProofs sets each pitfall in a lab that is well, sees check find exactly it, and takes it away again: the
// check of the next one does not find it any more.
func TestProofs(t *testing.T) {
	l := boot(t)
	state := t.TempDir()
	bin := t.TempDir()
	if err := os.Symlink(filepath.Join(l.dir, "bin", "lab"), filepath.Join(bin, "kubectl")); err != nil {
		t.Fatal(err)
	}
	do := func(t *testing.T, script string) {
		t.Helper()
		cmd := exec.Command("bash", "-c", prelude+script)
		cmd.Env = append(l.environ(state), "PATH="+bin+":"+os.Getenv("PATH"), "LAB_CHECKOUT="+l.vars["LAB_CHECKOUT"], "LAB_SSH_CONFIG="+l.vars["LAB_SSH_CONFIG"])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	checks := 0
	look := func(t *testing.T, hop string) map[string]event.Verdict {
		t.Helper()
		checks++
		r := l.spraydeck(state, "check", "--hop", hop, "--set", "ansible=system", "--set", "inventory=inventory/mycluster/inventory.ini", "-o", "json")
		var report struct{ Findings []runbook.Finding }
		if err := json.Unmarshal([]byte(r.out), &report); err != nil {
			t.Fatalf("check --hop %s: %v\n%s", hop, err, r)
		}
		found := map[string]event.Verdict{}
		for _, f := range report.Findings {
			if f.Verdict != event.Pass {
				found[f.Pitfall] = f.Verdict
			}
		}
		return found
	}
	// all tags but one, whose coming is a row of its own: a tag that comes in the middle changes what is found
	do(t, "git fetch -q --tags; git tag -d v2.28.1 >/dev/null")
	healthy := map[string]map[string]event.Verdict{}
	proven := map[string]bool{}
	start := time.Now()
	byHop := map[string][]proof{}
	l.examine(state)
	// before anything is set: what a fault leaves behind for a moment is not how a healthy lab looks
	for _, p := range proofs {
		hop := cmp.Or(p.hop, defaultHop)
		if byHop[hop] = append(byHop[hop], p); healthy[hop] == nil {
			healthy[hop] = look(t, hop)
		}
	}
	// Controllers need a moment until what they say of an object is true.
	sees := func(t *testing.T, hop string, want map[string]event.Verdict) {
		t.Helper()
		var got map[string]event.Verdict
		for range 5 {
			if got = look(t, hop); maps.Equal(got, want) {
				return
			}
			time.Sleep(time.Second)
		}
		t.Fatalf("check --hop %s says %v, want %v", hop, got, want)
	}
	for _, hop := range slices.Sorted(maps.Keys(byHop)) {
		ran := false
		for _, p := range byHop[hop] {
			t.Run(p.pitfall, func(t *testing.T) {
				ran = true
				t.Cleanup(func() { proven[p.pitfall] = !t.Failed() })
				if healthy[hop][p.pitfall] != "" {
					t.Fatalf("it is found in a healthy lab")
				}
				want := maps.Clone(healthy[hop])
				want[p.pitfall] = event.Fail
				do(t, p.fault)
				defer do(t, p.undo) // that it is not found any more is what the next row of this hop sees, or the end
				sees(t, hop, want)
			})
		}
		if ran {
			sees(t, hop, healthy[hop])
		}
	}
	names := slices.Sorted(maps.Keys(proven))
	for _, n := range names {
		if !proven[n] {
			delete(proven, n)
		}
	}
	t.Logf("%d pitfalls proven by real parts, by %d checks in %s: %s", len(proven), checks, time.Since(start).Round(time.Second), strings.Join(slices.Sorted(maps.Keys(proven)), " "))
	if len(proven) < 28 {
		t.Errorf("at least 28 should be")
	}
}

// examine holds what doctor says of a healthy lab, and of a user who may only read.
func (l *lab) examine(state string) {
	l.t.Helper()
	r := l.spraydeck(state, "doctor", "--inventory", "inventory/mycluster/inventory.ini", "-o", "json")
	var list []struct {
		Area, Name, On string
		Verdict        event.Verdict
		Notice         bool
		Says           event.Text
	}
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || r.exit != 0 {
		l.t.Fatalf("doctor: %v\n%s", err, r)
	}
	for _, c := range list {
		if c.Verdict != event.Pass && !c.Notice {
			l.t.Errorf("doctor says of a healthy lab: %s %s %s", c.Name, c.On, c.Says.En)
		}
	}
	if last := list[len(list)-1]; last.Area != "nodes" || !strings.HasPrefix(last.Says.En, "4 of 4 nodes are reached") {
		l.t.Errorf("doctor says last: %s", last.Says.En)
	}
}
