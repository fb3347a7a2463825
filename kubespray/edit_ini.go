package kubespray

import (
	"fmt"
	"strconv"
	"strings"
)

// iniSpot is a variable in an inventory in Ansible's INI: a line of [group:vars], or a word behind a host.
type iniSpot struct {
	group, host      string // one of them; the host as it is written, ranges included
	key              string
	line             int // from 0
	from, keyEnd     int // of the key
	value, end       int // of the value; where a comment stands behind it, that is not of it
	comment          bool
	lineFrom, lineTo int // of the whole line, its end included
}

// iniSpots lists the variables of an inventory file, and where the lines of each [group:vars] end.
func iniSpots(text []byte) (spots []iniSpot, sections map[string]int) {
	sections = map[string]int{}
	name, state := "ungrouped", "hosts"
	at, number := 0, 0
	for raw := range strings.Lines(string(text)) {
		from, next := at, at+len(raw)
		at = next
		line := strings.TrimSpace(raw)
		number++
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if m := iniSection.FindStringSubmatch(line); m != nil {
			if name, state = m[1], m[2]; state == "" {
				state = "hosts"
			}
		}
		if state == "vars" {
			sections[name] = next
		}
		if line[0] == '[' && strings.HasSuffix(line, "]") || iniSection.MatchString(line) {
			continue
		}
		spot := iniSpot{line: number - 1, lineFrom: from, lineTo: next}
		switch state {
		case "vars":
			spot.group = name
			if spot.inVars(raw, from) {
				spots = append(spots, spot)
			}
		case "hosts":
			spots = append(spots, spot.inHosts(raw, from)...)
		}
	}
	return spots, sections
}

// inVars finds key and value in a line of [group:vars].
func (s *iniSpot) inVars(raw string, from int) bool {
	key, _, ok := strings.Cut(raw, "=")
	if !ok {
		return false
	}
	s.key = strings.TrimSpace(key)
	s.from = from + strings.Index(raw, s.key)
	s.keyEnd = s.from + len(s.key)
	rest := raw[len(key)+1:]
	body := strings.TrimSpace(rest)
	s.value = from + len(key) + 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
	if body == "" {
		s.value = from + len(key) + 1
	}
	s.end = s.value + len(body)
	p := pyReader{rest: body}
	if _, ok := p.value(0); ok {
		used := len(body) - len(p.rest)
		if p.blank(); strings.HasPrefix(p.rest, "#") {
			s.end, s.comment = s.value+used, true
		}
	}
	return true
}

// inHosts finds the variables behind a host.
func (s iniSpot) inHosts(raw string, from int) (spots []iniSpot) {
	for i, word := range wordSpans(raw) {
		text := raw[word[0]:word[1]]
		if i == 0 {
			if words, err := shellWords(text); err == nil && len(words) == 1 {
				s.host = words[0]
			}
			continue
		}
		key, _, ok := strings.Cut(text, "=")
		if !ok {
			continue
		}
		one := s
		one.key, one.from = key, from+word[0]
		one.keyEnd = one.from + len(key)
		one.value, one.end = one.keyEnd+1, from+word[1]
		spots = append(spots, one)
	}
	return spots
}

// wordSpans is where the words of a line are, split as shellWords does.
func wordSpans(line string) (spans [][2]int) {
	start := -1
	var quote byte
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
			continue
		case c == '#', c == ' ', c == '\t', c == '\r', c == '\n':
			if start >= 0 {
				spans = append(spans, [2]int{start, i})
				start = -1
			}
			if c == '#' {
				return spans
			}
			continue
		case c == '\'' || c == '"':
			quote = c
		case c == '\\':
			i++
		}
		if start < 0 {
			start = min(i, len(line)-1)
		}
	}
	if start >= 0 {
		spans = append(spans, [2]int{start, len(line)})
	}
	return spans
}

// setINI gives the variable of a spot another value.
func setINI(text []byte, s iniSpot, v any) []byte {
	old := string(text[s.value:s.end])
	return splice(text, s.value, s.end, iniText(v, old, s.host != "", s.comment))
}

// addINI adds a variable to [group:vars], and the section where there is none.
func addINI(text []byte, group, key string, v any) []byte {
	_, sections := iniSpots(text)
	eol := lineEnding(text)
	line := key + "=" + iniText(v, "", false, false) + eol
	at, ok := sections[group]
	if !ok {
		at = len(text)
		line = "[" + group + ":vars]" + eol + line
		if at > 0 {
			line = eol + line
		}
	}
	if at == len(text) && at > 0 && text[at-1] != '\n' {
		line = eol + strings.TrimSuffix(line, eol)
	}
	return splice(text, at, at, line)
}

func unsetINI(text []byte, s iniSpot) []byte {
	if s.host == "" {
		return splice(text, s.lineFrom, s.lineTo, "")
	}
	from := s.from
	for from > s.lineFrom && (text[from-1] == ' ' || text[from-1] == '\t') {
		from--
	}
	return splice(text, from, s.end, "")
}

func renameINI(text []byte, s iniSpot, to string) []byte { return splice(text, s.from, s.keyEnd, to) }

// iniText writes a value so that Ansible reads it from an INI file: a Python literal, or a text that is none. old is what
// stands there now; word says that it is a word behind a host, which the quotes of a shell hold together.
func iniText(v any, old string, word, literal bool) string {
	quote := byte(0)
	if len(old) > 1 && (old[0] == '"' || old[0] == '\'') && old[len(old)-1] == old[0] {
		quote = old[0]
	}
	if !word {
		if s, ok := v.(string); ok && quote == 0 && !literal && plainINI(s) {
			return s
		}
		return pythonText(v, quote)
	}
	text := pythonText(v, 0)
	if s, ok := v.(string); ok && plainINI(s) {
		text = s
	}
	special := text == "" || strings.ContainsAny(text, " \t#'\"\\")
	switch {
	case !special && quote == 0:
		return text
	case quote != 0 && !strings.ContainsAny(text, string(quote)+`\`):
		return string(quote) + text + string(quote)
	case !strings.Contains(text, "'"):
		return "'" + text + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// plainINI says that a text is read as itself.
func plainINI(s string) bool {
	v, ok := pythonValue(s).(string)
	return ok && v == s && s != "" && s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\r\n\x00")
}

// pythonText writes a value as a Python literal.
func pythonText(v any, quote byte) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case string:
		q := "'"
		if quote == '"' || quote == 0 && strings.Contains(v, "'") && !strings.Contains(v, `"`) {
			q = `"`
		}
		return q + strings.NewReplacer(`\`, `\\`, q, `\`+q, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(v) + q
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = pythonText(item, 0)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var items []string
		for _, k := range sortedKeys(v) {
			items = append(items, pythonText(k, 0)+": "+pythonText(v[k], 0))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return pythonText(fmt.Sprint(v), quote)
}
