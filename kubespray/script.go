package kubespray

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// scriptTime is how long an inventory script may take.
const scriptTime = time.Minute

// readScript runs an inventory script as Ansible does, and takes the hosts, groups and variables that it prints.
func (s *source) readScript(path string) error {
	info, err := os.Stat(path)
	if err != nil || !s.scripts || info.Mode()&0o111 == 0 {
		return fmt.Errorf("read inventory %s: a script; only Ansible can run it", path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--list").Output()
	if err != nil {
		return listError(path, err)
	}
	var groups map[string]json.RawMessage
	if err := fromJSON(out, &groups); err != nil {
		return fmt.Errorf("read inventory %s: the script did not print JSON: %w", path, err)
	}
	var meta struct {
		Hostvars map[string]map[string]any `json:"hostvars"`
	}
	if text, ok := groups["_meta"]; ok {
		if err := fromJSON(text, &meta); err != nil {
			return fmt.Errorf("read inventory %s: _meta: %w", path, err)
		}
		delete(groups, "_meta")
	} else {
		s.warnings = append(s.warnings, path+" prints no _meta: the variables of single hosts are unknown")
	}
	for _, name := range sortedKeys(groups) {
		if err := s.scriptGroup(path, name, groups[name]); err != nil {
			return fmt.Errorf("read inventory %s: group %s: %w", path, name, err)
		}
	}
	for _, h := range sortedKeys(meta.Hostvars) {
		for k, v := range meta.Hostvars[h] {
			at := s.tree.host(h)
			at.vars[k], at.at[k] = jsonValue(v), Value{Value: at.vars[k], File: path}
		}
	}
	return nil
}

// scriptGroup takes a group as scripts print it: a mapping, or a list of hosts.
func (s *source) scriptGroup(path, name string, text json.RawMessage) error {
	var g struct {
		Hosts, Children []string
		Vars            map[string]any
	}
	if err := fromJSON(text, &g.Hosts); err != nil {
		if err := fromJSON(text, &g); err != nil {
			return err
		}
	}
	s.tree.group(name)
	for _, h := range g.Hosts {
		s.tree.addHost(name, h)
	}
	for _, child := range g.Children {
		if err := s.tree.addChild(name, child); err != nil {
			return err
		}
	}
	for k, v := range g.Vars {
		s.tree.group(name).set(k, jsonValue(v), path, 0)
	}
	return nil
}

// fromJSON reads JSON, in which a large integer must not become a float.
func fromJSON(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode(into)
}
