package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// The inventory that every layout holds: a setting for all, one for k8s_cluster, one for a child of it, one for a host.
const (
	layoutHosts = "all:\n  hosts:\n    node1: {ansible_host: 192.0.2.1}\n    node2: {ansible_host: 192.0.2.2}\n  children:\n" +
		"    kube_control_plane: {hosts: {node1: {}}}\n    etcd: {hosts: {node1: {}}}\n    kube_node: {hosts: {node2: {}}}\n" +
		"    k8s_cluster: {children: {kube_control_plane: {}, kube_node: {}}}\n"
	layoutINI = "[all]\nnode1 ansible_host=192.0.2.1\nnode2 ansible_host=192.0.2.2\n\n[kube_control_plane]\nnode1\n\n[etcd]\nnode1\n\n[kube_node]\nnode2\n\n" +
		"[k8s_cluster:children]\nkube_control_plane\nkube_node\n"
	layoutScript = "#!/bin/sh\necho '{\"_meta\": {\"hostvars\": {\"node1\": {\"ansible_host\": \"192.0.2.1\"}, \"node2\": {}}}, \"etcd\": [\"node1\"],\n" +
		"\"kube_control_plane\": {\"hosts\": [\"node1\"]}, \"kube_node\": {\"hosts\": [\"node2\"]}, \"k8s_cluster\": {\"children\": [\"kube_control_plane\", \"kube_node\"]}}'\n"
)

func layoutVars() map[string]string {
	return map[string]string{
		"group_vars/all/all.yml":         "---\n# of all\nkube_proxy_mode: ipvs\nmetallb_enabled: \"yes\"\n",
		"group_vars/k8s_cluster/k8s.yml": "---\nkube_proxy_strict_arp: false\n",
		"group_vars/kube_node.yml":       "# of the workers\n\nkubelet_max_pods: 400\n",
		"host_vars/node1.yml":            "kube_master_memory_reserved: 1Gi\n",
	}
}

// layoutKeys are the settings that a check shows as evidence, with their values, by its name.
var layoutKeys = map[string][]string{
	"strict-arp":            {"metallb_enabled: yes", "kube_proxy_mode: ipvs", "kube_proxy_strict_arp: false"},
	"many-pods":             {"kubelet_max_pods: 400"},
	"kubelet-keys-per-role": {"kube_master_memory_reserved: 1Gi"},
}

const manyPods = `apiVersion: spraydeck/v1
kind: Pitfall
name: many-pods
title: A node may have more pods than its network has addresses
severity: nuisance
why: A block of addresses has 256.
before:
  title: Every node has addresses for its pods
  rule: inventory.groups.k8s_cluster.all(h, settings.on(h, "kubelet_max_pods") == null || settings.on(h, "kubelet_max_pods") <= 254)
  says: Set kubelet_max_pods to 254 or less.
  evidence: settings.show("kubelet_max_pods")
`

const layoutBook = `apiVersion: spraydeck/v1
kind: Runbook
name: layouts
title: What is read of an inventory
version: 1.0.0
from: ">=2.30.0 <2.31.0"
to: v2.31.0
inputs:
  target_tag: {prompt: Tag, default: v2.31.0}
  previous_tag: {prompt: Tag, default: v2.30.0}
  previous_branch: {prompt: Branch, default: t_v2.30.0}
  inventory: {prompt: Inventory, default: inventory/mycluster/inventory.ini}
  inventory_dir: {prompt: Directory, default: inventory/mycluster}
inventory: 'ansible-inventory ${sources(inputs.inventory)} --list'
phases:
  - title: All
    steps:
      - id: look
        title: Look
        check: {gates: [{pitfall: strict-arp}, {pitfall: many-pods}, {pitfall: kubelet-keys-per-role}, {pitfall: inventory-is-directory}, {pitfall: previous-branch-missing}, {pitfall: node-left-cordoned}]}
`

