package whatif

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"spraydeck/regular"
)

//go:embed *.py running.json fixture.json
var files embed.FS

// Request says what is rendered.
type Request struct {
	Checkout  string                    `json:"checkout"` // a tree of Kubespray, at the release in question
	Playbook  string                    `json:"playbook"`
	Inventory string                    `json:"inventory"`           // absolute
	Vars      map[string]any            `json:"vars,omitempty"`      // as -e gives them
	Settings  map[string]map[string]any `json:"settings,omitempty"`  // of hosts, over those of the inventory
	Facts     map[string]map[string]any `json:"facts"`               // what Ansible gathered, by host
	OldSample string                    `json:"oldSample,omitempty"` // the sample inventory of the release left, where settings follow it
	Key       string                    `json:"key"`                 // of the digests that stand for secrets, in hex
	Memory    int64                     `json:"memory,omitempty"`
	Seconds   int                       `json:"seconds,omitempty"` // of CPU for one task on one host
	Fixture   json.RawMessage           `json:"fixture"`           // facts of the hosts that have none
	Answers   json.RawMessage           `json:"answers"`           // what modules return on nodes of a running cluster
}

// Rendering is what a release would write on each node.
type Rendering struct {
	Error        string              `json:"error"`
	Ansible      string              `json:"ansible"`
	Python       string              `json:"python"`
	Hosts        []string            `json:"hosts"`
	Groups       map[string][]string `json:"groups"`
	Addresses    map[string][]string `json:"addresses"`
	Invented     []string            `json:"invented"` // hosts with facts of the fixture
	Followed     map[string][]string `json:"followed"` // settings that follow the sample: the value before and after
	Files        []File              `json:"files"`
	Checks       []Check             `json:"checks"`
	Failed       []Failed            `json:"failed"`
	Prompts      []Prompt            `json:"prompts"`
	Patched      []Patched           `json:"patched"`
	Steps        []Step              `json:"steps"`
	Refused      []string            `json:"refused"`
	Placeholders []string            `json:"placeholders"`
}

// File is a file that a task writes on a host. Secrets in it are digests.
type File struct {
	Host    string   `json:"host"`
	Dest    string   `json:"dest"`
	Mode    string   `json:"mode"`
	Source  string   `json:"source"`
	Task    string   `json:"task"`
	Where   string   `json:"where"`
	Notify  []string `json:"notify"`
	Content string   `json:"content"`
	Assumed bool     `json:"assumed"` // a condition of the task needs the node; it was taken to hold
	Needs   []string `json:"needs"`   // values in it that only the node knows
}

// Patched is a file of which a task changes single lines.
type Patched struct {
	Host string `json:"host"`
	Dest string `json:"dest"`
}

// Check is an assert or fail task.
type Check struct {
	Host      string   `json:"host"`
	Task      string   `json:"task"`
	Where     string   `json:"where"`
	Verdict   string   `json:"verdict"` // passes, fails or unknown
	Condition string   `json:"condition"`
	Message   string   `json:"message"`
	Needs     []string `json:"needs"`
}

// Failed is a task that could not be followed.
type Failed struct {
	Host      string `json:"host"`
	Task      string `json:"task"`
	Where     string `json:"where"`
	Kind      string `json:"kind"`
	Reason    string `json:"reason"`
	NeedsNode bool   `json:"needsNode"`
}

// Prompt is a question that the playbook asks.
type Prompt struct {
	Play   string `json:"play"`
	Prompt string `json:"prompt"`
}

// NoAnsibleError says that no Python with Ansible was found.
type NoAnsibleError struct{ tried []string }

func (e *NoAnsibleError) Error() string {
	return "find a Python that has Ansible: tried " + strings.Join(e.tried, ", ")
}

// Hint says what to do about it.
func (e *NoAnsibleError) Hint() string {
	return "install the ansible that the release wants: python3 -m venv venv/k8s && venv/k8s/bin/pip install -r requirements.txt"
}

