package kubespray

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vaulted makes a checkout whose operator keeps an encrypted file, and gives what encrypts.
func vaulted(t *testing.T) (dir string, run func(args ...string), encrypt func(text string) string) {
	t.Helper()
	if _, err := exec.LookPath("ansible-vault"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("skipped, install ansible-core: %v", err)
	}
	dir, run = repo(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("ANSIBLE_VAULT_PASSWORD_FILE", "")
	os.Unsetenv("ANSIBLE_VAULT_PASSWORD_FILE")
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	encrypt = func(text string) string {
		file := filepath.Join(t.TempDir(), "secrets.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("ansible-vault", "encrypt", "--vault-password-file", password, file)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const sample = "inventory/sample/group_vars/all/all.yml"
	write(t, dir, map[string]string{sample: "port: 1\n", "upgrade-cluster.yml": "\n", "roles/r/tasks/main.yml": "{{ port }} {{ harmless }}\n"})
	run("add", "-A")
	run("commit", "-qm", "old")
	run("tag", "v1")
	run("checkout", "-qb", "mine")
	write(t, dir, map[string]string{"inventory/mine/inventory.ini": "[kube_node]\nn1\n", "inventory/mine/group_vars/all/all.yml": "port: 1\n",
		"inventory/mine/group_vars/all/secrets.yml": encrypt("harmless: hunter2\n")})
	run("add", "-A")
	run("commit", "-qm", "mine")
	run("tag", "v2", "v1")
	write(t, dir, map[string]string{"password-file": password})
	return dir, run, encrypt
}

// TestVaultedFile: without its password an encrypted file is named and compared by its digest; with the password as Ansible
// has it, by what it says. Neither shows a value.
func TestVaultedFile(t *testing.T) {
	dir, _, encrypt := vaulted(t)
	const secrets = "inventory/mine/group_vars/all/secrets.yml"
	password, err := os.ReadFile(filepath.Join(dir, "password-file"))
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile(filepath.Join(dir, secrets))
	if err != nil {
		t.Fatal(err)
	}
	again, other := encrypt("harmless: hunter2\n"), encrypt("harmless: changed3\n")
	for _, c := range []struct {
		name, text     string
		password, lost bool
	}{
		{"as it was, no password", string(original), false, false},
		{"encrypted again, no password", again, false, true},
		{"as it was, with the password", string(original), true, false},
		{"encrypted again, with the password", again, true, false},
		{"another value, with the password", other, true, true},
	} {
		write(t, dir, map[string]string{secrets: c.text})
		if t.Setenv("ANSIBLE_VAULT_PASSWORD_FILE", string(password)); !c.password {
			os.Unsetenv("ANSIBLE_VAULT_PASSWORD_FILE")
		}
		checkout, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		cmp, err := checkout.Compare(t.Context(), CompareOptions{Inventory: "inventory/mine/inventory.ini", Branch: "mine", OldTag: "v1", NewTag: "v2", List: ListWithAnsible})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		lost := false
		for _, d := range cmp.Differences {
			lost = lost || d.Blocks
		}
		for _, f := range cmp.Files {
			lost = lost || !f.Carried
		}
		all, _ := json.Marshal(cmp)
		if lost != c.lost {
			t.Errorf("%s: lost is %v: %s", c.name, lost, all)
		}
		if strings.Contains(string(all), "hunter2") || strings.Contains(string(all), "changed3") {
			t.Errorf("%s: a secret is shown: %s", c.name, all)
		}
		if told := strings.Contains(string(all), "compared by their digests"); told == c.password {
			t.Errorf("%s: %s", c.name, all)
		}
	}
}

// TestListWithoutVault: Ansible refuses an inventory with an encrypted file; without the file it is read, and the file named.
func TestListWithoutVault(t *testing.T) {
	dir, _, _ := vaulted(t)
	path := filepath.Join(dir, "inventory/mine/inventory.ini")
	out, err := exec.Command("ansible-inventory", "-i", path, "--list").CombinedOutput()
	if err == nil || !VaultRefused(string(out)) {
		t.Fatalf("ansible-inventory: %v: %s", err, out)
	}
	list, encrypted, err := ListWithoutVault(t.Context(), "ansible-inventory", path)
	if err != nil || len(encrypted) != 1 || encrypted[0] != "group_vars/all/secrets.yml" {
		t.Fatalf("%v, %v", encrypted, err)
	}
	inv, err := ParseList(list)
	if err != nil || inv.Vars["n1"]["port"] != int64(1) {
		t.Errorf("%v, %v", inv, err)
	}
}
