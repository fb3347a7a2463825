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

// parseFile reads an inventory (a file, or a directory of files) without
// Ansible: INI and YAML, with group_vars and host_vars beside it, merged by
// Ansible's precedence. Templates stay as written, vault secrets opaque,
// scripts and plugin configurations are refused. A warning says that Ansible
// did not confirm it.
func parseFile(path string) (*Inventory, error) {
	s, err := readSource(path)
	if err != nil {
		return nil, err
	}
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
	base      string // where group_vars and host_vars lie
	groupVars map[string]map[string]any
	warnings  []string

	reading string                      // "group_vars/all": whose files are being read
	placed  map[string]map[string]Value // by that, where each variable stands
}

func readSource(path string) (*source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read inventory: %w", err)
	}
	s := &source{tree: newTree(), base: filepath.Dir(path), groupVars: map[string]map[string]any{}, placed: map[string]map[string]Value{}}
	if info.IsDir() {
		s.base = path
		return s, s.readDir(path)
	}
	return s, s.readFile(path)
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
		return fmt.Errorf("read inventory %s: a script; only Ansible can run it", path)
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
	vars  map[string]any
}

// layers are a host's variables in Ansible's order, the last winning. What
// stands in the inventory file gives way to group_vars of any group, and a
// host's own variables win over all of these.
func (s *source) layers(name string) ([]layer, error) {
	groups := s.tree.groupsOf(name)
	var list []layer
	for _, g := range groups {
		list = append(list, layer{g.name, g.vars})
	}
	for _, g := range groups {
		vars, known := s.groupVars[g.name]
		if !known {
			var err error
			if vars, err = s.varsBeside("group_vars", g.name); err != nil {
				return nil, err
			}
			s.groupVars[g.name] = vars
		}
		list = append(list, layer{g.name, vars})
	}
	own, err := s.varsBeside("host_vars", name)
	if err != nil {
		return nil, err
	}
	return append(list, layer{"", s.tree.hosts[name].vars}, layer{"", own}), nil
}

// varsBeside reads kind/name, kind/name.yml, ... or the directory kind/name:
// the first that exists, as Ansible does.
func (s *source) varsBeside(kind, name string) (map[string]any, error) {
	vars := map[string]any{}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return vars, nil
	}
	s.reading = kind + "/" + name
	stem := filepath.Join(s.base, kind, name)
	for _, ext := range []string{"", ".yml", ".yaml", ".json"} {
		info, err := os.Stat(stem + ext)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			return vars, s.addVars(vars, stem+ext)
		}
		if ext == "" {
			return vars, s.addVarsDir(vars, stem)
		}
	}
	return vars, nil
}

func (s *source) addVarsDir(vars map[string]any, dir string) error {
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
			err = s.addVarsDir(vars, full)
		case !info.IsDir() && (ext == "" || varsExt(ext)):
			err = s.addVars(vars, full)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *source) addVars(vars map[string]any, path string) error {
	text, err := regular.Read(path)
	if err != nil {
		return fmt.Errorf("read variables: %w", err)
	}
	values, err := parseValues(path, text)
	if errors.Is(err, ErrVault) {
		s.warnings = append(s.warnings, path+" is encrypted: its variables are unknown")
		return nil
	}
	if err != nil {
		return err
	}
	if s.placed[s.reading] == nil {
		s.placed[s.reading] = map[string]Value{}
	}
	for key, v := range values {
		vars[key] = v.Value
		s.placed[s.reading][key] = v
	}
	return nil
}
