package kube

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	path := writeConfig(t, "https://192.0.2.1:6443")
	c, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Name() != "test" || c.Server() != "https://192.0.2.1:6443" || c.Endpoint() != "192.0.2.1:6443" {
		t.Errorf("got %q %q %q", c.Name(), c.Server(), c.Endpoint())
	}
	if _, err := Open(path, "other"); err != nil {
		t.Error(err)
	}
}

func TestOpenOrder(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	// client-go reads HOME when the program starts, so only KUBECONFIG can be tested here.
	first, second := writeConfig(t, "https://first:1"), writeConfig(t, "https://second:2")
	t.Setenv("KUBECONFIG", filepath.Join(home, "absent")+string(os.PathListSeparator)+first+string(os.PathListSeparator)+second)
	c, err := Open("", "")
	if err != nil || c.Server() != "https://first:1" {
		t.Errorf("got %v, %v", c, err)
	}
	c, err = Open(second, "")
	if err != nil || c.Server() != "https://second:2" {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestOpenErrors(t *testing.T) {
	const valid = "apiVersion: v1\nkind: Config\n"
	tests := []struct {
		name, text, context, want, hint string
	}{
		{"not YAML", valid + "users: [", "", "is not a valid kubeconfig (line 3)", "KUBECONFIG"},
		{"a secret in the wrong place", valid + "users: sEcReT\n", "", "is not a valid kubeconfig", "KUBECONFIG"},
		{"empty", "", "", "has no context", "admin.conf"},
		{"no current context", valid + "contexts: [{name: a, context: {cluster: c}}]\n", "", "sets no current context", "name one with --context: a"},
		{"no such context", valid + "contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: c}}]\n", "x", `find context "x"`, "a, b"},
		{"no such cluster", valid + "contexts: [{name: a, context: {cluster: c}}]\n", "a", `names cluster "c", which is not in it`, "--context"},
		{"no server", valid + "contexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]\n", "a", `cluster "c" has no server`, "server"},
		{"no such user", valid + "contexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n", "a", `names user "u", which is not in it`, "--context"},
		{"bad certificate", valid + "contexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'https://h', certificate-authority-data: c0VjUmVU}}]\n", "a", `context "a" cannot be used`, "certificates"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := writeFile(t, test.text)
			_, err := Open(path, test.context)
			if err == nil {
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) || !strings.Contains(hint(err), test.hint) {
				t.Errorf("got %q\nhint %q", err, hint(err))
			}
			if strings.Contains(err.Error()+hint(err), "sEcReT") {
				t.Error("the message quotes the file")
			}
		})
	}
	t.Run("no such file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "absent")
		_, err := Open(path, "")
		if err == nil || err.Error() != "read kubeconfig "+path+": no such file" || hint(err) == "" {
			t.Errorf("got %v, hint %q", err, hint(err))
		}
		t.Setenv("KUBECONFIG", path)
		if _, err := Open("", ""); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("directory", func(t *testing.T) {
		_, err := Open(t.TempDir(), "")
		if err == nil || !strings.Contains(err.Error(), "is a directory") {
			t.Errorf("got %v", err)
		}
	})
}
