package kubespray

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// replaceItems changes those lines of a list that differ. It says no where items are more than one line.
func (y *yamlText) replaceItems(n *yaml.Node, old, now []any) ([]byte, bool) {
	for i, item := range n.Content {
		if item.Kind != yaml.ScalarNode || block(item) || item.Anchor != "" || i > 0 && item.Line == n.Content[i-1].Line {
			return nil, false
		}
		if end := y.scalarEnd(y.start(item), false); y.lineOf(end) != item.Line-1 {
			return nil, false
		}
	}
	for _, v := range now {
		if !isScalar(v) {
			return nil, false
		}
	}
	w, out := y.writer(), y.text
	indent := n.Column - 1
	// from the end, so that offsets before stay as they are
	matched := common(old, now)
	o, c := len(old), len(now)
	insert := func(v any, behind int) { // behind the old item of that index
		at := y.lines[n.Content[0].Line-1]
		if behind >= 0 {
			at = y.lineEnd(n.Content[behind].Line - 1)
		}
		text := w.item(v, indent, n.Content[max(behind, 0)])
		if at == len(y.text) && len(y.text) > 0 && y.text[at-1] != '\n' {
			text = w.eol + strings.TrimSuffix(text, w.eol)
		}
		out = splice(out, at, at, text)
	}
	for i := len(matched); i >= 0; i-- {
		fromO, fromC := 0, 0
		if i > 0 {
			fromO, fromC = matched[i-1][0]+1, matched[i-1][1]+1
		}
		both := min(o-fromO, c-fromC)
		for k := c - 1; k >= fromC+both; k-- {
			insert(now[k], fromO+both-1)
		}
		for k := o - 1; k >= fromO+both; k-- {
			line := n.Content[k].Line - 1
			out = splice(out, y.lines[line], y.lineEnd(line), "")
		}
		for k := both - 1; k >= 0; k-- {
			item := n.Content[fromO+k]
			at := y.start(item)
			out = splice(out, at, y.scalarEnd(at, false), w.inline(now[fromC+k], item, false))
		}
		if i > 0 {
			o, c = matched[i-1][0], matched[i-1][1]
		}
	}
	return out, true
}

// common pairs the items that two lists have in common, in order: the longest such pairing.
func common[T any](a, b []T) (pairs [][2]int) {
	best := make([][]int, len(a)+1)
	for i := range best {
		best[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if reflect.DeepEqual(a[i], b[j]) {
				best[i][j] = best[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case reflect.DeepEqual(a[i], b[j]):
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
