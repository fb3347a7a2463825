package kubespray

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlText is a YAML file as text and as nodes. The parser tells where keys and values begin; where they end is read from the
// text, so that an edit replaces these bytes and no others.
type yamlText struct {
	name  string
	text  []byte
	root  *yaml.Node // the mapping; nil where the file has none
	lines []int      // the offset at which each line begins
	end   int        // where the document ends: its "..." line, or the end of the text
	json  bool
}

var bom = []byte("\ufeff")

// newYAMLText parses a file that holds one mapping, or nothing.
func newYAMLText(name string, text []byte) (*yamlText, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("edit %s: the file is not UTF-8", name)
	}
	root, err := parseYAML(name, text)
	if err != nil {
		return nil, err
	}
	if root != nil && root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: edit settings: want key: value lines", name, root.Line)
	}
	y := &yamlText{name: name, text: text, root: root, end: len(text), json: strings.HasSuffix(name, ".json")}
	at := 0
	for line := range bytes.Lines(text) {
		if bare := strings.TrimRight(string(line), " \t\r\n"); bare == "..." && y.end == len(text) && y.root != nil && len(y.lines) > y.root.Line-1 {
			y.end = at
		}
		y.lines = append(y.lines, at)
		at += len(line)
	}
	return y, nil
}

func (y *yamlText) fail(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", y.name, line, fmt.Sprintf(format, args...))
}

// offset is where a node begins. The parser counts characters, and no byte order mark.
func (y *yamlText) offset(line, column int) int {
	at := y.lines[line-1]
	if line == 1 && bytes.HasPrefix(y.text, bom) {
		at += len(bom)
	}
	for range column - 1 {
		_, size := utf8.DecodeRune(y.text[at:])
		at += size
	}
	return at
}

func (y *yamlText) start(n *yaml.Node) int { return y.offset(n.Line, n.Column) }

// lineOf is the index of the line in which an offset lies.
func (y *yamlText) lineOf(at int) int {
	i := len(y.lines) - 1
	for i > 0 && y.lines[i] > at {
		i--
	}
	return i
}

// lineEnd is the offset behind the line end of a line.
func (y *yamlText) lineEnd(line int) int {
	if line+1 < len(y.lines) {
		return y.lines[line+1]
	}
	return len(y.text)
}

// line is a line without its end.
func (y *yamlText) line(i int) string {
	return strings.TrimRight(string(y.text[y.lines[i]:y.lineEnd(i)]), "\r\n")
}

// eol is how the file ends its lines.
func (y *yamlText) eol() string { return lineEnding(y.text) }

// lineEnding is how a text ends its first line.
func lineEnding(text []byte) string {
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// entry is a key with its value in a mapping.
type entry struct {
	in         *yaml.Node
	key, value *yaml.Node
	limit      int // where the entry ends at the latest: the next key, or the end of the mapping
	above      *entry
}

func flow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// find gives the entries of a path, the last of a key written twice. It ends early where a key is missing.
func (y *yamlText) find(path []string) (found []*entry, err error) {
	in, limit := y.root, y.end
	var above *entry
	for i, name := range path {
		if in == nil {
			return found, nil
		}
		if in.Kind != yaml.MappingNode {
			if in.Kind == yaml.ScalarNode && in.Value == "" && in.ShortTag() == "!!null" {
				return found, nil
			}
			return nil, y.fail(in.Line, "%s is no mapping of its own, so %s cannot be set in it", strings.Join(path[:i], "."), name)
		}
		all := y.entries(in, limit, above)
		var last *entry
		for _, e := range all {
			if (&decoder{}).keyText(e.key) == name {
				last = e
			}
		}
		if last == nil {
			return found, nil
		}
		found = append(found, last)
		in, limit, above = last.value, last.limit, last
	}
	return found, nil
}

// entries lists those of a mapping, but for merge keys.
func (y *yamlText) entries(in *yaml.Node, limit int, above *entry) (all []*entry) {
	for i := 0; i+1 < len(in.Content); i += 2 {
		key, value := in.Content[i], in.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			continue
		}
		e := &entry{in: in, key: key, value: value, limit: limit, above: above}
		if i+2 < len(in.Content) && !flow(in) {
			e.limit = y.lines[in.Content[i+2].Line-1]
		}
		all = append(all, e)
	}
	return all
}

// empty says that a key has nothing behind its colon.
func (e *entry) empty() bool {
	return e.value.Kind == yaml.ScalarNode && e.value.Value == "" && e.value.ShortTag() == "!!null" && e.value.Anchor == ""
}

// colon is the offset behind the colon of a key, or an error where the entry is in no form that we edit.
func (y *yamlText) colon(e *entry) (int, error) {
	at := y.start(e.key)
	if !flow(e.in) && strings.TrimLeft(string(y.text[y.lines[e.key.Line-1]:at]), " \ufeff") != "" {
		return 0, y.fail(e.key.Line, "the key does not begin its line; edit it by hand")
	}
	end := y.scalarEnd(at, true)
	for end < len(y.text) && (y.text[end] == ' ' || y.text[end] == '\t') {
		end++
	}
	if end >= len(y.text) || y.text[end] != ':' {
		return 0, y.fail(e.key.Line, "the key is not followed by its colon; edit it by hand")
	}
	return end + 1, nil
}

