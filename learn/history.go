package learn

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"spraydeck/kubespray"
)

// History is what releases before one say: the keys of their samples, and what the last of them reads.
type History struct {
	Since    string // the first release of the catalogue: of it all counts that it does not read
	checkout *kubespray.Checkout
	tags     []string                   // releases of the checkout, oldest first
	samples  map[string]map[string]bool // by tag
	reads    map[string]map[string]bool // by tag, of those asked for
}

var releaseTag = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// NewHistory lists the releases of a checkout.
func NewHistory(ctx context.Context, c *kubespray.Checkout) (*History, error) {
	tags, err := c.Tags(ctx)
	if err != nil {
		return nil, err
	}
	tags = slices.DeleteFunc(tags, func(t string) bool { return !releaseTag.MatchString(t) })
	return &History{checkout: c, tags: sortVersions(tags), samples: map[string]map[string]bool{}, reads: map[string]map[string]bool{}}, nil
}

// Before is the release before a tag, "" where the checkout has none.
func (h *History) Before(tag string) string {
	before := ""
	for _, t := range h.tags {
		if older(t, tag) {
			before = t
		}
	}
	return before
}

// Tags are the releases of the checkout, oldest first.
func (h *History) Tags() []string { return h.tags }

// changed are the keys of samples that the release does not read while the one before did, and those read again.
func (h *History) changed(ctx context.Context, f *Facts) (gone, back []string, err error) {
	h.reads[f.Tag] = setOf(f.Reads)
	keys := map[string]bool{}
	for _, t := range h.tags {
		if !older(t, f.Tag) {
			break
		}
		s, err := h.sample(ctx, t)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(keys, s)
	}
	read := keys // without a release before, all that this one does not read is new
	if before := h.Before(f.Tag); before != "" && f.Tag != h.Since {
		if read, err = h.readsOf(ctx, before); err != nil {
			return nil, nil, err
		}
	}
	for k := range keys {
		switch now := h.reads[f.Tag][k]; {
		case now && !read[k]:
			back = append(back, k)
		case !now && read[k]:
			gone = append(gone, k)
		}
	}
	slices.Sort(gone)
	slices.Sort(back)
	return gone, back, nil
}

var sampleKey = regexp.MustCompile(`(?m)^(?:# ?)?([a-z][a-z0-9_]*_[a-z0-9_]+):`)

// sample are the keys of the sample of a tag, those in comments too.
func (h *History) sample(ctx context.Context, tag string) (map[string]bool, error) {
	if s, known := h.samples[tag]; known {
		return s, nil
	}
	_, texts, err := h.checkout.Tree(ctx, "refs/tags/"+tag, func(n string) bool { return strings.HasPrefix(n, "inventory/sample/group_vars/") })
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, text := range texts {
		for _, m := range sampleKey.FindAllSubmatch(text, -1) {
			keys[string(m[1])] = true
		}
	}
	h.samples[tag] = keys
	return keys, nil
}

func (h *History) readsOf(ctx context.Context, tag string) (map[string]bool, error) {
	if r, known := h.reads[tag]; known {
		return r, nil
	}
	v, err := h.checkout.ReleaseVars(ctx, tag, "")
	if err != nil {
		return nil, err
	}
	h.reads[tag] = setOf(v.Reads)
	return h.reads[tag], nil
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}

// compareTags orders tags by version.
func compareTags(a, b string) int {
	x, errA := semver.NewVersion(a)
	y, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}
