package runbook

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// placer gives a function that maps a line and column inside a scalar, from 1, to its place in the file. YAML folds and
// escapes, so inside a folded or escaped scalar the place is approximate: exact ones would require parsing YAML again.
func (d *decoder) placer(n *yaml.Node) func(line, col int) Pos {
	start := d.pos(n)
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		indent := d.indentAfter(n.Line)
		return func(line, col int) Pos { return Pos{d.file, n.Line + line, indent + col} }
	case n.Style&yaml.FoldedStyle != 0:
		indent := d.indentAfter(n.Line)
		return func(line, col int) Pos { return Pos{d.file, n.Line + 1, indent + min(col, 1)} }
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		start.Col++
	}
	return func(line, col int) Pos { return Pos{d.file, start.Line + line - 1, start.Col + col - 1} }
}

// indentAfter gives the indentation of the first line with text after a line.
func (d *decoder) indentAfter(line int) int {
	for _, l := range d.lines[min(line, len(d.lines)):] {
		if t := strings.TrimLeft(l, " "); strings.TrimSpace(t) != "" {
			return len(l) - len(t)
		}
	}
	return 0
}
