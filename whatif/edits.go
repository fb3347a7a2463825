package whatif

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Edit is a file that lies on some nodes otherwise than the release in use writes it with this inventory.
type Edit struct {
	Dest     string    `json:"dest"`
	Nodes    []string  `json:"nodes"`
	Fate     string    `json:"fate"` // overwritten, stays (the new release does not write the file) or unknown
	Settings []Setting `json:"settings"`
}

// Setting is a setting of a file that somebody changed on the node. A text is "" where the file does not have it.
type Setting struct {
	Path  string `json:"path"`
	What  string `json:"what"` // changed, added or removed on the node
	Old   string `json:"old"`  // as the release in use writes it
	Node  string `json:"node"`
	New   string `json:"new"`             // as the new release writes it
	Carry *Carry `json:"carry,omitempty"` // nil: no setting of the inventory is known that gives it
}

// Carry is a setting of the inventory with which the new release writes what stands on the node. It has been tried.
type Carry struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// Missing is a file that the release in use writes and that some nodes do not have.
type Missing struct {
	Dest  string   `json:"dest"`
	Nodes []string `json:"nodes"`
}

// threeWay is a file of one node with its settings as they are and as both releases write them.
type threeWay struct {
	place
	fate           string
	base, now, new map[string]string
	texts          [3]string // the same as text: base, node, new
	source         string    // the template of the new release
	settings       []Setting
}

// HandEdits puts into the report what was changed by hand on the nodes. Where try is given, it finds the settings of the
// inventory that keep the changes; it renders the new release with settings for each node.
func (r *Report) HandEdits(old, new *Rendering, nodes *OnNodes, key string, templates func(source string) string,
	try func(settings map[string]map[string]any) (*Rendering, error)) error {
	s := newSecrets(key)
	found, missing := compareNodes(s, old, new, nodes)
	if err := carry(s, found, templates, try); err != nil {
		return err
	}
	r.Edits, r.Missing = foldEdits(s, new, found), missing
	r.Compared = 0
	for _, files := range nodes.Files {
		for _, f := range files {
			if f.There {
				r.Compared++
			}
		}
	}
	r.Unread = nodes.Failed
	return nil
}

func compareNodes(s *secrets, old, new *Rendering, nodes *OnNodes) (found []*threeWay, missing []Missing) {
	before, after := lastWritten(old), lastWritten(new)
	absent := map[string][]string{}
	for _, k := range sortedKeys(before, nil) {
		base, f := before[k], nodes.Files[k.host][k.dest]
		if nodes.Files[k.host] == nil || old.patched(k) || lost(old, k.host, base) {
			continue
		}
		if !f.There {
			if !base.Assumed {
				absent[k.dest] = append(absent[k.dest], k.host)
			}
			continue
		}
		if e := compareThree(s, k, base, f, after[k]); len(e.settings) > 0 {
			if after[k].Dest == "" && lost(new, k.host, base) {
				e.fate = "unknown"
			}
			found = append(found, e)
		}
	}
	for _, dest := range slices.Sorted(maps.Keys(absent)) {
		missing = append(missing, Missing{dest, absent[dest]})
	}
	return found, missing
}

// patched says whether a task changes single lines of a file beside the one that writes it: what it should be is not known.
func (r *Rendering) patched(k place) bool {
	return slices.ContainsFunc(r.Patched, func(p Patched) bool { return p.Dest == k.dest && p.Host == k.host })
}

func compareThree(s *secrets, k place, base File, f NodeFile, next File) *threeWay {
	e := &threeWay{place: k, fate: "overwritten", source: next.Source}
	content := s.keys(f.Content)
	e.texts = [3]string{base.Content, content, next.Content}
	e.base, e.now, e.new = settingsOf(k.dest, base.Content), settingsOf(k.dest, content), map[string]string{}
	if next.Dest == "" {
		e.fate = "stays"
	} else {
		e.new = settingsOf(k.dest, next.Content)
	}
	s.pair(e.base, e.now)
	s.pair(e.new, e.now)
	keys := maps.Clone(e.base)
	maps.Copy(keys, e.now)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		b, inBase := e.base[key]
		n, onNode := e.now[key]
		w, inNew := e.new[key]
		if inBase == onNode && s.same(b, n) || next.Dest != "" && inNew == onNode && s.same(w, n) {
			continue
		}
		what := "changed"
		switch {
		case !inBase:
			what = "added"
		case !onNode:
			what = "removed"
		}
		e.settings = append(e.settings, Setting{Path: key, What: what, Old: b, Node: n, New: w})
	}
	if mode := strings.TrimLeft(base.Mode, "0"); mode != "" && mode != f.Mode && isOctal(mode) && strings.TrimLeft(next.Mode, "0") != f.Mode {
		e.settings = append(e.settings, Setting{Path: "file mode", What: "changed", Old: base.Mode, Node: "0" + f.Mode, New: next.Mode})
	}
	return e
}

