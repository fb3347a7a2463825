package kubespray

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
)

// Inventory is the hosts of an inventory, by group, with the variables each
// host ends up with.
type Inventory struct {
	// Groups holds every group's hosts, children's hosts included, in the
	// order Ansible visits them: a group's own hosts first, then its
	// children's. "all" and "ungrouped" are groups too.
	Groups map[string][]string
	// Vars holds each host's variables, merged by Ansible's precedence. Types
	// are those of [Value]. Every host has an entry.
	Vars map[string]map[string]any
	// Source is "ansible-inventory" or, from our own reader, "fallback".
	Source string
	// Dynamic names the groups the file does not have but Kubespray's first
	// play makes of others, such as k8s_cluster from v2.27 on. Their hosts and
	// group_vars are in Groups and Vars. Only [loadInventory] and [parseFile] add them.
	Dynamic []string
	// Warnings say what a reader should know before trusting this.
	Warnings []string
}

const (
	sourceAnsible  = "ansible-inventory"
	sourceFallback = "fallback"
)

// loadInventory resolves an inventory. list runs ansible-inventory -i path --list and
// returns its standard output; when it is nil or fails with an error that
// wraps exec.ErrNotFound or fs.ErrNotExist, Ansible is absent and our own
// reader does it. Any other failure is returned with the last of stderr: an
// inventory that Ansible refuses must not look fine here.
//
// The groups that Kubespray makes at run time are added, with their
// group_vars, because without them the settings of group_vars/k8s_cluster
// would seem to reach no host.
func loadInventory(ctx context.Context, path string, list func(ctx context.Context, path string) ([]byte, error)) (*Inventory, error) {
	if list == nil {
		return parseFile(path)
	}
	out, err := list(ctx, path)
	if isMissing(err) {
		return parseFile(path)
	}
	if err != nil {
		return nil, listError(path, err)
	}
	inv, err := ParseList(out)
	if err != nil {
		return nil, fmt.Errorf("list inventory %s: %w", path, err)
	}
	inv.addDynamic(path)
	return inv, nil
}

func isMissing(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}

func listError(path string, err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if text := lastLines(string(exit.Stderr), 5); text != "" {
			return fmt.Errorf("list inventory %s: %w: %s", path, err, text)
		}
	}
	return fmt.Errorf("list inventory %s: %w", path, err)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// ParseList reads the JSON of ansible-inventory --list. Hosts that belong to
// no group but all come last, because the JSON does not tell their place.
func ParseList(jsonOut []byte) (*Inventory, error) {
	tree, hostvars, err := readList(jsonOut)
	if err != nil {
		return nil, err
	}
	inv := &Inventory{Groups: tree.members(), Vars: map[string]map[string]any{}, Source: sourceAnsible}
	for _, h := range tree.hostOrder {
		vars := map[string]any{}
		for k, v := range hostvars[h] {
			vars[k] = jsonValue(v)
		}
		inv.Vars[h] = vars
	}
	return inv, nil
}

// listTree is the groups and hosts of what ansible-inventory --list printed.
func listTree(jsonOut []byte) (*tree, error) {
	t, _, err := readList(jsonOut)
	return t, err
}

func readList(jsonOut []byte) (*tree, map[string]map[string]any, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(jsonOut, &raw); err != nil {
		return nil, nil, fmt.Errorf("read ansible-inventory's answer: %w", err)
	}
	var meta struct {
		Hostvars map[string]map[string]any `json:"hostvars"`
	}
	if text, ok := raw["_meta"]; ok {
		if err := fromJSON(text, &meta); err != nil {
			return nil, nil, fmt.Errorf("read ansible-inventory's answer: _meta: %w", err)
		}
		delete(raw, "_meta")
	}
	tree := newTree()
	for _, name := range sortedKeys(raw) {
		var g struct{ Hosts, Children []string }
		if err := json.Unmarshal(raw[name], &g); err != nil {
			return nil, nil, fmt.Errorf("read ansible-inventory's answer: group %s: %w", name, err)
		}
		for _, h := range g.Hosts {
			tree.addHost(name, h)
		}
		for _, child := range g.Children {
			if err := tree.addChild(name, child); err != nil {
				return nil, nil, fmt.Errorf("read ansible-inventory's answer: %w", err)
			}
		}
	}
	for _, h := range sortedKeys(meta.Hostvars) {
		tree.host(h)
	}
	tree.reconcile()
	return tree, meta.Hostvars, nil
}

// jsonValue replaces json.Number by int64 or float64, and takes the wrapping off
// text marked !unsafe, which only tells Ansible not to look for templates.
func jsonValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		for i := range v {
			v[i] = jsonValue(v[i])
		}
	case map[string]any:
		if text, ok := v["__ansible_unsafe"]; ok && len(v) == 1 {
			return text
		}
		for k := range v {
			v[k] = jsonValue(v[k])
		}
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
