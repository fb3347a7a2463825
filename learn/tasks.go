package learn

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"spraydeck/ansible"
)

// Prompt is a task at which a play stops and waits for an answer.
type Prompt struct {
	Task string `json:"task"`
	Says string `json:"says"`
	When string `json:"when,omitempty"`
	Path string `json:"path"`
}

// Playbook is a file of plays with the tags that its plays and roles have.
type Playbook struct {
	Path    string   `json:"path"`
	Imports []string `json:"imports,omitempty"`
	Roles   []string `json:"roles,omitempty"`
	Tags    []string `json:"tags,omitempty"`
}

// Template is a task that writes a file from a template, and the handlers it notifies.
type Template struct {
	Task   string   `json:"task"`
	Source string   `json:"source"`
	Dest   string   `json:"dest"`
	When   string   `json:"when,omitempty"`
	Notify []string `json:"notify,omitempty"`
	Path   string   `json:"path"`
}

var (
	taskFile = regexp.MustCompile(`^(?:roles/.+/(?:tasks|handlers)/.+|(?:playbooks/)?(?:[\w-]+/)?[\w-]+)\.ya?ml$`)
	playFile = regexp.MustCompile(`^(?:playbooks/)?[\w-]+\.ya?ml$`)
)

// isTasks reports whether a file may hold tasks that an operator's playbook runs.
func isTasks(name string) bool {
	return taskFile.MatchString(name) && !strings.Contains(name, "molecule/") && !strings.HasPrefix(name, "tests/") && !strings.HasPrefix(name, "contrib/") &&
		!strings.HasPrefix(name, "inventory/")
}

// tasks fills in refusals, prompts, playbooks and templates.
func (t *tree) tasks(f *Facts) error {
	for _, name := range t.names {
		if !isTasks(name) || t.texts[name] == nil {
			continue
		}
		checks, err := checksOf(t.texts[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, c := range checks {
			c.Path, c.First, c.Last = name, f.Tag, f.Tag
			f.Checks = append(f.Checks, c)
		}
		for _, task := range allTasks(t.texts[name]) {
			if says := task.module("pause"); says != nil {
				f.Prompts = append(f.Prompts, Prompt{Task: task.text("name"), Says: says.text("prompt"), When: task.condition(), Path: name})
			}
			if args := task.module("template"); args != nil {
				f.Templates = append(f.Templates, Template{Task: task.text("name"), Source: args.text("src"), Dest: args.text("dest"), When: task.condition(),
					Notify: values(task["notify"]), Path: name})
			}
		}
		if playFile.MatchString(name) {
			if p := playbook(name, t.texts[name]); p != nil {
				f.Plays = append(f.Plays, *p)
			}
		}
	}
	slices.SortStableFunc(f.Checks, func(a, b ansible.Check) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Task, b.Task)) })
	return nil
}

// mapping is a task or play by its keys.
type mapping map[string]*yaml.Node

func (m mapping) text(key string) string {
	if n := m[key]; n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// condition is the condition of a task, its parts joined.
func (m mapping) condition() string { return strings.Join(values(m["when"]), " and ") }

var keyValue = regexp.MustCompile(`(\w+)=("[^"]*"|'[^']*'|\{\{.*?\}\}[^\s]*|\S+)`)

// module are the arguments of a module, nil where the task runs another one.
func (m mapping) module(name string) mapping {
	n := m[name]
	if n == nil {
		n = m["ansible.builtin."+name]
	}
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.MappingNode:
		return mappingOf(n)
	}
	args := mapping{}
	for _, kv := range keyValue.FindAllStringSubmatch(n.Value, -1) {
		args[kv[1]] = &yaml.Node{Kind: yaml.ScalarNode, Value: strings.Trim(kv[2], `'"`)}
	}
	return args
}

func mappingOf(n *yaml.Node) mapping {
	m := mapping{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		m[n.Content[i].Value] = n.Content[i+1]
	}
	return m
}

