package kubespray

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const memo = "testdata/inventories/memo/inventory.ini"

func TestHosts(t *testing.T) {
	inv, err := parseFile(memo)
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"all": "[node4 node3 node1 node2]", "*": "[node4 node3 node1 node2]",
		"kube_control_plane":       "[node1 node2]",
		"etcd":                     "[node3 node1 node2]",
		"node2":                    "[node2]",
		"node4:kube_control_plane": "[node4 node1 node2]",
		"node4,node1":              "[node4 node1]",
		"kube_node:!etcd":          "[node4]",
		"kube_node:&etcd:!node1":   "[node3 node2]",
		"!kube_control_plane":      "[node4 node3]",
		"etcd:!kube_node":          "[]",
		"kube_control*":            "[node1 node2]",
		"node[1":                   "",
		"kube-control-plan":        "",
		"a:":                       "",
		"":                         "",
		":&":                       "",
	} {
		got, err := inv.Hosts(pattern)
		if (want == "") != (err != nil) || err == nil && fmt.Sprint(got) != want && pattern != "all" && pattern != "*" {
			t.Errorf("%q: %v, %v, want %s", pattern, got, err, want)
		}
		if err == nil && len(got) != strings.Count(want, "node") {
			t.Errorf("%q: %v, want %s", pattern, got, want)
		}
	}
	_, err = inv.Hosts("kube-master-plane:node1")
	var unknown *UnknownHostError
	if !errors.As(err, &unknown) {
		t.Fatal(err)
	}
	_, err = inv.Hosts("kube-control-plan")
	if !errors.As(err, &unknown) || unknown.Hint() != "did you mean kube_control_plane?" {
		t.Errorf("hint %q of %v", unknown.Hint(), err)
	}
	before := fmt.Sprint(inv.Groups["etcd"])
	if _, err := inv.Hosts("etcd:!node1"); err != nil || fmt.Sprint(inv.Groups["etcd"]) != before {
		t.Errorf("resolving a pattern changed the group: %v, %v", inv.Groups["etcd"], err)
	}
}

func TestLoadFallsBackOnlyWhenAnsibleIsAbsent(t *testing.T) {
	ctx := context.Background()
	absent := func(context.Context, string) ([]byte, error) {
		return nil, &exec.Error{Name: "ansible-inventory", Err: exec.ErrNotFound}
	}
	for name, list := range map[string]func(context.Context, string) ([]byte, error){"nil": nil, "absent": absent} {
		inv, err := loadInventory(ctx, memo, list)
		if err != nil || inv.Source != sourceFallback || len(inv.Warnings) == 0 || !strings.Contains(inv.Warnings[0], "without Ansible") {
			t.Errorf("%s: %+v, %v", name, inv, err)
		}
	}
	_, err := loadInventory(ctx, memo, func(ctx context.Context, _ string) ([]byte, error) {
		return exec.CommandContext(ctx, "sh", "-c", "echo 'ERROR! no such vault' >&2; exit 5").Output()
	})
	if err == nil || !strings.Contains(err.Error(), "exit status 5: ERROR! no such vault") {
		t.Errorf("a refusal must be reported: %v", err)
	}
	if _, err := loadInventory(ctx, memo, func(context.Context, string) ([]byte, error) { return []byte("[WARNING]"), nil }); err == nil {
		t.Error("an answer that is no JSON must be an error")
	}
	if _, err := loadInventory(ctx, "testdata/none.ini", nil); err == nil {
		t.Error("a missing inventory must be an error")
	}
}