func isOctal(mode string) bool { return strings.Trim(mode, "01234567") == "" }

// pair gives lines and list items of the node, in which a secret or a value of the node stands, the name that they have in
// what is rendered, where the same stands for it.
func (s *secrets) pair(rendered, node map[string]string) {
	for key, text := range rendered {
		if _, there := node[key]; there || !strings.Contains(key, "\x00") || !placeholder.MatchString(text) {
			continue
		}
		for other, value := range node {
			if _, taken := rendered[other]; !taken && strings.Contains(other, "\x00") && s.same(text, value) {
				delete(node, other)
				node[key] = value
				break
			}
		}
	}
}

// foldEdits shows each change once for the nodes that have it. What is secret is masked here.
func foldEdits(s *secrets, r *Rendering, found []*threeWay) []Edit {
	folded, order := map[string]*Edit{}, []string{}
	for _, e := range found {
		edit := &Edit{Dest: e.dest, Nodes: []string{e.host}, Fate: e.fate, Settings: pairLines(e.settings)}
		for i, x := range edit.Settings {
			edit.Settings[i].Node = s.shown(x.Path, x.Node, x.Old, x.New)
			edit.Settings[i].Path, _, _ = strings.Cut(x.Path, "\x00")
		}
		id := e.dest + e.fate
		for _, x := range edit.Settings {
			id += own(r, e.host, fmt.Sprintf("%q", []any{x.Path, x.What, x.Old, x.Node, x.New, x.Carry != nil}))
		}
		if known := folded[id]; known != nil {
			known.Nodes = append(known.Nodes, e.host)
			continue
		}
		folded[id] = edit
		order = append(order, id)
	}
	edits := []Edit{}
	for _, id := range order {
		edits = append(edits, *folded[id])
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.Dest, b.Dest), cmp.Compare(b.Fate, a.Fate)) })
	return edits
}

// pairLines makes one change of a line that took the place of another: those that begin alike.
func pairLines(settings []Setting) []Setting {
	var out []Setting
	taken := map[int]bool{}
	for i, a := range settings {
		if taken[i] {
			continue
		}
		if a.What == "removed" && strings.Contains(a.Path, "\x00") {
			for j, b := range settings {
				if b.What == "added" && !taken[j] && strings.Contains(b.Path, "\x00") && replaces(a, b) {
					taken[j] = true
					a.What, a.Node, a.Carry = "changed", b.Node, cmp.Or(a.Carry, b.Carry)
					break
				}
			}
		}
		out = append(out, a)
	}
	// an added line may stand before the removed one that it replaces
	return slices.DeleteFunc(out, func(x Setting) bool {
		return x.What == "added" && strings.Contains(x.Path, "\x00") && slices.ContainsFunc(out, func(y Setting) bool {
			return y.What == "changed" && strings.Contains(y.Path, "\x00") && y.Node == x.Node && replaces(y, x)
		})
	})
}

// replaces says whether one line took the place of another: they begin with the same word, or share most of their words.
func replaces(a, b Setting) bool {
	pa, _, _ := strings.Cut(a.Path, "\x00")
	pb, _, _ := strings.Cut(b.Path, "\x00")
	x, y := strings.FieldsFunc(a.Old, betweenWords), strings.FieldsFunc(b.Node, betweenWords)
	if pa != pb || len(x) == 0 || len(y) == 0 {
		return false
	}
	shared := 0
	for _, word := range x {
		if slices.Contains(y, word) {
			shared++
		}
	}
	return x[0] == y[0] || 2*shared > max(len(x), len(y))
}

func betweenWords(r rune) bool { return strings.ContainsRune(" \t=:", r) }

// Overwritten is how many settings that were changed on nodes the playbook would overwrite, and in how many files.
func (r *Report) Overwritten() (settings, files int) {
	dests := map[string]bool{}
	for _, e := range r.Edits {
		if e.Fate != "stays" {
			settings += len(e.Settings)
			dests[path.Clean(e.Dest)] = true
		}
	}
	return settings, len(dests)
}
