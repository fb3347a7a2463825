package learn

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"spraydeck/ansible"
	"spraydeck/kubespray"
)

// Facts are what a release says of itself. Versions stand without a leading v.
type Facts struct {
	Tag        string             `json:"tag"`
	Commit     string             `json:"commit"`
	Date       string             `json:"date"`
	LeadingV   bool               `json:"leadingV"` // its variables hold versions with a leading v
	Kubernetes Kubernetes         `json:"kubernetes"`
	Components []Component        `json:"components"`
	Ansible    Ansible            `json:"ansible"`
	Python     Window             `json:"python"`
	OS         []List             `json:"os"`
	Inventory  Inventory          `json:"inventory"`
	Playbooks  Playbooks          `json:"playbooks"`
	Checksums  string             `json:"checksums"`
	Allowed    []List             `json:"allowed"`
	Gone       []string           `json:"gone"` // keys of older samples that no role reads from here on
	Back       []string           `json:"back"` // keys once gone that are read again
	Defaults   map[string]Default `json:"defaults"`
	Sample     map[string]Default `json:"sample"`
	Reads      []string           `json:"reads"` // every word of roles and playbooks that may be a variable
	Checks     []ansible.Check    `json:"checks"`
	Prompts    []Prompt           `json:"prompts"`
	Plays      []Playbook         `json:"plays"`
	Templates  []Template         `json:"templates"`

	inForce map[string]string       // the settings of a release file
	readers func(key string) string // how the release reads a key
}

// Kubernetes are the versions of Kubernetes a release installs.
type Kubernetes struct {
	Default string   `json:"default"`
	Min     string   `json:"min"`
	Max     string   `json:"max"`
	Minors  []string `json:"minors"`
}

// Component is something a release installs.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	From    string `json:"from,omitempty"` // the oldest running version it upgrades from
	With    []With `json:"with,omitempty"` // where the version depends on that of Kubernetes
}

// With is the version that goes with a minor of Kubernetes.
type With struct {
	Kubernetes string `json:"kubernetes"`
	Version    string `json:"version"`
}

// Ansible is the Ansible a release pins and accepts.
type Ansible struct {
	Package string `json:"package"`
	Core    string `json:"core,omitempty"`
	Min     string `json:"min"`
	Below   string `json:"below"`
	Min210  string `json:"min210,omitempty"`
}

// Window is an oldest and a newest version.
type Window struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// List is a name with values.
type List struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Inventory is how the inventory of a release is laid out.
type Inventory struct {
	Style        string   `json:"style"`
	ControlPlane string   `json:"controlPlaneGroup"`
	ClusterVars  string   `json:"clusterVars"`
	EtcdVars     []string `json:"etcdVars"`
}

// Playbooks is where the playbooks are that operators run.
type Playbooks struct {
	Facts      string `json:"facts"`
	Upgrade    string `json:"upgrade"`
	Cluster    string `json:"cluster"`
	Scale      string `json:"scale"`
	RemoveNode string `json:"removeNode"`
}

// Default is a value with the file that sets it. Several values mean that roles differ.
type Default struct {
	Value  any    `json:"value"`
	File   string `json:"file"`
	Others []any  `json:"others,omitempty"`
}

// tree is a release as it is read: its files and its variables.
type tree struct {
	names []string
	texts map[string][]byte
	vars  variables
}

var (
	ansibleDoc   = regexp.MustCompile(`^docs/(?:ansible/)?ansible\.md$`)
	requirements = regexp.MustCompile(`^requirements(?:-[\d.]+)?\.txt$`)
)

func worthReading(name string) bool {
	return kubespray.SaysVars(name) || ansibleDoc.MatchString(name) || requirements.MatchString(name) || name == "README.md" ||
		strings.HasPrefix(name, "inventory/sample/") || name == "contrib/inventory_builder/inventory.py" || isTasks(name)
}

// Read reads a release at a revision. The history says which keys are no longer read; without one these stay empty.
func Read(ctx context.Context, c *kubespray.Checkout, rev, tag string, h *History) (*Facts, error) {
	commit, err := c.Resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	t := tree{}
	if t.names, t.texts, err = c.Tree(ctx, commit, worthReading); err != nil {
		return nil, err
	}
	vars, err := kubespray.VarsOf(tag, t.names, t.texts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rev, err)
	}
	t.vars = t.readVariables()
	f := &Facts{Tag: tag, Commit: commit, Reads: vars.Reads}
	if f.Date, err = c.Date(ctx, rev); err != nil {
		return nil, err
	}
	if err := t.versions(f); err != nil {
		return nil, fmt.Errorf("%s: %w", rev, err)
	}
	t.surroundings(f)
	t.settings(f)
	t.inForce(f)
	f.readers = t.readers(setOf(f.Reads))
	if err := t.tasks(f); err != nil {
		return nil, fmt.Errorf("%s: %w", rev, err)
	}
	f.Allowed = allowed(f.Checks)
	if h != nil {
		f.Gone, f.Back, err = h.changed(ctx, f)
	}
	return f, err
}

