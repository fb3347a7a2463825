package whatif

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// python is the Python of the installed Ansible. Where there is none, CI fails.
func python(t *testing.T) string {
	t.Helper()
	found, err := FindPython(t.TempDir())
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return found
}

func render(t *testing.T, tree, inventory string, more func(*Request)) (*Rendering, error) {
	t.Helper()
	checkout, err := filepath.Abs(tree)
	if err != nil {
		t.Fatal(err)
	}
	at, err := filepath.Abs(inventory)
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Checkout: checkout, Playbook: "upgrade-cluster.yml", Inventory: at, Key: "00"}
	if more != nil {
		more(&r)
	}
	return Render(t.Context(), python(t), r)
}

// The contract: what is rendered is what ansible-playbook writes, byte for byte. Only secrets differ, which are digests.
func TestRendersWhatAnsibleWrites(t *testing.T) {
	out, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	got, err := render(t, "testdata/old", "testdata/inventory/hosts.ini", func(r *Request) { r.Vars = map[string]any{"out": out} })
	if err != nil {
		t.Fatal(err)
	}
	// -f 1: group_by fills a group in the order in which its forks end
	cmd := exec.Command("ansible-playbook", "-i", "testdata/inventory/hosts.ini", "-c", "local", "-f", "1", "-e", "out="+out, "-e", "testing=true", "testdata/old/upgrade-cluster.yml")
	cmd.Env = append(os.Environ(), "ANSIBLE_LOCALHOST_WARNING=False", "ANSIBLE_CONFIG="+filepath.Join(out, "none.cfg"))
	if printed, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if len(got.Failed) > 0 || len(got.Files) != 3*3+2+3*7 {
		t.Fatalf("%d files, not rendered: %v", len(got.Files), got.Failed)
	}
	for _, f := range got.Files {
		wrote, err := os.ReadFile(f.Dest)
		if err != nil {
			t.Error(err)
			continue
		}
		want := strings.ReplaceAll(string(wrote), "correct-horse-battery", secretOf(f.Content))
		if f.Content != want {
			t.Errorf("%s: rendered\n%s\nansible-playbook wrote\n%s", f.Dest, f.Content, want)
		}
		if strings.Contains(f.Content, "correct-horse") {
			t.Errorf("%s shows a secret", f.Dest)
		}
		if info, err := os.Stat(f.Dest); err == nil && f.Mode != "" && f.Mode != fmt.Sprintf("%04o", info.Mode().Perm()) {
			t.Errorf("%s: mode %s, ansible-playbook gave %s", f.Dest, f.Mode, info.Mode())
		}
	}
}

func secretOf(text string) string {
	_, rest, _ := strings.Cut(text, "<secret ")
	digest, _, _ := strings.Cut(rest, ">")
	return "<secret " + digest + ">"
}

