package kubespray

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setYAML gives a key its value, in the mapping that its path leads to. What is missing of the path is made. after is the top-level
// key behind which a new one goes, "" for the end.
func setYAML(name string, text []byte, path []string, v any, after string) ([]byte, error) {
	y, err := newYAMLText(name, text)
	if err != nil {
		return nil, err
	}
	found, err := y.find(path)
	if err != nil {
		return nil, err
	}
	if len(found) == len(path) {
		out, err := y.replace(found[len(found)-1], v)
		return y.checked(out, err, path, v, true)
	}
	whole := v
	for i := len(path) - 1; i > len(found); i-- {
		whole = map[string]any{path[i]: whole}
	}
	key := path[len(found)]
	var out []byte
	switch {
	case len(found) > 0:
		out, err = y.insertInto(found[len(found)-1], key, whole)
	case y.root != nil && flow(y.root):
		out, err = y.insertFlow(y.root, key, whole)
	default:
		out, err = y.insertTop(key, whole, after)
	}
	return y.checked(out, err, path, v, true)
}

// unsetYAML takes a key away, as often as it stands there.
func unsetYAML(name string, text []byte, path []string) ([]byte, error) {
	out := text
	for range 100 {
		y, err := newYAMLText(name, out)
		if err != nil {
			return nil, err
		}
		found, err := y.find(path)
		if err != nil {
			return nil, err
		}
		if len(found) < len(path) {
			break
		}
		if out, err = y.remove(found[len(found)-1]); err != nil {
			return nil, err
		}
	}
	before, err := newYAMLText(name, text)
	if err != nil {
		return nil, err
	}
	return before.checked(out, nil, path, nil, false)
}

// renameYAML gives a key another name, as often as it stands there. Where the new name stands already, the old key is taken away.
func renameYAML(name string, text []byte, path []string, to string) ([]byte, error) {
	y, err := newYAMLText(name, text)
	if err != nil {
		return nil, err
	}
	beside := append(append([]string{}, path[:len(path)-1]...), to)
	if found, err := y.find(beside); err != nil || len(found) == len(beside) {
		if err != nil {
			return nil, err
		}
		return unsetYAML(name, text, path)
	}
	values, err := y.decoded(y.root)
	if err != nil {
		return nil, err
	}
	out := text
	for range 100 {
		now, err := newYAMLText(name, out)
		if err != nil {
			return nil, err
		}
		found, err := now.find(path)
		if err != nil {
			return nil, err
		}
		if len(found) < len(path) {
			break
		}
		at := now.start(found[len(found)-1].key)
		end := now.scalarEnd(at, true)
		key := quoteText(to, quotingOf(found[len(found)-1].key), false)
		out = splice(out, at, end, key)
	}
	v, _ := dig(values, path)
	want := deepSet(deepUnset(values, path), beside, v)
	return y.same(out, want)
}

func splice(text []byte, from, to int, with string) []byte {
	out := make([]byte, 0, len(text)+len(with))
	return append(append(append(out, text[:from]...), with...), text[to:]...)
}

// checked holds an edit against what it was to do: this key has that value, and every other has the one it had.
func (y *yamlText) checked(out []byte, err error, path []string, v any, set bool) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	values, err := y.decoded(y.root)
	if err != nil {
		return nil, err
	}
	if set {
		return y.same(out, deepSet(values, path, v))
	}
	return y.same(out, deepUnset(values, path))
}

func (y *yamlText) same(out []byte, want map[string]any) ([]byte, error) {
	after, err := newYAMLText(y.name, out)
	if err != nil {
		return nil, fmt.Errorf("edit %s: the text could not be changed safely; edit it by hand (%w)", y.name, err)
	}
	got, err := after.decoded(after.root)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(got, want) {
		return nil, fmt.Errorf("edit %s: the text could not be changed without changing another value; edit it by hand", y.name)
	}
	return out, nil
}

