package symptom

import "strings"

// maxList is how many lines the list of lines may stand behind the text that it repeats.
const maxList = 1000

// repeats says whether a match is in a list that repeats a text: Ansible prints "stderr": "a\nb" and, further down, the same
// as "stderr_lines": ["a", "b"]. What is counted must not be counted twice.
func (j *judge) repeats(m match) bool {
	isText, isField := jsonText(m.text)
	switch {
	case isField:
		if j.fields == nil {
			j.fields = map[int]int{}
		}
		j.fields[m.pattern] = m.line
	case isText:
		at, seen := j.fields[m.pattern]
		return seen && m.line > at && m.line-at < maxList
	}
	return false
}

// jsonText says whether a line is nothing but a text of JSON, as an element of a list is, or a key and a text.
func jsonText(line string) (element, field bool) {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '"' {
		return false, false
	}
	i := 1
	for i < len(line) && line[i] != '"' {
		if line[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(line) {
		return false, false
	}
	switch rest := line[i+1:]; {
	case rest == "" || rest == ",":
		return true, false
	default:
		return false, strings.HasPrefix(rest, `: "`)
	}
}
