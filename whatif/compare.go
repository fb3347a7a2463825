package whatif

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Change is a setting of a file that differs. Old or New is "" where the file does not have it.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
	What string `json:"what"` // changed, added, removed or moved
}

// FileChange is a file that changes in the same way on some nodes.
type FileChange struct {
	Dest    string   `json:"dest"`
	What    string   `json:"what"` // changed, added or removed
	Nodes   []string `json:"nodes"`
	Changes []Change `json:"changes"`
	Notify  []string `json:"notify"`  // handlers of the new release
	Assumed bool     `json:"assumed"` // whether it is written depends on the node
	Source  string   `json:"source"`
}

// Image is a container image that another takes the place of.
type Image struct {
	Name  string   `json:"name"`
	Old   string   `json:"old"`
	New   string   `json:"new"`
	Files []string `json:"files"`
}

// Report is what a hop changes.
type Report struct {
	From      string              `json:"from"`
	To        string              `json:"to"`
	Inventory string              `json:"inventory"`
	Facts     string              `json:"facts"` // where they come from
	Ansible   string              `json:"ansible"`
	Hosts     []string            `json:"hosts"`
	Groups    map[string][]string `json:"groups"`
	Invented  []string            `json:"invented"` // nodes whose facts are invented
	Followed  map[string][]string `json:"followed"` // settings that follow the sample of the release: the value before and after
	Files     []FileChange        `json:"files"`
	Images    []Image             `json:"images"`
	Restarts  []Restart           `json:"restarts"` // at least
	Same      int                 `json:"same"`     // files that are written and do not change
	Checks    []Verdict           `json:"checks"`   // of the new release, those that fail or need the node
	Passed    int                 `json:"passed"`
	Failed    []Unrendered        `json:"failed"` // what could not be followed, with the reason
	Prompts   []Prompt            `json:"prompts"`
	NotRun    []string            `json:"notRun"` // lookups that were not run, and what was refused

	// With the nodes read, else nil.
	Edits    []Edit            `json:"edits"`
	Missing  []Missing         `json:"missing"`  // files that some nodes do not have
	Compared int               `json:"compared"` // files that were read from nodes
	Unread   map[string]string `json:"unread"`   // nodes that could not be read, with the reason
}

// Verdict is what a check of the new release says on some nodes.
type Verdict struct {
	Task      string   `json:"task"`
	Where     string   `json:"where"`
	Verdict   string   `json:"verdict"` // fails or unknown
	Nodes     []string `json:"nodes"`
	Condition string   `json:"condition"`
	Message   string   `json:"message"`
	Needs     []string `json:"needs"`
}

// Unrendered is a task that could not be followed on some nodes.
type Unrendered struct {
	Release string   `json:"release"`
	Task    string   `json:"task"`
	Where   string   `json:"where"`
	Kind    string   `json:"kind"`
	Reason  string   `json:"reason"`
	Nodes   []string `json:"nodes"`
}

// Compare says what differs between what two releases write.
func Compare(old, new *Rendering) *Report {
	r := &Report{Ansible: new.Ansible, Hosts: new.Hosts, Groups: new.Groups, Invented: new.Invented, Followed: new.Followed, Prompts: new.Prompts}
	before, after := lastWritten(old), lastWritten(new)
	folded, images := map[string]*FileChange{}, map[string]*Image{}
	for _, k := range sortedKeys(before, after) {
		a, b := before[k], after[k]
		if a.Dest == "" && lost(old, k.host, b) || b.Dest == "" && lost(new, k.host, a) {
			continue // it is named among what could not be rendered
		}
		change := compareFile(a, b)
		if change == nil {
			r.Same++
			continue
		}
		change.Changes = takeImages(images, change)
		if len(change.Changes) == 0 && change.What == "changed" {
			continue
		}
		id := change.Dest + "\x00" + change.What + "\x00" + own(new, k.host, fmt.Sprintf("%q", change.Changes))
		if known := folded[id]; known != nil {
			known.Nodes = append(known.Nodes, k.host)
			known.Assumed = known.Assumed || change.Assumed
			continue
		}
		folded[id] = change
	}
	r.Files, r.Images = []FileChange{}, []Image{}
	for _, id := range slices.Sorted(maps.Keys(folded)) {
		r.Files = append(r.Files, *folded[id])
	}
	for _, id := range slices.Sorted(maps.Keys(images)) {
		r.Images = append(r.Images, *images[id])
	}
	r.Restarts = forecast(old, new)
	r.judge(new)
	r.unrendered(old, new)
	for _, x := range [][]string{old.Placeholders, new.Placeholders} {
		for _, name := range x {
			r.NotRun = append(r.NotRun, "lookup "+name)
		}
	}
	r.NotRun = append(append(r.NotRun, old.Refused...), new.Refused...)
	slices.Sort(r.NotRun)
	r.NotRun = slices.Compact(r.NotRun)
	return r
}

