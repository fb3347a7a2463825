package kubespray

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Tags are the tags of the checkout, in no order that means anything.
func (c *Checkout) Tags(ctx context.Context) ([]string, error) {
	out, err := git(ctx, c.dir, nil, "for-each-ref", "--format=%(refname:strip=2)", "refs/tags")
	return strings.Fields(string(out)), err
}

// Resolve is the commit of a revision: a tag, a branch or a commit.
func (c *Checkout) Resolve(ctx context.Context, rev string) (string, error) {
	out, err := git(ctx, c.dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	var failed *gitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("the checkout has no tag, branch or commit %s: git fetch --tags brings new ones", rev)
	}
	return strings.TrimSpace(string(out)), err
}

// Date is the day of a revision: of the tag where it is one, else of the commit.
func (c *Checkout) Date(ctx context.Context, rev string) (string, error) {
	out, err := git(ctx, c.dir, nil, "for-each-ref", "--format=%(creatordate:short)", "refs/tags/"+rev)
	if day := strings.TrimSpace(string(out)); err != nil || day != "" {
		return day, err
	}
	commit, err := c.Resolve(ctx, rev)
	if err != nil {
		return "", err
	}
	out, err = git(ctx, c.dir, nil, "show", "-s", "--format=%cs", commit)
	return strings.TrimSpace(string(out)), err
}

var galaxyVersion = regexp.MustCompile(`(?m)^version: *["']?(\d+\.\d+\.\d+)["']?\s*$`)

// Version is the version in galaxy.yml at a revision, "" where it names none.
func (c *Checkout) Version(ctx context.Context, rev string) (string, error) {
	commit, err := c.Resolve(ctx, rev)
	if err != nil {
		return "", err
	}
	found, err := c.blobs(ctx, commit, "galaxy.yml")
	if m := galaxyVersion.FindSubmatch(found["galaxy.yml"]); m != nil {
		return string(m[1]), err
	}
	return "", err
}
