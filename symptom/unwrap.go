package symptom

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// What one program wrote as one line may be on several: cut by a terminal, folded by YAML, broken by cowsay. A line is
// therefore also read joined to the lines before it that it may continue. Only lines up to joinLine bytes are joined, and
// never more than joinLines of them, so that a line costs the same wherever it stands.
const (
	joinLines = 16
	joinLine  = 2048
)

// seam is how a line goes on from the line before.
type seam int

const (
	apart   seam = iota
	wrapped      // cut by a terminal: nothing stood between
	spaced       // cut by a terminal, or before that by cowsay or YAML, where a space stood
	filled       // broken between words by somebody who made the text fit, within quotation marks
	folded
	drawn // by cowsay
)

// window is the lines that belong together, the last one last. Its zero value holds none.
type window struct {
	kind   seam // folded, drawn, or wrapped for any other
	ends   []int
	text   []byte // all of them, joined
	found  []int32
	width  int  // of the terminal that cut the lines, besides widths; 0 if none is known
	indent int  // folded: of the key
	quote  byte // folded: the value is in these quotes, which are still open, or after >: whatever is indented belongs to it
}

func (w *window) reset() { // the width stays
	w.kind, w.ends, w.text, w.found, w.quote = apart, w.ends[:0], w.text[:0], w.found[:0], 0
}

// seam says how line goes on from prev, the line before it, and opens the window where it does.
func (w *window) seam(prev, line []byte) seam {
	if len(prev) == 0 || len(line) == 0 || len(prev) > joinLine || len(line) > joinLine {
		return apart
	}
	switch line[0] {
	case ' ':
		if w.folds(prev, line) {
			return folded
		}
	case '|', '\\':
		if _, ok := cowsay(line); ok {
			if _, ok := cowsay(prev); ok && (prev[0] == '/' || prev[0] == '|' && w.kind == drawn) {
				return drawn
			}
		}
	}
	if prev[len(prev)-1] == '*' && taskBegins(prev) {
		return apart // a header is whole: Ansible fills it with stars up to the width of a terminal
	}
	switch terminal(prev, w.width) {
	case wrapped:
		if !begins(line) {
			return wrapped
		}
	case spaced:
		if !begins(line) {
			return spaced
		}
	}
	text := prev
	if w.kind == wrapped {
		text = w.text
	}
	if quoteOpen(text) && !begins(line) {
		return filled
	}
	return apart
}

// quoteOpen reports whether a text ends within quotation marks.
func quoteOpen(text []byte) bool {
	n := bytes.Count(text, []byte{'"'})
	return n > 0 && n%2 != bytes.Count(text, []byte(`\"`))%2
}

// folds reports whether line continues the value of a key of YAML.
func (w *window) folds(prev, line []byte) bool {
	text := trimLeft(line)
	indent := len(line) - len(text)
	if len(text) == 0 {
		return false
	}
	if w.kind != folded {
		key := trimLeft(prev)
		for bytes.HasPrefix(key, []byte("- ")) {
			key = trimLeft(key[2:])
		}
		n := yamlKey(key)
		value := trimLeft(key[min(n+1, len(key)):])
		if n == 0 || len(value) == 0 || value[0] == '|' || value[0] == '{' || value[0] == '[' {
			return false
		}
		w.indent, w.quote = len(prev)-len(key), 0
		switch q := value[0]; q {
		case '>':
			w.quote = q
		case '\'', '"':
			if len(value) > 1 && closes(value[1:], q) {
				return false
			}
			w.quote = q
		}
	} else if len(w.ends) >= joinLines {
		return false
	}
	if indent <= w.indent {
		return false
	}
	if w.quote != 0 {
		return true
	}
	return bytes.IndexByte([]byte(`"{}[]#`), text[0]) < 0 && !bytes.HasPrefix(text, []byte("- ")) && yamlKey(text) == 0
}

// closes reports whether a quoted value of YAML ends with this line: a doubled or escaped quote is text.
func closes(line []byte, quote byte) bool {
	line = trimRight(line)
	rest := bytes.TrimRight(line, string(quote))
	n := len(line) - len(rest)
	if quote == '"' && n > 0 && bytes.HasSuffix(rest, []byte{'\\'}) {
		n--
	}
	return n%2 == 1
}

// widths are those terminals commonly have.
var widths = []int{80, 100, 120, 132}

