package runbook

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"
)

var dataType = reflect.TypeFor[Data]()

// Data is a value of any form with ${expressions} in its texts. A text that is one expression and nothing else is what that gives,
// whatever its type. yes, no, on and off are words for true and false, as in Ansible.
type Data struct {
	Text  Template
	Items []Data
	Keys  []Entry[Data]
	Pos   Pos

	form  yaml.Kind // 0: nothing was written
	value any       // of a scalar that is no text
}

func (v *Data) decode(d *decoder, n *yaml.Node) {
	v.Pos, v.form = d.pos(n), n.Kind
	switch n.Kind {
	case yaml.MappingNode:
		d.eachKey(n, func(key, value *yaml.Node) {
			e := Entry[Data]{Name: key.Value, Pos: d.pos(key)}
			d.nested(value, &e.Value)
			v.Keys = append(v.Keys, e)
		})
	case yaml.SequenceNode:
		v.Items = make([]Data, len(n.Content))
		for i, item := range n.Content {
			d.nested(item, &v.Items[i])
		}
	default:
		v.scalar(d, n)
	}
}

// nested reads a value inside another, within the limits of the decoder.
func (d *decoder) nested(n *yaml.Node, v *Data) {
	if d.nodes++; d.nodes > maxNodes || d.depth >= maxDepth || n.Kind == yaml.AliasNode {
		d.problem(n, "type", "a value is expected here that stands in full", "write it out: aliases and values that nest too deep are not read")
		return
	}
	d.depth++
	v.decode(d, n)
	d.depth--
}

func (v *Data) scalar(d *decoder, n *yaml.Node) {
	if n.Style == 0 {
		switch strings.ToLower(n.Value) {
		case "yes", "on":
			v.value = true
			return
		case "no", "off":
			v.value = false
			return
		}
	}
	switch n.ShortTag() {
	case "!!null":
	case "!!bool", "!!int", "!!float":
		if err := n.Decode(&v.value); err != nil {
			d.problem(n, "yaml", "the value cannot be read: "+strings.TrimPrefix(err.Error(), "yaml: "), "")
		}
	default:
		v.Text.decode(d, n)
		v.value = ""
	}
}

// Set says whether there is anything.
func (v Data) Set() bool { return v.form != 0 }

// Value gives the value: nil, a bool, a number, a string, []any or map[string]any.
func (v Data) Value(s *Scope) (any, error) {
	switch v.form {
	case yaml.MappingNode:
		m := make(map[string]any, len(v.Keys))
		for _, e := range v.Keys {
			one, err := e.Value.Value(s)
			if err != nil {
				return nil, err
			}
			m[e.Name] = one
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, len(v.Items))
		for i, item := range v.Items {
			var err error
			if list[i], err = item.Value(s); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	if !v.Text.Set() {
		return v.value, nil
	}
	if e := v.Text.Alone(); e.Set() {
		got, err := s.Eval(e)
		if err != nil {
			return nil, err
		}
		return nativeOf(types.DefaultTypeAdapter.NativeToValue(got)), nil
	}
	return v.Text.Prose(s)
}

// Map gives the value as keys and values, nil where there is nothing.
func (v Data) Map(s *Scope) (map[string]any, error) {
	got, err := v.Value(s)
	if err != nil || got == nil {
		return nil, err
	}
	m, ok := got.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: keys and values are expected here, not %v", v.Pos, got)
	}
	return m, nil
}

// List gives the value as texts. One may stand alone.
func (v Data) List(s *Scope) (texts []string, err error) {
	got, err := v.Value(s)
	if err != nil || got == nil {
		return nil, err
	}
	list, ok := got.([]any)
	if !ok {
		list = []any{got}
	}
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("%s: a list of texts is expected here, and %v is none", v.Pos, item)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// takesMapping says whether a mapping is the argument that a bare value fills: one that takes any form, where none of its keys is an
// argument.
func takesMapping(n *yaml.Node, fields []field, bare string) bool {
	names := fieldNames(fields)
	for _, f := range fields {
		if f.Name != bare || f.typ != dataType {
			continue
		}
		for i := 0; i < len(n.Content); i += 2 {
			if slices.Contains(names, n.Content[i].Value) {
				return false
			}
		}
		return len(n.Content) > 0
	}
	return false
}
