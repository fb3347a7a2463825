package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// told is what a list of checks says that is not well: "area name on verdict" and a part of the text.
func told(list []Check) (lines []string) {
	for _, c := range list {
		if c.Verdict != event.Pass {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %v", c.Name, c.On, c.Notice))+" "+c.Says.En)
		}
		if c.Says.En == "" || c.Verdict != event.Pass && c.Notice && c.Do.En == "" {
			lines = append(lines, "without words: "+c.Name)
		}
		if c.Do.En != "" && c.Do.Ja == "" {
			lines = append(lines, "not in Japanese: "+c.Name)
		}
	}
	return lines
}

func expect(t *testing.T, list []Check, want ...string) {
	t.Helper()
	got := told(list)
	if len(got) != len(want) {
		t.Fatalf("found %q, not %q", got, want)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("found %q, not %q", got[i], want[i])
		}
	}
}

func has(out string, err error) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return out, err }
}

func TestWorkstation(t *testing.T) {
	good := Console{Width: 120, Height: 40, Term: "xterm-256color", Locale: "ja_JP.utf8"}
	expect(t, OnWorkstation(t.Context(), good, t.TempDir(), has("v1\n", nil)))
	expect(t, OnWorkstation(t.Context(), Console{Width: 60, Height: 20}, t.TempDir(), has("v1\n", nil)),
		"terminal  true the terminal has 60x20 cells", "locale  true the locale C is not UTF-8")
	expect(t, OnWorkstation(t.Context(), good, "/proc/nowhere", has("", errors.New("exit code 127"))),
		"record  false", "git  false git is not here", "ssh  false", "python  true", "venv  true", "ansible  true")
}

type repository struct {
	err     error
	changed []string
}

func (repository) Dir() string { return "/k" }
func (c repository) Tag(context.Context) (string, bool, error) {
	return "v2.27.0", true, c.err
}
func (c repository) Clean(context.Context) (bool, []string, error) {
	return len(c.changed) == 0, c.changed, nil
}

func TestCheckout(t *testing.T) {
	there := Inventory{Path: "inventory/mycluster/hosts.yaml", Hosts: []string{"node1"}}
	expect(t, OnCheckout(t.Context(), repository{}, nil, there, has("ada", nil)))
	expect(t, OnCheckout(t.Context(), nil, errors.New("not a git repository"), Inventory{}, nil), "checkout  true not a git repository")
	expect(t, OnCheckout(t.Context(), repository{errors.New("no tag"), []string{"a", "b"}}, nil, Inventory{}, has("fatal: unable\nno email was given\n", errors.New("exit code 128"))),
		"release  false no tag", "committed  true 2 files are not committed, such as a", "committer  false no email was given", "inventory  false no inventory")
	there.Hosts = nil
	expect(t, OnCheckout(t.Context(), repository{}, nil, there, has("", nil)), "inventory  false inventory/mycluster/hosts.yaml names no host")
}

type server struct {
	down    error
	ahead   time.Duration
	refused string
	silent  error
}

func (c server) Ping(context.Context) (string, error) { return "v1.31.4", c.down }
func (server) Server() string                         { return "https://10.0.0.1:6443" }
func (c server) Clock() time.Duration                 { return c.ahead }
func (c server) May(_ context.Context, verb, _, resource, _ string) (bool, string, error) {
	return verb+" "+resource != c.refused, "", c.silent
}

func TestCluster(t *testing.T) {
	expect(t, OnCluster(t.Context(), server{}, nil))
	expect(t, OnCluster(t.Context(), nil, errors.New("no such file")), "kubeconfig  false no such file")
	expect(t, OnCluster(t.Context(), server{down: errors.New("refused")}, nil), "api  false refused")
	expect(t, OnCluster(t.Context(), server{ahead: -90 * time.Second, refused: "create pods/eviction"}, nil),
		"clock  true its clock differs from this workstation's by 1m30s", "rights  false this user may not: evict pods")
	expect(t, OnCluster(t.Context(), server{silent: errors.New("timed out")}, nil), "rights  false timed out")
}

func TestNodes(t *testing.T) {
	well := fmt.Sprintf("time %d\nsudo yes\npython /usr/bin/python3\nfree 99999999\n", time.Now().Unix())
	shell := func(_ context.Context, host, _ string) (string, error) {
		switch host {
		case "away1", "away2":
			return "", fmt.Errorf("connect to %s (10.0.0.%s): refused", host, host[4:])
		case "bare":
			return fmt.Sprintf("time %d\nsudo no\npython \nfree 1000\n", time.Now().Unix()-3600), nil
		}
		return well, nil
	}
	list := OnNodes(t.Context(), []string{"a", "away1", "b", "away2", "bare"}, shell)
	expect(t, list, "ssh away1 false connect to away1", "ssh away2 false connect to away2",
		"clock bare true its clock differs", "sudo bare false sudo asks", "python bare true there is no python3", "space bare true 0 MB are free")
	if list[0].Says.En != "2 of 5 nodes are reached, with sudo, Python, space and the right time" {
		t.Errorf("said %q", list[0].Says.En)
	}
	groups := Fold(list)
	if len(groups) != 6 || len(groups[1]) != 2 || groups[1][1].On != "away2" {
		t.Errorf("folded into %v", groups)
	}
	expect(t, OnNodes(t.Context(), nil, shell), "ssh  false no node is known")
}