// FindPython finds the Python of a virtual environment below dir, else the one of the Ansible on the PATH.
func FindPython(dir string) (string, error) {
	var tried []string
	own := filepath.Join(dir, "venv/k8s/bin/python3")
	if info, err := os.Stat(own); err == nil && info.Mode().IsRegular() {
		return own, nil
	}
	tried = append(tried, own)
	if playbook, err := exec.LookPath("ansible-playbook"); err == nil {
		if python := interpreter(playbook); python != "" {
			return python, nil
		}
		tried = append(tried, playbook)
	} else {
		tried = append(tried, "ansible-playbook on the PATH")
	}
	return "", &NoAnsibleError{tried}
}

// interpreter is the Python in the first line of a script, "" where there is none.
func interpreter(script string) string {
	f, err := regular.Open(script)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 4096)).ReadString('\n')
	fields := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(fields) == 0 || !strings.Contains(line, "python") {
		return ""
	}
	if filepath.Base(fields[0]) == "env" && len(fields) > 1 {
		path, _ := exec.LookPath(fields[1])
		return path
	}
	return fields[0]
}

// limit is how long a rendering may take in all.
const limit = 10 * time.Minute

// Render has Ansible render a checkout. The answer of an inventory that cannot be rendered at all is an error.
func Render(ctx context.Context, python string, r Request) (*Rendering, error) {
	dir, err := os.MkdirTemp("", "spraydeck-whatif-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := unpack(dir); err != nil {
		return nil, err
	}
	if r.Answers == nil {
		r.Answers, _ = files.ReadFile("running.json")
	}
	if r.Fixture == nil {
		r.Fixture, _ = files.ReadFile("fixture.json")
	}
	request, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, filepath.Join(dir, "render.py"))
	cmd.Dir, cmd.Env, cmd.Stdin = r.Checkout, environment(dir, r.Checkout), bytes.NewReader(request)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("render %s: it took longer than %s: look for a template that never ends", r.Inventory, limit)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var answer Rendering
	if decoded := json.Unmarshal(stdout.Bytes(), &answer); decoded != nil {
		if err == nil {
			err = decoded
		}
		return nil, fmt.Errorf("render %s with %s: %w: %s", r.Inventory, python, err, lastLine(stderr.String()))
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("render %s with %s: %s", r.Inventory, python, answer.Error)
	}
	return &answer, nil
}

func unpack(dir string) error {
	entries, err := files.ReadDir(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o600); err != nil {
			return err
		}
	}
	// Settings of a checkout that change what variables mean are taken over by the names below, and no others: its file
	// can name plugins and programs.
	return os.WriteFile(filepath.Join(dir, "ansible.cfg"), nil, 0o600)
}

// environment is what the script runs with: no configuration of Ansible but the few settings that change what variables
// mean.
func environment(dir, checkout string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "ANSIBLE_") || strings.HasPrefix(name, "ANSIBLE_COLLECTIONS_PATH") {
			env = append(env, kv)
		}
	}
	env = append(env, "ANSIBLE_CONFIG="+filepath.Join(dir, "ansible.cfg"), "ANSIBLE_LOCAL_TEMP="+dir, "ANSIBLE_ROLES_PATH="+filepath.Join(checkout, "roles"),
		"ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS=ignore", "ANSIBLE_NOCOLOR=1", "ANSIBLE_DEPRECATION_WARNINGS=0", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "LC_ALL=C.UTF-8")
	for name, value := range settings(filepath.Join(checkout, "ansible.cfg")) {
		env = append(env, name+"="+value)
	}
	return env
}

// settings reads those settings of an ansible.cfg that change what variables mean.
func settings(path string) map[string]string {
	text, err := regular.Read(path)
	if err != nil {
		return nil
	}
	names := map[string]string{"hash_behaviour": "ANSIBLE_HASH_BEHAVIOUR", "jinja2_native": "ANSIBLE_JINJA2_NATIVE", "private_role_vars": "ANSIBLE_PRIVATE_ROLE_VARS",
		"inventory_ignore_extensions": "ANSIBLE_INVENTORY_IGNORE", "precedence": "ANSIBLE_PRECEDENCE"}
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, "=")
		if name := names[strings.TrimSpace(key)]; ok && name != "" {
			value, _, _ = strings.Cut(value, " ;")
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