// decoded is a mapping as Ansible reads it.
func (y *yamlText) decoded(n *yaml.Node) (map[string]any, error) {
	if n == nil {
		return map[string]any{}, nil
	}
	v, err := (&decoder{file: y.name}).value(n)
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	return m, nil
}

func (y *yamlText) writer() writer {
	return writer{eol: y.eol(), json: y.json, listsIn: y.listIndent()}
}

// listIndent is how much deeper than their keys the lists of the file stand.
func (y *yamlText) listIndent() int {
	found := -1
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode && found < 0; i += 2 {
			if v := n.Content[i+1]; v.Kind == yaml.SequenceNode && !flow(v) && v.Line > n.Content[i].Line {
				found = v.Column - n.Content[i].Column
			} else {
				walk(v)
			}
		}
	}
	if y.root != nil {
		walk(y.root)
	}
	if found < 0 {
		return 2
	}
	return found
}

// guard refuses to overwrite what an edit of text would break: a vault block, and an anchor that is used elsewhere.
func (y *yamlText) guard(e *entry) error {
	inside, anchors := map[*yaml.Node]bool{}, map[*yaml.Node]bool{}
	var vault *yaml.Node
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		inside[n] = true
		if n.Anchor != "" {
			anchors[n] = true
		}
		if n.Tag == "!vault" || n.Tag == "!vault-encrypted" {
			vault = n
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(e.value)
	if vault != nil {
		return y.fail(vault.Line, "the value is encrypted with ansible-vault, and is not overwritten; edit it by hand (ansible-vault encrypt_string)")
	}
	var err error
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Kind == yaml.AliasNode && anchors[n.Alias] && !inside[n] && err == nil {
			err = y.fail(e.key.Line, "the value holds the anchor &%s, which line %d uses; edit both by hand", n.Alias.Anchor, n.Line)
		}
		for _, c := range n.Content {
			look(c)
		}
	}
	look(y.root)
	return err
}

// replace gives an entry another value. Where only a part differs, only that part is changed.
func (y *yamlText) replace(e *entry, v any) ([]byte, error) {
	old, err := (&decoder{file: y.name}).value(e.value)
	if err != nil || reflect.DeepEqual(old, v) {
		return y.text, err
	}
	if err := y.guard(e); err != nil {
		return nil, err
	}
	now, isMap := v.(map[string]any)
	if was, ok := old.(map[string]any); ok && isMap && len(now) > 0 && len(was) > 0 && e.value.Kind == yaml.MappingNode {
		return y.replaceMap(e, was, now)
	}
	if list, ok := v.([]any); ok && len(list) > 0 && e.value.Kind == yaml.SequenceNode && !flow(e.value) {
		if out, ok := y.replaceItems(e.value, old.([]any), list); ok {
			return out, nil
		}
	}
	colon, err := y.colon(e)
	if err != nil {
		return nil, err
	}
	w := y.writer()
	oneLine := flow(e.in) || isScalar(v) || flow(e.value) && len(e.value.Content) > 0
	if e.empty() {
		if oneLine {
			return splice(y.text, colon, colon, " "+w.inline(v, nil, flow(e.in))), nil
		}
		end := y.lineOf(colon)
		comment := strings.TrimRight(string(y.text[colon:y.lineEnd(end)]), " \t\r\n")
		return y.spliceLines(colon, y.lineEnd(end), w.value(v, e.key.Column-1, nil, comment)), nil
	}
	start := y.start(e.value)
	end, inLine := y.valueEnd(e)
	switch {
	case inLine && oneLine:
		return splice(y.text, start, end, w.inline(v, e.value, flow(e.in))), nil
	case inLine || flow(e.value) || e.value.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		line := y.lineEnd(y.lineOf(end))
		comment := strings.TrimRight(string(y.text[end:line]), " \t\r\n")
		return y.spliceLines(colon, line, w.value(v, e.key.Column-1, e.value, comment)), nil
	}
	return y.spliceLines(colon, end, w.value(v, e.key.Column-1, e.value, y.keyComment(e, colon))), nil
}

