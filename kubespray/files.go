package kubespray

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"spraydeck/regular"
)

// NotFoundError names what a revision does not have. What is a path, or a
// phrase when it is no path.
type NotFoundError struct{ Rev, What string }

func (e *NotFoundError) Error() string {
	rev := e.Rev
	if rev == "" {
		rev = "working tree"
	}
	return fmt.Sprintf("find %s:%s: no such file or revision", rev, e.What)
}

// NotFound is true; it lets a caller tell this error by a one-method interface.
func (e *NotFoundError) NotFound() bool { return true }

// Show reads one file at a revision; rev "" is the working tree, uncommitted
// work and ignored files included. What is not there is a *NotFoundError.
func (c *Checkout) Show(ctx context.Context, rev, name string) ([]byte, error) {
	if rev != "" {
		found, err := c.blobs(ctx, rev, name)
		if err != nil {
			return nil, err
		}
		text, ok := found[name]
		if !ok {
			return nil, &NotFoundError{Rev: rev, What: name}
		}
		return text, nil
	}
	full, err := c.local(name)
	if err != nil {
		return nil, err
	}
	text, err := regular.Read(full)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
		return nil, &NotFoundError{What: name}
	}
	return text, err
}

// Files lists the files below dir at a revision, sorted, as paths from the top
// of the checkout; dir "" is the top. rev "" is the working tree.
func (c *Checkout) Files(ctx context.Context, rev, dir string) ([]string, error) {
	dir = strings.Trim(path.Clean("/"+dir), "/")
	if rev == "" {
		return c.walk(dir)
	}
	out, err := git(ctx, c.dir, nil, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", rev+":"+dir)
	var failed *gitError
	if errors.As(err, &failed) && failed.code == 128 {
		return nil, &NotFoundError{Rev: rev, What: dir}
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" {
			names = append(names, path.Join(dir, name))
		}
	}
	sort.Strings(names)
	return names, nil
}

// local maps a path from the top to one on disk. It follows symbolic links
// (inventories are often linked in) but no "..", which could leave the tree.
func (c *Checkout) local(name string) (string, error) {
	if name == "" {
		name = "."
	}
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("read %q: the path leaves the checkout", name)
	}
	return filepath.Join(c.dir, name), nil
}

func (c *Checkout) walk(dir string) ([]string, error) {
	full, err := c.local(dir)
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(full) // WalkDir would not enter a link
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, &NotFoundError{What: dir}
	}
	if err != nil {
		return nil, err
	}
	var names []string
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git":
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		rel, err := filepath.Rel(root, p)
		names = append(names, path.Join(dir, filepath.ToSlash(rel)))
		return err
	})
	sort.Strings(names)
	return names, err
}

// readAll reads the given files at a revision, one git child for all of them.
// What is not there is absent from the result.
func (c *Checkout) readAll(ctx context.Context, rev string, names []string) (map[string][]byte, error) {
	if rev != "" {
		return c.blobs(ctx, rev, names...)
	}
	found := make(map[string][]byte, len(names))
	for _, name := range names {
		text, err := c.Show(ctx, "", name)
		var missing *NotFoundError
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[name] = text
	}
	return found, nil
}
