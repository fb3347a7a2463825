package kubespray

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"spraydeck/regular"
)

// parseFile reads an inventory (a file, a directory of files, or several of these) without
// Ansible: INI and YAML, with group_vars and host_vars beside it, merged by
// Ansible's precedence. Templates stay as written, vault secrets opaque,
// an inventory script is run, plugin configurations are refused. A warning says that Ansible
// did not confirm it.
func parseFile(path string) (*Inventory, error) {
	s := newSource()
	s.scripts = true
	if err := s.read(path); err != nil {
		return nil, err
	}
	return s.inventory()
}

// inventory is what the files say.
func (s *source) inventory() (*Inventory, error) {
	dynamic := s.tree.addDynamic()
	inv, err := s.resolve()
	if err != nil {
		return nil, err
	}
	inv.Dynamic = dynamic
	inv.Warnings = append([]string{"read without Ansible: templates and plugins were not evaluated"}, inv.Warnings...)
	return inv, nil
}

// source is an inventory on disk.
type source struct {
	tree      *tree
	bases     []string           // where group_vars and host_vars lie
	groupVars map[string]*varSet // by their file without its extension
	warnings  []string
	scripts   bool // an inventory script is run
}

// varSet is variables and where each stands.
type varSet struct {
	vars      map[string]any
	at        map[string]Value
	encrypted []string // files that may have more
}

func newSource() *source {
	return &source{tree: newTree(), groupVars: map[string]*varSet{}}
}

func readSource(inventory string) (*source, error) {
	s := newSource()
	return s, s.read(inventory)
}

func (s *source) read(inventory string) error {
	for _, path := range Sources(inventory) {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("read inventory: %w", err)
		}
		s.addBase(path)
		if info.IsDir() {
			err = s.readDir(path)
		} else {
			err = s.readFile(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// What Ansible and Kubespray's ansible.cfg pass over in an inventory directory.
var notInventory = regexp.MustCompile(`^\.|^(host_vars|group_vars|vars_plugins)$|artifacts|credentials|` +
	`(~|\.(orig|bak|ini|cfg|retry|pyc|pyo|creds|gpg|swp|rpm|md|txt|rst))$`)

func (s *source) readDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read inventory: %w", err)
	}
	for _, e := range entries {
		if notInventory.MatchString(e.Name()) {
			continue
		}
		full := filepath.Join(dir, e.Name())
		info, err := os.Stat(full)
		if err != nil {
			return fmt.Errorf("read inventory: %w", err)
		}
		if info.IsDir() {
			err = s.readDir(full)
		} else {
			err = s.readFile(full)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *source) readFile(path string) error {
	text, err := regular.Read(path)
	if err != nil {
		return fmt.Errorf("read inventory: %w", err)
	}
	if bytes.HasPrefix(text, []byte("#!")) {
		return s.readScript(path)
	}
	return s.parse(path, text)
}

// parse chooses the syntax as Ansible does: YAML by extension, or when a file
// without one is a YAML mapping; otherwise INI.
func (s *source) parse(path string, text []byte) error {
	switch ext := filepath.Ext(path); {
	case varsExt(ext):
		root, err := parseYAML(path, text)
		if err != nil {
			return err
		}
		return s.parseYAMLInventory(path, root)
	case ext == "":
		if root, err := parseYAML(path, text); err == nil && root != nil && root.Kind == yaml.MappingNode {
			return s.parseYAMLInventory(path, root)
		}
	}
	return s.parseINI(path, text)
}

// resolve merges each host's variables.
func (s *source) resolve() (*Inventory, error) {
	inv := &Inventory{Groups: s.tree.members(), Vars: map[string]map[string]any{}, Source: sourceFallback}
	for _, h := range s.tree.hostOrder {
		vars := map[string]any{}
		layers, err := s.layers(h)
		if err != nil {
			return nil, err
		}
		for _, l := range layers {
			maps.Copy(vars, l.vars)
		}
		inv.Vars[h] = vars
	}
	inv.Warnings = s.warnings
	return inv, nil
}

// layer is variables that apply together; group is "" for a host's own.
type layer struct {
	group string
	*varSet
}

// layers are a host's variables in Ansible's order, the last winning. What
// stands in the inventory file gives way to group_vars of any group, and a
// host's own variables win over all of these. Of several sources the group_vars
// of a later one win, whatever the group, but for the group all, which comes first.
func (s *source) layers(name string) ([]layer, error) {
	groups := s.tree.groupsOf(name)
	var list []layer
	for _, g := range groups {
		list = append(list, layer{g.name, &varSet{vars: g.vars, at: g.at}})
	}
	for _, all := range []bool{true, false} {
		for _, base := range s.bases {
			for _, g := range groups {
				if (g.name == "all") != all {
					continue
				}
				stem := filepath.Join(base, "group_vars", g.name)
				vars, known := s.groupVars[stem]
				if !known {
					var err error
					if vars, err = s.varsBeside(base, "group_vars", g.name); err != nil {
						return nil, err
					}
					s.groupVars[stem] = vars
				}
				list = append(list, layer{g.name, vars})
			}
		}
	}
	h := s.tree.hosts[name]
	list = append(list, layer{"", &varSet{vars: h.vars, at: h.at}})
	for _, base := range s.bases {
		own, err := s.varsBeside(base, "host_vars", name)
		if err != nil {
			return nil, err
		}
		list = append(list, layer{"", own})
	}
	return list, nil
}

// varsBeside reads kind/name, kind/name.yml, ... or the directory kind/name:
// the first that exists, as Ansible does.
func (s *source) varsBeside(base, kind, name string) (*varSet, error) {
	set := &varSet{vars: map[string]any{}, at: map[string]Value{}}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return set, nil
	}
	stem := filepath.Join(base, kind, name)
	for _, ext := range []string{"", ".yml", ".yaml", ".json"} {
		info, err := os.Stat(stem + ext)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			return set, s.addVars(set, stem+ext)
		}
		if ext == "" {
			return set, s.addVarsDir(set, stem)
		}
	}
	return set, nil
}

func (s *source) addVarsDir(set *varSet, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read variables: %w", err)
	}
	for _, e := range entries {
		name, ext := e.Name(), filepath.Ext(e.Name())
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
			continue
		}
		full := filepath.Join(dir, name)
		info, err := os.Stat(full)
		switch {
		case err != nil:
			return fmt.Errorf("read variables: %w", err)
		case info.IsDir() && ext == "":
			err = s.addVarsDir(set, full)
		case !info.IsDir() && (ext == "" || varsExt(ext)):
			err = s.addVars(set, full)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *source) addVars(set *varSet, path string) error {
	text, err := regular.Read(path)
	if err != nil {
		return fmt.Errorf("read variables: %w", err)
	}
	values, err := parseValues(path, text)
	if errors.Is(err, ErrVault) {
		set.encrypted = append(set.encrypted, path)
		s.warnings = append(s.warnings, path+" is encrypted: its variables are unknown")
		return nil
	}
	if err != nil {
		return err
	}
	for key, v := range values {
		set.vars[key], set.at[key] = v.Value, v
	}
	return nil
}
