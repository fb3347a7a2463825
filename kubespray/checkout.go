package kubespray

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Checkout is a Kubespray working tree. Its methods read; none changes it, and
// each may be called at any time, by several goroutines.
type Checkout struct {
	dir     string
	objects *objects
}

// NotCheckoutError says that a directory is no Kubespray checkout.
type NotCheckoutError struct {
	Path   string
	Reason string
	hint   string
	err    error
}

func (e *NotCheckoutError) Error() string {
	return fmt.Sprintf("open checkout %s: %s", e.Path, e.Reason)
}

// Hint says how to fix it, in one line.
func (e *NotCheckoutError) Hint() string { return e.hint }

func (e *NotCheckoutError) Unwrap() error { return e.err }

const cloneHint = "name the checkout with --checkout, or make one: git clone https://github.com/kubernetes-sigs/kubespray.git"

// Open finds the checkout that dir is or lies in. Any failure is a
// *NotCheckoutError.
func Open(dir string) (*Checkout, error) {
	no := func(reason, hint string, err error) (*Checkout, error) {
		return nil, &NotCheckoutError{Path: dir, Reason: reason, hint: hint, err: err}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return no("no such directory", cloneHint, err)
	case err != nil:
		return no("can not be read: "+err.Error(), "check the permissions of the directory", err)
	case !info.IsDir():
		return no("not a directory", cloneHint, nil)
	}
	if _, err := exec.LookPath("git"); err != nil {
		return no("git is not installed", "install git, e.g. apt-get install git", err)
	}
	// Reading one path from a repository takes milliseconds; a mount that
	// hangs must not hang the console.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	out, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		if strings.Contains(err.Error(), "dubious ownership") {
			return no("git refuses a repository that belongs to another user",
				"if you trust it: git config --global --add safe.directory "+dir, err)
		}
		var failed *gitError
		if errors.As(err, &failed) && strings.Contains(failed.stderr, "not a git repository") {
			return no("not a git repository", cloneHint, err)
		}
		return no("git can not read it: "+err.Error(), cloneHint, err)
	}
	top := strings.TrimSuffix(string(out), "\n")
	for _, want := range []string{"upgrade-cluster.yml", "roles"} {
		if _, err := os.Stat(filepath.Join(top, want)); err != nil {
			return no("a git repository, but not Kubespray: no "+want+" in "+top, cloneHint, err)
		}
	}
	return &Checkout{dir: top, objects: &objects{dir: top}}, nil
}

// Dir is the top of the working tree, an absolute path.
func (c *Checkout) Dir() string { return c.dir }

// Branch is the branch in use, "" when HEAD is detached.
func (c *Checkout) Branch(ctx context.Context) (string, error) {
	out, err := git(ctx, c.dir, nil, "symbolic-ref", "-q", "--short", "HEAD")
	var failed *gitError
	if errors.As(err, &failed) && failed.code == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// ErrNoTag says that the release is unknown: a clone without tags (git fetch
// --tags brings them), or a history that is not Kubespray's.
var ErrNoTag = errors.New("find release: no tag v2.* among the ancestors of HEAD")

var noTag = regexp.MustCompile(`(?i)no names found|no tags can describe|cannot describe`)

var describe = regexp.MustCompile(`^(.+)-(\d+)-g[0-9a-f]+\n?$`)

// Tag is the release tag (v2.*) that HEAD stands on, or else the nearest one
// among its ancestors; exact tells which. Without one it is [ErrNoTag].
func (c *Checkout) Tag(ctx context.Context) (tag string, exact bool, err error) {
	out, err := git(ctx, c.dir, nil, "describe", "--tags", "--long", "--match", "v2.*", "HEAD")
	var failed *gitError
	if errors.As(err, &failed) && noTag.MatchString(failed.stderr) {
		return "", false, ErrNoTag
	}
	if err != nil {
		return "", false, err
	}
	m := describe.FindStringSubmatch(string(out))
	if m == nil {
		return "", false, fmt.Errorf("read git describe: unexpected %q", out)
	}
	return m[1], m[2] == "0", nil
}

// Contained lists the tags v2.* that HEAD contains.
func (c *Checkout) Contained(ctx context.Context) ([]string, error) {
	out, err := git(ctx, c.dir, nil, "for-each-ref", "--merged", "HEAD", "--format=%(refname:lstrip=2)", "refs/tags/v2.*")
	return strings.Fields(string(out)), err
}

// Above counts the commits between the nearest tag and HEAD, and those of them that change what a playbook does. Commits of
// the operator's that only bring an inventory are not among these.
func (c *Checkout) Above(ctx context.Context, tag string) (commits, code int, err error) {
	for _, n := range []struct {
		to    *int
		paths []string
	}{{&commits, nil}, {&code, []string{"roles", "playbooks", "library", "plugins", "*.yml", ":!inventory", ":!.github", ":!.gitlab-ci", ":!tests", ":!docs"}}} {
		out, err := git(ctx, c.dir, nil, append([]string{"rev-list", "--count", "refs/tags/" + tag + "..HEAD", "--"}, n.paths...)...)
		if err != nil {
			return 0, 0, err
		}
		if *n.to, err = strconv.Atoi(strings.TrimSpace(string(out))); err != nil {
			return 0, 0, err
		}
	}
	return commits, code, nil
}

// Clean tells whether nothing is changed or untracked; if something is, the
// lines of git status --porcelain.
func (c *Checkout) Clean(ctx context.Context) (bool, []string, error) {
	out, err := git(ctx, c.dir, nil, "status", "--porcelain=v1", "--untracked-files=normal")
	if err != nil {
		return false, nil, err
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return len(lines) == 0, lines, nil
}
