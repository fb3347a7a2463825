package kubespray

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"spraydeck/regular"
)

var vaultHead = []byte("$ANSIBLE_VAULT;")

// vaultRefusal is how Ansible says that it has no password, or not the right one, for an encrypted file.
var vaultRefusal = regexp.MustCompile(`no vault secrets|Decryption failed`)

// VaultRefused says whether what Ansible printed means that it lacks the password of an encrypted file.
func VaultRefused(printed string) bool { return vaultRefusal.MatchString(printed) }

// ListWithoutVault is ansible-inventory --list of an inventory of which files that are encrypted as a whole cannot be read:
// in the place of each stands one variable with its digest. encrypted names them.
func ListWithoutVault(ctx context.Context, program, inventory string) (list []byte, encrypted []string, err error) {
	root, err := os.MkdirTemp("", "spraydeck-inventory-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(root)
	var args []string
	copies := map[string]string{}
	for _, source := range Sources(inventory) {
		dir := filepath.Dir(source)
		if info, err := os.Stat(source); err != nil {
			return nil, nil, err
		} else if info.IsDir() {
			dir = source
		}
		to, known := copies[dir]
		if !known {
			to = filepath.Join(root, strconv.Itoa(len(copies)))
			copies[dir] = to
			found, err := copyClosed(dir, to, dir == source)
			if err != nil {
				return nil, nil, err
			}
			encrypted = append(encrypted, found...)
		}
		if dir != source {
			to = filepath.Join(to, filepath.Base(source))
		}
		args = append(args, "-i", to)
	}
	list, err = exec.CommandContext(ctx, program, append(args, "--list")...).Output()
	if err != nil {
		err = listError(inventory, err)
	}
	return list, encrypted, err
}

// copyClosed copies a directory of an inventory, without what Ansible does not read of it: where the inventory is one file in it,
// that is every other directory but group_vars and host_vars.
func copyClosed(dir, to string, whole bool) (encrypted []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := os.Stat(path) // a link is what it leads to
		switch {
		case err != nil:
			return nil // a link that leads nowhere
		case e.IsDir() && (e.Name() == "credentials" || e.Name() == "artifacts" || e.Name() == ".git"):
			return fs.SkipDir
		case !whole && info.IsDir() && filepath.Dir(name) == "." && name != "." && name != "group_vars" && name != "host_vars":
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case info.IsDir() && !e.IsDir():
			target, err := filepath.Abs(path)
			if err != nil {
				return err
			}
			return link(target, filepath.Join(to, name))
		case !info.Mode().IsRegular():
			return nil
		}
		text, err := regular.Read(path)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(text, vaultHead) {
			encrypted = append(encrypted, filepath.ToSlash(name))
			text = vaultStub(filepath.ToSlash(name), text)
		}
		return put(filepath.Join(to, name), text, info.Mode()&0o100 != 0)
	})
	return encrypted, err
}

// open reads an inventory with the vault passwords that Ansible has, from ansible.cfg or the environment. It changes nothing
// where a password is missing.
func (c *Checkout) open(ctx context.Context, rev, dir string, s *side, o CompareOptions) (opened *side, err error) {
	if o.List == nil || !s.vaulted {
		return nil, nil
	}
	all := side{root: s.root + "-open", origins: s.origins}
	if _, err = c.snapshotWith(ctx, rev, dir, all.root, nil); err != nil {
		return nil, err
	}
	if all.inv, err = loadInventory(ctx, Absolute(all.root, o.Inventory), all.list(o)); err != nil {
		if VaultRefused(err.Error()) {
			return nil, nil
		}
		return nil, err
	}
	return &all, nil
}

// hiddenKeys are the variables that stand in encrypted files: those that only the opened inventory has, or has otherwise.
func hiddenKeys(opened, closed *Inventory, keys map[string]bool) {
	for host, vars := range opened.Vars {
		for k, v := range vars {
			if was, ok := closed.Vars[host][k]; !ok || !reflect.DeepEqual(was, v) {
				keys[k] = true
			}
		}
	}
}

// withVault puts the opened inventories in the place of the closed ones, where both could be opened, and gives the variables
// that must not be shown. Else it says what is compared by digest alone.
func (c *Checkout) withVault(ctx context.Context, dir string, revs []string, sides *[2]side, o CompareOptions) (hidden map[string]bool, note string, err error) {
	hidden = map[string]bool{}
	var opened [2]*side
	for i, rev := range revs {
		if opened[i], err = c.open(ctx, rev, dir, &sides[i], o); err != nil {
			return nil, "", err
		}
		if sides[i].vaulted && opened[i] == nil {
			return hidden, "encrypted files are compared by their digests: there is no vault password (ANSIBLE_VAULT_PASSWORD_FILE, or vault_password_file in ansible.cfg)", nil
		}
	}
	for i, s := range opened {
		if s != nil {
			hiddenKeys(s.inv, sides[i].inv, hidden)
			sides[i] = *s
		}
	}
	return hidden, "", nil
}

// sameVault says whether two encrypted texts are one.
func sameVault(a, b []byte) bool {
	return bytes.Equal(bytes.TrimRight(a, "\r\n"), bytes.TrimRight(b, "\r\n"))
}

// warnVault names an encrypted file that is not read.
func warnVault(name string) string {
	return strings.TrimSpace(name) + " is encrypted, and there is no vault password: its variables are unknown; it is carried as it is and compared by its digest"
}

// WarnVault is warnVault for each file.
func WarnVault(names []string) (list []string) {
	for _, n := range names {
		list = append(list, warnVault(n))
	}
	return list
}
