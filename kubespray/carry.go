package kubespray

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
)

// Carried is one file of an inventory that the operator changed against the old sample: where it goes in the new inventory
// and what is merged there. Base, Mine and Theirs are the names of git blobs, "" for no such file.
type Carried struct {
	Path   string // below the new inventory
	From   string // below the old inventory; "" where the operator removed the file
	Base   string // the old sample's
	Mine   string // the operator's; "" where the file was removed
	Theirs string // the new sample's, "" where it has no such file any more
	Mode   string // as git writes it: 100644, 100755, 120000
	Remove string // a file of the new sample that goes, because the operator renamed or removed it
	Why    string // what happened to it, in a few words
}

// Whole says that the operator's file is taken as it is: there is nothing to merge it with.
func (c Carried) Whole() bool {
	return c.Mine != "" && (c.Theirs == "" || c.Mode == "120000")
}

// carryRule is what a file's place depends on beside the three trees.
type carryRule struct {
	Except []string          // files that go over in another way: the inventory file itself
	Moved  map[string]string // where the new release has the settings of a file of the old sample
}

// CarryPlan lists the files to carry over, in the order of their paths. mine is what git diff --raw -z -M prints of the old
// sample and the operator's directory, sample the same of the old and the new sample, without renames. What the operator
// did not change is not listed: there the new sample stands. except are files that are left alone. moved says where the new
// sample has the settings of a file of the old one.
func CarryPlan(mine, sample []byte, except []string, moved map[string]string) ([]Carried, error) {
	own, err := parseRaw(mine)
	if err != nil {
		return nil, err
	}
	changed, err := parseRaw(sample)
	if err != nil {
		return nil, err
	}
	now := map[string]rawChange{}
	for _, c := range changed {
		now[c.path] = c
	}
	rule := carryRule{Except: except, Moved: moved}
	var plan []Carried
	for _, c := range own {
		if one, ok, err := rule.place(c, now); err != nil {
			return nil, err
		} else if ok {
			plan = append(plan, one)
		}
	}
	sort.SliceStable(plan, func(i, j int) bool { return plan[i].Path < plan[j].Path })
	return plan, nil
}

// place says what becomes of one change of the operator's.
func (r carryRule) place(c rawChange, now map[string]rawChange) (Carried, bool, error) {
	if c.newMode == "160000" {
		return Carried{}, false, fmt.Errorf("carry %s: it is a git submodule, which has no content of its own here; add it to the new branch by hand", c.path)
	}
	if r.leaves(c.path) && c.status != 'R' {
		return Carried{}, false, nil
	}
	from := c.from // the file of the old sample
	if from == "" && c.status != 'A' {
		from = c.path
	}
	one := Carried{Path: c.path, From: c.path, Base: c.oldBlob, Mine: c.newBlob, Mode: c.newMode, Why: "yours, not in the sample"}
	target := c.path // where the new sample has it
	if from != "" {
		target = from
		if to, ok := r.Moved[from]; ok {
			target = to
			if c.status != 'R' {
				one.Path = to
			}
		}
		one.Why = "changed by you"
	}
	one.Theirs = c.oldBlob
	theirs, touched := now[target]
	switch {
	case touched && theirs.status == 'D':
		one.Theirs = ""
	case touched:
		one.Theirs = theirs.newBlob
	case from == "" || target != from: // in neither sample at this place
		one.Theirs = ""
	}
	switch {
	case c.status == 'D':
		one = Carried{Path: c.path, Base: c.oldBlob, Theirs: one.Theirs, Remove: c.path, Why: "removed by you"}
		return one, one.Theirs != "", nil
	case c.status == 'R':
		one.Why = "renamed by you from " + from
		if one.Theirs != "" && target != one.Path {
			one.Remove = target
		}
		if r.leaves(c.path) { // the inventory file itself goes over in another way
			return Carried{Path: from, Base: c.oldBlob, Theirs: one.Theirs, Remove: one.Remove, Why: "removed by you"}, one.Remove != "", nil
		}
	case from == "" && one.Theirs != "":
		one.Why = "yours, and new in the sample"
	case from != "" && one.Theirs == "":
		one.Why = "changed by you, no longer in the sample"
	case one.Path != c.path:
		one.Why = "changed by you, moved by the release from " + c.path
	}
	if c.status == 'T' || one.Mode == "120000" {
		one.Mode = c.newMode
	}
	return one, true, nil
}

// leaves says whether a file is not carried here: the inventory file itself, and what is put aside and back with the credentials.
func (r carryRule) leaves(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	return top == "credentials" || slices.Contains(r.Except, name)
}

// rawChange is a record of git diff --raw -z.
type rawChange struct {
	status                             byte // A, D, M, R, T
	oldMode, newMode, oldBlob, newBlob string
	from, path                         string // from only for R
}

// parseRaw reads git diff --raw -z. A status that it does not know is an error: no change may be passed over.
func parseRaw(out []byte) ([]rawChange, error) {
	var list []rawChange
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(out) == 0 {
		return nil, nil
	}
	for len(fields) > 0 {
		head := strings.Fields(strings.TrimPrefix(fields[0], ":"))
		if !strings.HasPrefix(fields[0], ":") || len(head) != 5 || len(fields) < 2 {
			return nil, fmt.Errorf("read git diff --raw: unexpected %q", fields[0])
		}
		c := rawChange{status: head[4][0], oldMode: head[0], newMode: head[1], oldBlob: blobName(head[2]), newBlob: blobName(head[3]), path: fields[1]}
		fields = fields[2:]
		switch c.status {
		case 'A', 'D', 'M', 'T':
		case 'R', 'C':
			if len(fields) == 0 {
				return nil, fmt.Errorf("read git diff --raw: %s has no second name", c.path)
			}
			c.from, c.path, fields = c.path, fields[0], fields[1:]
			if c.status == 'C' { // the copy is a file of its own
				c.status, c.from, c.oldBlob = 'A', "", ""
			}
		default:
			return nil, fmt.Errorf("read git diff --raw: %s has the status %q", c.path, head[4])
		}
		if !local(c.path) {
			return nil, fmt.Errorf("read git diff --raw: %q leaves its directory", c.path)
		}
		list = append(list, c)
	}
	return list, nil
}

func blobName(s string) string {
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

func local(name string) bool {
	return name != "" && !path.IsAbs(name) && path.Clean(name) == name && name != ".." && !strings.HasPrefix(name, "../")
}

// ParseBatch reads what git cat-file --batch answers, by the name asked for. What is not there is absent.
func ParseBatch(out []byte, names []string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(names))
	rest := out
	for _, name := range names {
		head, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("read git cat-file: no answer for %s", name)
		}
		if bytes.HasSuffix(head, []byte(" missing")) {
			rest = after
			continue
		}
		var size int
		fields := strings.Fields(string(head))
		if len(fields) != 3 || fields[1] != "blob" {
			return nil, fmt.Errorf("read git cat-file: unexpected %q", head)
		}
		if _, err := fmt.Sscan(fields[2], &size); err != nil || size < 0 || len(after) < size+1 {
			return nil, fmt.Errorf("read git cat-file: %s is cut off after %d bytes", name, len(after))
		}
		found[name], rest = after[:size:size], after[size+1:]
	}
	return found, nil
}

// Opaque says that a text can not be merged by lines: it is encrypted as a whole, or no text.
func Opaque(text []byte) bool {
	return bytes.HasPrefix(text, []byte("$ANSIBLE_VAULT;")) || bytes.IndexByte(text, 0) >= 0
}
