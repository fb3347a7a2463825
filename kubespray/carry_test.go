package kubespray

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const inventoryINI = "[kube_control_plane]\nnode1\n[etcd]\nnode1\n[kube_node]\nnode2\n[k8s_cluster:children]\nkube_control_plane\nkube_node\n"

var (
	sampleThen = map[string]string{
		"inventory.ini":              "# hosts\n",
		"group_vars/all/all.yml":     "---\n# where\nbin_dir: /usr/local/bin\n# upstream: x\nport: 6443\n",
		"group_vars/all/engine.yml":  "---\n# engine\nlog_size: 1\nlog_files: 2\nlog_age: 3\n",
		"group_vars/etcd.yml":        "---\netcd_mode: host\n",
		"group_vars/k8s/net.yml":     "---\npool: 26\nkeep_me: a\n",
		"group_vars/k8s/dropped.yml": "---\nweave: false\n",
		"group_vars/k8s/removed.yml": "---\naws: false\n",
		"patches/scheduler.yaml":     "spec: {}\n",
	}
	sampleNow = map[string]string{
		"inventory.ini":              "# hosts\n",
		"group_vars/all/all.yml":     "---\n# where\nbin_dir: /usr/local/bin\n# upstream: y\nport: 6443\nadded: true\n",
		"group_vars/all/engine.yml":  "---\n# engine\nlog_size: 1\nlog_files: 2\nlog_age: 4\n",
		"group_vars/all/etcd.yml":    "---\netcd_mode: host\n",
		"group_vars/k8s/net.yml":     "---\npool: 24\nkeep_me: a\n",
		"group_vars/k8s/removed.yml": "---\naws: false\nmore: 1\n",
	}
)

func under(dir string, files map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		out[dir+"/"+name] = text
	}
	return out
}

