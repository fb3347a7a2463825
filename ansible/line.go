package ansible

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

var lineEnd = regexp.MustCompile(`\n *`)

// Line gives a failed result as the callback default prints it on one line, whatever callback printed it, and an item as if
// there were no loop: "fatal: [n1 -> n2]: FAILED! => {...}". It is to be asked for while Reader.Each is called.
func (res *Result) Line() string {
	fields := map[string]any{}
	for k, v := range res.Fields {
		if !strings.HasSuffix(k, "_lines") {
			fields[k] = v
		}
	}
	for key, value := range map[string]string{"msg": res.Message, "stdout": res.Stdout, "stderr": res.Stderr, "cmd": res.Cmd, "rc": res.RC, "assertion": res.Assert} {
		if _, there := fields[key]; !there && value != "" {
			fields[key] = value
		}
	}
	if len(res.Fields) == 0 && res.Raw != "" {
		fields["stdout"] = res.Raw
	}
	place, status := res.Host, "FAILED!"
	if res.Delegate != "" {
		place += " -> " + res.Delegate
	}
	if res.Status == Unreachable {
		status = "UNREACHABLE!"
	}
	return "fatal: [" + place + "]: " + status + " => " + python(fields)
}

// python writes JSON on one line as Python does: with a space behind each comma and colon.
func python(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if e.Encode(v) != nil {
		return "{}"
	}
	text := strings.ReplaceAll(strings.TrimSpace(b.String()), ",\n", ", \n")
	return lineEnd.ReplaceAllString(text, "")
}