// keyComment is the comment behind a key whose value stands in the lines below, with the blanks before it.
func (y *yamlText) keyComment(e *entry, colon int) string {
	rest := strings.TrimRight(string(y.text[colon:y.lineEnd(y.lineOf(colon))]), " \t\r\n")
	if i := strings.Index(rest, " #"); i >= 0 && (block(e.value) || e.value.Line > e.key.Line || strings.TrimSpace(rest[:i]) == "") {
		for i > 0 && rest[i-1] == ' ' {
			i--
		}
		return rest[i:]
	}
	return ""
}

// spliceLines is splice for whole lines: a file without a last line end stays one.
func (y *yamlText) spliceLines(from, to int, with string) []byte {
	if to == len(y.text) && len(y.text) > 0 && y.text[len(y.text)-1] != '\n' {
		with = strings.TrimSuffix(with, y.eol())
	}
	return splice(y.text, from, to, with)
}

// replaceMap sets what differs between two mappings and takes away what is gone, one key at a time.
func (y *yamlText) replaceMap(e *entry, was, now map[string]any) ([]byte, error) {
	path := y.pathOf(e)
	out := y.text
	var err error
	for _, k := range sortedKeys(now) {
		if v, had := was[k]; had && reflect.DeepEqual(v, now[k]) {
			continue
		}
		if out, err = setYAML(y.name, out, append(path[:len(path):len(path)], k), now[k], ""); err != nil {
			return nil, err
		}
	}
	for _, k := range sortedKeys(was) {
		if _, stays := now[k]; !stays {
			if out, err = unsetYAML(y.name, out, append(path[:len(path):len(path)], k)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (y *yamlText) pathOf(e *entry) (path []string) {
	for ; e != nil; e = e.above {
		path = append([]string{(&decoder{}).keyText(e.key)}, path...)
	}
	return path
}

// remove takes an entry away, with its lines. A mapping that it was the last of stays, empty.
func (y *yamlText) remove(e *entry) ([]byte, error) {
	if err := y.guard(e); err != nil {
		return nil, err
	}
	if e.above != nil && len(e.in.Content) == 2 {
		return y.replaceWhole(e.above, map[string]any{})
	}
	if flow(e.in) {
		return y.removeFlow(e)
	}
	if _, err := y.colon(e); err != nil {
		return nil, err
	}
	return splice(y.text, y.lines[e.key.Line-1], y.contentEnd(e), ""), nil
}

// replaceWhole gives an entry a value that has nothing of the old one.
func (y *yamlText) replaceWhole(e *entry, v any) ([]byte, error) {
	colon, err := y.colon(e)
	if err != nil {
		return nil, err
	}
	w := y.writer()
	end, inLine := y.valueEnd(e)
	if inLine {
		return splice(y.text, y.start(e.value), end, w.inline(v, nil, flow(e.in))), nil
	}
	return y.spliceLines(colon, end, w.value(v, e.key.Column-1, nil, y.keyComment(e, colon))), nil
}

func (y *yamlText) removeFlow(e *entry) ([]byte, error) {
	from := y.start(e.key)
	end, _ := y.valueEnd(e)
	for i := end; i < len(y.text); i++ {
		switch c := y.text[i]; {
		case c == ',': // the next one takes its place
			i++
			for i < len(y.text) && strings.IndexByte(" \t\r\n", y.text[i]) >= 0 {
				i++
			}
			if y.text[i] != '}' && y.text[i] != '#' {
				return splice(y.text, from, i, ""), nil
			}
			return splice(y.text, from, end+1, ""), nil
		case c == '}' || c == '#':
			begin := from
			for begin > 0 && strings.IndexByte(" \t\r\n", y.text[begin-1]) >= 0 {
				begin--
			}
			if begin > 0 && y.text[begin-1] == ',' {
				return splice(y.text, begin-1, end, ""), nil
			}
			return splice(y.text, from, end, ""), nil
		}
	}
	return nil, y.fail(e.key.Line, "the entry has no end; edit it by hand")
}
