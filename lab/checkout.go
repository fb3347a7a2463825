package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"
)

// tree holds the files of the checkout as templates over a release. Their marks are <% and %>,
// which neither YAML, Jinja nor the shell has a use for. dot.NAME becomes .NAME, so that git does
// not obey the checkout's .gitignore in this repository.
//
//go:embed all:checkout/tree
var tree embed.FS

// writeCheckout makes D/kubespray, a clone of the bare D/kubespray.git, as the operator of a cluster at this release has it:
// the tags up to the next minor release, and the inventory on a branch of its own. What is newer, a fetch brings.
func writeCheckout(l Lab, nodes []Node, at release, own settings) error {
	g := git{dir: l.checkout(), bare: l.path("kubespray.git")}
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "master"},
		{"config", "user.name", operator},
		{"config", "user.email", operatorMail},
		{"config", "gc.auto", "0"},
	} {
		if err := g.run(args...); err != nil {
			return err
		}
	}
	if err := g.importReleases(l); err != nil {
		return err
	}
	if err := g.publish(); err != nil {
		return err
	}
	if err := g.forget(at); err != nil {
		return err
	}
	return g.customise(l, nodes, at, own)
}

const operator, operatorMail = "Lab Operator", "operator@lab.invalid"

type git struct {
	dir, bare, date string
	stdin           []byte
}

// run keeps the caller's git configuration out, since signing or hooks would get in the way.
func (g *git) run(args ...string) error {
	cmd := exec.Command("git", args...)
	cmd.Dir = g.dir
	cmd.Stdin = bytes.NewReader(g.stdin)
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

// importReleases makes one commit for every tag. The first release of a minor follows that of the minor before, on master; a
// patch release follows the one before it, on a line of its own, as in the real repository.
func (g *git) importReleases(l Lab) error {
	var stream bytes.Buffer
	onMaster := 0
	for i, r := range releases {
		r.Facts = l.path("facts")
		files, err := r.files()
		if err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339, r.Date)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Tag, err)
		}
		parent := i // marks count from 1
		if strings.HasSuffix(r.Tag, ".0") {
			parent, onMaster = onMaster, i+1
		}
		fmt.Fprintf(&stream, "commit refs/tags/%s\nmark :%d\ncommitter %s <%s> %d %s\ndata <<.\nRelease %s\n.\n",
			r.Tag, i+1, operator, operatorMail, at.Unix(), at.Format("-0700"), r.Tag)
		if parent > 0 {
			fmt.Fprintf(&stream, "from :%d\n", parent)
		}
		fmt.Fprintln(&stream, "deleteall")
		for _, path := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(&stream, "M 100644 inline %s\ndata %d\n%s\n", path, len(files[path]), files[path])
		}
	}
	fmt.Fprintf(&stream, "reset refs/heads/master\nfrom :%d\n", onMaster)
	g.stdin = stream.Bytes()
	err := g.run("fast-import", "--quiet")
	g.stdin = nil
	if err != nil {
		return err
	}
	return g.run("reset", "-q", "--hard", "master")
}

// files renders the template tree for a tag. Two templates may make one file.
func (r release) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(tree, "checkout/tree", func(p string, d fs.DirEntry, err error) error {
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
		if first, ok := files[target]; ok {
			files[target] = append(first, bytes.TrimPrefix(out.Bytes(), []byte("---\n"))...)
			return nil
		}
		files[target] = out.Bytes()
		return nil
	})
	return files, err
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
	newest := releases[len(releases)-1]
	notes := filepath.Join(g.dir, "docs/releases.md")
	if err := writeFile(notes, []byte("# Releases\n\nThe newest tag here is "+newest.Tag+".\n"), 0o644); err != nil {
		return err
	}
	g.date = newest.Date
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

// forget takes the tags away that came out after the next minor release.
func (g *git) forget(at release) error {
	args := []string{"tag", "-d"}
	next := ""
	for _, r := range releases {
		if next != "" {
			args = append(args, r.Tag)
		} else if strings.HasSuffix(r.Tag, ".0") && r.Since(at.Tag) && r.Tag != at.Tag {
			next = r.Tag
		}
	}
	if len(args) == 2 {
		return nil
	}
	return g.run(args...)
}

// customise commits the operator's own work on a branch from the tag: the inventory, tracked.
func (g *git) customise(l Lab, nodes []Node, at release, own settings) error {
	if err := g.run("checkout", "-q", "-b", "t_"+at.Tag, "refs/tags/"+at.Tag); err != nil {
		return err
	}
	sample, mine := filepath.Join(g.dir, "inventory/sample"), filepath.Join(g.dir, "inventory/mycluster")
	if err := os.CopyFS(mine, os.DirFS(sample)); err != nil {
		return err
	}
	file, text := at.inventory(l, nodes)
	if err := writeFile(filepath.Join(mine, file), text, 0o644); err != nil {
		return err
	}
	if err := substitute(filepath.Join(g.dir, ".gitignore"), `(?m)^!inventory/sample$`, "!inventory/sample\n!inventory/mycluster"); err != nil {
		return err
	}
	installed, err := time.Parse(time.RFC3339, at.Date)
	if err != nil {
		return err
	}
	g.date = installed.Add(32 * 24 * time.Hour).Format(time.RFC3339)
	if err := g.commit("Added the inventory/mycluster config directory."); err != nil {
		return err
	}
	for _, c := range own.customisations(at) {
		if err := substitute(filepath.Join(mine, "group_vars/k8s_cluster", c.file), c.old, c.new); err != nil {
			return err
		}
	}
	return g.commit("Modified addons.yml, k8s-cluster.yml, and k8s-net-calico.yml files.")
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
