package learn

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"spraydeck/ansible"
)

// Diff is what changed from one release to another.
type Diff struct {
	From       string         `json:"from"`
	To         string         `json:"to"`
	Versions   []Change       `json:"versions"`
	Defaults   KeyChanges     `json:"defaults"`
	Sample     KeyChanges     `json:"sample"`
	Unread     []string       `json:"unread"` // keys with a default or in the sample of the old release that nothing reads any more
	Refusals   Lists[Refusal] `json:"refusals"`
	Prompts    Lists[Prompt]  `json:"prompts"`
	Playbooks  Lists[string]  `json:"playbooks"`
	Templates  Lists[string]  `json:"templates"`
	Notifies   []Change       `json:"notifies"` // what a template notifies, by its source
	Allowed    []Change       `json:"allowed"`
	Behaviours int            `json:"behaviours"` // defaults removed, and changed that are no version or image
}

// Change is something with another value.
type Change struct {
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// KeyChanges are settings that went, came and changed.
type KeyChanges struct {
	Removed []Key `json:"removed"`
	Added   []Key `json:"added"`
	Changed []Key `json:"changed"`
}

// Key is a setting with its values in the old and in the new release.
type Key struct {
	Key     string `json:"key"`
	Old     any    `json:"old,omitempty"`
	New     any    `json:"new,omitempty"`
	File    string `json:"file"`    // in the new release, or in the old one where it went
	Version bool   `json:"version"` // it names a version, an image or where something is downloaded
}

// Lists are what went and what came.
type Lists[T any] struct {
	Gone []T `json:"gone"`
	New  []T `json:"new"`
}

// Refusal is an assert or fail task.
type Refusal struct {
	Task    string `json:"task"`
	Message string `json:"message,omitempty"`
	That    string `json:"that,omitempty"`
	When    string `json:"when,omitempty"`
	Path    string `json:"path"`
}

// key is what a refusal is compared by: spaces and the way in which facts are written do not count.
func (r Refusal) key() string {
	return sameFacts(strings.Join(strings.Fields(strings.Join([]string{r.Task, "|", r.Message, "|", r.That, "|", r.When}, " ")), " "))
}

// Compare says what changed from one release to another.
func Compare(a, b *Facts) *Diff {
	d := &Diff{From: a.Tag, To: b.Tag, Versions: versionsOf(a, b), Defaults: keyChanges(a.Defaults, b.Defaults), Sample: keyChanges(a.Sample, b.Sample)}
	for _, k := range d.Defaults.Changed {
		if !k.Version {
			d.Behaviours++
		}
	}
	d.Behaviours += len(d.Defaults.Removed)
	oldReads, newReads := setOf(a.Reads), setOf(b.Reads)
	for _, keys := range []map[string]Default{a.Defaults, a.Sample} {
		for k := range keys {
			if oldReads[k] && !newReads[k] && !slices.Contains(d.Unread, k) {
				d.Unread = append(d.Unread, k)
			}
		}
	}
	slices.Sort(d.Unread)
	d.Refusals = lists(refusalsOf(a.Checks), refusalsOf(b.Checks), Refusal.key)
	d.Prompts = lists(a.Prompts, b.Prompts, func(p Prompt) string { return p.Says })
	path := func(s string) string { return s }
	d.Playbooks = lists(playPaths(a), playPaths(b), path)
	oldNotify, newNotify := notifies(a), notifies(b)
	d.Templates = lists(slices.Sorted(maps.Keys(oldNotify)), slices.Sorted(maps.Keys(newNotify)), path)
	for _, name := range slices.Sorted(maps.Keys(oldNotify)) {
		if now, there := newNotify[name]; there && now != oldNotify[name] {
			d.Notifies = append(d.Notifies, Change{name, oldNotify[name], now})
		}
	}
	d.Allowed = changes(listed(a.Allowed), listed(b.Allowed))
	return d
}

// versionsOf compares Kubernetes, components, Ansible and Python.
func versionsOf(a, b *Facts) []Change {
	of := func(f *Facts) (names []string, values map[string]string) {
		values = map[string]string{}
		add := func(name, v string) { names = append(names, name); values[name] = v }
		add("kubernetes", f.Kubernetes.Default)
		add("kubernetes, oldest", f.Kubernetes.Min)
		add("kubernetes, newest", f.Kubernetes.Max)
		for _, c := range f.Components {
			add(c.Name, c.Version)
			if c.From != "" {
				add(c.Name+", upgrades from", c.From)
			}
		}
		add("ansible", f.Ansible.Package)
		add("ansible-core, oldest", f.Ansible.Min)
		add("ansible-core, below", f.Ansible.Below)
		add("python, oldest", f.Python.Min)
		add("python, newest", f.Python.Max)
		return names, values
	}
	names, old := of(a)
	more, now := of(b)
	for _, n := range more {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	var list []Change
	for _, n := range names {
		if old[n] != now[n] {
			list = append(list, Change{n, old[n], now[n]})
		}
	}
	return list
}

func changes(old, now map[string]string) []Change {
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	var list []Change
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if old[k] != now[k] {
			list = append(list, Change{k, old[k], now[k]})
		}
	}
	return list
}

func listed(lists []List) map[string]string {
	m := map[string]string{}
	for _, l := range lists {
		m[l.Name] = strings.Join(l.Values, ", ")
	}
	return m
}

func keyChanges(old, now map[string]Default) KeyChanges {
	var c KeyChanges
	for _, k := range slices.Sorted(maps.Keys(old)) {
		o := old[k]
		n, there := now[k]
		switch {
		case !there:
			c.Removed = append(c.Removed, Key{Key: k, Old: o.Value, File: o.File, Version: namesVersion(k)})
		case !equal(o.Value, n.Value):
			c.Changed = append(c.Changed, Key{Key: k, Old: o.Value, New: n.Value, File: n.File, Version: namesVersion(k)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(now)) {
		if _, there := old[k]; !there {
			c.Added = append(c.Added, Key{Key: k, New: now[k].Value, File: now[k].File, Version: namesVersion(k)})
		}
	}
	return c
}

// namesVersion reports whether a setting names a version, an image or where something is downloaded: these change with every
// release.
func namesVersion(key string) bool {
	return slices.ContainsFunc([]string{"version", "image", "url", "digest", "tag"}, func(w string) bool { return strings.Contains(key, w) })
}

func refusalsOf(list []ansible.Check) []Refusal {
	var all []Refusal
	for _, c := range list {
		all = append(all, Refusal{c.Task, c.Message, c.That, c.When, c.Path})
	}
	return all
}

func playPaths(f *Facts) []string {
	var list []string
	for _, p := range f.Plays {
		list = append(list, p.Path)
	}
	return list
}

// notifies is what the tasks notify that write a template, by its path.
func notifies(f *Facts) map[string]string {
	by := map[string][]string{}
	for _, t := range f.Templates {
		role, _, _ := strings.Cut(t.Path, "/tasks/")
		name := role + "/templates/" + t.Source
		by[name] = append(by[name], t.Notify...)
	}
	m := map[string]string{}
	for name, list := range by {
		slices.Sort(list)
		m[name] = strings.Join(slices.Compact(list), ", ")
	}
	return m
}

// lists compares two lists by a key of their elements; one that stands several times counts once.
func lists[T any](old, now []T, key func(T) string) Lists[T] {
	var l Lists[T]
	in := func(list []T) map[string]bool {
		set := map[string]bool{}
		for _, e := range list {
			set[key(e)] = true
		}
		return set
	}
	before, after := in(old), in(now)
	for _, e := range old {
		if k := key(e); !after[k] {
			after[k] = true
			l.Gone = append(l.Gone, e)
		}
	}
	for _, e := range now {
		if k := key(e); !before[k] {
			before[k] = true
			l.New = append(l.New, e)
		}
	}
	slices.SortStableFunc(l.Gone, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	slices.SortStableFunc(l.New, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return l
}
