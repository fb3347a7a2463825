package kubespray

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// parseYAMLInventory reads groups with hosts, vars and children.
func (s *source) parseYAMLInventory(path string, root *yaml.Node) error {
	if root == nil {
		return fmt.Errorf("%s:1: read inventory: the file is empty", path)
	}
	r := yamlReader{source: s, d: decoder{file: path}}
	groups, err := r.mapping(root, "the inventory")
	if err != nil {
		return err
	}
	for _, p := range groups {
		if p.key == "plugin" {
			return fmt.Errorf("%s:%d: read inventory: configuration of an inventory plugin; only Ansible can run it", path, p.line)
		}
		if err := r.group(p, 0); err != nil {
			return err
		}
	}
	return nil
}

type yamlReader struct {
	*source
	d decoder
}

// mapping lists the pairs of a node that must be a mapping. Empty is none, and
// plain text is one key without a value, as Ansible allows.
func (r *yamlReader) mapping(n *yaml.Node, what string) ([]pair, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		return r.d.pairs(n)
	case yaml.ScalarNode:
		v, err := r.d.scalar(n)
		if err != nil || v == nil {
			return nil, err
		}
		if text, ok := v.(string); ok {
			return []pair{{key: text, line: n.Line, value: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}}}, nil
		}
	}
	return nil, fmt.Errorf("%s:%d: read inventory: want a mapping for %s", r.d.file, n.Line, what)
}

// Groups nest in the file; deeper than this is an alias that holds itself.
const maxGroupDepth = 100

func (r *yamlReader) group(p pair, depth int) error {
	if depth > maxGroupDepth {
		return fmt.Errorf("%s:%d: read inventory: groups nest more than %d deep", r.d.file, p.line, maxGroupDepth)
	}
	name := p.key
	g := r.tree.group(name)
	sections, err := r.mapping(p.value, "group "+name)
	if err != nil {
		return err
	}
	if p.value.Kind == yaml.ScalarNode {
		sections = nil // text where a group belongs: Ansible skips it too
	}
	for _, section := range sections {
		switch section.key {
		case "vars", "children", "hosts":
		default:
			r.warnings = append(r.warnings, fmt.Sprintf("%s:%d: unknown key %s in group %s passed over", r.d.file, section.line, section.key, name))
			continue
		}
		entries, err := r.mapping(section.value, section.key+" of group "+name)
		if err != nil {
			return err
		}
		for _, e := range entries {
			switch section.key {
			case "vars":
				err = r.setVar(g, e)
			case "children":
				if err = r.group(e, depth+1); err == nil {
					err = r.child(name, e)
				}
			case "hosts":
				err = r.hosts(name, e)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *yamlReader) setVar(g *group, e pair) error {
	v, err := r.d.value(e.value)
	if err == nil {
		g.set(e.key, v, r.d.file, e.line)
	}
	return err
}

func (r *yamlReader) child(parent string, e pair) error {
	if err := r.tree.addChild(parent, e.key); err != nil {
		return fmt.Errorf("%s:%d: read inventory: %w", r.d.file, e.line, err)
	}
	return nil
}

func (r *yamlReader) hosts(groupName string, e pair) error {
	names, port, err := expandHosts(e.key)
	if err != nil {
		return fmt.Errorf("%s:%d: read inventory: %w", r.d.file, e.line, err)
	}
	vars, err := r.mapping(e.value, "host "+e.key)
	if err != nil {
		return err
	}
	for _, name := range names {
		h := r.tree.addHost(groupName, name)
		if port != 0 {
			h.vars["ansible_port"] = port
		}
		for _, p := range vars {
			if h.vars[p.key], err = r.d.value(p.value); err != nil {
				return err
			}
			h.at[p.key] = Value{Value: h.vars[p.key], File: r.d.file, Line: p.line}
		}
	}
	return nil
}

// set gives a group a variable; the priority is none, it orders the group.
func (g *group) set(key string, v any, file string, line int) {
	if key == "ansible_group_priority" {
		switch v := v.(type) {
		case int64:
			g.priority = v
		case string:
			if n, ok := plain(v).(int64); ok {
				g.priority = n
			}
		}
		return
	}
	g.vars[key], g.at[key] = v, Value{Value: v, File: file, Line: line}
}
