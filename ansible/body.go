package ansible

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// read takes what a result says out of its body.
func (res *Result) read(body []byte) {
	body = bytes.TrimRight(body, "\n \t")
	fields := decode(body)
	if fields == nil {
		fields = piped(body)
	}
	if fields == nil {
		fields = scrape(body)
	}
	res.fill(fields)
	res.Fields = fields
	debugBlocks(res, body)
	if res.Message == "" && res.Stderr == "" && res.Stdout == "" && res.Assert == "" {
		raw := strings.TrimSpace(string(body[:min(len(body), 8<<10)]))
		res.Raw = strings.TrimSuffix(raw, "non-zero return code") // which minimal puts behind what was printed
	}
}

var pipedField = regexp.MustCompile(`(?s)(?:^| \| )(?:msg|item|stdout|stderr|\((?:stdout|stderr)\)):? `)

// piped reads what unixy and oneline print: "msg: non-zero return code | stderr: ...".
func piped(body []byte) map[string]any {
	at := pipedField.FindAllIndex(body, -1)
	if len(at) == 0 || at[0][0] != 0 {
		return nil
	}
	fields := map[string]any{}
	for i, m := range at {
		end := len(body)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		fields[strings.Trim(string(body[m[0]:m[1]]), " |():")] = string(body[m[1]:end])
	}
	return fields
}

// decode reads JSON, on one line, on several, or cut by a terminal, and YAML; nil where it is neither.
func decode(body []byte) map[string]any {
	text := bytes.TrimSpace(body)
	if len(text) == 0 {
		return nil
	}
	var fields map[string]any
	if text[0] == '{' {
		for _, joined := range [][]byte{text, bytes.ReplaceAll(text, []byte("\n"), nil), bytes.ReplaceAll(text, []byte("\n"), []byte(" "))} {
			if json.NewDecoder(bytes.NewReader(joined)).Decode(&fields) == nil {
				return fields
			}
		}
		return nil
	}
	return decodeYAML(body)
}

var inlineKeys = regexp.MustCompile(`(?:^|\s)(\w+)=(\S+)`)

// decodeYAML reads what the callbacks yaml and default (result_format: yaml) print: "changed=false" behind the arrow, then
// indented keys.
func decodeYAML(body []byte) map[string]any {
	first, rest, more := bytes.Cut(body, []byte("\n"))
	if !more || !continues(bytes.TrimLeft(rest, "\n")) {
		return nil
	}
	fields := map[string]any{}
	for _, m := range inlineKeys.FindAllSubmatch(first, -1) {
		fields[string(m[1])] = string(m[2])
	}
	lines := strings.Split(string(rest), "\n")
	indent := -1
	kept := lines[:0]
	for _, l := range lines {
		trimmed := strings.TrimLeft(l, " ")
		if trimmed == "" {
			kept = append(kept, "")
			continue
		}
		if indent < 0 {
			indent = len(l) - len(trimmed)
		}
		if len(l)-len(trimmed) < indent {
			break
		}
		kept = append(kept, l[indent:])
	}
	var values map[string]any
	for n := len(kept); n > 0 && values == nil; n-- { // what stands behind the result may not be YAML
		if yaml.Unmarshal([]byte(strings.Join(kept[:n], "\n")), &values) != nil {
			values = nil
		}
		if len(kept)-n > 20 {
			return nil
		}
	}
	for k, v := range values {
		fields[k] = v
	}
	if len(values) == 0 {
		return nil
	}
	return fields
}

var scraped = regexp.MustCompile(`['"](msg|stderr|stdout|module_stderr|module_stdout|exception|assertion|rc|cmd|reason)['"]: (?:u?"((?:[^"\\]|\\.)*)"?|u?'((?:[^'\\]|\\.)*)'?|(-?\d+))`)

// scrape takes single fields out of what is no whole JSON: a line that was cut, or the repr of a Python dict.
func scrape(body []byte) map[string]any {
	fields := map[string]any{}
	flat := bytes.ReplaceAll(body, []byte("\n"), nil)
	for _, m := range scraped.FindAllSubmatch(flat, -1) {
		key := string(m[1])
		if _, there := fields[key]; there {
			continue
		}
		switch {
		case len(m[4]) > 0:
			fields[key] = string(m[4])
		default:
			fields[key] = unquote(string(m[2]) + string(m[3]))
		}
	}
	return fields
}

func unquote(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "", `\t`, "\t", `\"`, `"`, `\'`, `'`).Replace(s)
}

// fill takes the fields that count. Of a loop they are those of the first item that failed.
func (res *Result) fill(f map[string]any) {
	if inner, ok := f["results"].([]any); ok {
		for _, r := range inner {
			item, ok := r.(map[string]any)
			if !ok || item["failed"] != true && item["unreachable"] != true {
				continue
			}
			res.fill(item)
			if v, ok := item["item"]; ok && res.Item == "" {
				res.Item = text(v)
			}
			return
		}
	}
	set := func(to *string, keys ...string) {
		for _, k := range keys {
			if *to == "" {
				*to = strings.TrimSpace(text(f[k]))
			}
		}
	}
	set(&res.Message, "msg", "reason", "message")
	if answer := text(f["response"]); answer != "" && res.Message == "Request failed" { // of get_url
		res.Message = strings.TrimSpace("Request failed: " + answer + " " + text(f["url"]))
	}
	set(&res.Stdout, "stdout", "module_stdout")
	set(&res.Stderr, "stderr", "module_stderr", "exception")
	set(&res.Cmd, "cmd")
	set(&res.RC, "rc")
	set(&res.Assert, "assertion")
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		var parts []string
		for _, p := range v {
			parts = append(parts, text(p))
		}
		return strings.Join(parts, " ")
	case map[string]any:
		b, _ := json.Marshal(v)
		return string(b)
	}
	return fmt.Sprint(v)
}

var debugBlock = regexp.MustCompile(`(?m)^(MSG|STDOUT|STDERR|MODULE_STDOUT|MODULE_STDERR):\n`)

// debugBlocks reads what the callback debug prints behind a result: "MSG:", an empty line, the text.
func debugBlocks(res *Result, body []byte) {
	at := debugBlock.FindAllSubmatchIndex(body, -1)
	for i, m := range at {
		end := len(body)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		value := strings.TrimSpace(string(body[m[1]:end]))
		switch string(body[m[2]:m[3]]) {
		case "MSG":
			res.Message = value
		case "STDOUT", "MODULE_STDOUT":
			res.Stdout = value
		default:
			res.Stderr = value
		}
	}
}
