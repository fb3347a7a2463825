package kubespray

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"spraydeck/regular"
)

// Edit is what is to become of settings of an inventory. A key is the name of a variable, or a path into one whose value is a
// mapping, with dots between.
type Edit struct {
	Rename []Renamed
	Unset  []string
	Set    []Assigned
	// File is where a key goes that no file has, below the directory of the inventory; "" is where the sample has it.
	File string
	// Sample is the sample inventory of the release to come, as [Checkout.Sample] gives it; nil where there is none.
	Sample map[string]Value
}

// Assigned is a key that gets a value, in the types of [Value].
type Assigned struct {
	Key   string
	Value any
}

// Renamed is a key that gets another name.
type Renamed struct{ Old, New string }

// Edited is what an edit comes to: nothing is written. Notes are for the operator to read beside the difference.
type Edited struct {
	Files []FileEdit
	Notes []string
}

// Plan says which files of an inventory an edit changes, and how. A key that several files set is changed in those that count for
// some host; where it is taken away or renamed, in all of them. An error names the file and line that is in the way.
func (e Edit) Plan(inventory string) (*Edited, error) {
	in, err := openSettings(inventory)
	if err != nil {
		return nil, err
	}
	for _, r := range e.Rename {
		if err := in.rename(r.Old, r.New); err != nil {
			return nil, err
		}
	}
	for _, key := range e.Unset {
		if err := in.unset(key); err != nil {
			return nil, err
		}
	}
	for _, s := range e.Set {
		v, err := settingValue(s.Value)
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", s.Key, err)
		}
		if err := in.set(s.Key, v, e); err != nil {
			return nil, err
		}
	}
	return in.edited(), nil
}

// settingsFiles is the text of an inventory while it is edited.
type settingsFiles struct {
	*source
	sources []string          // files of the inventory itself
	texts   map[string][]byte // by path, as edited so far; nil: no such file
	before  map[string][]byte
	order   []string // paths in the order they were first changed
	notes   []string
}

func openSettings(inventory string) (*settingsFiles, error) {
	in := &settingsFiles{texts: map[string][]byte{}, before: map[string][]byte{}}
	s, err := readSource(inventory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil: // a script, or a file that only Ansible reads: the groups are those of Kubespray
		s = kubesprayGroups(inventory)
		in.note("the hosts of %s are unknown (%v): groups are ranked as Kubespray nests them", inventory, err)
	}
	s.tree.addDynamic()
	in.source = s
	in.sources, err = sourceFiles(inventory)
	return in, err
}

// kubesprayGroups stands in for an inventory that cannot be read: a host in every group, and those that have host_vars.
func kubesprayGroups(inventory string) *source {
	s := newSource()
	s.basesOf(inventory)
	for _, g := range []string{"kube_control_plane", "kube_node", "calico_rr"} {
		s.tree.mustChild("k8s_cluster", g)
		s.tree.addHost(g, "a host of "+g)
	}
	s.tree.addHost("etcd", "a host of etcd")
	for _, base := range s.bases {
		for _, name := range ownersIn(base, "host_vars") {
			s.tree.addHost("k8s_cluster", name)
		}
	}
	return s
}