// terminal reports whether a line looks as if a terminal had cut it: it fills one exactly, or all but a space at its end.
func terminal(line []byte, width int) seam {
	n := len(line)
	if n < widths[0]-1 && (width == 0 || n < width-1) || n > 3*max(widths[len(widths)-1], width) {
		return apart
	}
	for _, b := range line {
		if b >= utf8.RuneSelf {
			n = columns(line)
			break
		}
	}
	switch {
	case slices.Contains(widths, n) || n == width:
		return wrapped
	case slices.Contains(widths, n+1) || n+1 == width:
		return spaced
	}
	return apart
}

const (
	leastWidth = 40 // of a terminal
	leastFull  = 3  // so many lines fill it
)

// widthOf learns the width of the terminal that has cut the lines of a text: several are exactly so long, none is longer, and the
// line behind each begins nothing. It gives 0 where there is no such width.
func widthOf(text []byte) int {
	width, full := 0, 0
	var prev []byte
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		line = trimReturn(stripEscapes(nil, line))
		n := columns(line)
		switch {
		case n > joinLine:
			return 0
		case n > width:
			width, full = n, 0
		case columns(prev) == width && len(line) > 0 && line[0] != ' ' && !begins(line):
			full++
		}
		prev = line
	}
	if full < leastFull || width < leastWidth {
		return 0
	}
	return width
}

// columns counts what is not ASCII: the wide characters of East Asia take two.
func columns(line []byte) int {
	n := 0
	for _, r := range string(line) {
		n++
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6) {
			n++
		}
	}
	return n
}

// begins reports whether a line shows that it is the first of something, whatever is before it.
func begins(line []byte) bool {
	for _, word := range beginnings {
		if bytes.HasPrefix(line, word) {
			return true
		}
	}
	p := prefixOf(line, false)
	return p.n > 0 && !p.weak
}

var beginnings = [][]byte{[]byte("ok: ["), []byte("changed: ["), []byte("skipping: ["), []byte("failed: ["), []byte("fatal: ["), []byte("included: "),
	[]byte("TASK ["), []byte("PLAY "), []byte("RUNNING HANDLER ["), []byte("FAILED - "), []byte("NO MORE HOSTS"), []byte("[WARNING]"), []byte(`{"`), []byte("...ignoring")}

// safe reports whether line can not go on from prev, whatever came before: there a file may be cut into parts.
func safe(prev, line []byte, width int) bool {
	prev, line = trimReturn(appendPlain(nil, stripEscapes(nil, prev))), trimReturn(appendPlain(nil, stripEscapes(nil, line)))
	if len(prev) == 0 || len(line) == 0 {
		return true
	}
	return line[0] != ' ' && line[0] != '|' && line[0] != '\\' && terminal(prev, width) == apart && begins(line)
}

// push adds a line to the window and gives where in the text it begins, with the space before it if there is one. The first lines fall out when there are too many.
func (w *window) push(line []byte, s seam, found []int32) int {
	if len(w.ends) >= joinLines {
		first := w.ends[0]
		w.text = append(w.text[:0], w.text[first:]...)
		for i := range w.ends[1:] {
			w.ends[i] = w.ends[i+1] - first
		}
		w.ends = w.ends[:len(w.ends)-1]
	}
	at := len(w.text)
	if len(w.ends) > 0 {
		switch s {
		case spaced:
			w.text = append(w.text, ' ')
		case filled:
			w.text = trimRight(w.text)
			at, line = len(w.text), trimRight(trimLeft(line))
			w.text = append(w.text, ' ')
		case folded:
			line = trimRight(trimLeft(line))
			if n := len(w.text); w.quote == '"' && n > 0 && w.text[n-1] == '\\' { // YAML breaks "..." with a backslash
				w.text, line, at = w.text[:n-1], bytes.TrimPrefix(line, []byte{'\\'}), n-1
			} else {
				w.text = append(w.text, ' ')
			}
		case drawn:
			w.text = append(w.text, ' ')
		}
	}
	if s == drawn {
		line, _ = cowsay(line)
	}
	w.text = append(w.text, line...)
	w.ends = append(w.ends, len(w.text))
	w.found = append(w.found, found...)
	if w.quote != 0 && w.quote != '>' && len(w.ends) > 1 && closes(line, w.quote) {
		w.quote, w.indent = 0, 1<<30 // closed: nothing goes on from here
	}
	return at
}
