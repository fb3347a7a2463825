package kubespray

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// release makes a checkout with two releases on master and a work branch.
func release(t *testing.T) (*Checkout, func(args ...string)) {
	dir, run := repo(t)
	write(t, dir, map[string]string{
		"upgrade-cluster.yml":           "---\n",
		"-dash.yml":                     "dash: 1\n",
		"playbooks/ansible_version.yml": "---\n- hosts: all\n  vars:\n    minimal_ansible_version: 2.16.4\n    maximal_ansible_version: 2.17.0\n",
		"roles/kubespray-defaults/defaults/main/main.yml":        "kube_version: v1.31.4\nbin_dir: /usr/local/bin\nnested: \"{{ bin_dir }}/x\"\n",
		"roles/kubespray-defaults/defaults/main/checksums.yml":   "other: 1\nkubelet_checksums:\n  arm64:\n    v1.31.4: 1\n  amd64:\n    v1.31.9: 1\n    v1.31.10: 1\nlast: 2\n",
		"roles/network_plugin/calico_defaults/defaults/main.yml": "calico_pool_blocksize: 26\n",
		"inventory/sample/group_vars/all/all.yml":                "---\n## Prose: not a key\n# access_ip: 1.1.1.1\nbin_dir: /usr/local/bin\n# loadbalancer_apiserver:\n#   address: 1.2.3.4\n#   port: 1234\n",
		"inventory/sample/group_vars/k8s_cluster/k8s.yml":        "kube_version: v1.31.4\n# bin_dir: /opt\naccess_ip: set\n",
	})
	run("add", ".")
	run("commit", "-q", "-m", "one")
	run("tag", "v2.27.0")
	run("tag", "v2.9.0")
	run("tag", "v2.27.0-rc1")
	run("tag", "v2.nonsense")
	run("tag", "other")
	write(t, dir, map[string]string{
		"playbooks/ansible_version.yml":                   "---\n- vars: {minimal_ansible_version: 2.9, maximal_ansible_version: 2.10}\n",
		"inventory/sample/group_vars/k8s_cluster/k8s.yml": "access_ip: set\n",
	})
	run("commit", "-q", "-am", "two")
	run("tag", "-a", "-m", "x", "v2.28.0")
	run("checkout", "-q", "-b", "t_v2.27.0", "v2.27.0")
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c, run
}

func TestCheckoutTellsWhereItStands(t *testing.T) {
	c, run := release(t)
	ctx := context.Background()
	if b, err := c.Branch(ctx); err != nil || b != "t_v2.27.0" {
		t.Errorf("branch %q, %v", b, err)
	}
	run("tag", "-d", "v2.9.0", "v2.27.0-rc1", "v2.nonsense")
	if tag, exact, err := c.Tag(ctx); err != nil || tag != "v2.27.0" || !exact {
		t.Errorf("tag %q exact %v, %v", tag, exact, err)
	}
	if clean, lines, err := c.Clean(ctx); err != nil || !clean || lines != nil {
		t.Errorf("clean %v %q, %v", clean, lines, err)
	}
	write(t, c.Dir(), map[string]string{"upgrade-cluster.yml": "changed\n", "ノート.md": "x"})
	if clean, lines, err := c.Clean(ctx); err != nil || clean || !reflect.DeepEqual(lines, []string{" M upgrade-cluster.yml", "?? ノート.md"}) {
		t.Errorf("dirty: clean %v %q, %v", clean, lines, err)
	}
	run("commit", "-q", "-am", "mine")
	if tag, exact, err := c.Tag(ctx); err != nil || tag != "v2.27.0" || exact {
		t.Errorf("behind: tag %q exact %v, %v", tag, exact, err)
	}
	run("checkout", "-q", "--detach")
	if b, err := c.Branch(ctx); err != nil || b != "" {
		t.Errorf("detached: branch %q, %v", b, err)
	}
	run("tag", "-d", "v2.27.0")
	if _, _, err := c.Tag(ctx); !errors.Is(err, ErrNoTag) {
		t.Errorf("no tag: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Branch(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestOpenRefusesWithAWayOut(t *testing.T) {
	gitOnly, _ := repo(t)
	file := filepath.Join(t.TempDir(), "file")
	write(t, filepath.Dir(file), map[string]string{"file": ""})
	for dir, reason := range map[string]string{
		filepath.Join(gitOnly, "missing"): "no such directory",
		t.TempDir():                       "not a git repository",
		gitOnly:                           "not Kubespray",
		file:                              "not a directory",
	} {
		_, err := Open(dir)
		var no *NotCheckoutError
		if !errors.As(err, &no) || !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), dir) || no.Hint() == "" {
			t.Errorf("open %s: %v, want %q", dir, err, reason)
		}
	}
}

