package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/kubespray"
	"spraydeck/regular"
	"spraydeck/runbook"
)

var errNoCheckout = &runbook.UsageError{Message: "there is no checkout of Kubespray here", Way: "name one with --checkout"}

// contains reports whether HEAD contains a tag.
func (r *reader) contains(ctx context.Context, tag string) (bool, error) {
	if r.checkout == nil {
		return false, errNoCheckout
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tags != nil {
		return slices.Contains(*r.tags, tag), nil
	}
	tags, err := r.checkout.Contained(ctx)
	if err == nil && r.lists != nil {
		r.tags = &tags
	}
	return slices.Contains(tags, tag), err
}

// hasTag ends as git merge-base --is-ancestor does.
func (r *reader) hasTag(ctx context.Context, tag string, stderr io.Writer) (int, error) {
	has, err := r.contains(ctx, tag)
	switch {
	case ctx.Err() != nil:
		return -1, ctx.Err()
	case err != nil:
		fmt.Fprintln(stderr, err)
		return 128, nil
	case has:
		return 0, nil
	}
	return 1, nil
}

// file prints files of the checkout, or of a tag.
func (r *reader) file(ctx context.Context, f *event.Files, stdout, stderr io.Writer) (int, error) {
	text, err := r.texts(ctx, f)
	if ctx.Err() != nil {
		return -1, ctx.Err()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1, nil
	}
	if len(f.Keys) > 0 {
		text = onlyKeys(text, f.Keys)
	}
	_, err = io.WriteString(stdout, text)
	return 0, err
}

func (r *reader) texts(ctx context.Context, f *event.Files) (string, error) {
	var all strings.Builder
	tag, found := f.Tag, false
	if tag != "" && f.Here {
		if here, err := r.contains(ctx, tag); err != nil {
			return "", err
		} else if here {
			tag = ""
		}
	}
	commit := ""
	if tag != "" {
		if r.checkout == nil {
			return "", errNoCheckout
		}
		var err error
		if commit, err = r.checkout.Commit(ctx, tag); err != nil {
			return "", err
		}
	}
	for _, path := range f.Paths {
		var text []byte
		var err error
		if tag == "" {
			text, err = regular.Read(filepath.Join(r.dir, path))
		} else {
			text, err = r.checkout.Show(ctx, commit, path)
		}
		var absent *kubespray.NotFoundError
		if errors.Is(err, os.ErrNotExist) || errors.As(err, &absent) {
			continue
		}
		if err != nil {
			return "", err
		}
		found = true
		all.Write(text)
	}
	if !found {
		where := "the checkout"
		if tag != "" {
			where = tag
		}
		return "", fmt.Errorf("%s has no %s", where, strings.Join(f.Paths, " and no "))
	}
	return all.String(), nil
}

var (
	ofAKey  = regexp.MustCompile(`^(\w+):`)
	outside = regexp.MustCompile(`^[^ #]`)
)

// onlyKeys are the lines of some keys of the top level.
func onlyKeys(text string, keys []string) string {
	var b strings.Builder
	on := false
	for line := range strings.Lines(text) {
		if m := ofAKey.FindStringSubmatch(line); m != nil && slices.Contains(keys, m[1]) {
			on = true
		} else if outside.MatchString(line) && line != "\n" {
			on = false
		}
		if on {
			b.WriteString(line)
		}
	}
	return b.String()
}

// readEnv is the environment of a command that only reads the repository of dir. While only checks run it is made once.
func (r *reader) readEnv(ctx context.Context, dir, bin string) []string {
	if r == nil {
		return kubespray.ReadEnv(ctx, dir, bin)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if env, known := r.environ[dir]; known {
		return env
	}
	env := kubespray.ReadEnv(ctx, dir, bin)
	if r.lists != nil && ctx.Err() == nil {
		if r.environ == nil {
			r.environ = map[string][]string{}
		}
		r.environ[dir] = env
	}
	return env
}
