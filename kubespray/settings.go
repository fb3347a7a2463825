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
	Source   string   `json:"source"` // ansible-inventory, fallback, or a tag
	Warnings []string `json:"warnings,omitempty"`
	Cluster  []string `json:"cluster,omitempty"` // the hosts of k8s_cluster
	Etcd     []string `json:"etcd,omitempty"`
	// Encrypted are the files that nobody could read: any setting may stand in them.
	Encrypted []string             `json:"encrypted,omitempty"`
	Settings  map[string][]Setting `json:"settings"`
}

// Setting is one value of a key.
type Setting struct {
	Value   any      `json:"value,omitempty"`
	Unknown string   `json:"unknown,omitempty"` // why there is no value
	Hosts   []string `json:"hosts,omitempty"`   // that have it; empty: all
	At      []string `json:"at,omitempty"`      // file:line
}

// SettingsOptions say where an inventory is, and how it is read.
type SettingsOptions struct {
	Dir       string // names of files are relative to it
	Inventory string
	// List is what ansible-inventory --list printed; nil where Ansible is not installed: then our own reader answers, and says so.
	List []byte
	// Closed are the files that Ansible had no password for.
	Closed []string
	// Shown says of a setting in an encrypted file that Ansible opened whether its value may be shown; nil: of none.
	Shown func(key string) bool
}

// SettingsOf are the settings of an inventory: the variables of every host, with the file and line of each.
func SettingsOf(o SettingsOptions) (*Settings, error) {
	path := Absolute(o.Dir, o.Inventory)
	inv, err := loadInventory(context.Background(), path, lister(o.List))
	if err != nil {
		return nil, err
	}
	s := &Settings{Source: inv.Source, Warnings: inv.Warnings, Settings: map[string][]Setting{},
		Cluster: inv.Groups["k8s_cluster"], Etcd: inv.Groups["etcd"]}
	from, warnings, err := originsOf(path, o.List)
	if err != nil {
		warnings = []string{"lines are unknown: " + err.Error()}
	}
	s.Warnings = append(s.Warnings, warnings...)
	b := settingsBuilder{o: o, path: path, all: sortedKeys(inv.Vars), s: s}
	for _, host := range b.all {
		for _, key := range sortedKeys(inv.Vars[host]) {
			if !strings.HasPrefix(key, vaultStubPrefix) {
				b.add(host, key, inv.Vars[host][key], from[host])
			}
		}
		if o.List == nil || len(o.Closed) > 0 {
			for _, file := range from[host].encrypted {
				if file = b.short(file); !slices.Contains(s.Encrypted, file) {
					s.Encrypted = append(s.Encrypted, file)
				}
			}
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
	o     SettingsOptions
	path  string
	all   []string
	s     *Settings
	texts map[string][]string // by key, of each value
}

func (b *settingsBuilder) add(host, key string, v any, from origins) {
	at, placed := from.at[key]
	one := Setting{Value: v}
	var opened []string // the files that have it, of which only Ansible knows the text
	if !placed && b.o.List != nil && len(b.o.Closed) == 0 {
		opened = from.encrypted
	}
	_, yesOrNo := v.(bool)
	switch {
	case hasVault(v):
		one = Setting{Unknown: "it is vaulted"}
	case len(opened) > 0 && !yesOrNo && (b.o.Shown == nil || !b.o.Shown(key)):
		one = Setting{Unknown: "it stands in an encrypted file"}
	}
	text, _ := json.Marshal([]any{one.Value, one.Unknown})
	if b.texts == nil {
		b.texts = map[string][]string{}
	}
	i := slices.Index(b.texts[key], string(text))
	if i < 0 {
		i = len(b.texts[key])
		b.texts[key] = append(b.texts[key], string(text))
		b.s.Settings[key] = append(b.s.Settings[key], one)
	}
	to := &b.s.Settings[key][i]
	to.Hosts = append(to.Hosts, host)
	places := []string{b.place(at)}
	if len(opened) > 0 {
		places = nil
		for _, file := range opened {
			places = append(places, b.short(file))
		}
	}
	for _, place := range places {
		if place != "" && !slices.Contains(to.At, place) {
			to.At = append(to.At, place)
		}
	}
}

// place is where a value stands, from the directory; the inventory itself where the files do not tell.
func (b *settingsBuilder) place(v Value) string {
	file := b.short(cmp.Or(v.File, Sources(b.path)[0]))
	if v.Line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, v.Line)
}

// short is the name of a file from the directory, where it is below or beside that.
func (b *settingsBuilder) short(file string) string {
	rel, err := filepath.Rel(b.o.Dir, file)
	if err == nil && (filepath.IsLocal(rel) || strings.HasPrefix(rel, "../") && !strings.HasPrefix(rel, "../../../")) {
		return rel
	}
	return file
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
// the files whose vault password is missing, which are named in closed. It is nil where Ansible is not installed.
func ListInventory(ctx context.Context, dir, program, inventory string) (list []byte, closed []string, err error) {
	cmd := exec.CommandContext(ctx, program, append(sourceOptions(inventory), "--list")...)
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
	return ListWithoutVault(ctx, program, Absolute(dir, inventory))
}
