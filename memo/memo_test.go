package memo

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/event"
)

var update = flag.Bool("update", false, "write the expected files")

// The drafts are what a careful person would have made of the memos; cli's test of import holds that lint finds nothing in them.
func TestImport(t *testing.T) {
	for _, name := range []string{"japanese", "english"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		draft, err := Import(name, text)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(path, draft.YAML, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(draft.YAML) != string(want) {
			t.Errorf("%s: got\n%s", name, draft.YAML)
		}
		if got := strings.Count(string(draft.YAML), "# confirm:"); got == 0 != (draft.Guesses == 0) {
			t.Errorf("%s: %d guesses, %d marked steps", name, draft.Guesses, got)
		}
	}
	if _, err := Import("empty", []byte("# A title\n\n---\n")); err == nil {
		t.Error("a memo without anything in it gives a runbook")
	}
}

func TestWhere(t *testing.T) {
	for _, c := range []struct {
		text, before string
		want         place
	}{
		{"kubectl get nodes", "on all nodes", place{"", true}},
		{"systemctl restart kubelet", "Restart the kubelet on every node", place{allNodes, true}},
		{"systemctl restart kubelet", "on the first control plane node", place{controlPlanes, true}},
		{"systemctl restart kubelet", "On all worker nodes:", place{workers, true}},
		{"systemctl restart kubelet", "ワーカーノードで実行する", place{workers, true}},
		{"systemctl restart kubelet", "node4 で実行する", place{"node4", true}},
		{"cat /etc/hosts", "Log in to `worker-2`.", place{"worker-2", true}},
		{"cat /etc/hosts", "Since v1.32 it is on ingress-nginx-4.10", place{"${inputs.node}", false}},
		{"systemctl restart kubelet", "", place{"${inputs.node}", false}},
		{"mystery", "", place{"", false}},
		{"apt install python3", "On your workstation, install Python", place{"", true}},
	} {
		if got := where(command{text: c.text}, []string{c.before}); got != c.want {
			t.Errorf("%s (%s): %+v, want %+v", c.text, c.before, got, c.want)
		}
	}
}

func TestDanger(t *testing.T) {
	for text, want := range map[string]event.Danger{
		"kubectl -n kube-system get pods | grep -v Running": event.ReadOnly,
		"sudo systemctl status kubelet":                     event.ReadOnly,
		"kubectl logs -n x deploy/y > out.txt":              event.Changes,
		"helm list -A 2>/dev/null":                          event.ReadOnly,
		"git checkout -b x":                                 event.Changes,
		"kubectl drain node4":                               event.Disrupts,
		"sudo systemctl restart docker":                     event.Disrupts,
		"sudo kubeadm upgrade plan":                         event.ReadOnly,
		"sudo kubeadm upgrade apply v1.34.1":                event.Disrupts,
		"kubectl get pv && kubectl delete pv x":             event.Destroys,
		"ansible-playbook -i x reset.yml":                   event.Destroys,
		"ansible-playbook -i x facts.yml":                   event.Changes,
		"rm -rf /var/lib/etcd":                              event.Destroys,
		"watch kubectl get nodes":                           event.ReadOnly,
		"for n in 1 2; do\nkubectl cordon node$n\ndone":     event.Changes,
		"mystery-tool":                                      event.Changes,
	} {
		if got, _ := dangerOf(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if _, sure := dangerOf("mystery-tool"); sure {
		t.Error("what is not known is no guess")
	}
}

func FuzzImport(f *testing.F) {
	for _, name := range []string{"japanese", "english"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".md"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Import("x", []byte(text))
		b, again := Import("x", []byte(text))
		if (err == nil) != (again == nil) || string(a.YAML) != string(b.YAML) {
			t.Error("the same memo gives two drafts")
		}
	})
}