// layout is a place and a form of that inventory.
type layout struct {
	name  string
	write func(l *layoutDir) (args []string)
	// what it cannot say: the cause, by check
	unknown map[string]string
	// the same where Ansible is not installed
	without map[string]string
}

// layoutDir is where a layout is written.
type layoutDir struct {
	*testing.T
	root, checkout string
	noLine, linked bool // a setting whose text only Ansible has; an inventory that is a link
}

func (l *layoutDir) put(dir string, files map[string]string) {
	for name, text := range files {
		path := filepath.Join(dir, name)
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			l.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			l.Fatal(err)
		}
	}
}

func (l *layoutDir) run(dir, name string, args ...string) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		l.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// withVars are the variables and a file of hosts.
func withVars(name, text string, change ...func(map[string]string)) map[string]string {
	files := layoutVars()
	files[name] = text
	for _, c := range change {
		c(files)
	}
	return files
}

func layouts() []layout {
	inCheckout := func(below, file string, files map[string]string) func(l *layoutDir) []string {
		return func(l *layoutDir) []string {
			l.put(filepath.Join(l.checkout, below), files)
			return []string{"--inventory", filepath.Join(below, file)}
		}
	}
	const mine = "inventory/mycluster"
	vault := func(password bool) func(l *layoutDir) []string {
		return func(l *layoutDir) []string {
			args := inCheckout(mine, "hosts.yaml", withVars("hosts.yaml", layoutHosts, func(f map[string]string) {
				f["group_vars/k8s_cluster/vault.yml"] = "db_password: hunter2hunter2\nkube_proxy_mode: ipvs\n"
				f["group_vars/all/all.yml"] = "metallb_enabled: \"yes\"\n"
			}))(l)
			l.put(l.root, map[string]string{"password": "open\n"})
			l.run(l.checkout, "ansible-vault", "encrypt", "--vault-password-file", l.root+"/password", mine+"/group_vars/k8s_cluster/vault.yml")
			if password {
				args = append(args, "--vault-password-file", l.root+"/password")
			}
			return args
		}
	}
	inline := func(password bool) func(l *layoutDir) []string {
		return func(l *layoutDir) []string {
			l.put(l.root, map[string]string{"password": "open\n"})
			cmd := exec.Command("ansible-vault", "encrypt_string", "--vault-password-file", l.root+"/password", "--name", "kube_proxy_mode", "ipvs")
			text, err := cmd.Output()
			if err != nil {
				l.Fatal(err)
			}
			args := inCheckout(mine, "hosts.yaml", withVars("hosts.yaml", layoutHosts, func(f map[string]string) {
				f["group_vars/all/all.yml"] = "metallb_enabled: \"yes\"\n" + string(text)
			}))(l)
			if password {
				args = append(args, "--vault-password-file", l.root+"/password")
			}
			return args
		}
	}
	encrypted := "inventory/mycluster/group_vars/k8s_cluster/vault.yml: encrypted with ansible-vault, and no password was given"
	closed := map[string]string{"strict-arp": encrypted, "kubelet-keys-per-role": encrypted}
	vaulted := map[string]string{"strict-arp": "the value of kube_proxy_mode is unknown: it is vaulted (inventory/mycluster/group_vars/all/all.yml:2)"}
	return []layout{
		{name: "a repository of its own beside Kubespray", write: func(l *layoutDir) []string {
			own := filepath.Join(l.root, "own")
			l.put(own, withVars("hosts.yaml", layoutHosts))
			l.run(own, "git", "init", "-q")
			return []string{"--inventory", filepath.Join(own, "hosts.yaml")}
		}},
		{name: "Kubespray as a submodule", write: func(l *layoutDir) []string {
			own := filepath.Join(l.root, "own")
			l.put(own, withVars("hosts.yaml", layoutHosts))
			l.run(own, "git", "init", "-q")
			l.run(own, "git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", l.checkout, "kubespray")
			l.checkout = filepath.Join(own, "kubespray")
			return []string{"--inventory", "../hosts.yaml"}
		}},
		{name: "a directory", write: func(l *layoutDir) []string {
			l.put(filepath.Join(l.checkout, mine), withVars("hosts.yaml", layoutHosts))
			return []string{"--inventory", mine + "/"}
		}},
		{name: "several sources", write: func(l *layoutDir) []string {
			files, more := withVars("hosts.yaml", layoutHosts), filepath.Join(l.root, "more")
			moved := map[string]string{"hosts.ini": "[kube_node]\nnode2\n", "group_vars/kube_node.yml": files["group_vars/kube_node.yml"], "host_vars/node1.yml": files["host_vars/node1.yml"]}
			delete(files, "group_vars/kube_node.yml")
			delete(files, "host_vars/node1.yml")
			l.put(filepath.Join(l.checkout, mine), files)
			l.put(more, moved)
			return []string{"--inventory", mine + "/hosts.yaml", "--inventory", more + "/hosts.ini"}
		}},
		{name: "a script", write: inCheckout(mine, "hosts.sh", withVars("hosts.sh", layoutScript))},
		{name: "a symbolic link", write: func(l *layoutDir) []string {
			l.put(filepath.Join(l.root, "own"), withVars("hosts.yaml", layoutHosts))
			l.linked = true
			if err := os.Symlink(filepath.Join(l.root, "own"), filepath.Join(l.checkout, mine)); err != nil {
				l.Fatal(err)
			}
			return []string{"--inventory", mine + "/hosts.yaml"}
		}},
		{name: "nested", write: inCheckout("inventory/east/prod", "hosts.yaml", withVars("hosts.yaml", layoutHosts))},
		{name: "INI", write: inCheckout(mine, "inventory.ini", withVars("inventory.ini", layoutINI))},
		{name: "YAML with everything in it", write: inCheckout(mine, "hosts.yml", map[string]string{"hosts.yml": "all:\n  vars:\n    kube_proxy_mode: ipvs\n    metallb_enabled: \"yes\"\n" +
			"  hosts:\n    node1:\n      kube_master_memory_reserved: 1Gi\n    node2:\n  children:\n    etcd:\n      hosts: {node1: }\n    kube_control_plane:\n      hosts: {node1: }\n" +
			"    k8s_cluster:\n      vars:\n        kube_proxy_strict_arp: false\n      children:\n        kube_control_plane:\n        kube_node:\n          vars:\n            kubelet_max_pods: 400\n          hosts: {node2: }\n"})},
		{name: "CRLF", write: inCheckout(mine, "inventory.ini", withVars("inventory.ini", layoutINI, func(f map[string]string) {
			for name, text := range f {
				f[name] = strings.ReplaceAll(text, "\n", "\r\n")
			}
		}))},
		{name: "an encrypted file without its password", write: vault(false), unknown: closed, without: closed},
		{name: "an encrypted file with its password", write: func(l *layoutDir) []string { l.noLine = true; return vault(true)(l) }, without: closed},
		{name: "a vaulted value without the password", write: inline(false), unknown: vaulted, without: vaulted},
		{name: "a vaulted value with the password", write: inline(true), unknown: vaulted, without: vaulted},
		{name: "all:vars", write: inCheckout(mine, "inventory.ini", withVars("inventory.ini", layoutINI+"\n[all:vars]\nkube_proxy_mode=ipvs\nmetallb_enabled='yes'\n", func(f map[string]string) {
			delete(f, "group_vars/all/all.yml")
		}))},
		{name: "variables of a host and of a child", write: inCheckout(mine, "inventory.ini", map[string]string{
			"group_vars/all.yml": "kube_proxy_mode: ipvs\nmetallb_enabled: \"yes\"\nkube_proxy_strict_arp: true\nkubelet_max_pods: 100\n",
			"inventory.ini": strings.Replace(layoutINI, "node1 ansible_host=192.0.2.1", "node1 ansible_host=192.0.2.1 kube_master_memory_reserved=1Gi", 1) +
				"\n[kube_node:vars]\nkubelet_max_pods=400\n",
			"group_vars/kube_node.yml":   "kubelet_max_pods: 400\n",
			"group_vars/k8s_cluster.yml": "kube_proxy_strict_arp: no\n"})},
	}
}

