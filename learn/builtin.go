package learn

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"spraydeck/ansible"
	"spraydeck/kubespray"
)

const (
	releasesDir = "releases" // of the built-in data
	firstChecks = "v2.18.0"  // checks.json begins here
)

var builtInTag = regexp.MustCompile(`^v2\.(1[5-9]|[2-9]\d)\.\d+$`)

// BuiltIn makes the built-in files of every release of the checkout, by their paths below the directory of runbooks. byHand returns
// what people wrote of a tag, as Judgement does.
func BuiltIn(ctx context.Context, c *kubespray.Checkout, byHand func(tag string) ([]byte, error)) (map[string][]byte, error) {
	h, err := NewHistory(ctx, c)
	if err != nil {
		return nil, err
	}
	tags := slices.DeleteFunc(slices.Clone(h.Tags()), func(t string) bool { return !builtInTag.MatchString(t) })
	if len(tags) == 0 {
		return nil, errors.New("the checkout has no tags of releases: git fetch --tags brings them")
	}
	h.Since = tags[0]
	files := map[string][]byte{}
	all := &refusals{at: map[ansible.Check]int{}}
	table := behavioursHead
	patches := lastPatches(tags)
	var before *Facts
	for _, tag := range tags {
		f, err := Read(ctx, c, tag, tag, h)
		if err != nil {
			return nil, err
		}
		hand, err := byHand(tag)
		if err != nil {
			return nil, err
		}
		if files[path.Join(releasesDir, tag+".yaml")], err = File(f, hand, f.Checks); err != nil {
			return nil, fmt.Errorf("%s: %w", tag, err)
		}
		if compareTags(tag, firstChecks) >= 0 {
			all.add(tag, f.Checks)
		}
		if compareTags(tag, firstChecks) < 0 || !slices.Contains(patches, tag) {
			continue
		}
		if before != nil {
			for _, b := range behaviours(before, f) {
				table += b.line()
			}
		}
		before = f
	}
	files["checks.json"], files["testdata/behaviours.tsv"] = all.json(), []byte(table)
	return files, nil
}

//go:embed judgement
var judgement embed.FS

// Judgement returns what people wrote of a release, as YAML: nothing where they wrote nothing.
func Judgement(tag string) ([]byte, error) {
	text, err := judgement.ReadFile("judgement/" + tag + ".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// refusals are the checks of several releases; one that several have keeps the first and the last.
type refusals struct {
	list []ansible.Check
	at   map[ansible.Check]int
}

func (r *refusals) add(tag string, checks []ansible.Check) {
	for _, c := range checks {
		path := c.Path
		c.Path, c.First, c.Last = "", "", ""
		i, known := r.at[c]
		if !known {
			i = len(r.list)
			r.at[c] = i
			c.First = tag
			r.list = append(r.list, c)
		}
		r.list[i].Last, r.list[i].Path = tag, path
	}
}

func (r *refusals) json() []byte {
	list := slices.Clone(r.list)
	slices.SortStableFunc(list, func(a, b ansible.Check) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Task, b.Task), compareTags(a.First, b.First))
	})
	var b bytes.Buffer
	b.WriteString("[\n")
	for i, c := range list {
		line, _ := json.Marshal(c)
		b.Write(line)
		if i < len(list)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return b.Bytes()
}
