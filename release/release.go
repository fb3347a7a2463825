package release

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"spraydeck/runbook"
)

// Release is a release file with its tag as a version.
type Release struct {
	*runbook.ReleaseFile
	version *semver.Version
}

// Releases are releases in the order of their versions.
type Releases []*Release

// ReadReleases reads the releases below a directory. Nothing reads them before it is asked about releases, so they cost
// a start nothing.
func ReadReleases(fsys fs.FS, dir string) (Releases, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var all []*runbook.ReleaseFile
	var problems runbook.Problems
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" {
			continue
		}
		name := path.Join(dir, e.Name())
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, ps := runbook.Parse(name, text, &runbook.Language{})
		if problems = append(problems, ps...); f.Release != nil {
			all = append(all, f.Release)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return NewReleases(all...)
}

// NewReleases puts releases in order. Of two of one name the later takes the place of the earlier.
func NewReleases(list ...*runbook.ReleaseFile) (Releases, error) {
	byName := map[string]*Release{}
	for _, r := range list {
		v, err := runbook.ParseTag(r.Name.Value)
		if err != nil {
			return nil, runbook.Problems{{Pos: r.Name.Pos, Rule: "release-name", Message: err.Error(), Hint: "a release is named by its tag"}}
		}
		byName[r.Name.Value] = &Release{ReleaseFile: r, version: v}
	}
	var rs Releases
	for _, r := range byName {
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(a, b *Release) int { return a.version.Compare(b.version) })
	return rs, nil
}

// Files returns the files that the releases were made of.
func (rs Releases) Files() []*runbook.ReleaseFile {
	files := make([]*runbook.ReleaseFile, len(rs))
	for i, r := range rs {
		files[i] = r.ReleaseFile
	}
	return files
}

// Find returns the release of a tag, with or without its leading v. A version that is not known is an error that names
// the nearest ones.
func (rs Releases) Find(tag string) (*Release, error) {
	if len(rs) == 0 {
		return nil, errors.New("find release: the catalogue is empty")
	}
	first, last := rs[0], rs[len(rs)-1]
	v, err := semver.NewVersion(tag)
	if err != nil {
		return nil, &runbook.UsageError{Message: fmt.Sprintf("%q is not a release of Kubespray", tag), Way: fmt.Sprintf("known are %s to %s", first.Name, last.Name)}
	}
	at, found := slices.BinarySearchFunc(rs, v, func(r *Release, v *semver.Version) int { return r.version.Compare(v) })
	switch {
	case found && strings.Count(tag, ".") == 2:
		return rs[at], nil
	case at == len(rs):
		return nil, &runbook.UsageError{Message: fmt.Sprintf("%s is newer than the catalogue: releases are known up to %s", runbook.AsTag(tag), last.Name),
			Way: fmt.Sprintf("the nearest is %s; a file of kind Release makes a newer one known", last.Name)}
	case at == 0 && !found:
		return nil, &runbook.UsageError{Message: fmt.Sprintf("%s is older than the catalogue: releases are known from %s", runbook.AsTag(tag), first.Name), Way: fmt.Sprintf("the nearest is %s", first.Name)}
	}
	return nil, &runbook.UsageError{Message: fmt.Sprintf("there is no release %s", runbook.AsTag(tag)), Way: "the nearest are " + strings.Join(rs.near(v, at), ", ")}
}

// near names the releases of the same minor, or else those on either side.
func (rs Releases) near(v *semver.Version, at int) []string {
	var names []string
	for _, r := range rs {
		if r.version.Major() == v.Major() && r.version.Minor() == v.Minor() {
			names = append(names, r.Name.Value)
		}
	}
	if names == nil {
		names = []string{rs[at-1].Name.Value, rs[at].Name.Value}
	}
	return names
}

// Newest is the newest release that need not be avoided, nil if there is none.
func (rs Releases) Newest() *Release {
	for _, r := range slices.Backward(rs) {
		if r.Avoid == nil {
			return r
		}
	}
	return nil
}

// Running returns the release that most likely installed a version of Kubernetes: of its minor the newest that installs
// just this version, or else the newest that installs an older one, or else the first. Nil if no release has the minor.
func (rs Releases) Running(kubernetes string) *Release {
	v, err := semver.NewVersion(kubernetes)
	if err != nil {
		return nil
	}
	var best *Release
	for _, r := range rs {
		d := r.Kubernetes.Version()
		if d.Minor() == v.Minor() && d.Major() == v.Major() && (best == nil || d.Compare(v) <= 0) {
			best = r
		}
	}
	return best
}

// Ignored are the keys of older sample inventories that no role of this release reads, in order: an inventory that holds
// one of them says something that nobody hears.
func (rs Releases) Ignored(r *Release) []string {
	dead := map[string]bool{}
	for _, older := range rs {
		if older.version.Compare(r.version) > 0 {
			break
		}
		for _, k := range older.Variables.Gone {
			dead[k.Value] = true
		}
		for _, k := range older.Variables.Back {
			delete(dead, k.Value)
		}
	}
	keys := make([]string, 0, len(dead))
	for k := range dead {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// component returns a component of the release; one it does not install has no version.
func (r *Release) component(name string) runbook.Component {
	c, _ := r.Components.Get(name)
	return c
}
