package kubespray

import (
	"encoding/json"
	"fmt"
	"maps"
)

// dig is the value at a path of mappings.
func dig(m map[string]any, path []string) (v any, ok bool) {
	v = m
	for _, k := range path {
		in, isMap := v.(map[string]any)
		if !isMap {
			return nil, false
		}
		if v, ok = in[k]; !ok {
			return nil, false
		}
	}
	return v, true
}

// deepSet is a mapping with another value at a path. It changes nothing of the one given.
func deepSet(m map[string]any, path []string, v any) map[string]any {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]any{}
	}
	if len(path) == 1 {
		out[path[0]] = v
		return out
	}
	in, _ := out[path[0]].(map[string]any)
	out[path[0]] = deepSet(in, path[1:], v)
	return out
}

// deepUnset is a mapping without the key at a path.
func deepUnset(m map[string]any, path []string) map[string]any {
	out := maps.Clone(m)
	if len(path) == 1 {
		delete(out, path[0])
		return out
	}
	if in, ok := out[path[0]].(map[string]any); ok {
		out[path[0]] = deepUnset(in, path[1:])
	}
	return out
}

// ParseSetting reads a value that is given as YAML or JSON, the way Ansible reads it.
func ParseSetting(text string) (any, error) {
	root, err := parseYAML("value", []byte(text))
	if err != nil || root == nil {
		return nil, err
	}
	return (&decoder{file: "value"}).value(root)
}

// settingValue is a value in the types of [Value].
func settingValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, string, float64:
		return v, nil
	case int:
		return int64(v), nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("a setting cannot be %T", v)
	}
	return ParseSetting(string(b))
}
