package kubespray

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

// editCase is the head of an archive in testdata/edits. The files before lie beside the head, those that the edit is to change
// below want/; every other file must stay as it is.
type editCase struct {
	Set    yaml.Node
	Unset  []string
	Rename yaml.Node
	File   string
	Sample map[string]string // key: file of the sample, with "#" before it where only a comment has the key
	CRLF   bool              `yaml:"crlf"`
	Cut    bool              // no file has a last line end
	Notes  []string          // parts of what is noted, in order
	Error  string            // a part of the error
	Silent bool              // what Ansible reads does not change

	edit      Edit
	inventory string
	before    map[string]string
	want      map[string]string
}

const editInventory = `[kube_control_plane]
node1 ansible_host=10.0.0.1

[etcd:children]
kube_control_plane

[kube_node]
node2 ansible_host=10.0.0.2
node3 ansible_host=10.0.0.3

[k8s_cluster:children]
kube_control_plane
kube_node
`

func readEditCase(t *testing.T, file string) *editCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(text)
	c := &editCase{before: map[string]string{}, want: map[string]string{}}
	if err := yaml.Unmarshal(archive.Comment, c); err != nil {
		t.Fatal(err)
	}
	c.edit = Edit{Unset: c.Unset, File: c.File}
	for i := 0; i+1 < len(c.Set.Content); i += 2 {
		v, err := (&decoder{}).value(c.Set.Content[i+1])
		if err != nil {
			t.Fatal(err)
		}
		c.edit.Set = append(c.edit.Set, Assigned{c.Set.Content[i].Value, v})
	}
	for i := 0; i+1 < len(c.Rename.Content); i += 2 {
		c.edit.Rename = append(c.edit.Rename, Renamed{c.Rename.Content[i].Value, c.Rename.Content[i+1].Value})
	}
	line := 0
	for _, key := range sortedKeys(c.Sample) {
		line++
		if c.edit.Sample == nil {
			c.edit.Sample = map[string]Value{}
		}
		name, commented := strings.CutPrefix(c.Sample[key], "#")
		c.edit.Sample[key] = Value{File: "inventory/sample/" + name, Line: line, Commented: commented}
	}
	for _, f := range archive.Files {
		body := string(f.Data)
		if c.Cut {
			body = strings.TrimSuffix(body, "\n")
		}
		if c.CRLF {
			body = strings.ReplaceAll(body, "\n", "\r\n")
		}
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			c.want[name] = body
		} else {
			c.before[f.Name] = body
		}
	}
	c.inventory = "inventory.ini"
	for name := range c.before {
		if name == "hosts.yaml" || name == "hosts.sh" {
			c.inventory = name
		}
	}
	if _, given := c.before[c.inventory]; !given {
		c.before[c.inventory] = editInventory
	}
	return c
}

// TestEdits: what an edit makes of a file is what a careful person would have made of it, byte for byte, and to Ansible it is the
// change that was meant and no other.
func TestEdits(t *testing.T) {
	files, err := filepath.Glob("testdata/edits/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	ansible := &ansibleLists{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := readEditCase(t, file)
			dir := t.TempDir()
			t.Chdir(dir)
			write(t, ".", c.before)
			got, err := c.edit.Plan(c.inventory)
			if c.Error != "" {
				if err == nil || !strings.Contains(err.Error(), c.Error) {
					t.Fatalf("the error is %v, not %q", err, c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			notes := strings.Join(got.Notes, "\n")
			for _, n := range c.Notes {
				if !strings.Contains(notes, n) {
					t.Errorf("not noted: %q; noted: %q", n, notes)
				}
			}
			if len(c.Notes) != len(got.Notes) {
				t.Errorf("noted: %q", got.Notes)
			}
			changed := map[string]string{}
			for _, f := range got.Files {
				changed[f.Path] = string(f.After)
				diffHolds(t, f)
			}
			for name, want := range c.want {
				if changed[name] != want {
					t.Errorf("%s is\n%q\nand not\n%q", name, changed[name], want)
				}
			}
			for name := range changed {
				if _, wanted := c.want[name]; !wanted {
					t.Errorf("%s was changed:\n%s", name, changed[name])
				}
			}
			again(t, c, got)
			if c.inventory != "hosts.sh" {
				ansible.add(t, c, changed)
			}
		})
	}
	ansible.check(t)
}

// diffHolds: the difference gives the new text, and is refused by another text than the old.
func diffHolds(t *testing.T, f FileEdit) {
	t.Helper()
	read := func(text []byte) func(string) ([]byte, error) {
		return func(string) ([]byte, error) { return text, nil }
	}
	edits, err := ReadDiff([]byte("# a note\n"+f.Diff()), read(f.Before))
	if err != nil || len(edits) != 1 || !bytes.Equal(edits[0].After, f.After) {
		t.Errorf("the difference does not give the text back: %v\n%s", err, f.Diff())
	}
	if edits, err := ReadDiff([]byte(f.Diff()), read(f.After)); err != nil || !bytes.Equal(edits[0].Before, edits[0].After) {
		t.Errorf("what is changed already: %v", err)
	}
	var outdated *OutdatedError
	if _, err := ReadDiff([]byte(f.Diff()), read(append([]byte("x: 1\n"), f.Before...))); !errors.As(err, &outdated) {
		t.Errorf("another text than the old: %v", err)
	}
}

// again: an edit that was made has nothing to do.
func again(t *testing.T, c *editCase, got *Edited) {
	t.Helper()
	for _, f := range got.Files {
		write(t, ".", map[string]string{f.Path: string(f.After)})
	}
	if more, err := c.edit.Plan(c.inventory); err != nil || len(more.Files) > 0 {
		t.Errorf("made once more: %v, %+v", err, more)
	}
}

// ansibleLists reads inventories with ansible-inventory, before and after an edit, all in one go.
type ansibleLists struct {
	cases []*editCase
	names []string
	roots []string
}

func (a *ansibleLists) add(t *testing.T, c *editCase, changed map[string]string) {
	t.Helper()
	root, err := os.MkdirTemp("", "edits")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "before"), c.before)
	write(t, filepath.Join(root, "after"), c.before)
	write(t, filepath.Join(root, "after"), changed)
	a.cases, a.names, a.roots = append(a.cases, c), append(a.names, t.Name()), append(a.roots, root)
}