type place struct{ host, dest string }

// lastWritten is each file as the last task that writes it leaves it.
func lastWritten(r *Rendering) map[place]File {
	out := map[place]File{}
	for _, f := range r.Files {
		out[place{f.Host, f.Dest}] = f
	}
	return out
}

// lost says whether the task that writes a file could not be followed in a rendering.
func lost(r *Rendering, host string, f File) bool {
	return slices.ContainsFunc(r.Failed, func(x Failed) bool { return x.Host == host && x.Task == f.Task })
}

func sortedKeys(a, b map[place]File) []place {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.SortedFunc(maps.Keys(all), func(x, y place) int {
		return cmp.Or(cmp.Compare(x.dest, y.dest), cmp.Compare(x.host, y.host))
	})
}

// compareFile says what differs between two files, nil where nothing does. One that is not there has no Dest.
func compareFile(a, b File) *FileChange {
	c := &FileChange{Dest: cmp.Or(b.Dest, a.Dest), Nodes: []string{cmp.Or(b.Host, a.Host)}, Notify: b.Notify, Assumed: a.Assumed || b.Assumed,
		Source: cmp.Or(b.Source, a.Source), What: "changed"}
	switch {
	case a.Dest == "":
		c.What = "added"
		return c
	case b.Dest == "":
		c.What = "removed"
		return c
	case a.Content == b.Content && a.Mode == b.Mode:
		return nil
	}
	c.Changes = compareSettings(settingsOf(c.Dest, a.Content), settingsOf(c.Dest, b.Content))
	if a.Mode != b.Mode {
		c.Changes = append(c.Changes, Change{Path: "file mode", Old: a.Mode, New: b.Mode, What: "changed"})
	}
	if len(c.Changes) == 0 {
		return nil
	}
	return c
}

func compareSettings(a, b map[string]string) []Change {
	var changed, removed, added []Change
	for k, v := range a {
		w, there := b[k]
		switch {
		case !there:
			removed = append(removed, Change{Path: k, Old: v, What: "removed"})
		case v != w:
			changed = append(changed, Change{Path: k, Old: v, New: w, What: "changed"})
		}
	}
	for k, w := range b {
		if _, there := a[k]; !there {
			added = append(added, Change{Path: k, New: w, What: "added"})
		}
	}
	list := append(changed, moves(removed, added)...)
	for i := range list {
		list[i].Path, _, _ = strings.Cut(list[i].Path, "\x00") // of lines and lists the text is the value
	}
	order := map[string]int{"changed": 0, "added": 1, "removed": 2, "moved": 3}
	slices.SortFunc(list, func(x, y Change) int {
		return cmp.Or(cmp.Compare(order[x.What], order[y.What]), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Old, y.Old), cmp.Compare(x.New, y.New))
	})
	return list
}