// scalarEnd is where a quoted or plain scalar ends that begins at an offset. A plain one ends in its line.
func (y *yamlText) scalarEnd(at int, key bool) int {
	switch y.text[at] {
	case '"', '\'':
		quote := y.text[at]
		for i := at + 1; i < len(y.text); i++ {
			switch {
			case y.text[i] == '\\' && quote == '"':
				i++
			case y.text[i] == quote && quote == '\'' && i+1 < len(y.text) && y.text[i+1] == quote:
				i++
			case y.text[i] == quote:
				return i + 1
			}
		}
		return len(y.text)
	}
	end := at
	for i := at; i < len(y.text) && y.text[i] != '\n' && y.text[i] != '\r'; i++ {
		c := y.text[i]
		if c == '#' && i > at && (y.text[i-1] == ' ' || y.text[i-1] == '\t') {
			break
		}
		if key && c == ':' && (i+1 == len(y.text) || strings.IndexByte(" \t\r\n", y.text[i+1]) >= 0) {
			break
		}
		if c != ' ' && c != '\t' {
			end = i + 1
		}
	}
	return end
}

// flowEnd is where a flow collection, or a value inside one, ends that begins at an offset.
func (y *yamlText) flowEnd(at int, inside bool) int {
	depth, end := 0, at
	for i := at; i < len(y.text); i++ {
		switch c := y.text[i]; {
		case c == '"' || c == '\'':
			if i == at || strings.IndexByte(" \t\r\n,[{:", y.text[i-1]) >= 0 {
				i = y.scalarEnd(i, false) - 1
				end = i + 1
				if depth == 0 && !inside {
					return end
				}
				continue
			}
			end = i + 1
		case c == '[' || c == '{':
			depth++
			end = i + 1
		case c == ']' || c == '}':
			if depth == 0 {
				return end
			}
			end = i + 1
			if depth--; depth == 0 {
				return end
			}
		case c == ',' && depth == 0:
			return end
		case c == '#' && i > at && strings.IndexByte(" \t\r\n", y.text[i-1]) >= 0:
			i = y.lineEnd(y.lineOf(i)) - 1
		case strings.IndexByte(" \t\r\n", c) < 0:
			end = i + 1
		}
	}
	return end
}

// block says that a value is a literal or folded text.
func block(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// last is the scalar with which a value ends.
func last(n *yaml.Node) *yaml.Node {
	for (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) && len(n.Content) > 0 {
		n = n.Content[len(n.Content)-1]
	}
	return n
}

// contentEnd is where an entry of a block mapping ends, its line end included: behind its last line that is neither blank nor
// a comment that stands no deeper than the key.
func (y *yamlText) contentEnd(e *entry) int {
	first, indent := e.key.Line-1, e.key.Column-1
	text := last(e.value)
	keep := block(text) && strings.Contains(headerOf(y, text), "+")
	i := y.lineOf(max(e.limit-1, y.lines[first]))
	for ; i > first; i-- {
		line := y.line(i)
		bare := strings.TrimLeft(line, " \t")
		if bare == "" && !keep || strings.HasPrefix(bare, "#") && len(line)-len(bare) <= indent {
			continue
		}
		break
	}
	return y.lineEnd(i)
}

// headerOf is the indicator line of a block scalar.
func headerOf(y *yamlText, n *yaml.Node) string {
	at := y.start(n)
	return string(y.text[at:y.lineEnd(y.lineOf(at))])
}

// valueEnd is where the value of an entry ends; oneLine says that it stands in the line of its key and is no block.
func (y *yamlText) valueEnd(e *entry) (end int, oneLine bool) {
	at := y.start(e.value)
	v := e.value
	for v.Kind != yaml.AliasNode && at < len(y.text) && (y.text[at] == '&' || y.text[at] == '!') { // before the value itself
		for at < len(y.text) && strings.IndexByte(" \t\r\n", y.text[at]) < 0 {
			at++
		}
		for at < len(y.text) && (y.text[at] == ' ' || y.text[at] == '\t') {
			at++
		}
	}
	switch {
	case flow(e.in):
		return y.flowEnd(y.start(v), true), true
	case block(v), (v.Kind == yaml.MappingNode || v.Kind == yaml.SequenceNode) && !flow(v):
		return y.contentEnd(e), false
	case flow(v):
		end = y.flowEnd(at, false)
	default:
		end = y.scalarEnd(at, false)
		if v.Kind == yaml.ScalarNode && v.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && y.lineEnd(y.lineOf(end)) < y.contentEnd(e) {
			return y.contentEnd(e), false // a plain text that goes on in the next line
		}
	}
	return end, e.value.Line == e.key.Line
}
