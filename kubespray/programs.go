package kubespray

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"spraydeck/regular"
)

// Program is one that the configuration of a checkout names, so that git or Ansible runs it.
type Program struct {
	Where string `json:"where"` // the setting or the file that names it
	What  string `json:"what"`  // the program, as it is written there
	// Runs says when: "never" by a command of ours that only reads, "commit" when git commits or changes branches, and
	// "ansible" whenever Ansible reads the configuration.
	Runs string `json:"runs"`
}

// Programs lists what the configuration of a checkout would have git and Ansible run. It runs none of them.
func (c *Checkout) Programs(ctx context.Context) []Program {
	var list []Program
	for _, s := range repositorySettings(ctx, c.dir) {
		if _, names := harmless(s.key); names && s.value != "" && s.value != "false" && s.value != "true" {
			list = append(list, Program{"git " + s.key, s.value, "never"})
		}
	}
	return append(append(list, c.hooks(ctx)...), ansiblePrograms(c.dir)...)
}

// hooks lists the hooks that git runs when it commits or changes the branch.
func (c *Checkout) hooks(ctx context.Context) (list []Program) {
	dir := ""
	for _, s := range repositorySettings(ctx, c.dir) {
		if s.key == "core.hookspath" {
			dir = s.value
		}
	}
	if dir == "" {
		out, err := git(ctx, c.dir, nil, "rev-parse", "--git-common-dir")
		if err != nil {
			return nil
		}
		dir = filepath.Join(strings.TrimSuffix(string(out), "\n"), "hooks")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.dir, dir)
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if name := filepath.Join(dir, e.Name()); !strings.HasSuffix(name, ".sample") && executable(name) {
			list = append(list, Program{"git hook " + e.Name(), name, "commit"})
		}
	}
	return list
}

// ansiblePrograms lists the settings of ansible.cfg that have Ansible run something: scripts that give a password or the
// inventory, other programs than ssh's own, and folders of plugins. The folders that Kubespray itself names are not listed.
func ansiblePrograms(dir string) (list []Program) {
	file := filepath.Join(dir, "ansible.cfg")
	text, err := regular.Read(file)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if i := strings.IndexAny(line, "=:"); i > 0 && !strings.ContainsAny(line[:1], "#; \t[") {
			key, value := strings.ToLower(strings.TrimSpace(line[:i])), strings.TrimSpace(line[i+1:])
			value, _, _ = strings.Cut(value, " ;")
			for _, one := range ansibleNames(dir, key, strings.TrimSpace(value)) {
				list = append(list, Program{"ansible.cfg " + key, one, "ansible"})
			}
		}
	}
	return list
}

func ansibleNames(dir, key, value string) (names []string) {
	at := func(name string) string {
		if rest, ok := strings.CutPrefix(name, "~/"); ok {
			home, _ := os.UserHomeDir()
			return filepath.Join(home, rest)
		}
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	switch {
	case key == "vault_password_file", key == "vault_identity_list", key == "become_password_file", key == "connection_password_file", key == "inventory":
		for _, one := range strings.Split(value, ",") {
			one = strings.TrimSpace(one)
			script := one
			if i := strings.LastIndexByte(one, '@'); i >= 0 && key == "vault_identity_list" {
				script = one[i+1:]
			}
			if script != "" && executable(at(script)) {
				names = append(names, script)
			}
		}
	case key == "ssh_executable", key == "scp_executable", key == "sftp_executable", key == "become_exe", key == "editor", key == "pager":
		if strings.ContainsRune(value, filepath.Separator) {
			names = append(names, value)
		}
	case strings.HasSuffix(key, "_plugins"), key == "library", key == "module_utils":
		for _, one := range strings.Split(value, ":") {
			if one = filepath.Clean(strings.TrimSpace(one)); one == "library" || one == "plugins/modules" {
				continue // Kubespray's own
			}
			if entries, err := os.ReadDir(at(one)); err == nil && len(entries) > 0 {
				names = append(names, one)
			}
		}
	}
	return names
}

// executable says whether a path is a file that can be run.
func executable(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