// From v2.27 on an inventory need not list k8s_cluster; Kubespray makes it.
func TestDynamicGroupsBringTheirVariables(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"inventory.ini":                    "[kube_control_plane]\nn1\n[etcd:children]\nkube_control_plane\n[kube_node]\nn2 host=inline\n[other]\nn3\n[kube_control_plane:vars]\ninline=weak\n",
		"group_vars/all/a.yml":             "a: all\nb: all\nc: all\n",
		"group_vars/k8s_cluster/k.yml":     "b: k8s\nc: k8s\nd: k8s\nhost: k8s\ninline: k8s\n",
		"group_vars/kube_node.yml":         "c: node\n",
		"group_vars/k8s_cluster/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n31\n",
	})
	path := filepath.Join(dir, "inventory.ini")
	want := map[string]map[string]any{
		"n1": {"a": "all", "b": "k8s", "c": "k8s", "d": "k8s", "host": "k8s", "inline": "k8s"},
		"n2": {"a": "all", "b": "k8s", "c": "node", "d": "k8s", "host": "inline", "inline": "k8s"},
		"n3": {"a": "all", "b": "all", "c": "all"},
	}
	check := func(inv *Inventory, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(inv.Vars, want) || fmt.Sprint(inv.Dynamic, inv.Groups["k8s_cluster"]) != "[k8s_cluster] [n2 n1]" {
			t.Errorf("%s: %v %v\nvars %v\nwant %v", inv.Source, inv.Dynamic, inv.Groups["k8s_cluster"], inv.Vars, want)
		}
		if !strings.Contains(strings.Join(inv.Warnings, "\n"), "vault.yml is encrypted") {
			t.Errorf("warnings %q", inv.Warnings)
		}
	}
	check(parseFile(path))
	answer := `{"_meta":{"hostvars":{
		"n1":{"a":"all","b":"all","c":"all","inline":"weak"},
		"n2":{"a":"all","b":"all","c":"node","host":"inline"},
		"n3":{"a":"all","b":"all","c":"all"}}},
		"all":{"children":["ungrouped","etcd","kube_node","other"]},
		"etcd":{"children":["kube_control_plane"]},
		"kube_control_plane":{"hosts":["n1"]},"kube_node":{"hosts":["n2"]},"other":{"hosts":["n3"]}}`
	check(loadInventory(context.Background(), path, func(context.Context, string) ([]byte, error) { return []byte(answer), nil }))
}

func TestParseFileNamesTheLineThatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"[a]\nh1 x\n":                        "2: read inventory: understand \"x\": want key=value",
		"[a]\nh[1:\n":                        "2: read inventory: expand host range",
		"[a]\nh[3:1]\n":                      "2: read inventory: expand host range",
		"[a]\nh[1:999999999]\n":              "2: read inventory: expand host range",
		"[a]\nh[1:3:0]\n":                    "2: read inventory: expand host range",
		"[a]\nh[01:3]\n":                     "equally long",
		"[a:sons]\n":                         "1: read inventory: understand section",
		"[a b]\n":                            "1: read inventory: understand section",
		"[a:children]\nb\n":                  "2: read inventory: [a:children] names a group that is declared nowhere: b",
		"[a:vars]\nx=1\n":                    "1: read inventory: [a:vars] names a group that is declared nowhere: a",
		"[a:children]\na\n":                  "2: read inventory: add group a to a",
		"[a:children]\nb\n[b:children]\na\n": "4: read inventory: add group a to b",
		"[a]\nh x='1\n":                      "2: read inventory: split words: no closing '",
		"[a]\nh:\n":                          "2: read inventory: understand host h:",
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"i.ini": text})
		if _, err := parseFile(filepath.Join(dir, "i.ini")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                "i.yml:1: read inventory: the file is empty",
		"plugin: aws\n":                   "only Ansible can run it",
		"a:\n  hosts: [x]\n":              "i.yml:2: read inventory: want a mapping",
		"a: &a\n  children:\n    b: *a\n": "i.yml",
		"a:\n  children:\n    a:\n":       "i.yml:3: read inventory: add group a to a",
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"i.yml": text})
		if _, err := parseFile(filepath.Join(dir, "i.yml")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"inv": "#!/bin/sh\n"})
	if _, err := parseFile(filepath.Join(dir, "inv")); err == nil || !strings.Contains(err.Error(), "only Ansible") {
		t.Errorf("script: %v", err)
	}
}

// Thousands of hosts must not take quadratic time.
func TestParseFileReadsALargeInventory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"i.ini": "[kube_node]\nn[1:20000] a=1\n[etcd]\nn[1:20000]\n"})
	inv, err := parseFile(filepath.Join(dir, "i.ini"))
	if err != nil || len(inv.Groups["k8s_cluster"]) != 20000 {
		t.Fatalf("%d hosts, %v", len(inv.Groups["k8s_cluster"]), err)
	}
}
