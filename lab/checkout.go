package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

// tree holds the files of the checkout as templates over a release. Their marks are <% and %>,
// which neither YAML, Jinja nor the shell has a use for. dot.NAME becomes .NAME, so that git does
// not obey the checkout's .gitignore in this repository.
//
//go:embed all:checkout/tree
var tree embed.FS

// currentBranch is where the operator of this cluster stands.
const currentBranch = "t_v2.27.0"

// writeCheckout makes D/kubespray, a clone of the bare D/kubespray.git, as an operator would have
// it before going from v2.27.0 to v2.28.0.
func writeCheckout(l Lab, nodes []Node) error {
	g := git{dir: l.checkout(), bare: l.path("kubespray.git")}
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "master"},
		{"config", "user.name", "Lab Operator"},
		{"config", "user.email", "operator@lab.invalid"},
		{"config", "gc.auto", "0"},
	} {
		if err := g.run(args...); err != nil {
			return err
		}
	}
	for _, r := range releases {
		r.Facts = l.path("facts")
		if err := g.commitRelease(r); err != nil {
			return err
		}
	}
	if err := g.publish(); err != nil {
		return err
	}
	return g.customise(l, nodes)
}

type git struct{ dir, bare, date string }

// run keeps the caller's git configuration out, since signing or hooks would get in the way.
func (g *git) run(args ...string) error {
	cmd := exec.Command("git", args...)
	cmd.Dir = g.dir
	cmd.Env = append(daemonEnv(), "PATH="+os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	if g.date != "" {
		cmd.Env = append(cmd.Env, "GIT_AUTHOR_DATE="+g.date, "GIT_COMMITTER_DATE="+g.date)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (g *git) commit(message string) error {
	if err := g.run("add", "-A", "-f"); err != nil {
		return err
	}
	return g.run("commit", "-q", "-m", message)
}

func (g *git) commitRelease(r release) error {
	if err := g.run("rm", "-r", "-q", "--ignore-unmatch", "."); err != nil {
		return err
	}
	if err := render(g.dir, r); err != nil {
		return err
	}
	g.date = r.Date
	if err := g.commit("Release " + r.Tag); err != nil {
		return err
	}
	return g.run("tag", r.Tag)
}

func render(dir string, r release) error {
	return fs.WalkDir(tree, "checkout/tree", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		target := r.path(strings.TrimPrefix(p, "checkout/tree/"))
		if target == "" {
			return nil
		}
		b, err := tree.ReadFile(p)
		if err != nil {
			return err
		}
		t, err := template.New(p).Delims("<%", "%>").Option("missingkey=error").Parse(string(b))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, r); err != nil {
			return err
		}
		return writeFile(filepath.Join(dir, target), out.Bytes(), 0o644)
	})
}

// publish makes the bare origin, one commit ahead of the clone, so that `git pull` has work to do.
func (g *git) publish() error {
	if err := g.run("clone", "-q", "--bare", g.dir, g.bare); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"remote", "add", "origin", g.bare},
		{"fetch", "-q", "origin"},
		{"branch", "-q", "-u", "origin/master", "master"},
	} {
		if err := g.run(args...); err != nil {
			return err
		}
	}
	notes := filepath.Join(g.dir, "docs/releases.md")
	if err := writeFile(notes, []byte("# Releases\n\nThe newest tag here is v2.28.0.\n"), 0o644); err != nil {
		return err
	}
	g.date = "2025-05-21T09:00:00Z"
	if err := g.commit("List the newest release"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"push", "-q", "origin", "master"},
		{"reset", "-q", "--hard", "HEAD~1"},
		{"update-ref", "refs/remotes/origin/master", "HEAD"},
	} {
		if err := g.run(args...); err != nil {
			return err
		}
	}
	return nil
}