// sourceFiles are the files of an inventory, without the variables beside it. Of a directory they are those that Ansible reads,
// and Kubespray's inventory.ini.
func sourceFiles(inventory string) (files []string, err error) {
	for _, path := range Sources(inventory) {
		more, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

func filesOf(inventory string) (files []string, err error) {
	if !isDirectory(inventory) {
		return []string{inventory}, nil
	}
	entries, err := readDirSorted(inventory)
	for _, e := range entries {
		full := filepath.Join(inventory, e)
		switch {
		case isDirectory(full) && !notInventory.MatchString(e):
			more, err := filesOf(full)
			if err != nil {
				return nil, err
			}
			files = append(files, more...)
		case !isDirectory(full) && (!notInventory.MatchString(e) || e == "inventory.ini" || e == "hosts.ini"):
			files = append(files, full)
		}
	}
	return files, err
}

func (in *settingsFiles) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(in.notes, text) {
		in.notes = append(in.notes, text)
	}
}

// text is a file as edited so far, nil where there is none.
func (in *settingsFiles) text(file string) ([]byte, error) {
	if text, known := in.texts[file]; known {
		return text, nil
	}
	text, err := regular.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	in.texts[file], in.before[file] = text, text
	return text, nil
}

func (in *settingsFiles) put(file string, text []byte) {
	if !slices.Contains(in.order, file) {
		in.order = append(in.order, file)
	}
	in.texts[file] = text
}

func (in *settingsFiles) edited() *Edited {
	out := &Edited{Notes: in.notes}
	for _, file := range in.order {
		if f := (FileEdit{Path: filepath.ToSlash(file), Before: in.before[file], After: in.texts[file]}); f.Before == nil || !bytes.Equal(f.Before, f.After) {
			out.Files = append(out.Files, f)
		}
	}
	return out
}

func splitKey(key string) ([]string, error) {
	path := strings.Split(key, ".")
	for _, p := range path {
		if p == "" || p != strings.TrimSpace(p) {
			return nil, fmt.Errorf("%q is no name of a setting: want a variable, or a path into one with dots between", key)
		}
	}
	return path, nil
}

// set changes a key where it counts, or adds it where it belongs.
func (in *settingsFiles) set(key string, v any, e Edit) error {
	path, err := splitKey(key)
	if err != nil {
		return err
	}
	places, err := in.placesOf(path[0])
	if err != nil {
		return err
	}
	winners, rest := in.winners(places)
	if len(winners) == 0 {
		return in.add(path, v, e)
	}
	for _, p := range winners {
		if p.lines > 1 {
			in.note("%s sets %s %d times; the last counts and is the one that is changed", p.file, path[0], p.lines)
		}
		if err := in.change(p, func(text []byte) ([]byte, error) { return p.set(text, path, v) }); err != nil {
			return err
		}
	}
	for _, p := range rest {
		in.note("%s:%d sets %s, too; it counts for no host and stays as it is", p.file, p.line, path[0])
	}
	if left := in.without(places); len(left) > 0 {
		in.note("%s is set on some hosts only; the default stays on %s", path[0], strings.Join(left, ", "))
	}
	return nil
}

// unset takes a key away from every file that Ansible reads.
func (in *settingsFiles) unset(key string) error {
	path, err := splitKey(key)
	if err != nil {
		return err
	}
	places, err := in.placesOf(path[0])
	if err != nil {
		return err
	}
	for _, p := range places {
		if err := in.change(p, func(text []byte) ([]byte, error) { return p.unset(text, path) }); err != nil {
			return err
		}
	}
	return nil
}

// rename gives a key another name in every file that Ansible reads.
func (in *settingsFiles) rename(old, now string) error {
	from, err := splitKey(old)
	if err != nil {
		return err
	}
	to, err := splitKey(now)
	if err != nil {
		return err
	}
	if len(to) != len(from) || !slices.Equal(to[:len(to)-1], from[:len(from)-1]) {
		return fmt.Errorf("rename %s to %s: only the last part of a path can change", old, now)
	}
	places, err := in.placesOf(from[0])
	if err != nil {
		return err
	}
	for _, p := range places {
		if len(from) == 1 && p.has(in.texts[p.file], now) {
			in.note("%s sets %s and %s; the first goes, the second stays as it is", p.file, old, now)
		}
		if err := in.change(p, func(text []byte) ([]byte, error) { return p.rename(text, from, to[len(to)-1]) }); err != nil {
			return err
		}
	}
	return nil
}

// change edits the file of a place. Of the inventory itself nothing else may become another.
func (in *settingsFiles) change(p *place, edit func([]byte) ([]byte, error)) error {
	before, err := in.text(p.file)
	if err != nil {
		return err
	}
	after, err := edit(before)
	if err != nil {
		return err
	}
	if p.ini {
		if err := p.onlyKey(before, after); err != nil {
			return err
		}
	}
	if !bytes.Equal(before, after) {
		in.put(p.file, after)
	}
	return nil
}

// add puts a key that no file sets over its commented default, else into the file that the step names, else into the one in
// which the sample has it.
func (in *settingsFiles) add(path []string, v any, e Edit) error {
	file, after, err := in.home(path[0], e)
	if err != nil {
		return err
	}
	text, err := in.text(file)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(text, vaultHead) {
		return fmt.Errorf("set %s: %s is encrypted with ansible-vault; edit it by hand (ansible-vault edit)", strings.Join(path, "."), file)
	}
	if slices.Contains(in.sources, file) {
		return in.addToInventory(file, text, path, v)
	}
	if text == nil {
		text = []byte("---\n")
	}
	out, err := setYAML(file, text, path, v, after)
	if err == nil {
		in.put(file, out)
	}
	return err
}

// addToInventory puts a key into the variables of all, in the inventory itself.
func (in *settingsFiles) addToInventory(file string, text []byte, path []string, v any) error {
	if isYAMLInventory(file, text) {
		out, err := setYAML(file, text, append([]string{"all", "vars"}, path...), v, "")
		if err == nil {
			in.put(file, out)
		}
		return err
	}
	for _, p := range slices.Backward(path[1:]) {
		v = map[string]any{p: v}
	}
	in.put(file, addINI(text, "all", path[0], v))
	return nil
}

// home is the file in which a key belongs that is set nowhere, and the key behind which the sample has it.
func (in *settingsFiles) home(key string, e Edit) (file, after string, err error) {
	for _, g := range slices.Backward(in.varsFiles("group_vars")) {
		text, err := in.text(g.file)
		if err != nil {
			return "", "", err
		}
		if !bytes.Contains(text, []byte(key)) || bytes.HasPrefix(text, vaultHead) {
			continue
		}
		if y, err := newYAMLText(g.file, text); err == nil {
			if _, shown := y.commented(key); shown {
				return g.file, "", nil
			}
		}
	}
	if e.File != "" {
		if !filepath.IsLocal(e.File) {
			return "", "", fmt.Errorf("set %s: %q leaves the directory of the inventory", key, e.File)
		}
		return in.settled(e.File), "", nil
	}
	if s, ok := e.Sample[key]; ok {
		name := strings.TrimPrefix(s.File, "inventory/sample/")
		file := in.settled(name)
		return file, in.neighbour(file, s, e.Sample), nil
	}
	return in.settled("group_vars/all/all.yml"), "", nil
}

// settled is a file below the inventory's directory, or the one that Ansible reads in its place: where all.yml has the variables of
// a group, a directory all beside it would hide them.
func (in *settingsFiles) settled(name string) string {
	parts := strings.Split(path.Clean(filepath.ToSlash(name)), "/")
	if len(parts) == 3 && parts[0] == "group_vars" {
		group := parts[1]
		if group == "k8s_cluster" && len(in.varsOf("group_vars", group)) == 0 && len(in.varsOf("group_vars", "k8s-cluster")) > 0 {
			group = "k8s-cluster"
		}
		if files := in.varsOf("group_vars", group); len(files) == 1 && filepath.Base(filepath.Dir(files[0])) == "group_vars" {
			return files[0]
		}
		parts[1] = group
	}
	return filepath.Join(in.bases[0], filepath.Join(parts...))
}

// neighbour is the nearest key before another in the sample's file that the operator's file has, too.
func (in *settingsFiles) neighbour(file string, s Value, sample map[string]Value) string {
	text, err := in.text(file)
	if err != nil {
		return ""
	}
	y, err := newYAMLText(file, text)
	if err != nil {
		return ""
	}
	best, line := "", 0
	for _, k := range sortedKeys(sample) {
		if o := sample[k]; o.File != s.File || o.Line >= s.Line || o.Line <= line {
			continue
		}
		found, err := y.find([]string{k})
		_, shown := y.commented(k)
		if err == nil && len(found) == 1 || shown {
			best, line = k, sample[k].Line
		}
	}
	return best
}