// listAll runs the program ansible-inventory for each inventory that is named on standard input, in a process of its own that has
// Ansible loaded already.
const listAll = `
import json, os, sys, tempfile
from ansible.cli.inventory import InventoryCLI
out = []
for path in sys.stdin.read().split():
    with tempfile.TemporaryFile('w+') as f:
        pid = os.fork()
        if pid == 0:
            os.dup2(f.fileno(), 1)
            try:
                cli = InventoryCLI(['ansible-inventory', '-i', path, '--list'])
                cli.parse()
                cli.run()
            except SystemExit as e:
                sys.stdout.flush()
                os._exit(e.code or 0)
            except Exception as e:
                print(e, file=sys.stderr)
                os._exit(9)
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        f.seek(0)
        out.append({'path': path, 'status': status, 'list': f.read()})
print(json.dumps(out))
`

func (a *ansibleLists) check(t *testing.T) {
	program, err := exec.LookPath("ansible-inventory")
	if err != nil {
		t.Fatalf("ansible-inventory is not installed: %v", err)
	}
	defer func() {
		for _, r := range a.roots {
			os.RemoveAll(r)
		}
	}()
	head, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(head), "\n")
	python := strings.Fields(strings.TrimPrefix(line, "#!"))
	var paths []string
	for i, c := range a.cases {
		paths = append(paths, filepath.Join(a.roots[i], "before", c.inventory), filepath.Join(a.roots[i], "after", c.inventory))
	}
	cmd := exec.Command(python[0], append(python[1:], "-c", listAll)...)
	config := filepath.Join(t.TempDir(), "ansible.cfg")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "ANSIBLE_CONFIG="+config, "ANSIBLE_LOCALHOST_WARNING=False", "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var lists []struct {
		Path, List string
		Status     int
	}
	if err := json.Unmarshal(out, &lists); err != nil {
		t.Fatal(err)
	}
	for i, c := range a.cases {
		var inv [2]*Inventory
		for k := range inv {
			l := lists[2*i+k]
			if l.Status != 0 {
				t.Fatalf("%s: ansible-inventory -i %s: status %d: %s", a.names[i], l.Path, l.Status, stderr.String())
			}
			if inv[k], err = ParseList([]byte(l.List)); err != nil {
				t.Fatalf("%s: %v: %q, %s", a.names[i], err, l.List, stderr.String())
			}
		}
		if !reflect.DeepEqual(inv[0].Groups, inv[1].Groups) {
			t.Errorf("%s: the groups are others", a.names[i])
		}
		effect(t, a.names[i], c, inv[0].Vars, inv[1].Vars)
	}
}

// effect holds what Ansible reads after an edit against what it read before and what the edit was to do.
func effect(t *testing.T, name string, c *editCase, before, after map[string]map[string]any) {
	t.Helper()
	if c.Silent {
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s: Ansible reads other values", name)
		}
		return
	}
	reached := 0
	for host, vars := range after {
		want := before[host]
		for _, r := range c.edit.Rename {
			old, now := strings.Split(r.Old, "."), strings.Split(r.New, ".")
			if v, had := dig(want, old); had {
				reached++
				want = deepUnset(want, old)
				if _, has := dig(want, now); !has {
					want = deepSet(want, now, v)
				}
			}
		}
		for _, key := range c.edit.Unset {
			if _, had := dig(want, strings.Split(key, ".")); had {
				reached++
				want = deepUnset(want, strings.Split(key, "."))
			}
		}
		for _, s := range c.edit.Set {
			path := strings.Split(s.Key, ".")
			if _, has := vars[path[0]]; has {
				reached++
				want = deepSet(want, path, s.Value)
			}
		}
		if !reflect.DeepEqual(vars, want) {
			t.Errorf("%s: on %s Ansible reads\n%v\nand not\n%v", name, host, vars, want)
		}
	}
	if reached == 0 {
		t.Errorf("%s: the edit reaches no host", name)
	}
}
