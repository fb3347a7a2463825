package kubespray

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// place is where a variable is set for a group or a host: a file of group_vars or host_vars, or a part of the inventory itself.
type place struct {
	file, base  string
	group, host string   // one of them; the host as it is written, ranges included
	inside      []string // the path of the mapping, in an inventory that is YAML
	inventory   bool     // it stands in the inventory itself
	ini         bool
	line, lines int // of the last one, from 1, and how many there are
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func readDirSorted(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// ownersIn names the groups or hosts that have variables beside an inventory.
func ownersIn(base, kind string) (owners []string) {
	names, _ := readDirSorted(filepath.Join(base, kind))
	for _, n := range names {
		ext := filepath.Ext(n)
		if isDirectory(filepath.Join(base, kind, n)) || !varsExt(ext) {
			ext = ""
		}
		if owner := strings.TrimSuffix(n, ext); !strings.HasPrefix(n, ".") && !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
	}
	return owners
}

// varsOf lists the files of a group or host that Ansible reads, in its order.
func (in *settingsFiles) varsOf(kind, owner string) (files []string) {
	for _, base := range in.bases {
		files = append(files, varsBelow(filepath.Join(base, kind, owner))...)
	}
	return files
}

func varsBelow(stem string) []string {
	for _, ext := range []string{"", ".yml", ".yaml", ".json"} {
		info, err := os.Stat(stem + ext)
		switch {
		case err != nil:
		case !info.IsDir():
			return []string{stem + ext}
		case ext == "":
			return varsInDir(stem)
		}
	}
	return nil
}

func varsInDir(dir string) (files []string) {
	names, _ := readDirSorted(dir)
	for _, n := range names {
		full, ext := filepath.Join(dir, n), filepath.Ext(n)
		switch isDir := isDirectory(full); {
		case strings.HasPrefix(n, "."), strings.HasSuffix(n, "~"):
		case isDir && ext == "":
			files = append(files, varsInDir(full)...)
		case !isDir && (ext == "" || varsExt(ext)):
			files = append(files, full)
		}
	}
	return files
}

// varsFiles are all files of group_vars or host_vars that Ansible reads, those of all first and those of k8s_cluster and of hosts
// behind.
func (in *settingsFiles) varsFiles(kind string) (places []*place) {
	var owners []string
	for _, base := range in.bases {
		for _, o := range ownersIn(base, kind) {
			if !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	slices.SortStableFunc(owners, func(a, b string) int { return in.rank(a) - in.rank(b) })
	for _, owner := range owners {
		for _, base := range in.bases {
			for _, f := range varsBelow(filepath.Join(base, kind, owner)) {
				p := &place{file: f, base: base, group: owner}
				if kind == "host_vars" {
					p.group, p.host = "", owner
				}
				places = append(places, p)
			}
		}
	}
	return places
}

// rank is how deep a group hangs below all.
func (in *settingsFiles) rank(group string) int {
	if g := in.tree.groups[group]; g != nil {
		return g.depth
	}
	return 1
}

// placesOf lists where a variable is set, in the order of their files. Of a file that is encrypted as a whole a note says that it
// is unknown.
func (in *settingsFiles) placesOf(key string) (places []*place, err error) {
	for _, f := range in.sources {
		text, err := in.text(f)
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(text, []byte(key)) || bytes.HasPrefix(text, []byte("#!")) {
			continue
		}
		more, err := inventoryPlaces(f, text, key)
		if err != nil {
			return nil, err
		}
		places = append(places, more...)
	}
	for _, p := range append(in.varsFiles("group_vars"), in.varsFiles("host_vars")...) {
		text, err := in.text(p.file)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(text, vaultHead) {
			in.note("%s is encrypted with ansible-vault: whether it sets %s is unknown", p.file, key)
			continue
		}
		if !bytes.Contains(text, []byte(key)) {
			continue
		}
		y, err := newYAMLText(p.file, text)
		if err != nil {
			return nil, err
		}
		if p.line, p.lines = y.count(y.root, key); p.lines > 0 {
			places = append(places, p)
		}
	}
	return places, nil
}

// count finds a key in a mapping: the line of the last, and how many there are. A key that comes by a merge key is not found.
func (y *yamlText) count(n *yaml.Node, key string) (line, times int) {
	if n == nil || n.Kind != yaml.MappingNode {
		return 0, 0
	}
	for _, e := range y.entries(n, y.end, nil) {
		if (&decoder{}).keyText(e.key) == key {
			line, times = e.key.Line, times+1
		}
	}
	return line, times
}

func isYAMLInventory(file string, text []byte) bool {
	switch ext := filepath.Ext(file); {
	case varsExt(ext):
		return true
	case ext == "":
		root, err := parseYAML(file, text)
		return err == nil && root != nil && root.Kind == yaml.MappingNode
	}
	return false
}

// inventoryPlaces finds a variable in the inventory itself.
func inventoryPlaces(file string, text []byte, key string) (places []*place, err error) {
	if !isYAMLInventory(file, text) {
		spots, _ := iniSpots(text)
		for _, s := range spots {
			if s.key != key {
				continue
			}
			if i := slices.IndexFunc(places, func(p *place) bool { return p.group == s.group && p.host == s.host }); i >= 0 && s.host == "" {
				places[i].line, places[i].lines = s.line+1, places[i].lines+1
				continue
			}
			places = append(places, &place{file: file, group: s.group, host: s.host, inventory: true, ini: true, line: s.line + 1, lines: 1})
		}
		return places, nil
	}
	y, err := newYAMLText(file, text)
	if err != nil || y.root == nil {
		return nil, err
	}
	look := func(n *yaml.Node, p place) {
		if p.line, p.lines = y.count(n, key); p.lines > 0 {
			p.file, p.inventory = file, true
			places = append(places, &p)
		}
	}
	each := func(n *yaml.Node, f func(name string, value *yaml.Node)) {
		if n != nil && n.Kind == yaml.MappingNode {
			for _, e := range y.entries(n, y.end, nil) {
				f((&decoder{}).keyText(e.key), e.value)
			}
		}
	}
	var group func(name string, n *yaml.Node, path []string)
	group = func(name string, n *yaml.Node, path []string) {
		each(n, func(section string, in *yaml.Node) {
			at := append(path[:len(path):len(path)], section)
			switch section {
			case "vars":
				look(in, place{group: name, inside: at})
			case "hosts":
				each(in, func(host string, vars *yaml.Node) {
					look(vars, place{host: host, inside: append(at[:len(at):len(at)], host)})
				})
			case "children":
				each(in, func(child string, n *yaml.Node) { group(child, n, append(at[:len(at):len(at)], child)) })
			}
		})
	}
	each(y.root, func(name string, n *yaml.Node) { group(name, n, []string{name}) })
	return places, nil
}

// applying are the places that set a host's variable, the last of which wins: Ansible's order.
func (in *settingsFiles) applying(host string, places []*place) (list []*place) {
	groups := in.tree.groupsOf(host)
	of := func(fits func(g string, p *place) bool) {
		for _, g := range groups {
			for _, p := range places {
				if p.group == g.name && p.host == "" && fits(g.name, p) {
					list = append(list, p)
				}
			}
		}
	}
	of(func(_ string, p *place) bool { return p.inventory })
	for _, all := range []bool{true, false} {
		for _, base := range in.bases {
			of(func(g string, p *place) bool { return !p.inventory && p.base == base && (g == "all") == all })
		}
	}
	for _, inventory := range []bool{true, false} {
		for _, p := range places {
			if p.host == "" || p.inventory != inventory {
				continue
			}
			names := []string{p.host}
			if inventory {
				names, _, _ = expandHosts(p.host)
			}
			if slices.Contains(names, host) {
				list = append(list, p)
			}
		}
	}
	return list
}

// winners are the places that count for some host, and the others. Without hosts the last one counts.
func (in *settingsFiles) winners(places []*place) (win, rest []*place) {
	counts := map[*place]bool{}
	for _, h := range in.tree.hostOrder {
		if list := in.applying(h, places); len(list) > 0 {
			counts[list[len(list)-1]] = true
		}
	}
	if len(counts) == 0 && len(places) > 0 {
		counts[places[len(places)-1]] = true
	}
	for _, p := range places {
		if counts[p] {
			win = append(win, p)
		} else {
			rest = append(rest, p)
		}
	}
	return win, rest
}

// without are the hosts on which none of the places sets the variable, where some does by the name of a host.
func (in *settingsFiles) without(places []*place) (hosts []string) {
	if !slices.ContainsFunc(places, func(p *place) bool { return p.host != "" }) {
		return nil
	}
	for _, h := range in.tree.hostOrder {
		if len(in.applying(h, places)) == 0 {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// spots finds a variable of the place in an INI file.
func (p *place) spots(text []byte, key string) (found []iniSpot) {
	all, _ := iniSpots(text)
	for _, s := range all {
		if s.key == key && s.group == p.group && s.host == p.host {
			found = append(found, s)
		}
	}
	return found
}

func (p *place) has(text []byte, key string) bool {
	if p.ini {
		return len(p.spots(text, key)) > 0
	}
	y, err := newYAMLText(p.file, text)
	if err != nil {
		return false
	}
	found, err := y.find(p.path([]string{key}))
	return err == nil && len(found) == len(p.inside)+1
}

func (p *place) path(keys []string) []string { return append(slices.Clone(p.inside), keys...) }

func (p *place) set(text []byte, keys []string, v any) ([]byte, error) {
	if !p.ini {
		return setYAML(p.file, text, p.path(keys), v, "")
	}
	found := p.spots(text, keys[0])
	s := found[len(found)-1]
	old := pythonValue(string(text[s.value:s.end]))
	if len(keys) > 1 {
		m, ok := old.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s:%d: %s is no mapping, so %s cannot be set in it", p.file, s.line+1, keys[0], keys[1])
		}
		v = deepSet(m, keys[1:], v)
	}
	if reflect.DeepEqual(old, v) {
		return text, nil
	}
	return setINI(text, s, v), nil
}

func (p *place) unset(text []byte, keys []string) ([]byte, error) {
	if !p.ini {
		return unsetYAML(p.file, text, p.path(keys))
	}
	for {
		found := p.spots(text, keys[0])
		if len(found) == 0 {
			return text, nil
		}
		s := found[len(found)-1]
		if len(keys) > 1 {
			m, ok := pythonValue(string(text[s.value:s.end])).(map[string]any)
			if _, has := dig(m, keys[1:]); !ok || !has {
				return text, nil
			}
			return setINI(text, s, deepUnset(m, keys[1:])), nil
		}
		text = unsetINI(text, s)
	}
}

func (p *place) rename(text []byte, keys []string, to string) ([]byte, error) {
	if !p.ini {
		return renameYAML(p.file, text, p.path(keys), to)
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("%s:%d: rename %s: only a whole variable can be renamed in INI", p.file, p.line, strings.Join(keys, "."))
	}
	if p.has(text, to) {
		return p.unset(text, keys)
	}
	for {
		found := p.spots(text, keys[0])
		if len(found) == 0 {
			return text, nil
		}
		text = renameINI(text, found[len(found)-1], to)
	}
}

// onlyKey makes sure that an edit of an INI file touches the variables of its place and no others.
func (p *place) onlyKey(before, after []byte) error {
	type owner struct{ group, host string }
	read := func(text []byte) (map[owner]map[string]any, int) {
		all := map[owner]map[string]any{}
		spots, _ := iniSpots(text)
		for _, s := range spots {
			o := owner{s.group, s.host}
			if all[o] == nil {
				all[o] = map[string]any{}
			}
			all[o][s.key] = string(text[s.value:s.end])
		}
		mine := owner{p.group, p.host}
		own := all[mine]
		delete(all, mine)
		return all, len(own)
	}
	was, had := read(before)
	is, has := read(after)
	if !maps.EqualFunc(was, is, func(a, b map[string]any) bool { return reflect.DeepEqual(a, b) }) || has > had || had-has > 1 {
		return fmt.Errorf("edit %s: the text could not be changed without changing another variable; edit it by hand", p.file)
	}
	return nil
}
