package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const pinnedBook = `apiVersion: spraydeck/v1
kind: Runbook
name: pinned
version: 1.0.0
title: One look
system: kubernetes
phases:
  - title: All
    steps:
      - {id: a, title: A, danger: none, command: "echo looked >> effects; test -e go"}
`

// cluster answers as an API server whose kube-system has a UID, and gives a kubeconfig for it.
func cluster(t *testing.T, name, uid string) (kubeconfig string) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/api/v1/namespaces/kube-system" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
			return
		}
		fmt.Fprintf(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":%q}}`, uid)
	}))
	t.Cleanup(api.Close)
	kubeconfig = filepath.Join(t.TempDir(), name)
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: prod, cluster: {server: %q}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: c, context: {cluster: prod, user: u}}]\n", api.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// TestResumeAnotherCluster: a run is not resumed with a kubeconfig that leads to another cluster, whatever that is called
// there; both are named by their UID, and nothing is run. With the first one it goes on.
func TestResumeAnotherCluster(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"book.yaml": pinnedBook, "answers.yaml": killedAnswers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, other := cluster(t, "first", "uid-first"), cluster(t, "other", "uid-other")
	run := func(args ...string) (string, int) {
		t.Helper()
		out, err := ownBinary(t, dir, append(args, "--plain", "--answers", "answers.yaml")...).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		code := 0
		if exit != nil {
			code = exit.ExitCode()
		}
		return string(out), code
	}
	if out, code := run("run", "book.yaml", "--checkout", dir, "--kubeconfig", first); code == exitDone {
		t.Fatalf("the run was to fail: %s", out)
	}
	before := effects(dir)
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := run("resume", "--kubeconfig", other)
	for _, want := range []string{"leads to another cluster", "uid-first", "uid-other", other} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said: %s", want, out)
		}
	}
	if code != exitUsage || effects(dir) != before {
		t.Errorf("exit %d, it ran: %q, then %q", code, before, effects(dir))
	}
	if out, code := run("resume", "--kubeconfig", first); code != exitDone || effects(dir) == before {
		t.Errorf("with its own cluster: exit %d, %q\n%s", code, effects(dir), out)
	}
}
