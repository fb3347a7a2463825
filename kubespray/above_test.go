package kubespray

import "testing"

// TestAbove: commits that bring an inventory are the operator's own; those that change what a playbook does make another
// release of it.
func TestAbove(t *testing.T) {
	dir, run := repo(t)
	write(t, dir, map[string]string{"upgrade-cluster.yml": "a\n", "roles/a/tasks/main.yml": "a\n", "inventory/sample/inventory.ini": "\n"})
	run("add", "-A")
	run("commit", "-qm", "release")
	run("tag", "v2.31.0")
	commit := func(name string) {
		write(t, dir, map[string]string{name: "changed\n"})
		run("add", "-A")
		run("commit", "-qm", name)
	}
	for _, c := range []struct {
		name          string
		commits, code int
	}{
		{"inventory/mycluster/group_vars/all.yml", 1, 0}, {"README.md", 2, 0}, {"roles/a/tasks/main.yml", 3, 1}, {"upgrade-cluster.yml", 4, 2},
		{"docs/upgrades.md", 5, 2}, {"playbooks/facts.yml", 6, 3},
	} {
		commit(c.name)
		checkout, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if commits, code, err := checkout.Above(t.Context(), "v2.31.0"); err != nil || commits != c.commits || code != c.code {
			t.Errorf("after %s: %d commits, %d of code, %v; want %d, %d", c.name, commits, code, err, c.commits, c.code)
		}
	}
}