// place finds a setting in the files of a layout: the last file and line that has it, from the checkout.
func (l *layoutDir) places(setting string) (list []string) {
	key, value, _ := strings.Cut(setting, ":")
	seen := map[string]bool{}
	_ = filepath.WalkDir(l.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		text, err := os.ReadFile(path)
		if err != nil || seen[path] {
			return nil
		}
		file, _ := filepath.Rel(l.checkout, path)
		if strings.HasPrefix(file, "inventory/sample") || strings.HasPrefix(file, "roles/") {
			return nil
		}
		if l.linked {
			file = strings.Replace(file, "../own", "inventory/mycluster", 1)
		}
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.NewReplacer(`"`, "", "'", "", "=", ": ", ": no", ": false").Replace(strings.TrimSpace(line))
			if strings.HasSuffix(line, key+":"+value) {
				list = append(list, fmt.Sprintf("%s:%d: %s", file, i+1, setting))
			}
		}
		return nil
	})
	return list
}

// layoutCluster answers like a cluster of two nodes.
func layoutCluster(t *testing.T) (kubeconfig string) {
	node := func(name string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Node","metadata":{"name":%q,"labels":{}},"spec":{},"status":{"nodeInfo":{"kubeletVersion":"v1.34.3"},"conditions":[{"type":"Ready","status":"True"}]}}`, name)
	}
	answers := map[string]string{
		"/version": `{"gitVersion":"v1.34.3"}`,
		"/api":     `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":    `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
		"/api/v1":  `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]}]}`,
		"/api/v1/nodes": `{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[` +
			node("node1") + "," + node("node2") + `]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return writeKubeconfig(t, server.URL)
}

func writeKubeconfig(t *testing.T, url string) string {
	path := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}]\nusers: [{name: u, user: {token: t}}]\n"+
		"contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n", url)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// withoutAnsible is a PATH without it.
func withoutAnsible(t *testing.T) string {
	dir := t.TempDir()
	for _, from := range []string{"/usr/bin", "/bin", "/usr/local/bin"} {
		entries, _ := os.ReadDir(from)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), "ansible") {
				_ = os.Symlink(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name()))
			}
		}
	}
	return dir
}

// newLayout makes a checkout of two releases, and the files of the runbook.
func newLayout(t *testing.T) *layoutDir {
	l := &layoutDir{T: t, root: t.TempDir()}
	l.checkout = filepath.Join(l.root, "kubespray")
	l.put(l.checkout, map[string]string{"upgrade-cluster.yml": "", "ansible.cfg": "[defaults]\n", "inventory/sample/group_vars/all/all.yml": "---\nkube_proxy_mode: ipvs\n",
		"roles/kubespray_defaults/defaults/main/main.yml": "kube_proxy_strict_arp: false\nkubelet_max_pods: 110\nmetallb_enabled: false\nkube_vip_enabled: false\nkube_vip_arp_enabled: false\n"})
	l.put(filepath.Join(l.root, "books"), map[string]string{"layouts.yaml": layoutBook, "many-pods.yaml": manyPods})
	for _, args := range [][]string{{"init", "-q", "-b", "master"}, {"config", "user.name", "t"}, {"config", "user.email", "t@example.com"}, {"add", "-A"},
		{"commit", "-qm", "one"}, {"tag", "v2.30.0"}, {"commit", "-qm", "two", "--allow-empty"}, {"tag", "v2.31.0"}, {"checkout", "-q", "v2.30.0"}} {
		l.run(l.checkout, "git", args...)
	}
	return l
}

// spraydeck runs a command as a user would.
func (l *layoutDir) spraydeck(args ...string) (stdout, stderr string, code int) {
	var out, warned bytes.Buffer
	cmd := root()
	cmd.SetOut(&out)
	cmd.SetErr(&warned)
	cmd.SetArgs(append(args, "--checkout", l.checkout, "--runbooks", filepath.Join(l.root, "books"), "--lang", "en"))
	err := cmd.ExecuteContext(l.Context())
	code = codeOf(context.Background(), err)
	if err != nil {
		warned.WriteString(err.Error())
	}
	return out.String(), warned.String(), code
}

func (l *layoutDir) check(args ...string) (found map[string]runbook.Finding, stderr string) {
	stdout, stderr, code := l.spraydeck(append([]string{"check", "layouts", "-o", "json"}, args...)...)
	var answer struct{ Findings []runbook.Finding }
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		l.Fatalf("exit code %d: %v\n%s%s", code, err, stdout, stderr)
	}
	found = map[string]runbook.Finding{}
	for _, f := range answer.Findings {
		found[f.Pitfall] = f
	}
	return found, stderr
}

// TestLayouts: one inventory in every place and form gives the same findings with the same evidence, each with its file and line, or
// a word of what that layout cannot say; with Ansible and without it.
func TestLayouts(t *testing.T) {
	if _, err := exec.LookPath("ansible-inventory"); err != nil {
		t.Fatal("ansible-inventory is missing: install ansible-core")
	}
	for _, name := range []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"} {
		t.Setenv(name, "/dev/null")
	}
	t.Setenv("AS_SPRAYDECK", "1")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KUBECONFIG", layoutCluster(t))
	bare := withoutAnsible(t)
	full := os.Getenv("PATH")
	for _, lay := range layouts() {
		t.Run(lay.name, func(t *testing.T) {
			t.Setenv("PATH", full)
			t.Setenv("ANSIBLE_VAULT_PASSWORD_FILE", "")
			os.Unsetenv("ANSIBLE_VAULT_PASSWORD_FILE")
			l := newLayout(t)
			args := lay.write(l)
			for _, ansible := range []bool{true, false} {
				unknown := lay.unknown
				if !ansible {
					t.Setenv("PATH", bare)
					unknown, l.noLine = lay.without, false
				}
				found, stderr := l.check(args...)
				if !ansible && !strings.Contains(stderr, "read without Ansible") {
					t.Errorf("not a word of Ansible: %s", stderr)
				}
				l.compare(found, unknown)
			}
		})
	}
}

func (l *layoutDir) compare(found map[string]runbook.Finding, unknown map[string]string) {
	l.Helper()
	for name, settings := range layoutKeys {
		f := found[name]
		if want, is := unknown[name]; is {
			if f.Verdict != event.Unknown || !strings.HasSuffix(f.Cause, want) {
				l.Errorf("%s: %s, %q, want unknown: %s", name, f.Verdict, f.Cause, want)
			}
			continue
		}
		if f.Verdict != event.Fail {
			l.Errorf("%s: %s %q", name, f.Verdict, f.Evidence)
		}
		for _, s := range settings {
			places := l.places(s)
			if len(places) == 0 && l.noLine {
				places = []string{"inventory/mycluster/group_vars/k8s_cluster/vault.yml: " + s}
			}
			if !slices.ContainsFunc(f.Evidence, func(e string) bool {
				e, _, _ = strings.Cut(e, " (on ")
				return slices.Contains(places, e)
			}) {
				l.Errorf("%s: the evidence is %q, want one of %q", name, f.Evidence, places)
			}
		}
	}
	for _, name := range []string{"inventory-is-directory", "previous-branch-missing", "node-left-cordoned"} {
		if f, looked := found[name]; looked && f.Verdict != event.Pass && f.Required != event.Advisory {
			l.Errorf("%s: %s %q", name, f.Verdict, f.Evidence)
		}
	}
}