func TestOpenWithinACheckoutFindsItsTop(t *testing.T) {
	c, _ := release(t)
	inner, err := Open(filepath.Join(c.Dir(), "inventory", "sample"))
	if err != nil || inner.Dir() != c.Dir() {
		t.Errorf("open below: %v, %v", inner, err)
	}
}

func TestShowAndFiles(t *testing.T) {
	c, run := release(t)
	ctx := context.Background()
	if err := os.Symlink("main.yml", filepath.Join(c.Dir(), "roles/kubespray-defaults/defaults/main/link.yml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(c.Dir(), "dangling")); err != nil {
		t.Fatal(err)
	}
	run("add", ".")
	run("commit", "-q", "-m", "link")
	run("update-ref", "refs/heads/-odd", "HEAD")
	for _, rev := range []string{"", "HEAD", "v2.27.0", "-odd"} {
		if text, err := c.Show(ctx, rev, "-dash.yml"); err != nil || string(text) != "dash: 1\n" {
			t.Errorf("show %q: %q, %v", rev, text, err)
		}
		files, err := c.Files(ctx, rev, "inventory")
		if err != nil || len(files) != 2 || files[0] != "inventory/sample/group_vars/all/all.yml" {
			t.Errorf("files %q: %v, %v", rev, files, err)
		}
		for _, name := range []string{"nope.yml", "roles", "upgrade-cluster.yml/x", "dangling"} {
			_, err := c.Show(ctx, rev, name)
			var missing interface{ NotFound() bool }
			if !errors.As(err, &missing) || !missing.NotFound() || !strings.Contains(err.Error(), ":"+name) {
				t.Errorf("show %q:%s: %v", rev, name, err)
			}
		}
		var missing *NotFoundError
		if _, err := c.Files(ctx, rev, "nope"); !errors.As(err, &missing) {
			t.Errorf("files %q nope: %v", rev, err)
		}
	}
	if text, err := c.Show(ctx, "HEAD", "roles/kubespray-defaults/defaults/main/link.yml"); err != nil || !strings.HasPrefix(string(text), "kube_version") {
		t.Errorf("a link is followed: %q, %v", text, err)
	}
	if all, err := c.Files(ctx, "", ""); err != nil || len(all) < 8 || strings.HasPrefix(all[0], ".git/") {
		t.Errorf("all files: %v, %v", all, err)
	}
	for _, name := range []string{"../x", "/etc/passwd"} {
		if _, err := c.Show(ctx, "", name); err == nil || !strings.Contains(err.Error(), "leaves the checkout") {
			t.Errorf("show %s: %v", name, err)
		}
	}
	if _, err := c.Show(ctx, "HEAD\nHEAD", "x"); err == nil {
		t.Error("a revision with a line break must be refused")
	}
	var missing *NotFoundError
	if _, err := c.Show(ctx, "t_v2.26.0", "ansible.cfg"); !errors.As(err, &missing) || err.Error() != "find t_v2.26.0:ansible.cfg: no such file or revision" {
		t.Errorf("unknown revision: %v", err)
	}
}

func TestGitIgnoresTheCallersRepository(t *testing.T) {
	c, _ := release(t)
	t.Setenv("GIT_DIR", "/nonexistent")
	t.Setenv("GIT_INDEX_FILE", "/nonexistent")
	if _, err := c.Branch(context.Background()); err != nil {
		t.Error(err)
	}
}
