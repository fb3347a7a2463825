package kubespray

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// CompareOptions says which two states of an inventory are compared.
type CompareOptions struct {
	Inventory string            // the inventory file, from the top of the checkout
	OldTag    string            // the release whose sample the old inventory was made of
	Branch    string            // where the old inventory is
	NewTag    string            // the release whose sample the new one was made of; it is the working tree
	Keep      []string          // variables that must not move even if only the sample set them
	Moved     map[string]string // as for [CarryPlan]
	Renamed   map[string]string // the variables that the release calls by another name
	List      func(ctx context.Context, root, inventory string) ([]byte, error)
}

// Comparison is what differs between the old inventory and the new one.
type Comparison struct {
	Source      string       `json:"source"` // who read the variables: ansible-inventory, or fallback
	Hosts       int          `json:"hosts"`
	Differences []Difference `json:"differences"`
	Files       []FileState  `json:"files"`    // what the operator changed against the old sample
	Comments    []string     `json:"comments"` // comments of the operator's that the new files lack
	Warnings    []string     `json:"warnings"`
}

// Difference is a variable whose value on some hosts is not what it was.
type Difference struct {
	Key    string   `json:"key"`
	Hosts  []string `json:"hosts"` // empty: no host has it, and the files differ
	Before string   `json:"before"`
	After  string   `json:"after"`
	Old    string   `json:"old"` // file:line
	New    string   `json:"new"`
	File   string   `json:"file"` // the file of the new inventory to look at
	Why    string   `json:"why"`
	Blocks bool     `json:"blocks"` // nothing explains it
	Text   string   `json:"text"`   // all of it in one line
}

// FileState says what became of a file that the operator changed.
type FileState struct {
	Path    string `json:"path"`
	Why     string `json:"why"`
	Carried bool   `json:"carried"`
}

const unset = "(not set)"

// side is one state of the inventory.
type side struct {
	inv     *Inventory
	origins map[string]origins
	root    string
	vaulted bool // a file is encrypted as a whole
}

