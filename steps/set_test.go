package steps

import (
	"context"
	"errors"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

const changeOfOneFile = `# b.yml:1 sets a, too; it counts for no host and stays as it is
--- inventory/mycluster/group_vars/all/all.yml	0123456789abcdef
+++ inventory/mycluster/group_vars/all/all.yml	1123456789abcdef
@@ -1,1 +1,1 @@
-a: 1
+a: 2
`

// setStep is the step of a runbook, with the language around it.
func setStep(t *testing.T, args string) *set {
	t.Helper()
	text := "apiVersion: spraydeck/v1\nkind: Runbook\nname: a\ntitle: A\nversion: 1.0.0\nphases: [{title: A, steps: [{id: a, title: A, set: " + args + "}]}]\n"
	f, problems := runbook.Parse("a.yaml", []byte(text), &runbook.Language{Kinds: Kinds(), Probes: Probes()})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return f.Runbook.Phases[0].Steps[0].Action.(*set)
}

// TestSet: the step asks what would change, shows that as the command which makes it, and runs this and the commit.
func TestSet(t *testing.T) {
	for name, c := range map[string]struct {
		args, asks string
		inputs     map[string]any
	}{
		"short": {`{kubelet_fail_cgroup_v1: false}`, `set --inventory inventory/mycluster kubelet_fail_cgroup_v1=false`, nil},
		"values of all forms": {`{values: {a: "1.30", b: yes, c: [x, 2], d.e: iptables, f: "{{ g }}", h: null, n: 1.5}}`,
			`set --inventory inventory/mycluster 'a="1.30"' 'b=true' 'c=["x",2]' 'd.e=iptables' 'f="{{ g }}"' 'h=null' 'n=1.5'`, nil},
		"expressions": {`'${{"a": inputs.n, "b": dyn([inputs.n])}}'`, `set --inventory inventory/mycluster 'a=3' 'b=[3]'`, map[string]any{"n": int64(3)}},
		"the rest": {`{unset: [b, c], rename: {x: y}, file: "group_vars/${inputs.n}.yml", inventory: hosts.yaml}`,
			`set --inventory hosts.yaml --sample v2.28.0 --file group_vars/7.yml --rename=x=y --unset=b --unset=c`, map[string]any{"n": int64(7), "target_tag": "v2.28.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := setStep(t, c.args)
			tk, ran := task(func(event.Command) (string, int, error) { return changeOfOneFile, 0, nil })
			tk.Set("inputs.inventory_dir", nil, "inventory/mycluster")
			for k, v := range c.inputs {
				tk.Set("inputs."+k, nil, v)
			}
			line := oneLine(t, s, tk).Line
			if got := strings.TrimPrefix(line, asks); strings.ReplaceAll(got, "'", "") != strings.ReplaceAll(c.asks, "'", "") {
				t.Errorf("it asks\n%s\nand not\n%s", got, c.asks)
			}
			got, err := s.Prepare(t.Context(), tk)
			if err != nil || got != changeOfOneFile || len(*ran) != 1 || (*ran)[0] != "workstation: "+line {
				t.Fatalf("prepared %v, %v, ran %q", got, err, *ran)
			}
			tk.Prepared = got
			want := asks + "patch <<'EOF'\n" + changeOfOneFile + "EOF"
			if c := oneLine(t, s, tk); c.Line != want || !c.Changes {
				t.Errorf("it shows\n%s", c.Line)
			}
		})
	}
}

func TestSetRuns(t *testing.T) {
	s := setStep(t, `{values: {a: 2}, commit: "Use 2."}`)
	exit := 0
	tk, ran := task(func(event.Command) (string, int, error) { return "", exit, nil })
	tk.Prepared = changeOfOneFile
	if _, err := s.Run(t.Context(), tk); err != nil || len(*ran) != 2 || !strings.HasSuffix((*ran)[1], "git -C inventory/mycluster/group_vars/all commit -m 'Use 2.' -- all.yml") {
		t.Errorf("%v, ran %q", err, *ran)
	}
	described(t, s, tk, *ran)
	*ran, exit = nil, outdated
	if _, err := s.Run(t.Context(), tk); !errors.Is(err, runbook.ErrOutdated) || len(*ran) != 1 {
		t.Errorf("a file that was changed in between: %v, ran %q", err, *ran)
	}
	tk.Prepared = ""
	if cmds, err := s.Commands(tk); err != nil || len(cmds) != 0 {
		t.Errorf("nothing to do: %v, %v", cmds, err)
	}
	refused := func(context.Context, event.Command) (runbook.Returned, error) {
		return runbook.Gave("workstation", 1, "", "all.yml:2: the value is encrypted with ansible-vault\n"), nil
	}
	tk.Exec = refused
	tk.Set("inputs.inventory", nil, "hosts.yaml")
	if _, err := s.Prepare(t.Context(), tk); err == nil || err.Error() != "all.yml:2: the value is encrypted with ansible-vault" {
		t.Errorf("refused: %v", err)
	}
	if message, _ := (&set{}).Wrong(false); message == "" {
		t.Error("a step that changes nothing is no mistake")
	}
}

// Files of two directories are committed from the one that holds both.
func TestCommitLine(t *testing.T) {
	got := commitLine([]string{"inventory/my cluster/group_vars/all.yml", "inventory/my cluster/host_vars/n.yml"}, "m")
	want := "git -C 'inventory/my cluster' add -- group_vars/all.yml host_vars/n.yml && git -C 'inventory/my cluster' commit -m m -- group_vars/all.yml host_vars/n.yml"
	if got != want {
		t.Errorf("it is\n%s", got)
	}
}