// carriedCheckout makes a checkout with both samples and a branch that holds mine; the working tree is at the new sample.
func carriedCheckout(t *testing.T, mine map[string]string) (*Checkout, string) {
	t.Helper()
	dir, run := repo(t)
	write(t, dir, map[string]string{"upgrade-cluster.yml": "", "roles/r/tasks/main.yml": "", "ansible.cfg": "[defaults]\n"})
	write(t, dir, under("inventory/sample", sampleThen))
	run("add", "-A")
	run("commit", "-qm", "old")
	run("tag", "v1")
	run("checkout", "-qb", "mine")
	write(t, dir, under("inventory/mine", mine))
	run("add", "-A")
	run("commit", "-qm", "mine")
	run("checkout", "-q", "v1")
	run("rm", "-rq", "inventory/sample")
	write(t, dir, under("inventory/sample", sampleNow))
	run("add", "-A")
	run("commit", "-qm", "new")
	run("tag", "v2")
	write(t, dir, under("inventory/mine", sampleNow))
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// shapes is an inventory with every shape that a carry-over once lost or altered.
func shapes() map[string]string {
	mine := maps.Clone(sampleThen)
	mine["inventory.ini"] = inventoryINI
	mine["group_vars/all/all.yml"] = strings.ReplaceAll("---\n# where\nbin_dir: /opt/bin\n# ours\n# upstream: x\nport: 6443\n", "\n", "\r\n")
	delete(mine, "group_vars/all/engine.yml") // renamed, and changed
	mine["group_vars/all/main.yml"] = "---\n# engine\nlog_size: 9\nlog_files: 2\nlog_age: 3\n"
	mine["group_vars/etcd.yml"] = "---\netcd_mode: docker\n"
	mine["group_vars/k8s/dropped.yml"] = "---\nweave: true\n"
	delete(mine, "group_vars/k8s/removed.yml")
	mine["patches/scheduler.yaml"] = "spec: {a: 1}\n"
	mine["group_vars/all/vault.yml"] = "$ANSIBLE_VAULT;1.1;AES256\n3364\n"
	mine["host_vars/node1/deep/own.yml"] = "# mine\ntoken_of_mine: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nlast: \"x\""
	return mine
}

func diffs(t *testing.T, dir, mine string) ([]byte, []byte) {
	t.Helper()
	var out [2][]byte
	for i, args := range [][]string{{"-M", "v1:inventory/sample", mine}, {"--no-renames", "v1:inventory/sample", "v2:inventory/sample"}} {
		cmd := exec.Command("git", append([]string{"diff", "--raw", "-z", "--no-abbrev"}, args...)...)
		cmd.Dir = dir
		var err error
		if out[i], err = cmd.Output(); err != nil {
			t.Fatal(err)
		}
	}
	return out[0], out[1]
}

// carryAll does what the step carry does, with no questions.
func carryAll(t *testing.T, c *Checkout, dir string, moved map[string]string) {
	t.Helper()
	own, sample := diffs(t, dir, "mine:inventory/mine")
	plan, err := CarryPlan(own, sample, []string{"inventory.ini"}, moved)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan {
		texts, err := c.carriedTexts(t.Context(), f, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Remove != "" {
			if err := os.Remove(filepath.Join(dir, "inventory/mine", f.Remove)); err != nil {
				t.Fatal(err)
			}
		}
		if f.Mine == "" {
			continue
		}
		text := texts.mine
		if !f.Whole() && !Opaque(text) {
			m, err := Merge(texts.base, texts.mine, texts.theirs)
			if err != nil {
				t.Fatal(err)
			}
			text = m.Apply(nil)
		}
		write(t, dir, map[string]string{"inventory/mine/" + f.Path: string(text)})
	}
	write(t, dir, map[string]string{"inventory/mine/inventory.ini": inventoryINI})
}

var movedEtcd = map[string]string{"group_vars/etcd.yml": "group_vars/all/etcd.yml"}

func TestCarryUntouchedIsTheNewSample(t *testing.T) {
	c, dir := carriedCheckout(t, sampleThen)
	own, sample := diffs(t, dir, "mine:inventory/mine")
	plan, err := CarryPlan(own, sample, nil, movedEtcd)
	if err != nil || len(plan) != 0 {
		t.Errorf("an untouched sample carries %+v, %v", plan, err)
	}
	if files, err := c.Files(t.Context(), "", "inventory/mine"); err != nil || len(files) != len(sampleNow) {
		t.Errorf("%v %v", files, err)
	}
}

func TestCarryKeepsEveryShape(t *testing.T) {
	mine := shapes()
	c, dir := carriedCheckout(t, mine)
	carryAll(t, c, dir, movedEtcd)
	want := map[string]string{
		"inventory.ini":                inventoryINI,
		"group_vars/all/all.yml":       strings.ReplaceAll("---\n# where\nbin_dir: /opt/bin\n# ours\n# upstream: x\nport: 6443\nadded: true\n", "\n", "\r\n"),
		"group_vars/all/main.yml":      "---\n# engine\nlog_size: 9\nlog_files: 2\nlog_age: 4\n",
		"group_vars/all/etcd.yml":      "---\netcd_mode: docker\n",
		"group_vars/k8s/net.yml":       sampleNow["group_vars/k8s/net.yml"],
		"group_vars/k8s/dropped.yml":   mine["group_vars/k8s/dropped.yml"],
		"patches/scheduler.yaml":       mine["patches/scheduler.yaml"],
		"group_vars/all/vault.yml":     mine["group_vars/all/vault.yml"],
		"host_vars/node1/deep/own.yml": mine["host_vars/node1/deep/own.yml"],
	}
	files, err := c.Files(t.Context(), "", "inventory/mine")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		below := strings.TrimPrefix(name, "inventory/mine/")
		text, err := os.ReadFile(filepath.Join(dir, name))
		if w, ok := want[below]; err != nil || !ok || w != string(text) {
			t.Errorf("%s is %q, want %q (%v)", below, text, w, err)
		}
		delete(want, below)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", slices.Sorted(maps.Keys(want)))
	}
	for name, list := range map[string]func(*CompareOptions){
		"ansible-inventory": func(o *CompareOptions) { ansibleHere(t); o.List = ListWithAnsible },
		"our own reader":    func(*CompareOptions) {},
	} {
		cmp := compared(t, c, list)
		for _, d := range cmp.Differences {
			if d.Blocks {
				t.Errorf("%s: %s", name, d.Text)
			}
		}
		for _, f := range cmp.Files {
			if !f.Carried {
				t.Errorf("%s: %s is not carried", name, f.Path)
			}
		}
		if len(cmp.Comments) > 0 || cmp.Hosts != 2 {
			t.Errorf("%s: %+v", name, cmp)
		}
	}
}

func ansibleHere(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ansible-inventory"); err != nil && os.Getenv("CI") == "true" {
		t.Fatal("ansible-inventory is not installed (package ansible-core)")
	}
}

func compared(t *testing.T, c *Checkout, with func(*CompareOptions)) *Comparison {
	t.Helper()
	o := CompareOptions{Inventory: "inventory/mine/inventory.ini", OldTag: "v1", Branch: "mine", NewTag: "v2", Moved: movedEtcd}
	with(&o)
	cmp, err := c.Compare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return cmp
}