// customise commits the operator's own work on a branch from the tag: the inventory, tracked.
func (g *git) customise(l Lab, nodes []Node) error {
	if err := g.run("checkout", "-q", "-b", currentBranch, "refs/tags/v2.27.0"); err != nil {
		return err
	}
	sample, mine := filepath.Join(g.dir, "inventory/sample"), filepath.Join(g.dir, "inventory/mycluster")
	if err := os.CopyFS(mine, os.DirFS(sample)); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(mine, "inventory.ini"), []byte(inventory(l, nodes)), 0o644); err != nil {
		return err
	}
	if err := substitute(filepath.Join(g.dir, ".gitignore"), `(?m)^!inventory/sample$`, "!inventory/sample\n!inventory/mycluster"); err != nil {
		return err
	}
	g.date = "2025-02-03T01:00:00Z"
	if err := g.commit("Added the inventory/mycluster config directory."); err != nil {
		return err
	}
	for _, c := range customisations {
		if err := substitute(filepath.Join(mine, "group_vars/k8s_cluster", c.file), c.old, c.new); err != nil {
			return err
		}
	}
	g.date = "2025-02-03T02:00:00Z"
	return g.commit("Modified addons.yml, k8s-cluster.yml, and k8s-net-calico.yml files.")
}

// customisations are what an operator must carry from release to release.
var customisations = []struct{ file, old, new string }{
	{"addons.yml", `(?m)^helm_enabled: false`, "helm_enabled: true"},
	{"addons.yml", `(?m)^ingress_nginx_enabled: false`, "ingress_nginx_enabled: true"},
	{"addons.yml", `(?m)^# ingress_nginx_service_type: LoadBalancer`, "ingress_nginx_service_type: NodePort"},
	{"addons.yml", `(?m)^# ingress_nginx_default: false`, "ingress_nginx_default: true"},
	{"addons.yml", `(?m)^metallb_enabled: false`, "metallb_enabled: true"},
	{"addons.yml", `(?m)^# metallb_protocol: "layer2"`, `metallb_protocol: "layer2"`},
	{"addons.yml", `(?m)^# metallb_config: \{\}`, `metallb_config:
  address_pools:
    primary:
      ip_range:
        - 10.1.1.200-10.1.1.220
      auto_assign: true
  layer2:
    - primary`},
	{"k8s-cluster.yml", `(?m)^kube_proxy_strict_arp: false`, "kube_proxy_strict_arp: true"},
	{"k8s-cluster.yml", `(?m)^auto_renew_certificates: false`, "auto_renew_certificates: true"},
	{"k8s-net-calico.yml", `(?m)^# calico_network_backend: vxlan`, "calico_network_backend: vxlan"},
	{"k8s-net-calico.yml", `(?m)^# calico_ipip_mode: 'Never'`, "calico_ipip_mode: 'Never'"},
	{"k8s-net-calico.yml", `(?m)^# calico_vxlan_mode: 'Always'`, "calico_vxlan_mode: 'Always'"},
	{"k8s-net-calico.yml", `(?m)^calico_pool_blocksize: 26`, "calico_pool_blocksize: 24"},
}

// substitute fails when there is nothing to replace: a changed template must not silently lose a
// customisation.
func substitute(path, old, new string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	re := regexp.MustCompile(old)
	if !re.Match(b) {
		return fmt.Errorf("%s: nothing matches %s", path, old)
	}
	return os.WriteFile(path, re.ReplaceAllLiteral(b, []byte(new)), 0o644)
}

// inventory writes inventory.ini in the shape P18 gives it: control planes, etcd as their parent,
// kube_node as the parent of all.
func inventory(l Lab, nodes []Node) string {
	var control, etcd, rest strings.Builder
	for _, n := range nodes {
		line := fmt.Sprintf("%s ip=%s ansible_host=%s", n.Name, n.Address, n.Address)
		if n.Etcd {
			line += " etcd_member_name=" + n.EtcdMember
		}
		switch {
		case n.ControlPlane:
			control.WriteString(line + "\n")
		case n.Etcd:
			etcd.WriteString(line + "\n")
		default:
			rest.WriteString(line + "\n")
		}
	}
	return fmt.Sprintf(`[kube_control_plane]
%s
[etcd:children]
kube_control_plane

[etcd]
%s
[kube_node:children]
etcd

[kube_node]
%s
[all:vars]
ansible_port=%d
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_private_key_file=%s
ansible_ssh_common_args='-F "%s"'
`, control.String(), etcd.String(), rest.String(), sshPort, l.path("id_ed25519"), l.path("ssh_config"))
}