// settings fills in the defaults of roles and what the sample sets.
func (t *tree) settings(f *Facts) {
	f.Defaults, f.Sample = map[string]Default{}, map[string]Default{}
	for key, list := range t.vars {
		for _, v := range list {
			if !strings.Contains(v.file, "/defaults/") || tooLarge(key) {
				continue
			}
			d, known := f.Defaults[key]
			value := plain(v.node)
			if known && !equal(d.Value, value) && !slices.ContainsFunc(d.Others, func(o any) bool { return equal(o, value) }) {
				d.Others = append(d.Others, d.Value)
			}
			d.Value, d.File = value, v.file
			f.Defaults[key] = d
		}
	}
	for _, name := range t.names {
		if !strings.HasPrefix(name, "inventory/sample/group_vars/") {
			continue
		}
		for key, n := range topLevel(t.texts[name]) {
			f.Sample[key] = Default{Value: plain(n), File: name}
		}
	}
}

// inForce fills in what the settings of a release file are where the inventory is silent.
func (t *tree) inForce(f *Facts) {
	r := reading{vars: t.vars}
	f.inForce = map[string]string{}
	for _, name := range settingsOfFile {
		v := r.of(name)
		if v == "" && t.vars.last(name) == nil {
			v = t.fallback(r, name)
		}
		if v != "" {
			f.inForce[name] = v
		}
	}
}

// fallback is what templates and tasks take where a setting has no default: NAME | default(...).
func (t *tree) fallback(r reading, name string) string {
	where := regexp.MustCompile(`\b` + name + ` *\| *default\((?:['"]([\w.-]+)['"]|(\w+))\)`)
	for _, n := range t.names {
		if m := where.FindSubmatch(t.texts[n]); m != nil && strings.HasPrefix(n, "roles/") {
			if len(m[1]) > 0 {
				return string(m[1])
			}
			return r.of(string(m[2]))
		}
	}
	return ""
}

// tooLarge reports whether a variable is a table of the project's own rather than a setting.
func tooLarge(key string) bool {
	return strings.Contains(key, "checksum") || key == "downloads"
}

func equal(a, b any) bool {
	return sameFacts(fmt.Sprintf("%#v", a)) == sameFacts(fmt.Sprintf("%#v", b))
}

var factOf = regexp.MustCompile(`ansible_facts\[\\?['"](\w+)\\?['"]\]|ansible_facts\.(\w+)`)

// sameFacts writes a fact of Ansible in one way: ansible_facts['kernel'] is what ansible_kernel was.
func sameFacts(s string) string { return factOf.ReplaceAllString(s, "ansible_$1$2") }

// plain is the value of a node: text, number, true or false, list or map. Of what cannot be decoded it is the text.
func plain(n *yaml.Node) any {
	var v any
	if err := n.Decode(&v); err != nil {
		return n.Value
	}
	return v
}

// topLevel are the keys of a file that holds one mapping; nothing where it does not.
func topLevel(text []byte) map[string]*yaml.Node {
	var doc yaml.Node
	found := map[string]*yaml.Node{}
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return found
	}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		found[doc.Content[0].Content[i].Value] = doc.Content[0].Content[i+1]
	}
	return found
}

// first returns the first of some paths that is there.
func (t *tree) first(names ...string) string {
	for _, n := range names {
		if t.texts[n] != nil {
			return n
		}
	}
	return ""
}

// surroundings fills in how the inventory is laid out and where the playbooks are.
func (t *tree) surroundings(f *Facts) {
	p := &f.Playbooks
	p.Facts = t.first("playbooks/facts.yml", "facts.yml")
	p.Upgrade, p.Cluster = t.first("upgrade-cluster.yml", "upgrade_cluster.yml"), t.first("cluster.yml")
	p.Scale, p.RemoveNode = t.first("scale.yml"), t.first("remove-node.yml", "remove_node.yml")
	f.Inventory.Style = "inventory.ini"
	if t.first("contrib/inventory_builder/inventory.py") != "" {
		f.Inventory.Style = "hosts.yaml"
	}
	hosts := string(t.texts["inventory/sample/inventory.ini"])
	f.Inventory.ControlPlane = "kube_control_plane"
	if !strings.Contains(hosts, "[kube_control_plane]") && strings.Contains(hosts, "[kube-master]") {
		f.Inventory.ControlPlane = "kube-master"
	}
	for _, n := range t.names {
		below, ok := strings.CutPrefix(n, "inventory/sample/")
		switch dir := path.Dir(below); {
		case !ok:
		case dir == "group_vars/k8s_cluster" || dir == "group_vars/k8s-cluster":
			f.Inventory.ClusterVars = dir
		case path.Base(below) == "etcd.yml":
			f.Inventory.EtcdVars = append(f.Inventory.EtcdVars, below)
		}
	}
}
