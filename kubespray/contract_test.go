package kubespray

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// ansibleInventory runs the real tool. Where it is missing, CI fails.
func ansibleInventory(t *testing.T, path string) []byte {
	t.Helper()
	tool, err := exec.LookPath("ansible-inventory")
	if err != nil {
		const missing = "ansible-inventory is not installed (package ansible-core)"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	cmd := exec.Command(tool, "-i", path, "--list")
	cmd.Env = append(os.Environ(), "ANSIBLE_CONFIG="+filepath.Join("testdata", "ansible.cfg"), "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ansible-inventory -i %s: %v\n%s", path, err, stderr.Bytes())
	}
	return out
}

// The contract: our reader and ansible-inventory resolve the same hosts,
// groups, order and variables.
func TestFallbackAgreesWithAnsible(t *testing.T) {
	for _, path := range []string{
		"memo/inventory.ini",
		"builder/hosts.yaml",
		"precedence/hosts.ini",
		"ranges/inv.ini",
		"types/inv.ini",
		"yamltypes/inv.yml",
		"flat/hosts",
		"precedence", // a directory: .ini is passed over, so nothing but group_vars
		"builder",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "inventories", path)
			truth, err := ParseList(ansibleInventory(t, path))
			if err != nil {
				t.Fatal(err)
			}
			s, err := readSource(path)
			if err != nil {
				t.Fatal(err)
			}
			s.tree.reconcile()
			ours, err := s.resolve()
			if err != nil {
				t.Fatal(err)
			}
			for name, hosts := range truth.Groups {
				if name == "all" {
					sameSet(t, name, hosts, ours.Groups[name]) // the JSON does not tell this order
				} else if fmt.Sprint(hosts) != fmt.Sprint(ours.Groups[name]) {
					t.Errorf("group %s: %v, ansible says %v", name, ours.Groups[name], hosts)
				}
			}
			for name, hosts := range ours.Groups {
				if _, ok := truth.Groups[name]; !ok && len(hosts) > 0 { // ansible leaves empty ones out
					t.Errorf("group %s is not in ansible's answer", name)
				}
			}
			for host, vars := range truth.Vars {
				for k, v := range vars {
					if !reflect.DeepEqual(v, ours.Vars[host][k]) {
						t.Errorf("%s: %s is %#v, ansible says %#v", host, k, ours.Vars[host][k], v)
					}
				}
				for k := range ours.Vars[host] {
					if _, ok := vars[k]; !ok {
						t.Errorf("%s: ansible has no %s", host, k)
					}
				}
			}
		})
	}
}

func sameSet(t *testing.T, what string, a, b []string) {
	t.Helper()
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for s, n := range count {
		if n != 0 {
			t.Errorf("%s: %s differs (%v, %v)", what, s, a, b)
		}
	}
}