// Compare reads the variables of every host in the old inventory and in the working tree, and says what differs and why.
func (c *Checkout) Compare(ctx context.Context, o CompareOptions) (*Comparison, error) {
	root, err := os.MkdirTemp("", "spraydeck-compare-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	dir := path.Dir(o.Inventory)
	var sides [2]side
	revs := []string{o.Branch, ""}
	for i, rev := range revs {
		s := &sides[i]
		s.root = filepath.Join(root, fmt.Sprint(i))
		if s.vaulted, err = c.snapshot(ctx, rev, dir, s.root); err != nil {
			return nil, err
		}
		if s.inv, err = loadInventory(ctx, Absolute(s.root, o.Inventory), s.list(o)); err != nil {
			return nil, err
		}
		if len(s.inv.Vars) == 0 {
			return nil, fmt.Errorf("compare inventories: %s at %s names no host", o.Inventory, at(rev))
		}
		if s.origins, _, err = originsOf(Absolute(s.root, o.Inventory), nil); err != nil {
			s.origins = nil // such as a script: then the files can not tell
		}
	}
	hidden, note, err := c.withVault(ctx, dir, revs, &sides, o)
	if err != nil {
		return nil, err
	}
	cmp := &Comparison{Source: sides[1].inv.Source, Hosts: len(sides[1].inv.Vars), Differences: []Difference{}, Files: []FileState{}, Comments: []string{}, Warnings: []string{}}
	for i := range sides {
		for _, w := range sides[i].inv.Warnings {
			cmp.Warnings = append(cmp.Warnings, strings.ReplaceAll(w, sides[i].root+"/", ""))
		}
	}
	if note != "" {
		cmp.Warnings = append(cmp.Warnings, note)
	}
	j := judge{o: o, hidden: hidden, opened: note == "", reads: func(key string) bool {
		_, err := git(ctx, c.dir, nil, "grep", "-q", "-w", "-F", "-e", key, o.NewTag, "--", "roles", "playbooks")
		var failed *gitError
		return !(errors.As(err, &failed) && failed.code == 1) // where git can not tell, it may be read
	}}
	if j.old, err = c.activeSample(ctx, o.OldTag); err != nil {
		return nil, err
	}
	if j.new, err = c.activeSample(ctx, o.NewTag); err != nil {
		return nil, err
	}
	cmp.Differences = j.hosts(sides)
	if err := c.compareFiles(ctx, o, &j, cmp); err != nil {
		return nil, err
	}
	sort.SliceStable(cmp.Differences, func(a, b int) bool { return cmp.Differences[a].Key < cmp.Differences[b].Key })
	return cmp, nil
}

func (s *side) list(o CompareOptions) func(context.Context, string) ([]byte, error) {
	if o.List == nil {
		return nil
	}
	return func(ctx context.Context, _ string) ([]byte, error) { return o.List(ctx, s.root, o.Inventory) }
}

func at(rev string) string {
	if rev == "" {
		return "the working tree"
	}
	return rev
}

// activeSample is what the sample sets, without what it shows in comments.
func (c *Checkout) activeSample(ctx context.Context, tag string) (map[string]Value, error) {
	all, err := c.Sample(ctx, tag)
	for k, v := range all {
		if v.Commented {
			delete(all, k)
		}
	}
	return all, err
}

// judge says why a variable differs.
type judge struct {
	o        CompareOptions
	old, new map[string]Value // what the samples set
	hidden   map[string]bool  // variables that stand in encrypted files: they are not shown
	opened   bool             // encrypted files could be read, or there are none
	reads    func(key string) bool
}

// hosts compares the variables of every host. What differs alike on several hosts is one difference.
func (j *judge) hosts(sides [2]side) []Difference {
	list := []Difference{}
	byText := map[string]int{}
	before, after := sides[0].inv.Vars, sides[1].inv.Vars
	anywhere := map[string][]any{}
	for _, h := range sortedKeys(before) {
		for k, v := range before[h] {
			anywhere[k] = append(anywhere[k], v)
		}
	}
	for _, h := range union(before, after) {
		if before[h] == nil || after[h] == nil {
			d := Difference{Key: h, Hosts: []string{h}, Before: "a host", After: "no host", Blocks: true, Why: "the host is not in the new inventory", File: j.o.Inventory}
			if before[h] == nil {
				d.Before, d.After, d.Why = d.After, d.Before, "the host is new"
			}
			d.Text = fmt.Sprintf("%s  %s  %s", h, j.o.Inventory, d.Why)
			list = append(list, d)
			continue
		}
		for _, k := range union(before[h], after[h]) {
			ov, had := before[h][k]
			nv, has := after[h][k]
			if had == has && same(ov, nv) {
				continue
			}
			d := Difference{Key: k, Before: j.shown(k, ov, had), After: j.shown(k, nv, has),
				Old: j.place(sides[0], j.o.Branch+":", h, k), New: j.place(sides[1], "", h, k)}
			d.Why, d.Blocks = j.why(k, ov, nv, had, has, after[h])
			if d.Blocks && !had && len(j.o.Moved) > 0 && slices.ContainsFunc(anywhere[k], func(v any) bool { return same(v, nv) }) {
				d.Why, d.Blocks = "the release moved it to more hosts", false
			}
			id := fmt.Sprint(d)
			if i, known := byText[id]; known {
				list[i].Hosts = append(list[i].Hosts, h)
				continue
			}
			byText[id] = len(list)
			d.Hosts = []string{h}
			list = append(list, d)
		}
	}
	for i := range list {
		list[i].finish(j.o)
	}
	return list
}

// shown is a value for people. What stands in an encrypted file is secret.
func (j *judge) shown(key string, v any, set bool) string {
	if set && j.hidden[key] {
		return "(secret)"
	}
	return shown(key, v, set)
}

// why explains a difference, or says that nothing does.
func (j *judge) why(k string, ov, nv any, had, has bool, now map[string]any) (string, bool) {
	was, wasSample := j.old[k]
	is, isSample := j.new[k]
	fromOld := had && wasSample && same(was.Value, ov)
	fromNew := has && isSample && same(is.Value, nv)
	if to, ok := j.o.Renamed[k]; ok && had && !has && same(now[to], ov) {
		return "the release calls it " + to, false
	}
	for from, to := range j.o.Renamed {
		if to == k && !had && has {
			return "the release calls " + from + " so", false
		}
	}
	switch {
	case k == "kube_version" && (fromNew || !has):
		return "the version comes with the release", false
	case strings.HasSuffix(k, "_version") && had && has && fmt.Sprint(ov) == "v"+fmt.Sprint(nv):
		return "versions have no leading v any more", false
	case fromOld && !has && !isSample && !j.reads(k):
		return "the release does not know it any more, and you never set it", false
	case slices.Contains(j.o.Keep, k) && had:
		return "it must not move", true
	case fromOld && fromNew:
		return "the sample has another value, and you never set it", false
	case fromOld && !has && !isSample:
		return "the sample does not set it any more, and you never did", false
	case !had && fromNew && !wasSample:
		return "new in the sample", false
	case !had && fromNew:
		return "you had removed it, and the new sample sets it", true
	case !has:
		return "it is not set any more", true
	}
	return "its value changed", true
}

// place is the file and line that sets a variable.
func (j *judge) place(s side, prefix, host, key string) string {
	v, ok := s.origins[host].at[key]
	if !ok {
		return ""
	}
	name := strings.TrimPrefix(v.File, s.root+"/")
	if v.Line == 0 {
		return prefix + name
	}
	return fmt.Sprintf("%s%s:%d", prefix, name, v.Line)
}

// finish writes the difference in one line.
func (d *Difference) finish(o CompareOptions) {
	if d.Text != "" {
		return
	}
	where := d.New
	if where == "" {
		where = d.Old
	}
	if d.File == "" {
		d.File = strings.TrimPrefix(where, o.Branch+":")
		if i := strings.LastIndex(d.File, ":"); i > 0 {
			d.File = d.File[:i]
		}
		if d.File == "" {
			d.File = o.Inventory
		}
	}
	hosts := strings.Join(d.Hosts, ", ")
	if len(d.Hosts) > 3 {
		hosts = fmt.Sprintf("%s and %d more", strings.Join(d.Hosts[:2], ", "), len(d.Hosts)-2)
	}
	change := d.Before + " -> " + d.After
	if d.Before == d.After {
		change = "changed" // both are secret
	}
	d.Text = strings.TrimSpace(fmt.Sprintf("%s  %s  %s  %s", d.Key, where, change, d.Why))
	if hosts != "" {
		d.Text += "  on " + hosts
	}
}

// compareFiles looks at every file that the operator changed: is it there, are the variables set in it and the comments.
func (c *Checkout) compareFiles(ctx context.Context, o CompareOptions, j *judge, cmp *Comparison) error {
	dir := path.Dir(o.Inventory)
	sample, branch := o.OldTag+":inventory/sample", o.Branch+":"+dir
	raw := []string{"diff", "--raw", "-z", "--no-abbrev", "--no-ext-diff"}
	mine, err := git(ctx, c.dir, nil, append(raw, "-M", "-l0", "--end-of-options", sample, branch)...)
	if err != nil {
		return err
	}
	theirs, err := git(ctx, c.dir, nil, append(raw, "--no-renames", "--end-of-options", sample, o.NewTag+":inventory/sample")...)
	if err != nil {
		return err
	}
	plan, err := CarryPlan(mine, theirs, []string{path.Base(o.Inventory)}, o.Moved)
	if err != nil {
		return err
	}
	for _, f := range plan {
		texts, err := c.carriedTexts(ctx, f, path.Join(dir, f.Path))
		if err != nil {
			return err
		}
		state := FileState{Path: f.Path, Why: f.Why, Carried: texts.carried(f, j.opened)}
		cmp.Files = append(cmp.Files, state)
		if state.Carried && f.Mine != "" {
			cmp.Comments = append(cmp.Comments, texts.lostComments(path.Join(dir, f.Path))...)
			cmp.Differences = append(cmp.Differences, j.file(o, f, texts, cmp.Differences)...)
		}
	}
	return nil
}

// carriedTexts are the texts of one file: the old sample's, the operator's, the new sample's and what stands there now.
type carriedTexts struct {
	base, mine, theirs, now []byte
	here                    bool
}

func (c *Checkout) carriedTexts(ctx context.Context, f Carried, name string) (t carriedTexts, err error) {
	for _, b := range []struct {
		blob string
		to   *[]byte
	}{{f.Base, &t.base}, {f.Mine, &t.mine}, {f.Theirs, &t.theirs}} {
		if b.blob != "" {
			if *b.to, err = git(ctx, c.dir, nil, "cat-file", "blob", b.blob); err != nil {
				return t, err
			}
		}
	}
	now, err := c.readAll(ctx, "", []string{name})
	t.now, t.here = now[name]
	if !t.here { // a link that leads nowhere is there all the same
		if to, e := os.Readlink(filepath.Join(c.dir, name)); e == nil {
			t.now, t.here = []byte(to), true
		}
	}
	return t, err
}

// carried says whether the operator's text is in the new inventory: the file is there, and it is not the plain new sample,
// unless that says all that the operator's does.
func (t carriedTexts) carried(f Carried, opened bool) bool {
	switch {
	case f.Mine == "":
		return !t.here
	case !t.here:
		return false
	case !opened && bytes.HasPrefix(t.mine, vaultHead):
		return sameVault(t.mine, t.now) // nothing else can be said without the password
	case f.Theirs == "" || !bytes.Equal(t.now, t.theirs):
		return true
	}
	m, err := Merge(t.base, t.mine, t.theirs)
	return err == nil && len(m.Hunks) == 0
}

// lostComments are the operator's own comments that do not stand in the file any more.
func (t carriedTexts) lostComments(name string) []string {
	var lost []string
	now, base := commentsOf(t.now), commentsOf(t.base)
	for _, l := range commentsOf(t.mine) {
		if !slices.Contains(base, l) && !slices.Contains(now, l) {
			lost = append(lost, name+"  "+l)
		}
	}
	return lost
}

// file compares the variables that the operator set in one file, also for groups that have no host.
func (j *judge) file(o CompareOptions, f Carried, t carriedTexts, told []Difference) []Difference {
	if !varsExt(path.Ext(f.Path)) {
		return nil
	}
	name := path.Join(path.Dir(o.Inventory), f.Path)
	base, e1 := parseValues(name, t.base)
	mine, e2 := parseValues(name, t.mine)
	now, e3 := parseValues(name, t.now)
	if e1 != nil || e2 != nil || e3 != nil {
		return nil // encrypted, or no YAML: then the text is the operator's own
	}
	var list []Difference
	for _, k := range sortedKeys(mine) {
		was, set := base[k]
		n, has := now[k]
		if set && same(was.Value, mine[k].Value) || has && same(n.Value, mine[k].Value) || slices.ContainsFunc(told, func(d Difference) bool { return d.Key == k }) {
			continue
		}
		d := Difference{Key: k, Before: shown(k, mine[k].Value, true), After: shown(k, n.Value, has), File: name,
			Old: fmt.Sprintf("%s:%s:%d", o.Branch, path.Join(path.Dir(o.Inventory), f.From), mine[k].Line)}
		if has {
			d.New = fmt.Sprintf("%s:%d", name, n.Line)
		}
		d.Why, d.Blocks = j.why(k, mine[k].Value, n.Value, true, has, nil)
		d.finish(o)
		list = append(list, d)
	}
	return list
}

func union[A, B any](a map[string]A, b map[string]B) []string {
	keys := sortedKeys(a)
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// same compares as JSON does: a vaulted value by its ciphertext.
func same(a, b any) bool {
	x, e1 := json.Marshal(a)
	y, e2 := json.Marshal(b)
	return e1 == nil && e2 == nil && bytes.Equal(x, y)
}

var secretName = regexp.MustCompile(`(?i)passw|passphrase|secret|token|private_?key|credential|certificate_key|api_?key|access_?key|^auth$|webhook_authorization`)

// shown is a value for people: a secret is not shown, nor whether two secrets are alike.
func shown(key string, v any, set bool) string {
	switch {
	case !set:
		return unset
	case secret(key, v):
		return "(secret)"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	s := string(text)
	if plain, ok := v.(string); ok {
		s = plain
	}
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return strings.ReplaceAll(s, "\n", " ")
}

func secret(key string, v any) bool {
	if secretName.MatchString(key) {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if k == "__ansible_vault" || secret(k, inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return secret("", inner) })
	}
	return false
}
