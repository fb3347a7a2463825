package kubespray

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Settings are what an inventory sets for its hosts, or a release by default: each key with its values and their places.
type Settings struct {
	Source   string               `json:"source"` // ansible-inventory, fallback, or a tag
	Warnings []string             `json:"warnings,omitempty"`
	Cluster  []string             `json:"cluster,omitempty"` // the hosts of k8s_cluster
	Etcd     []string             `json:"etcd,omitempty"`
	Settings map[string][]Setting `json:"settings"`
}

// Setting is one value of a key.
type Setting struct {
	Value   any      `json:"value,omitempty"`
	Unknown string   `json:"unknown,omitempty"` // why there is no value
	Hosts   []string `json:"hosts,omitempty"`   // that have it; empty: all
	At      []string `json:"at,omitempty"`      // file:line
}

// SettingsOf are the settings of an inventory: the variables of every host as ansible-inventory listed them, with the file and
// line of each. list is nil where Ansible is not installed; then our own reader answers, and says so. Names of files are
// relative to dir.
func SettingsOf(dir, inventory string, list []byte) (*Settings, error) {
	path := inventory
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	inv, err := loadInventory(context.Background(), path, lister(list))
	if err != nil {
		return nil, err
	}
	s := &Settings{Source: inv.Source, Warnings: inv.Warnings, Settings: map[string][]Setting{},
		Cluster: inv.Groups["k8s_cluster"], Etcd: inv.Groups["etcd"]}
	origins, err := originsOf(path)
	if err != nil {
		s.Warnings = append(s.Warnings, "lines are unknown: "+err.Error())
	}
	b := settingsBuilder{dir: dir, path: path, all: sortedKeys(inv.Vars), s: s}
	for _, host := range b.all {
		for _, key := range sortedKeys(inv.Vars[host]) {
			b.add(host, key, inv.Vars[host][key], origins[host][key])
		}
	}
	b.finish()
	return s, nil
}

func lister(list []byte) func(context.Context, string) ([]byte, error) {
	if list == nil {
		return nil
	}
	return func(context.Context, string) ([]byte, error) { return list, nil }
}

type settingsBuilder struct {
	dir, path string
	all       []string
	s         *Settings
	texts     map[string][]string // by key, of each value
}

func (b *settingsBuilder) add(host, key string, v any, from Value) {
	one := Setting{Value: v}
	if hasVault(v) {
		one = Setting{Unknown: "it is vaulted"}
	}
	text, _ := json.Marshal([]any{v, one.Unknown})
	if b.texts == nil {
		b.texts = map[string][]string{}
	}
	i := slices.Index(b.texts[key], string(text))
	if i < 0 {
		i = len(b.texts[key])
		b.texts[key] = append(b.texts[key], string(text))
		b.s.Settings[key] = append(b.s.Settings[key], one)
	}
	at := &b.s.Settings[key][i]
	at.Hosts = append(at.Hosts, host)
	place := b.place(from)
	if place != "" && !slices.Contains(at.At, place) {
		at.At = append(at.At, place)
	}
}

// place is where a value stands, from the directory; the inventory itself where the files do not tell.
func (b *settingsBuilder) place(v Value) string {
	file := cmp.Or(v.File, b.path)
	if rel, err := filepath.Rel(b.dir, file); err == nil && filepath.IsLocal(rel) {
		file = rel
	}
	if v.Line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, v.Line)
}

func (b *settingsBuilder) finish() {
	for _, list := range b.s.Settings {
		for i := range list {
			if len(list[i].Hosts) == len(b.all) {
				list[i].Hosts = nil
			}
		}
	}
}

// hasVault says whether a value is vaulted, or has something vaulted in it.
func hasVault(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.HasPrefix(v, "$ANSIBLE_VAULT")
	case []any:
		return slices.ContainsFunc(v, hasVault)
	case map[string]any:
		if _, ok := v["__ansible_vault"]; ok {
			return true
		}
		for _, one := range v {
			if hasVault(one) {
				return true
			}
		}
	}
	return false
}

// ListInventory is ansible-inventory --list of an inventory, by the program of that name that path has or else names: without
// the files whose vault password is missing, which are named in warnings. It is nil where Ansible is not installed.
func ListInventory(ctx context.Context, dir, program, inventory string) (list []byte, warnings []string, err error) {
	cmd := exec.CommandContext(ctx, program, "-i", inventory, "--list")
	cmd.Dir = dir
	list, err = cmd.Output()
	switch {
	case err == nil:
		return list, nil, nil
	case isMissing(err):
		return nil, nil, nil
	}
	err = listError(inventory, err)
	if !VaultRefused(err.Error()) {
		return nil, nil, err
	}
	full := inventory
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	list, encrypted, err := ListWithoutVault(ctx, full)
	return list, WarnVault(encrypted), err
}
