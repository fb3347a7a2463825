package kubespray

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// insertInto adds a key to the mapping that is the value of an entry.
func (y *yamlText) insertInto(e *entry, key string, v any) ([]byte, error) {
	n := e.value
	switch {
	case e.empty(), n.Kind == yaml.MappingNode && len(n.Content) == 0 && !flow(e.in):
		return y.replace(e, map[string]any{key: v})
	case n.Kind != yaml.MappingNode:
		return nil, y.fail(e.key.Line, "%s is no mapping of its own, so %s cannot be set in it", strings.Join(y.pathOf(e), "."), key)
	case flow(n):
		return y.insertFlow(n, key, v)
	}
	return y.insertLines(y.contentEnd(e), y.writer().entry(key, v, n.Column-1)), nil
}

// insertLines puts whole lines at an offset that is the begin of a line or the end of the file.
func (y *yamlText) insertLines(at int, lines string) []byte {
	if at == len(y.text) && len(y.text) > 0 && y.text[at-1] != '\n' {
		lines = y.eol() + strings.TrimSuffix(lines, y.eol())
	}
	return splice(y.text, at, at, lines)
}

// insertFlow adds a key behind the last of a mapping in braces.
func (y *yamlText) insertFlow(n *yaml.Node, key string, v any) ([]byte, error) {
	w := y.writer()
	name := quoteText(key, plainText, true)
	if len(n.Content) > 0 && quotingOf(n.Content[0]) == doubleQuotes || y.json {
		name = quoteText(key, doubleQuotes, true)
	}
	item := name + ": " + w.inline(v, nil, true)
	open := y.start(n)
	if len(n.Content) == 0 {
		return splice(y.text, open+1, y.flowEnd(open, false)-1, item), nil
	}
	lastKey := n.Content[len(n.Content)-2]
	before := open + 1
	if len(n.Content) > 2 {
		prev := &entry{in: n, value: n.Content[len(n.Content)-3]}
		end, _ := y.valueEnd(prev)
		before = end + strings.IndexByte(string(y.text[end:]), ',') + 1
	}
	gap := string(y.text[before:y.start(lastKey)])
	if gap == "" {
		gap = " "
	}
	end, _ := y.valueEnd(&entry{in: n, value: n.Content[len(n.Content)-1]})
	return splice(y.text, end, end, ","+gap+item), nil
}

// insertTop adds a key to the file: over its commented default, behind another key, or at the end.
func (y *yamlText) insertTop(key string, v any, after string) ([]byte, error) {
	w := y.writer()
	if out, done := y.overComment(key, v); done {
		return out, nil
	}
	at := y.end
	if found, err := y.find([]string{after}); after != "" && err == nil && len(found) == 1 {
		at = y.contentEnd(found[0])
	} else if c, ok := y.commented(after); after != "" && ok {
		at = y.lineEnd(c.last)
	}
	return y.insertLines(at, w.entry(key, v, 0)), nil
}

// comment is where a commented default stands.
type comment struct {
	first, last int    // lines, from 0
	value       string // behind the colon
}

// commented finds the default of a key that the file shows in a comment.
func (y *yamlText) commented(key string) (comment, bool) {
	for i := range y.lines {
		m := commentedKey.FindStringSubmatch(y.line(i))
		if m == nil || m[2] != key || prose[m[2]] {
			continue
		}
		c := comment{i, i, m[3]}
		for next := i + 1; opensBlock(m[3]) && next < len(y.lines) && belongs(y.line(next), len(m[1])); next++ {
			c.last = next
		}
		return c, true
	}
	return comment{}, false
}

// overComment puts a key in the place of its commented default, or below it where that is more than one line or more than one
// value.
func (y *yamlText) overComment(key string, v any) ([]byte, bool) {
	c, ok := y.commented(key)
	if !ok {
		return nil, false
	}
	w := y.writer()
	line := strings.TrimLeft(strings.TrimLeft(y.line(c.first), "#"), " ")
	if parsed, err := newYAMLText(y.name, []byte(line)); err == nil && c.first == c.last && parsed.root != nil {
		if found, err := parsed.find([]string{key}); err == nil && len(found) == 1 && !proseValue(found[0].value) {
			if out, err := parsed.replace(found[0], v); err == nil {
				text := strings.TrimRight(string(out), "\r\n")
				if w.eol != "\n" {
					text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", w.eol)
				}
				return y.spliceLines(y.lines[c.first], y.lineEnd(c.first), text+w.eol), true
			}
		}
	}
	return y.insertLines(y.lineEnd(c.last), w.entry(key, v, 0)), true
}

// proseValue says that what a comment has behind a colon is rather a sentence.
func proseValue(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && quotingOf(n) == plainText && strings.ContainsAny(n.Value, " ")
}
