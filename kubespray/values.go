package kubespray

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is one variable and where it was written.
//
// Value is nil, bool, int64, float64, string, []any or map[string]any. A vault
// secret is a map with the one key __ansible_vault, as ansible-inventory
// prints it: opaque, and not the secret. Templates are the strings they were
// written as.
type Value struct {
	Value     any
	File      string
	Line      int
	Commented bool // a default shown in a comment; not in force
}

// ErrVault marks a file that is encrypted as a whole.
var ErrVault = errors.New("encrypted with ansible-vault")

// parseValues reads the top-level keys of a variables file. Of a key written twice
// the last counts, as in Ansible. An error names file:line. An empty file has
// no values; a file encrypted as a whole is an error that wraps [ErrVault].
func parseValues(file string, text []byte) (map[string]Value, error) {
	root, err := parseYAML(file, text)
	if err != nil || root == nil {
		return map[string]Value{}, err
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: read variables: want key: value lines", file, root.Line)
	}
	d := decoder{file: file}
	pairs, err := d.pairs(root)
	if err != nil {
		return nil, err
	}
	values := make(map[string]Value, len(pairs))
	for _, p := range pairs {
		v, err := d.value(p.value)
		if err != nil {
			return nil, err
		}
		values[p.key] = Value{Value: v, File: file, Line: p.line}
	}
	return values, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// parseYAML returns the root node of a file that holds one document, nil when
// it is empty.
func parseYAML(file string, text []byte) (root *yaml.Node, err error) {
	if bytes.HasPrefix(text, []byte("$ANSIBLE_VAULT;")) {
		return nil, fmt.Errorf("read %s: %w", file, ErrVault)
	}
	// The parser keeps its own invariants by panicking; a broken file must
	// stay a broken file.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("%s:1: read yaml: %v", file, p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, positioned(file, err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, fmt.Errorf("%s:%d: read yaml: a second document starts here, and Ansible reads only one", file, second.Line)
	} else if err != io.EOF {
		return nil, positioned(file, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root = doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil
	}
	return root, nil
}

func positioned(file string, err error) error {
	line, message := "1", err.Error()
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = m[2]
		if m[1] != "" {
			line = m[1]
		}
	}
	return fmt.Errorf("%s:%s: read yaml: %s", file, line, message)
}

// maxNodes bounds what aliases may unfold to; Kubespray's largest file, the
// checksums, has about ten thousand.
const maxNodes = 500_000

// decoder turns nodes into plain values the way Ansible's loader does.
type decoder struct {
	file  string
	nodes int
	open  map[*yaml.Node]bool // aliases being unfolded, to find a cycle
}

type pair struct {
	key   string
	line  int
	value *yaml.Node
}

func (d *decoder) fail(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: read yaml: %s", d.file, n.Line, fmt.Sprintf(format, args...))
}

func (d *decoder) value(n *yaml.Node) (any, error) {
	if d.nodes++; d.nodes > maxNodes {
		return nil, d.fail(n, "more than %d values after unfolding aliases", maxNodes)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return d.scalar(n)
	case yaml.AliasNode:
		return d.alias(n, d.value)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := d.value(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		pairs, err := d.pairs(n)
		if err != nil {
			return nil, err
		}
		m := make(map[string]any, len(pairs))
		for _, p := range pairs {
			if m[p.key], err = d.value(p.value); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return nil, d.fail(n, "unexpected node")
}

func (d *decoder) alias(n *yaml.Node, read func(*yaml.Node) (any, error)) (any, error) {
	if d.open[n.Alias] {
		return nil, d.fail(n, "*%s holds itself", n.Value)
	}
	if d.open == nil {
		d.open = map[*yaml.Node]bool{}
	}
	d.open[n.Alias] = true
	defer delete(d.open, n.Alias)
	return read(n.Alias)
}

// pairs lists a mapping's keys in order, merged ones (<<) first so that the
// mapping's own win.
func (d *decoder) pairs(n *yaml.Node) ([]pair, error) {
	var merged, own []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		if d.nodes++; d.nodes > maxNodes {
			return nil, d.fail(n, "more than %d values after unfolding aliases", maxNodes)
		}
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			more, err := d.merged(value)
			if err != nil {
				return nil, err
			}
			merged = append(merged, more...)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			return nil, d.fail(key, "a key must be plain text; quote a value that starts with {{")
		}
		own = append(own, pair{key: d.keyText(key), line: key.Line, value: value})
	}
	return append(merged, own...), nil
}

func (d *decoder) merged(n *yaml.Node) ([]pair, error) {
	if d.nodes++; d.nodes > maxNodes {
		return nil, d.fail(n, "more than %d values after unfolding aliases", maxNodes)
	}
	switch n.Kind {
	case yaml.AliasNode:
		var pairs []pair
		_, err := d.alias(n, func(target *yaml.Node) (any, error) {
			var err error
			pairs, err = d.merged(target)
			return nil, err
		})
		return pairs, err
	case yaml.MappingNode:
		return d.pairs(n)
	case yaml.SequenceNode:
		var all []pair
		for i := len(n.Content) - 1; i >= 0; i-- { // the first of the list wins
			more, err := d.merged(n.Content[i])
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	return nil, d.fail(n, "<< requires a mapping")
}

// keyText is the key as JSON shows it, which is what ansible-inventory prints.
func (d *decoder) keyText(n *yaml.Node) string {
	v, err := d.scalar(n)
	if err != nil {
		return n.Value
	}
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return n.Value
}

func (d *decoder) scalar(n *yaml.Node) (any, error) {
	switch tag := n.ShortTag(); {
	case n.Tag == "!vault" || n.Tag == "!vault-encrypted":
		return map[string]any{"__ansible_vault": n.Value}, nil
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0,
		n.Style&yaml.TaggedStyle != 0 && tag == "!!str", n.Tag == "!unsafe":
		return n.Value, nil
	}
	return plain(n.Value), nil
}

// The YAML 1.1 forms that Ansible's loader (PyYAML) recognises, and no others:
// "1e3" is text there, "0644" a number, and so is "12:30".
var (
	intForm   = regexp.MustCompile(`^[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)$`)
	floatForm = regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)$`)
)

func plain(s string) any {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false
	}
	digits := strings.ReplaceAll(s, "_", "")
	if intForm.MatchString(s) {
		if v, ok := integer(digits); ok {
			return v
		}
	}
	if floatForm.MatchString(s) {
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	}
	return s
}

func integer(s string) (int64, bool) {
	sign, body := "", s
	if s[0] == '-' || s[0] == '+' {
		sign, body = s[:1], s[1:]
	}
	if strings.Contains(body, ":") {
		var sum int64
		for part := range strings.SplitSeq(body, ":") {
			v, err := strconv.ParseInt(part, 10, 64)
			if err != nil || sum > 1<<50 {
				return 0, false
			}
			sum = sum*60 + v
		}
		if sign == "-" {
			sum = -sum
		}
		return sum, true
	}
	v, err := strconv.ParseInt(sign+body, 0, 64)
	return v, err == nil
}
