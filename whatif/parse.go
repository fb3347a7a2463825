package whatif

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// settingsOf reads a file as the settings it makes, by path. Comments, order and quotes make none. A file of no known kind
// is its lines.
func settingsOf(dest, text string) map[string]string {
	for _, read := range readers(dest, text) {
		if found, err := read(text); err == nil {
			return found
		}
	}
	return readLines(text)
}

var (
	assignment = regexp.MustCompile(`^(export\s+)?[A-Za-z_][A-Za-z0-9_]*=`)
	section    = regexp.MustCompile(`^\[[^\]]+\]\s*$`)
)

func readers(dest, text string) []func(string) (map[string]string, error) {
	switch ext := path.Ext(dest); {
	case ext == ".toml":
		return []func(string) (map[string]string, error){readTOML}
	case ext == ".yaml" || ext == ".yml" || ext == ".json" || ext == ".conflist" || strings.HasPrefix(strings.TrimLeft(text, "-\n "), "apiVersion:"):
		return []func(string) (map[string]string, error){readYAML}
	}
	assigned, sections := true, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		sections = sections || section.MatchString(line)
		assigned = assigned && assignment.MatchString(line)
	}
	switch {
	case sections:
		return []func(string) (map[string]string, error){readINI}
	case assigned:
		return []func(string) (map[string]string, error){readEnv}
	}
	return nil
}

func readTOML(text string) (map[string]string, error) {
	var root map[string]any
	if err := toml.Unmarshal([]byte(text), &root); err != nil {
		return nil, err
	}
	out := map[string]string{}
	flatten(out, "", root)
	return out, nil
}

func readYAML(text string) (map[string]string, error) {
	out := map[string]string{}
	d := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	for number := 1; ; number++ {
		var node yaml.Node
		err := d.Decode(&node)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if doc := plainYAML(&node); doc != nil {
			flatten(out, documentName(doc, number), doc)
		}
	}
}

// plainYAML is the value of a node. Of a key that stands twice the last counts, as it does for Kubernetes.
func plainYAML(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return plainYAML(n.Content[0])
	case yaml.AliasNode:
		return n.Value // an anchor may hold itself
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = plainYAML(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, plainYAML(item))
		}
		return out
	}
	if n.Tag == "!!null" {
		return nil
	}
	return n.Value
}

// documentName is what Kubernetes calls an object: its kind, and its name where it has one.
func documentName(doc any, number int) string {
	m, _ := doc.(map[string]any)
	kind, _ := m["kind"].(string)
	if kind == "" {
		if number == 1 {
			return ""
		}
		return fmt.Sprintf("document %d", number)
	}
	if meta, ok := m["metadata"].(map[string]any); ok {
		if name, ok := meta["name"].(string); ok {
			return kind + " " + name
		}
	}
	return kind
}

// readINI reads sections with settings, as units of systemd have them: a key may stand several times.
func readINI(text string) (map[string]string, error) {
	out, in := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case section.MatchString(line):
			in = strings.Trim(line, "[]")
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("no setting: %s", line)
			}
			key = in + "." + strings.TrimSpace(key)
			if before, twice := out[key]; twice {
				value = before + "\n" + strings.TrimSpace(value)
			}
			out[key] = strings.TrimSpace(value)
		}
	}
	return out, nil
}

func readEnv(text string) (map[string]string, error) {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && key[0] != '#' && key[0] != ';' {
			out[strings.TrimPrefix(key, "export ")] = strings.Trim(value, `"'`)
		}
	}
	return out, nil
}

// readLines makes each line a setting of its own, numbered where a line stands more than once.
func readLines(text string) map[string]string {
	out, seen := map[string]string{}, map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		bare := strings.TrimSpace(line)
		if bare == "" || bare[0] == '#' {
			continue
		}
		seen[bare]++
		out[fmt.Sprintf("\x00%s\x00%d", bare, seen[bare])] = bare
	}
	return out
}

// flatten gives each value its path. In a list of things with names the name stands for the place, and a list of options
// (--name=value) is a list of settings.
func flatten(out map[string]string, at string, value any) {
	join := func(key string) string {
		if strings.ContainsAny(key, ". ") {
			key = `"` + key + `"`
		}
		if at == "" {
			return key
		}
		return at + "." + key
	}
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			out[at] = "{}"
		}
		for key, inner := range v {
			flatten(out, join(key), inner)
		}
	case map[any]any:
		for key, inner := range v {
			flatten(out, join(fmt.Sprint(key)), inner)
		}
	case []map[string]any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		flatten(out, at, list)
	case []any:
		flattenList(out, at, v)
	case nil:
		out[at] = "null"
	case string:
		flattenText(out, at, v)
	default:
		out[at] = fmt.Sprint(v)
	}
}

// flattenText reads a text of several lines: one that is JSON has paths of its own, another is its lines.
func flattenText(out map[string]string, at, text string) {
	if !strings.Contains(strings.TrimSpace(text), "\n") {
		out[at] = text
		return
	}
	var inner map[string]any
	if strings.HasPrefix(strings.TrimSpace(text), "{") && json.Unmarshal([]byte(text), &inner) == nil {
		flatten(out, at, inner)
		return
	}
	for line, value := range readLines(text) {
		out[at+line] = value
	}
}

func flattenList(out map[string]string, at string, list []any) {
	if names := namesOf(list); names != nil {
		for i, item := range list {
			flatten(out, at+"["+names[i]+"]", item)
		}
		return
	}
	scalars := !slices.ContainsFunc(list, func(item any) bool {
		switch item.(type) {
		case map[string]any, []any, map[any]any:
			return true
		}
		return false
	})
	if !scalars {
		for i, item := range list {
			flatten(out, fmt.Sprintf("%s[%d]", at, i), item)
		}
		return
	}
	if len(list) == 0 {
		out[at] = "[]"
	}
	seen := map[string]int{}
	for _, item := range list {
		text := fmt.Sprint(item)
		if name, value, ok := strings.Cut(text, "="); ok && strings.HasPrefix(name, "-") {
			out[at+"["+name+"]"] = value
			continue
		}
		seen[text]++
		out[fmt.Sprintf("%s[]\x00%s\x00%d", at, text, seen[text])] = text
	}
}

// namesOf are the names of the things in a list, nil where they have none or share one.
func namesOf(list []any) []string {
	for _, key := range []string{"name", "key", "mountPath", "containerPort"} {
		var names []string
		for _, item := range list {
			m, _ := item.(map[string]any)
			name, ok := m[key]
			if !ok || slices.Contains(names, fmt.Sprint(name)) {
				names = nil
				break
			}
			names = append(names, fmt.Sprint(name))
		}
		if names != nil {
			return names
		}
	}
	return nil
}
