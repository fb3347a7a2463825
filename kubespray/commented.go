package kubespray

import (
	"regexp"
	"strings"
)

// A commented default: one or more #, at most one blank, then what looks like
// a variable. Prose ("# Note: ...") starts with a capital or has blanks.
var commentedKey = regexp.MustCompile(`^#+( ?)([a-z][a-z0-9]*(?:_[a-z0-9]+)*):(?:[ \t]+(.*))?\r?$`)

// Lower-case words that Kubespray's comments use with a colon.
var prose = map[string]bool{"example": true, "note": true, "ref": true}

// commentedValues reads the defaults that a Kubespray sample file shows in
// comments, such as "# helm_enabled: true", nested lines included. It is a
// reading of prose: what does not parse is kept as the text it is, and of two
// examples of one key the first counts. It never fails.
func commentedValues(file string, text []byte) map[string]Value {
	values := map[string]Value{}
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		m := commentedKey.FindStringSubmatch(lines[i])
		if m == nil || prose[m[2]] {
			continue
		}
		key, block, next := m[2], []string{uncomment(lines[i])}, i+1
		for ; opensBlock(m[3]) && next < len(lines) && belongs(lines[next], len(m[1])); next++ {
			block = append(block, uncomment(lines[next]))
		}
		if _, taken := values[key]; !taken {
			values[key] = commentedValue(file, i+1, key, block)
		}
		i = next - 1
	}
	return values
}

// opensBlock tells whether more lines may belong to a key with this value on
// its own line.
func opensBlock(value string) bool {
	return value == "" || strings.ContainsAny(value[:1], "#|>&!")
}

// uncomment strips the hashes but no blanks: they carry the nesting. The key
// itself moves to the margin.
func uncomment(line string) string {
	return strings.TrimLeft(strings.TrimRight(line, " \t\r"), "#")
}

// belongs tells whether a comment line is nested below a key that has indent
// blanks before it: deeper, or an item of a list at the same depth.
func belongs(line string, indent int) bool {
	if !strings.HasPrefix(line, "#") {
		return false
	}
	body := uncomment(line)
	trimmed := strings.TrimLeft(body, " ")
	depth := len(body) - len(trimmed)
	return trimmed != "" && (depth > indent || depth == indent && strings.HasPrefix(trimmed, "- "))
}

func commentedValue(file string, line int, key string, block []string) Value {
	v := Value{File: file, Line: line, Commented: true}
	// The whole block first; when an example below the key is no YAML, at
	// least the value on the key's own line; else its bare text.
	for _, candidate := range []string{strings.Join(block, "\n"), block[0]} {
		parsed, err := parseValues(file, []byte(candidate))
		if found, ok := parsed[key]; err == nil && ok {
			v.Value = found.Value
			return v
		}
	}
	_, bare, _ := strings.Cut(block[0], ":")
	v.Value = strings.TrimSpace(bare)
	return v
}