var segment = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|[^.\[]+`)

// moves pairs what was removed with what was added where a whole table has another name now. Settings that moved and kept
// their values are one change; those with another value are told each.
func moves(removed, added []Change) []Change {
	renamed := renamedTables(removed, added)
	var out []Change
	taken, count := map[int]bool{}, map[[2]string]int{}
	for _, r := range removed {
		found := -1
		for from, to := range renamed {
			rest, ok := strings.CutPrefix(r.Path, from+".")
			if !ok {
				continue
			}
			found = slices.IndexFunc(added, func(a Change) bool { return a.Path == to+"."+rest })
			if found >= 0 && !taken[found] {
				taken[found] = true
				if added[found].New == r.Old {
					count[[2]string{from, to}]++
				} else {
					out = append(out, Change{Path: added[found].Path, Old: r.Old, New: added[found].New, What: "changed"})
				}
				break
			}
			found = -1
		}
		if found < 0 {
			if found = movedAlone(r, removed, added, taken); found >= 0 {
				taken[found] = true
				count[[2]string{parent(r.Path), parent(added[found].Path)}]++
			}
		}
		if found < 0 {
			out = append(out, r)
		}
	}
	for i, a := range added {
		if !taken[i] {
			out = append(out, a)
		}
	}
	for tables, n := range count {
		out = append(out, Change{Path: fmt.Sprint(n), Old: tables[0], New: tables[1], What: "moved"})
	}
	return out
}

// movedAlone finds the one added setting that has the name and the value of a removed one, which no other has.
func movedAlone(r Change, removed, added []Change, taken map[int]bool) int {
	alike := func(c Change, value string) bool {
		// an image says by itself what it is, another value only together with its name
		return value == r.Old && !strings.Contains(c.Path, "\x00") && (strings.EqualFold(lastSegment(c.Path), lastSegment(r.Path)) || imageName.MatchString(value))
	}
	if strings.Contains(r.Path, "\x00") || parent(r.Path) == "" {
		return -1
	}
	found := -1
	for i, a := range added {
		if !taken[i] && alike(a, a.New) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	for _, other := range removed {
		if other.Path != r.Path && alike(other, other.Old) {
			return -1
		}
	}
	return found
}

func lastSegment(path string) string {
	parts := segment.FindAllString(path, -1)
	return parts[len(parts)-1]
}

func parent(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, lastSegment(path)), ".")
}

// renamedTables finds the tables that have another name: at least two settings with the same value and the same end of
// their path stand below both.
func renamedTables(removed, added []Change) map[string]string {
	votes := map[[2]string]int{}
	for _, r := range removed {
		if strings.Contains(r.Path, "\x00") {
			continue
		}
		from := segment.FindAllString(r.Path, -1)
		for _, a := range added {
			if a.New != r.Old || strings.Contains(a.Path, "\x00") {
				continue
			}
			to := segment.FindAllString(a.Path, -1)
			same := 0
			for same < len(from)-1 && same < len(to)-1 && from[len(from)-1-same] == to[len(to)-1-same] {
				same++
			}
			if same > 0 {
				votes[[2]string{strings.Join(from[:len(from)-same], "."), strings.Join(to[:len(to)-same], ".")}]++
			}
		}
	}
	out, best := map[string]string{}, map[string]int{}
	for _, pair := range slices.SortedFunc(maps.Keys(votes), func(x, y [2]string) int { return slices.Compare(x[:], y[:]) }) {
		if n := votes[pair]; n >= 2 && n > best[pair[0]] {
			out[pair[0]], best[pair[0]] = pair[1], n
		}
	}
	return out
}

var imageName = regexp.MustCompile(`^([a-z0-9.-]+(?::[0-9]+)?/[a-zA-Z0-9._/-]+):([A-Za-z0-9._-]+)$`)

// takeImages takes the images out of the changes of a file.
func takeImages(images map[string]*Image, f *FileChange) (rest []Change) {
	for _, c := range f.Changes {
		a, b := imageName.FindStringSubmatch(c.Old), imageName.FindStringSubmatch(c.New)
		if c.What != "changed" || a == nil || b == nil {
			rest = append(rest, c)
			continue
		}
		id := c.Old + " " + c.New
		image := images[id]
		if image == nil {
			image = &Image{Name: b[1], Old: a[2], New: b[2]}
			if a[1] != b[1] {
				image.Old = c.Old
			}
			images[id] = image
		}
		if name := path.Base(f.Dest); !slices.Contains(image.Files, name) {
			image.Files = append(image.Files, name)
		}
	}
	return rest
}

// own replaces what belongs to one node alone, so that nodes that change alike fold.
func own(r *Rendering, host, text string) string {
	for _, a := range r.Addresses[host] {
		text = strings.ReplaceAll(text, a, "<address>")
	}
	return strings.ReplaceAll(text, host, "<node>")
}

func (r *Report) judge(new *Rendering) {
	folded := map[string]*Verdict{}
	var order []string
	r.Checks = []Verdict{}
	for _, c := range new.Checks {
		if c.Verdict == "passes" {
			r.Passed++
			continue
		}
		id := c.Verdict + c.Where + own(new, c.Host, c.Message)
		if v := folded[id]; v != nil {
			if !slices.Contains(v.Nodes, c.Host) {
				v.Nodes = append(v.Nodes, c.Host)
			}
			continue
		}
		folded[id] = &Verdict{Task: c.Task, Where: c.Where, Verdict: c.Verdict, Nodes: []string{c.Host}, Condition: c.Condition, Message: c.Message, Needs: c.Needs}
		order = append(order, id)
	}
	for _, id := range order {
		r.Checks = append(r.Checks, *folded[id])
	}
	slices.SortStableFunc(r.Checks, func(x, y Verdict) int { return cmp.Compare(x.Verdict, y.Verdict) })
}

func (r *Report) unrendered(old, new *Rendering) {
	folded := map[string]*Unrendered{}
	var order []string
	r.Failed = []Unrendered{}
	for i, rendering := range []*Rendering{old, new} {
		for _, f := range rendering.Failed {
			id := fmt.Sprint(i) + f.Where + own(rendering, f.Host, f.Reason)
			if u := folded[id]; u != nil {
				if !slices.Contains(u.Nodes, f.Host) {
					u.Nodes = append(u.Nodes, f.Host)
				}
				continue
			}
			folded[id] = &Unrendered{Release: []string{"old", "new"}[i], Task: f.Task, Where: f.Where, Kind: f.Kind, Reason: f.Reason, Nodes: []string{f.Host}}
			order = append(order, id)
		}
	}
	for _, id := range order {
		r.Failed = append(r.Failed, *folded[id])
	}
}
