package learn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// behaviour is a default that went or changed at a hop and is no version or image.
type behaviour struct {
	hop  string // FROM..TO
	kind string // changed, removed
	key  string
	read string // how the new release reads it: the template that does, "tasks" where only tasks do, "nothing"
	old  string
	now  string
}

// behaviours are the behaviours that differ between two releases.
func behaviours(old, now *Facts) []behaviour {
	d, readers := Compare(old, now), now.readers
	var list []behaviour
	for _, k := range d.Defaults.Changed {
		if !k.Version {
			list = append(list, behaviour{d.From + ".." + d.To, "changed", k.Key, readers(k.Key), oneLine(k.Old), oneLine(k.New)})
		}
	}
	for _, k := range d.Defaults.Removed {
		list = append(list, behaviour{d.From + ".." + d.To, "removed", k.Key, readers(k.Key), oneLine(k.Old), ""})
	}
	slices.SortStableFunc(list, func(a, b behaviour) int { return strings.Compare(a.key, b.key) })
	return list
}

func oneLine(v any) string {
	if v == nil {
		return "null"
	}
	s := value(v)
	if r := []rune(s); len(r) > 80 {
		s = string(r[:77]) + "..."
	}
	return s
}

var word = regexp.MustCompile(`[a-zA-Z_][a-zA-Z0-9_]*`)

// readers finds for a key the template that reads it, directly or through defaults that name it.
func (t *tree) readers(reads map[string]bool) func(string) string {
	templates := map[string]string{}
	for _, n := range t.names {
		if !strings.HasPrefix(n, "roles/") || !strings.Contains(n, "/templates/") {
			continue
		}
		for _, w := range word.FindAll(t.texts[n], -1) {
			if _, known := templates[string(w)]; !known {
				templates[string(w)] = n
			}
		}
	}
	for range 4 { // a default in a default in a default
		for name, list := range t.vars {
			path, reached := templates[name]
			if !reached {
				continue
			}
			for _, v := range list {
				for _, w := range word.FindAllString(fmt.Sprint(plain(v.node)), -1) {
					if _, known := templates[w]; !known && t.vars[w] != nil {
						templates[w] = path
					}
				}
			}
		}
	}
	return func(key string) string {
		switch {
		case templates[key] != "":
			return templates[key]
		case reads[key]:
			return "tasks"
		}
		return "nothing"
	}
}

const behavioursHead = "# The defaults that went or changed at each hop, versions and images left out; made by go run ./runbooks/learn CHECKOUT.\n" +
	"# hop, what, key, how the new release reads it (a template, tasks, nothing), old, new\n"

// lastPatches are the newest patches of each minor, oldest first.
func lastPatches(tags []string) []string {
	var list []string
	for i, t := range tags {
		if i == len(tags)-1 || minorOf(tags[i+1]) != minorOf(t) {
			list = append(list, t)
		}
	}
	return list
}

func (b behaviour) line() string {
	return strings.Join([]string{b.hop, b.kind, b.key, b.read, b.old, b.now}, "\t") + "\n"
}
