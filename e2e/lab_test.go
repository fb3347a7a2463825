package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/kube"
)

// spraydeck and labBinary are built once for all tests, or are in the directory SPRAYDECK_BINARIES: test.sh starts these
// tests several times.
var spraydeck, labBinary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if built := os.Getenv("SPRAYDECK_BINARIES"); built != "" {
		spraydeck, labBinary = filepath.Join(built, "spraydeck"), filepath.Join(built, "lab")
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "spraydeck-e2e-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	spraydeck, labBinary = filepath.Join(dir, "spraydeck"), filepath.Join(dir, "lab")
	builds := [][]string{{"go", "build", "-o", spraydeck, ".."}}
	if withLab() {
		builds = append(builds, []string{"go", "build", "-C", "../lab", "-o", labBinary, "."})
	}
	for _, build := range builds {
		cmd := exec.Command(build[0], build[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile does
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Printf("%s: %v\n%s", strings.Join(build, " "), err, out)
			return 1
		}
	}
	return m.Run()
}

// withLab says whether the tests that want root and the lab are run. test.sh sets it, and names them where it does not.
func withLab() bool { return os.Getenv("SPRAYDECK_LAB") != "" }

// lab is a running practice cluster.
type lab struct {
	t    *testing.T
	dir  string
	vars map[string]string // what D/env exports
	bin  string            // the stand-ins of the workstation, where there are any
	env  []string          // what an operator has in the environment beside that
}

// boot starts a lab with these faults and ends it with the test.
func boot(t *testing.T, faults ...string) *lab {
	t.Helper()
	if len(faults) == 0 {
		return up(t)
	}
	return up(t, "--fault", strings.Join(faults, ","))
}

// up starts a lab with these options and ends it with the test.
func up(t *testing.T, options ...string) *lab {
	t.Helper()
	if !withLab() {
		// in CI too: go test ./... comes before test.sh runs these with SPRAYDECK_LAB=1, and fails where it cannot
		t.Skip("requires root and the lab: sudo make test")
	}
	l := &lab{t: t, dir: filepath.Join(t.TempDir(), "lab"), vars: map[string]string{}}
	t.Cleanup(func() { l.lab("down", "--dir", l.dir) })
	l.lab(append([]string{"up", "--dir", l.dir}, options...)...)
	env, err := os.ReadFile(filepath.Join(l.dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(env)) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "="); ok {
			l.vars[name] = strings.Trim(value, "'")
		}
	}
	return l
}

func (l *lab) lab(args ...string) {
	l.t.Helper()
	if out, err := exec.Command(labBinary, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("lab %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// environ is what an operator of this lab has in the environment. State goes to a directory of the test.
func (l *lab) environ(state string) []string {
	return append(append(os.Environ(), l.env...),
		"KUBECONFIG="+l.vars["KUBECONFIG"], "SPRAYDECK_CHECKOUT="+l.vars["LAB_CHECKOUT"], "SPRAYDECK_SSH_CONFIG="+l.vars["LAB_SSH_CONFIG"],
		"ANSIBLE_SSH_COMMON_ARGS="+l.vars["ANSIBLE_SSH_COMMON_ARGS"], "XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+state+"/config", "LANG=en_US.UTF-8", "LC_ALL=C.UTF-8", "TERM=xterm-256color")
}

// result is what a command gave.
type result struct {
	out, err string
	exit     int
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\n%s\n%s", r.exit, r.out, r.err)
}

// spraydeck runs the binary without a terminal.
func (l *lab) spraydeck(state string, args ...string) result {
	l.t.Helper()
	return command(l.t, l.environ(state), spraydeck, args...)
}

func command(t *testing.T, env []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errs
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatalf("%s: %v", name, err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// shell runs a command line of the test's own, in the checkout.
func (l *lab) shell(line string) string {
	l.t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = l.vars["LAB_CHECKOUT"]
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return strings.TrimSpace(string(out))
}

// nodes gives the nodes as kubectl would: name, status, version.
func (l *lab) nodes() []string {
	l.t.Helper()
	c, err := kube.Open(l.vars["KUBECONFIG"], "")
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := c.Get(l.t.Context(), "nodes", "", "", "", "")
	if err != nil {
		l.t.Fatal(err)
	}
	var rows []string
	for _, n := range list {
		name := dig(n, "metadata", "name")
		status := "NotReady"
		conditions, _ := n["status"].(map[string]any)["conditions"].([]any)
		for _, c := range conditions {
			if c := c.(map[string]any); c["type"] == "Ready" && c["status"] == "True" {
				status = "Ready"
			}
		}
		if dig(n, "spec", "unschedulable") == "true" {
			status += ",SchedulingDisabled"
		}
		rows = append(rows, strings.Join([]string{name, status, dig(n, "status", "nodeInfo", "kubeletVersion")}, " "))
	}
	return rows
}

func dig(v any, path ...string) string {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[p]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

var (
	before = []string{"node1 Ready v1.31.4", "node2 Ready v1.31.4", "node3 Ready v1.31.4", "node4 Ready v1.31.4"}
	after  = []string{"node1 Ready v1.32.5", "node2 Ready v1.32.5", "node3 Ready v1.32.5", "node4 Ready v1.32.5"}
)

// untouched fails the test when a blocked run has changed anything.
func (l *lab) untouched(head string) {
	l.t.Helper()
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(before) {
		l.t.Errorf("nodes are %s", got)
	}
	if got := l.shell("git rev-parse HEAD && git status --porcelain"); got != head {
		l.t.Errorf("the checkout has changed:\n%s\nwas\n%s", got, head)
	}
}

func (l *lab) head() string { return l.shell("git rev-parse HEAD && git status --porcelain") }

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
