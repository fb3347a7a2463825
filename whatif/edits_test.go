package whatif

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestHandEdits compares a file of a node with what two releases write there. Secrets are told apart and never shown.
func TestHandEdits(t *testing.T) {
	s := newSecrets("00")
	pem := "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"
	for _, c := range []struct{ name, dest, old, new, node, want string }{
		{"the same, in other words", "/a.yaml", "a: 1\nb: [x]\n", "a: 2\nb: [x]\n", "# by hand\nb:\n- x\na: '1'\n", ""},
		{"changed", "/a.yaml", "a: 1\n", "a: 2\n", "a: 3\n", "overwritten a 1 3 2"},
		{"as the new release has it", "/a.yaml", "a: 1\n", "a: 2\n", "a: 2\n", ""},
		{"no longer written", "/a.yaml", "a: 1\n", "", "a: 3\n", "stays a 1 3 "},
		{"a secret", "/a.yaml", "a: " + s.digest("horse") + "\n", "a: 1\n", "a: horse\n", ""},
		{"another secret", "/a.yaml", "a: " + s.digest("horse") + "\n", "a: 1\n", "a: donkey\n", "overwritten a " + s.digest("horse") + " " + s.digest("donkey") + " 1"},
		{"a secret in a line", "/a.conf", "auth " + s.digest("horse") + ";\n", "", "auth horse;\n", ""},
		{"a secret of that name", "/a.yaml", "a: 1\n", "a: 1\n", "a: 1\nadmin_password: donkey\n", "overwritten admin_password  " + s.digest("donkey") + " "},
		{"a secret in a line of its own", "/a.conf", "b;\n", "b;\n", "b;\npassword donkey;\n", "overwritten   password " + s.digest("donkey") + "; "},
		{"data of a Secret", "/a.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  k: \"" + s.digest("aG9yc2U=") + "\"\n", "", "apiVersion: v1\nkind: Secret\ndata:\n  k: aG9yc2U=\n", ""},
		{"a known secret, encoded", "/a.yaml", "k: " + s.digest("horse") + "\n", "", "k: " + base64.StdEncoding.EncodeToString([]byte("horse")) + "\n", ""},
		{"a private key", "/a.pem", s.digest(pem) + "\n", "", pem + "\n", ""},
		{"a value of the node", "/a.env", "A=<needs the node, x>\nB=1\n", "", "A=whatever\nB=1\n", ""},
		{"a line with a value of the node", "/a.conf", "a <needs the node, x> b;\n", "", "a 10.0.0.1 b;\n", ""},
		{"the mode", "/a.env", "A=1\n", "A=1\n", "A=1\n", "overwritten file mode 0644 0600 0644"},
	} {
		old := &Rendering{Hosts: []string{"n"}, Files: []File{{Host: "n", Dest: c.dest, Content: c.old, Mode: "0644"}}}
		new := &Rendering{Hosts: []string{"n"}}
		if c.new != "" {
			new.Files = []File{{Host: "n", Dest: c.dest, Content: c.new, Mode: "0644"}}
		}
		mode := "644"
		if c.name == "the mode" {
			mode = "600"
		}
		nodes := &OnNodes{Files: map[string]map[string]NodeFile{"n": {c.dest: {There: true, Mode: mode, Content: c.node}}}}
		r := &Report{}
		if err := r.HandEdits(old, new, nodes, "00", nil, nil); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range r.Edits {
			for _, x := range e.Settings {
				got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Fate, x.Path, x.Old, x.Node, x.New))
			}
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestFilesNotCompared: what a task changes by single lines, what could not be rendered, and what could not be read is nobody's edit.
func TestFilesNotCompared(t *testing.T) {
	file := func(host, dest string) File { return File{Host: host, Dest: dest, Task: dest, Content: "a: 1\n"} }
	old := &Rendering{Hosts: []string{"n", "m"}, Files: []File{file("n", "/lines"), file("n", "/lost"), file("n", "/gone"), file("m", "/lines")},
		Patched: []Patched{{"n", "/lines"}}, Failed: []Failed{{Host: "n", Task: "/lost"}}}
	there := NodeFile{There: true, Content: "a: 2\n"}
	nodes := &OnNodes{Files: map[string]map[string]NodeFile{"n": {"/lines": there, "/lost": there, "/gone": {}}}, Failed: map[string]string{"m": "no route"}}
	r := &Report{Hosts: old.Hosts}
	if err := r.HandEdits(old, old, nodes, "00", nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(r.Edits) != 0 || len(r.Missing) != 1 || r.Missing[0].Dest != "/gone" || r.Unread["m"] != "no route" || r.Blocks() {
		t.Errorf("edits %+v, missing %+v, not read %v", r.Edits, r.Missing, r.Unread)
	}
}