// TestCompareNamesEachLoss: what is taken away again is named, with its file and line, and no secret is printed.
func TestCompareNamesEachLoss(t *testing.T) {
	c, dir := carriedCheckout(t, shapes())
	carryAll(t, c, dir, movedEtcd)
	in := func(name string) string { return filepath.Join(dir, "inventory/mine", name) }
	for _, name := range []string{"group_vars/all/main.yml", "group_vars/all/vault.yml"} {
		if err := os.Remove(in(name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, map[string]string{
		"inventory/mine/group_vars/k8s/dropped.yml":   "---\n",
		"inventory/mine/group_vars/all/all.yml":       sampleNow["group_vars/all/all.yml"],
		"inventory/mine/host_vars/node1/deep/own.yml": "token_of_mine: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6263\nlast: x\n",
	})
	cmp := compared(t, c, func(*CompareOptions) {})
	if len(cmp.Differences) == 0 {
		t.Fatal("nothing is lost")
	}
	var lines []string
	for _, d := range cmp.Differences {
		if d.Blocks {
			lines = append(lines, d.Text)
		}
		if strings.Contains(d.Text, "6162") || strings.Contains(d.Text, "6263") {
			t.Errorf("a secret is printed: %s", d.Text)
		}
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{
		"bin_dir  inventory/mine/group_vars/all/all.yml:3  /opt/bin -> /usr/local/bin  its value changed  on node1, node2",
		"log_size  mine:inventory/mine/group_vars/all/main.yml:3  9 -> (not set)",
		"token_of_mine  inventory/mine/host_vars/node1/deep/own.yml:1  changed  its value changed  on node1",
		"vaulted_file_group_vars_all_vault_yml",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the losses do not name %q:\n%s", want, all)
		}
	}
	var lost []string
	for _, f := range cmp.Files {
		if !f.Carried {
			lost = append(lost, f.Path)
		}
	}
	if !slices.Equal(lost, []string{"group_vars/all/all.yml", "group_vars/all/main.yml", "group_vars/all/vault.yml"}) {
		t.Errorf("files lost: %v", lost)
	}
	if !slices.Contains(cmp.Comments, "inventory/mine/host_vars/node1/deep/own.yml  # mine") {
		t.Errorf("comments lost: %q", cmp.Comments)
	}
}

// TestCompareKeptKeys: a value that must not move blocks even if only the sample set it, unless no role reads it any more.
func TestCompareKeptKeys(t *testing.T) {
	mine := maps.Clone(sampleThen)
	mine["inventory.ini"] = inventoryINI
	delete(mine, "group_vars/k8s/net.yml")
	mine["group_vars/k8s_cluster/net.yml"] = sampleThen["group_vars/k8s/net.yml"]
	c, dir := carriedCheckout(t, mine)
	carryAll(t, c, dir, movedEtcd)
	for read, want := range map[string]bool{"": false, "when: weave": true} {
		j := judge{o: CompareOptions{Keep: []string{"weave", "pool"}}, old: map[string]Value{"weave": {Value: false}, "pool": {Value: int64(26)}},
			new: map[string]Value{"pool": {Value: int64(24)}}, reads: func(string) bool { return read != "" }}
		if why, blocks := j.why("weave", false, nil, true, false, nil); blocks != want {
			t.Errorf("weave, read %q: %s", read, why)
		}
		if why, blocks := j.why("pool", int64(26), int64(24), true, true, nil); !blocks {
			t.Errorf("pool: %s", why)
		}
		cmp := compared(t, c, func(o *CompareOptions) { o.Keep = []string{"pool"} })
		if !slices.ContainsFunc(cmp.Differences, func(d Difference) bool { return d.Key == "pool" && d.Blocks }) {
			t.Errorf("the pool moved: %+v", cmp.Differences)
		}
	}
}

func TestUnknownStatusIsNoSilence(t *testing.T) {
	zero := strings.Repeat("0", 40)
	if _, err := CarryPlan([]byte(":100644 100644 "+zero+" "+zero+" X\x00a\x00"), nil, nil, nil); err == nil {
		t.Error("an unknown status is passed over")
	}
	if _, err := CarryPlan([]byte(":000000 100644 "+zero+" "+strings.Repeat("1", 40)+" A\x00../a\x00"), nil, nil, nil); err == nil {
		t.Error("a path outside is taken")
	}
}
