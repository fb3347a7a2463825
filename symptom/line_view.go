package symptom

import (
	"bytes"
	"unicode/utf8"
)

// views are the readings of one line. Expressions are tried on each until one matches; they are made when the first one
// fails on the plain line, which is rare.
type views struct {
	list  [][]byte
	host  string // named by a prefix
	spare int    // how many bytes of views may still be made: what keeps the work linear
}

// maxDepth is how often text is taken out of text: JSON in a string of JSON in a string of JSON.
const maxDepth = 3

// of makes the views of a line without escape sequences. The line itself is the first.
func (v *views) of(line []byte) {
	v.list, v.host, v.spare = append(v.list[:0], line), "", 16*len(line)+256
	v.prefixes(line)
	for _, base := range v.list[:len(v.list):len(v.list)] {
		v.yaml(base)
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		for part := range bytes.SplitSeq(line, []byte{'\r'}) {
			v.add(trimRight(part))
		}
	}
	for _, base := range v.list[:len(v.list):len(v.list)] {
		v.minimal(base)
	}
	if bytes.IndexByte(line, '\\') >= 0 {
		v.unescaped(line, maxDepth)
	}
	if bytes.IndexByte(line, '"') >= 0 {
		v.quoted(line, maxDepth)
	}
}

func (v *views) add(b []byte) {
	if len(b) == 0 || len(b) > v.spare {
		return
	}
	v.spare -= len(b)
	v.list = append(v.list, b)
}

// prefixes adds the line behind each of its prefixes, and inside a balloon of cowsay.
func (v *views) prefixes(line []byte) {
	rest, timed := trimLeft(line), false
	if len(rest) < len(line) {
		v.add(rest)
	}
	for range maxPrefixes {
		p := prefixOf(rest, timed)
		if p.n == 0 {
			break
		}
		if p.host != "" {
			v.host = p.host
		}
		timed = timed || p.time
		behind := p.rest(rest)
		v.add(behind)
		if rest = trimLeft(behind); len(rest) < len(behind) {
			v.add(rest)
		}
	}
	if inner, ok := cowsay(rest); ok {
		v.add(inner)
	}
	for _, end := range [][]byte{[]byte("`"), []byte(" │")} {
		if inner, ok := bytes.CutSuffix(trimRight(rest), end); ok {
			v.add(trimRight(inner))
		}
	}
}

// yaml adds what a line of YAML says: without the dash of a list, without the key, without quotes.
func (v *views) yaml(line []byte) {
	text := trimLeft(line)
	for bytes.HasPrefix(text, []byte("- ")) {
		text = trimLeft(text[2:])
		v.add(text)
	}
	if k := yamlKey(text); k > 0 {
		text = trimLeft(text[k+1:])
		v.add(text)
	}
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') {
		inner := text[1:]
		if inner[len(inner)-1] == text[0] {
			inner = inner[:len(inner)-1]
		}
		v.add(inner)
	}
	if bytes.Contains(line, []byte("''")) {
		v.add(bytes.ReplaceAll(line, []byte("''"), []byte("'")))
		if text[0] == '\'' {
			v.add(bytes.ReplaceAll(bytes.Trim(text, "'"), []byte("''"), []byte("'")))
		}
	}
}

// yamlKey gives the length of the key that text begins with, up to its colon, or 0.
func yamlKey(text []byte) int {
	for i, c := range text[:min(len(text), 80)] {
		switch {
		case c == ':':
			if i > 0 && (i+1 == len(text) || text[i+1] == ' ') {
				return i
			}
			return 0
		case isDigit(c), c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '-', c == '.', c == '/':
		default:
			return 0
		}
	}
	return 0
}

// commandFailed is what the callback minimal puts right behind what a command printed, without a space or a line's end.
var commandFailed = []byte("non-zero return code")

// minimal adds what the default callback would have printed where the minimal one did: "n1 | FAILED! => {"; and what a
// command printed without that. Of an item that failed it adds what would stand there without a loop.
func (v *views) minimal(line []byte) {
	if inner, ok := bytes.CutSuffix(line, commandFailed); ok {
		v.add(trimRight(inner))
	}
	if bytes.HasPrefix(line, []byte("failed: [")) {
		if place, body, ok := bytes.Cut(line[len("failed: ["):], []byte("] (")); ok {
			if _, result, ok := bytes.Cut(body, []byte(") => ")); ok {
				v.add([]byte("fatal: [" + string(place) + "]: FAILED! => " + string(result)))
			}
		}
	}
	host, rest, ok := bytes.Cut(line, []byte(" | "))
	if !ok || word(append(host[:len(host):len(host)], ' ')) != len(host) {
		return
	}
	for _, status := range []string{"FAILED! => ", "UNREACHABLE! => "} {
		if bytes.HasPrefix(rest, []byte(status)) {
			v.add([]byte("fatal: [" + string(host) + "]: " + string(rest)))
		}
	}
}

// unescaped adds the line with its backslashes read, and each of the lines that come out.
func (v *views) unescaped(line []byte, depth int) {
	text := unescape(line)
	for part := range bytes.SplitSeq(text, []byte{'\n'}) {
		v.add(trimRight(part))
		v.add(trimLeft(trimRight(part)))
	}
	if depth > 1 && bytes.IndexByte(text, '\\') >= 0 && len(text) <= v.spare {
		v.unescaped(text, depth-1)
	}
}

// quoted adds the lines of each text that stands in double quotes.
func (v *views) quoted(line []byte, depth int) {
	for {
		start := bytes.IndexByte(line, '"')
		if start < 0 {
			return
		}
		end, escaped := start+1, false
		for end < len(line) && line[end] != '"' {
			if line[end] == '\\' {
				escaped = true
				end++
			}
			end++
		}
		end = min(end, len(line))
		text := line[start+1 : end]
		if len(text) >= minLiteral {
			if escaped {
				text = unescape(text)
			}
			for part := range bytes.SplitSeq(text, []byte{'\n'}) {
				v.add(trimRight(part))
			}
			if escaped && depth > 1 && bytes.IndexByte(text, '"') >= 0 && len(text) <= v.spare {
				v.quoted(text, depth-1)
			}
		}
		// the closing quote may as well open the next text where quotes do not pair up, as in a wrapped line
		line = line[min(end+1, len(line)):]
	}
}

// unescape reads the backslashes of JSON.
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'n':
			out = append(out, '\n')
		case 'r':
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := hex4(b[i+1:])
			if !ok {
				out = append(out, '\\', 'u')
				continue
			}
			out = utf8.AppendRune(out, r)
			i += 4
		case '"', '\\', '/', '\'':
			out = append(out, b[i])
		default:
			out = append(out, '\\', b[i])
		}
	}
	return out
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// cowsay gives what a line of a balloon says: "< TASK [a] >", "/ TASK [a \", "| b |", "\ c] /".
func cowsay(line []byte) ([]byte, bool) {
	if len(line) < 4 || line[1] != ' ' || line[len(line)-2] != ' ' {
		return nil, false
	}
	switch pair := string([]byte{line[0], line[len(line)-1]}); pair {
	case "<>", `/\`, "||", `\/`, "()":
		return trimRight(trimLeft(line[2 : len(line)-2])), true
	}
	return nil, false
}
