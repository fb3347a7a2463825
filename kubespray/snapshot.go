package kubespray

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// snapshot puts the inventory directory and ansible.cfg as they are at a revision ("" is the working tree) below a new
// directory, with everything else of the checkout linked beside them, so that Ansible reads them as it would there. A file
// that is encrypted as a whole becomes one variable that holds a digest of it: it is compared and never decrypted.
func (c *Checkout) snapshot(ctx context.Context, rev, dir, root string) (vaulted bool, err error) {
	return c.snapshotWith(ctx, rev, dir, root, vaultStub)
}

// snapshotWith puts what stub makes of an encrypted file in its place; nil leaves it.
func (c *Checkout) snapshotWith(ctx context.Context, rev, dir, root string, stub func(name string, text []byte) []byte) (vaulted bool, err error) {
	names, err := c.Files(ctx, rev, dir)
	if err != nil {
		return false, err
	}
	links := map[string]string{}
	if rev != "" {
		if links, err = c.links(ctx, rev, dir); err != nil {
			return false, err
		}
	}
	texts, err := c.readAll(ctx, rev, append(names, "ansible.cfg"))
	if err != nil {
		return false, err
	}
	for _, name := range append(names, "ansible.cfg") {
		below := strings.TrimPrefix(name, dir+"/")
		if top, _, _ := strings.Cut(below, "/"); top == "credentials" || top == "artifacts" {
			continue
		}
		if to, ok := links[name]; ok {
			if err := link(to, filepath.Join(root, name)); err != nil {
				return false, err
			}
			continue
		}
		text, here := texts[name]
		if !here {
			continue
		}
		if bytes.HasPrefix(text, vaultHead) {
			if vaulted = true; stub != nil {
				text = stub(below, text)
			}
		}
		if err := put(filepath.Join(root, name), text, bytes.HasPrefix(text, []byte("#!"))); err != nil {
			return false, err
		}
	}
	return vaulted, linkRest(c.dir, root)
}

// links are the symbolic links below dir at a revision, by their names.
func (c *Checkout) links(ctx context.Context, rev, dir string) (map[string]string, error) {
	out, err := git(ctx, c.dir, nil, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", rev+":"+dir)
	if err != nil {
		return nil, err
	}
	links := map[string]string{}
	for record := range strings.SplitSeq(string(out), "\x00") {
		head, name, ok := strings.Cut(record, "\t")
		if f := strings.Fields(head); ok && len(f) == 3 && f[0] == "120000" {
			text, err := git(ctx, c.dir, nil, "cat-file", "blob", f[2])
			if err != nil {
				return nil, err
			}
			links[path.Join(dir, name)] = string(text)
		}
	}
	return links, nil
}

func link(to, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.Symlink(to, name)
}

func put(name string, text []byte, executable bool) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if executable {
		mode = 0o700
	}
	return os.WriteFile(name, text, mode)
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9]+`)

// vaultStubPrefix begins the name of the variable that stands for an encrypted file.
const vaultStubPrefix = "vaulted_file_"

func vaultStub(name string, text []byte) []byte {
	return fmt.Appendf(nil, vaultStubPrefix+"%s: {__ansible_vault: %x}\n", notWord.ReplaceAllString(name, "_"), sha256.Sum256(text))
}

// linkRest links what is not there yet, at the top and in inventory/.
func linkRest(from, root string) error {
	for _, dir := range []string{"", "inventory"} {
		entries, err := os.ReadDir(filepath.Join(from, dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Name() == ".git" || dir == "" && e.Name() == "ansible.cfg" {
				continue
			}
			to := filepath.Join(root, dir, e.Name())
			if _, err := os.Lstat(to); err == nil {
				continue
			}
			if err := link(filepath.Join(from, dir, e.Name()), to); err != nil {
				return err
			}
		}
	}
	return nil
}

// ListWithAnsible runs ansible-inventory in a snapshot.
func ListWithAnsible(ctx context.Context, root, inventory string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "ansible-inventory", "-i", inventory, "--list")
	cmd.Dir = root
	cmd.Env = os.Environ()
	if _, err := os.Stat(filepath.Join(root, "ansible.cfg")); err == nil {
		cmd.Env = append(cmd.Env, "ANSIBLE_CONFIG="+filepath.Join(root, "ansible.cfg"))
	}
	return cmd.Output()
}

// commentsOf are the comments of a text, in order.
func commentsOf(text []byte) []string {
	var list []string
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		if l := strings.TrimSpace(s.Text()); strings.HasPrefix(l, "#") {
			list = append(list, l)
		}
	}
	return list
}