func values(n *yaml.Node) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		var list []string
		for _, c := range n.Content {
			list = append(list, c.Value)
		}
		return list
	case n.Value == "":
		return nil
	}
	return []string{n.Value}
}

// items are the mappings of a file that holds a list of them.
func items(text []byte) []mapping {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.SequenceNode {
		return nil
	}
	var list []mapping
	for _, n := range doc.Content[0].Content {
		if n.Kind == yaml.MappingNode {
			list = append(list, mappingOf(n))
		}
	}
	return list
}

// allTasks are the tasks of a file of tasks or plays, those in blocks too. Files that write no template and ask nothing are
// not parsed.
func allTasks(text []byte) []mapping {
	if !worthParsing.Match(text) {
		return nil
	}
	var found []mapping
	var walk func(m mapping)
	walk = func(m mapping) {
		found = append(found, m)
		for _, k := range []string{"block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"} {
			if n := m[k]; n != nil && n.Kind == yaml.SequenceNode {
				for _, c := range n.Content {
					if c.Kind == yaml.MappingNode {
						walk(mappingOf(c))
					}
				}
			}
		}
	}
	for _, m := range items(text) {
		walk(m)
	}
	return found
}

var worthParsing = regexp.MustCompile(`\b(?:template|pause):`)

// playbook reads the plays of a file, nil where it holds none.
func playbook(name string, text []byte) *Playbook {
	p := &Playbook{Path: name}
	add := func(to *[]string, list ...string) {
		for _, s := range list {
			if s != "" && !slices.Contains(*to, s) {
				*to = append(*to, s)
			}
		}
	}
	plays := false
	for _, m := range items(text) {
		for _, k := range []string{"import_playbook", "ansible.builtin.import_playbook"} {
			if to := m.text(k); to != "" {
				plays = true
				add(&p.Imports, path.Join(path.Dir(name), to))
			}
		}
		plays = plays || m["hosts"] != nil
		add(&p.Tags, values(m["tags"])...)
		if m["roles"] == nil {
			continue
		}
		for _, r := range m["roles"].Content {
			if r.Kind == yaml.ScalarNode {
				add(&p.Roles, r.Value)
				continue
			}
			role := mappingOf(r)
			add(&p.Roles, role.text("role"))
			add(&p.Tags, values(role["tags"])...)
		}
	}
	if !plays {
		return nil
	}
	slices.Sort(p.Tags)
	return p
}

var refuses = regexp.MustCompile(`\b(?:assert|fail):`)

// checksOf are the assert and fail tasks of a file.
func checksOf(text []byte) ([]ansible.Check, error) {
	if !refuses.Match(text) {
		return nil, nil
	}
	return ansible.Checks(text)
}

var isOneOf = regexp.MustCompile(`^\s*(\w+)(?: \| \w+(?:\([^)]*\))?)? in \[([^\]]*)\]`)
var isOne = regexp.MustCompile(`^\s*(cloud_provider) == '(\w+)'\s*$`)

// choices are the settings whose values a release file lists.
var choices = []string{"kube_network_plugin", "container_manager", "etcd_deployment_type", "kube_proxy_mode", "cloud_provider", "external_cloud_provider"}

// allowed are the values that refusals of the settings demand of a variable; of several lists the longest.
func allowed(checks []ansible.Check) []List {
	found := map[string][]string{}
	for _, c := range checks {
		m := isOneOf.FindStringSubmatch(c.That)
		if m == nil {
			m = isOne.FindStringSubmatch(c.That)
		}
		if m == nil || !strings.Contains(c.Path, "verify-settings") && !strings.Contains(c.Path, "validate_inventory") {
			continue
		}
		var list []string
		for v := range strings.SplitSeq(m[2], ",") {
			list = append(list, strings.Trim(strings.TrimSpace(v), `'"`))
		}
		if len(list) > len(found[m[1]]) {
			found[m[1]] = list
		}
	}
	var lists []List
	for _, name := range choices {
		if found[name] != nil {
			lists = append(lists, List{name, found[name]})
		}
	}
	return lists
}
