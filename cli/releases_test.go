package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/learn/learntest"
)

// TestLearnedRelease: a release outside the catalogue, learned, is known to plan, check, lint and diagnose, and has a hop.
func TestLearnedRelease(t *testing.T) {
	co, home := learntest.Checkout(t, false), t.TempDir()
	run := func(want int, says string, args ...string) string {
		t.Helper()
		cmd := exec.Command(os.Args[0], append(args, "--checkout", co)...)
		cmd.Env = append(os.Environ(), "AS_SPRAYDECK=1", "HOME="+home, "XDG_CONFIG_HOME="+home+"/config", "XDG_STATE_HOME="+home+"/state", "XDG_CACHE_HOME="+home+"/cache",
			"LANG=C.UTF-8", "KUBECONFIG="+home+"/kubeconfig")
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want || !strings.Contains(string(out), says) {
			t.Fatalf("%v: exit %d (%v), not %d with %q:\n%s", args, code, err, want, says, out)
		}
		return string(out)
	}
	git := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", append([]string{"-C", co}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// the API is down: what needs it is unknown
	put(home+"/kubeconfig", "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: \"http://127.0.0.1:1\"}}]\n"+
		"contexts: [{name: c, context: {cluster: c}}]\ncurrent-context: c\n")

	run(2, "v2.32.0 is newer than the catalogue", "plan", "--from", "v2.31.0", "--to", "v2.32.0")
	run(0, "name: v2.32.0", "releases", "learn", "master")
	run(0, `"behaviours": 2`, "releases", "diff", "v2.31.0", "master", "-o", "json")
	run(0, "snapshot_count                     10000 -> 100000", "releases", "diff", "v2.31.0", "master")
	run(0, "変わった既定値 (1)", "releases", "diff", "v2.31.0", "master", "--lang", "ja")
	run(2, "are learned into the catalogue alone", "releases", "learn", "v2.31.0", "master")
	run(2, "no tag, branch or commit nowhere", "releases", "learn", "nowhere")
	run(2, "--as takes a name", "releases", "learn", "master", "--as", "next")

	run(0, "git tag v2.32.0", "releases", "learn", "master", "--write", "--drafts", home+"/drafts")
	catalogue := filepath.Join(home, "config/spraydeck/runbooks")
	release := filepath.Join(catalogue, "releases/v2.32.0.yaml")
	run(0, "", "lint", catalogue, home+"/drafts")
	run(0, "runbook: kubespray-v2.32.0", "plan", "--from", "v2.31.0", "--to", "v2.32.0")

	// a note stays when the release is learned again
	text, err := os.ReadFile(release)
	if err != nil {
		t.Fatal(err)
	}
	put(release, string(text)+"notes:\n  - says: {en: seen by hand, ja: 手で書いた}\n    source: us\n")
	git("tag", "v2.32.0")
	out := run(0, "there already, not changed", "releases", "learn", "v2.32.0", "--write")
	if strings.Contains(out, "git tag") {
		t.Errorf("the checkout has the tag: %s", out)
	}
	run(0, "new: seen by hand", "plan", "--from", "v2.31.0", "--to", "v2.32.0")

	// what it refuses is known to diagnose
	put(home+"/log", "TASK [engine : Stop at a debugged engine] ***\nfatal: [n1]: FAILED! => {\"changed\": false, \"msg\": \"engine_debug fills the disk: True\"}\n\n"+
		"PLAY RECAP ***\nn1 : ok=1 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n")
	run(3, "engine_debug", "diagnose", home+"/log")
	if out := run(3, `"kind": "check"`, "diagnose", home+"/log", "-o", "json"); !strings.Contains(out, "roles/engine/tasks/main.yml") {
		t.Errorf("the file of the refusal is not named: %s", out)
	}

	// the hop's checks and drafts read the settings of the inventory and the defaults of the new tag
	git("checkout", "-q", "-b", "mine", "v2.31.0")
	put(co+"/inventory/mycluster/inventory.ini", "[kube_control_plane]\nn1 ansible_host=127.0.0.1\n[etcd]\nn1\n[kube_node]\nn1\n")
	put(co+"/inventory/mycluster/group_vars/all/all.yml", "mirror_port: 5001\nengine_debug: true\n")
	out = run(3, "draft-removed-engine", "check", "kubespray-v2.32.0", "--runbooks", home+"/drafts", "--set", "ansible=system", "-o", "json")
	for _, want := range []string{"group_vars/all/all.yml:1: mirror_port: 5001", "snapshot_count"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in the findings:\n%s", want, out)
		}
	}
}