// TestHop: of two releases that differ in four settings, an image and a check, these are told once for all nodes that they
// concern, and nothing else.
func TestHop(t *testing.T) {
	old, err := render(t, "testdata/old", "testdata/inventory/hosts.ini", nil)
	if err != nil {
		t.Fatal(err)
	}
	sample, _ := filepath.Abs("testdata/old/inventory/sample")
	new, err := render(t, "testdata/new", "testdata/inventory/hosts.ini", func(r *Request) { r.OldSample = sample })
	if err != nil {
		t.Fatal(err)
	}
	r := Compare(old, new)
	var got []string
	for _, f := range r.Files {
		for _, c := range f.Changes {
			base := strings.TrimPrefix(filepath.Base(f.Dest), "/")
			got = append(got, fmt.Sprintf("%s on %d: %s %s %s -> %s", base, len(f.Nodes), c.What, c.Path, c.Old, c.New))
		}
	}
	for _, i := range r.Images {
		got = append(got, fmt.Sprintf("%s %s -> %s", i.Name, i.Old, i.New))
	}
	slices.Sort(got)
	got = slices.Compact(got)
	want := []string{
		"kubelet.env on 1: changed KUBE_VERSION 1.31.9 -> 1.32.8",
		"kubelet.service on 1: changed Service.LimitNOFILE infinity -> 1048576",
		"kubelet.yaml on 1: changed KubeletConfiguration.limits.cpu 200m -> 500m",
		"proxy.conf on 1: added   -> kubernetes 1.32.8;",
		"proxy.conf on 1: removed  kubernetes 1.31.9; -> ",
		"registry.example/pause 3.9 -> 3.10",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(r.Checks) != 1 || r.Checks[0].Message != "1.32.8 is older than 1.40.0" || len(r.Checks[0].Nodes) != 3 || !r.Blocks() {
		t.Errorf("checks: %+v", r.Checks)
	}
}

// TestHostile: an inventory that would run, fetch, read or create something, or never end, does none of it, and says so.
func TestHostile(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	planted := filepath.Join(dir, "planted")
	secret := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(secret, []byte("root:hash-of-root:0:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, vars, says string }{
		{"pipe", `max_pods: "{{ lookup('pipe', 'touch PLANTED') }}"`, "lookup pipe"},
		{"pipe of the collection", `max_pods: "{{ query('ansible.builtin.pipe', 'touch PLANTED') }}"`, "lookup ansible.builtin.pipe"},
		{"url", `max_pods: "{{ lookup('url', 'http://127.0.0.1:9/') }}"`, "lookup url"},
		{"file", `max_pods: "{{ lookup('file', 'SECRET') }}"`, "read SECRET"},
		{"template", `max_pods: "{{ lookup('template', 'SECRET') }}"`, "read SECRET"},
		{"password", `max_pods: "{{ lookup('password', 'PLANTED length=8') }}"`, "lookup password"},
		{"endless", `max_pods: "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"`, "took longer than 2 s of CPU"},
		{"memory", `max_pods: "{{ 'x' * 4000000000 }}"`, "memory"},
		{"large", `max_pods: "{{ 'x' * 50000000 }}"`, "more than the limit of 4"},
		{"itself", `max_pods: "{{ max_pods }}"`, "recursi"},
		{"python", `max_pods: "{{ ''.__class__.__mro__[1].__subclasses__() }}"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inventory := t.TempDir()
			hosts, err := os.ReadFile("testdata/inventory/hosts.ini")
			if err != nil {
				t.Fatal(err)
			}
			place := strings.NewReplacer("PLANTED", planted, "SECRET", secret)
			write(t, filepath.Join(inventory, "hosts.ini"), string(hosts))
			write(t, filepath.Join(inventory, "group_vars/all.yml"), "kube_version: 1.31.9\nadmin_password: correct-horse\nlabels: {}\nlevel: 1\n"+place.Replace(c.vars)+"\n")
			got, err := render(t, "testdata/old", filepath.Join(inventory, "hosts.ini"), func(r *Request) { r.Seconds, r.Memory = 2, 1<<30 })
			var said []string
			if err != nil {
				said = append(said, err.Error())
			} else {
				for _, p := range got.Placeholders {
					said = append(said, "lookup "+p)
				}
				said = append(said, got.Refused...)
				for _, f := range got.Failed {
					said = append(said, f.Reason)
				}
				for _, f := range got.Files {
					if strings.Contains(f.Content, "hash-of-root") {
						t.Errorf("%s holds what a file outside of the inventory holds", f.Dest)
					}
				}
			}
			if all := strings.Join(said, "\n"); !strings.Contains(strings.ToLower(all), strings.ToLower(place.Replace(c.says))) {
				t.Errorf("it does not say %q: %q", place.Replace(c.says), all)
			}
			if _, err := os.Stat(planted); err == nil {
				t.Errorf("%s was created", planted)
			}
		})
	}
}

// TestNoProgramAsInventory: an inventory that is a program is not run.
func TestNoProgramAsInventory(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "hosts")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+dir+"/planted\necho '{}'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := render(t, "testdata/old", script, nil)
	if err == nil || !strings.Contains(err.Error(), "is a program") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir + "/planted"); err == nil {
		t.Error("the inventory was run")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestUnknownInFilters: what only the node knows, or a collection that is not installed, stands in a file by its name.
func TestUnknownInFilters(t *testing.T) {
	tree := t.TempDir()
	write(t, filepath.Join(tree, "upgrade-cluster.yml"), "- hosts: all\n  gather_facts: false\n  roles: [join]\n")
	write(t, filepath.Join(tree, "roles/join/tasks/main.yml"), "- command: kubeadm token create\n  register: token\n- template: {src: join.j2, dest: /etc/join}\n"+
		"- assert: {that: token.stdout | trim | length > 3}\n")
	write(t, filepath.Join(tree, "roles/join/templates/join.j2"), "token: {{ token.stdout | trim | b64decode }}\n{% if false %}{{ 'x' | spraydeck.absent.digest }}{% endif %}\nca: {{ 'x' | spraydeck.absent.digest }}\n")
	got, err := render(t, tree, "testdata/inventory/hosts.ini", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Files) != 3 || len(got.Failed) > 0 {
		t.Fatalf("%d files, not rendered: %v", len(got.Files), got.Failed)
	}
	want := "token: <needs the node, token.stdout>\nca: <needs the collection spraydeck.absent>\n"
	if got.Files[0].Content != want {
		t.Errorf("got %q, want %q", got.Files[0].Content, want)
	}
	if len(got.Checks) != 3 || got.Checks[0].Verdict != "unknown" || !slices.Contains(got.Placeholders, "spraydeck.absent.digest (not installed)") {
		t.Errorf("checks %+v, placeholders %v", got.Checks, got.Placeholders)
	}
}

// TestCheckThatCannotBeEvaluated: Ansible fails such a task, so it counts as a check that would fail.
func TestCheckThatCannotBeEvaluated(t *testing.T) {
	tree := t.TempDir()
	write(t, filepath.Join(tree, "upgrade-cluster.yml"), "- hosts: cp1\n  gather_facts: false\n  tasks:\n    - assert: {that: \"'x' | int > nothing.here\"}\n")
	got, err := render(t, tree, "testdata/inventory/hosts.ini", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Checks) != 1 || got.Checks[0].Verdict != "fails" || !strings.Contains(got.Checks[0].Message, "nothing") {
		t.Errorf("checks %+v, failed %+v", got.Checks, got.Failed)
	}
}
