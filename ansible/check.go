package ansible

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Check is an assert or fail task of a release: what its authors refuse.
type Check struct {
	Task    string `json:"task,omitempty"`
	Message string `json:"message,omitempty"` // a template
	That    string `json:"that,omitempty"`    // the condition of an assert
	When    string `json:"when,omitempty"`    // the condition of a fail
	Path    string `json:"path"`              // in the last release that has it
	First   string `json:"first"`             // tag
	Last    string `json:"last"`
}

// Checks gives the assert and fail tasks of a file of tasks or plays, one for each condition. Path and tags are left empty.
func Checks(text []byte) ([]Check, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	var found []Check
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		switch n.Kind {
		case yaml.DocumentNode, yaml.SequenceNode:
			for _, c := range n.Content {
				walk(c)
			}
		case yaml.MappingNode:
			keys := map[string]*yaml.Node{}
			for i := 0; i+1 < len(n.Content); i += 2 {
				keys[n.Content[i].Value] = n.Content[i+1]
			}
			found = append(found, checksOf(keys)...)
			for _, k := range []string{"block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"} {
				if keys[k] != nil && keys[k].Kind == yaml.SequenceNode {
					walk(keys[k])
				}
			}
		}
	}
	walk(&doc)
	return found, nil
}

var freeForm = regexp.MustCompile(`(?s)^\s*msg=(.*?)\s*$`)

// checksOf reads one task.
func checksOf(keys map[string]*yaml.Node) []Check {
	for _, module := range []string{"assert", "fail", "ansible.builtin.assert", "ansible.builtin.fail"} {
		args := keys[module]
		if args == nil {
			continue
		}
		c := Check{Task: scalar(keys["name"])}
		var conditions []string
		if args.Kind == yaml.ScalarNode {
			if m := freeForm.FindStringSubmatch(args.Value); m != nil {
				c.Message = strings.Trim(m[1], `'"`)
			}
		}
		for i := 0; args.Kind == yaml.MappingNode && i+1 < len(args.Content); i += 2 {
			v := args.Content[i+1]
			switch args.Content[i].Value {
			case "fail_msg":
				c.Message = v.Value
			case "msg":
				if c.Message == "" {
					c.Message = v.Value
				}
			case "that":
				conditions = values(v)
			}
		}
		if strings.HasSuffix(module, "fail") {
			c.When = strings.Join(values(keys["when"]), " and ")
			conditions = nil
		}
		if len(conditions) == 0 {
			return []Check{c}
		}
		var list []Check
		for _, that := range conditions {
			one := c
			one.That = that
			list = append(list, one)
		}
		return list
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

func values(n *yaml.Node) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		var list []string
		for _, c := range n.Content {
			list = append(list, fmt.Sprint(c.Value))
		}
		return list
	}
	return []string{n.Value}
}
