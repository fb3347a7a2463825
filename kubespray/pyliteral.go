package kubespray

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pythonValue reads an INI value as Ansible does: a Python literal if it is
// one (True, 10, "text", [1, 2], {'a': 1}), otherwise the text itself. So
// "true" and "0644" are text here, other than in YAML.
func pythonValue(s string) any {
	p := pyReader{rest: s}
	v, ok := p.value(0)
	if !ok {
		return s
	}
	p.blank()
	if p.rest != "" && p.rest[0] != '#' { // Python allows a comment behind it
		return s
	}
	return v
}

type pyReader struct{ rest string }

var pyNumber = regexp.MustCompile(`^[-+]?[ \t]*(0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
	`(?:[0-9](?:_?[0-9])*)?\.?(?:[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?)`)

func (p *pyReader) blank() { p.rest = strings.TrimLeft(p.rest, " \t") }

func (p *pyReader) eat(c byte) bool {
	p.blank()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *pyReader) value(depth int) (any, bool) {
	p.blank()
	if p.rest == "" || depth > 50 {
		return nil, false
	}
	switch c := p.rest[0]; {
	case c == '\'' || c == '"':
		return p.text()
	case c == '[':
		p.rest = p.rest[1:]
		list, _, ok := p.list(']', depth)
		return list, ok
	case c == '(':
		p.rest = p.rest[1:]
		list, commas, ok := p.list(')', depth)
		if ok && len(list) == 1 && !commas {
			return list[0], true // parentheses, no tuple
		}
		return list, ok
	case c == '{':
		p.rest = p.rest[1:]
		return p.dict(depth)
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
		return p.number()
	}
	for word, v := range map[string]any{"True": true, "False": false, "None": nil} {
		if after, ok := strings.CutPrefix(p.rest, word); ok && !startsWord(after) {
			p.rest = after
			return v, true
		}
	}
	return nil, false
}

func startsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && (r == '_' || r >= utf8.RuneSelf || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
}

func (p *pyReader) list(end byte, depth int) (list []any, commas, ok bool) {
	list = []any{}
	for !p.eat(end) {
		if len(list) > 0 {
			if !p.eat(',') {
				return nil, false, false
			}
			if commas = true; p.eat(end) {
				break
			}
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false, false
		}
		list = append(list, v)
	}
	return list, commas, true
}

func (p *pyReader) dict(depth int) (any, bool) {
	m := map[string]any{}
	for first := true; !p.eat('}'); first = false {
		if !first {
			if !p.eat(',') {
				return nil, false
			}
			if p.eat('}') {
				break
			}
		}
		key, ok := p.value(depth + 1)
		if !ok || !p.eat(':') {
			return nil, false
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		name, ok := jsonKey(key)
		if !ok {
			return nil, false
		}
		m[name] = v
	}
	return m, true
}

func jsonKey(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "null", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}

func (p *pyReader) number() (any, bool) {
	m := pyNumber.FindStringSubmatch(p.rest)
	if m == nil || !strings.ContainsAny(m[1], "0123456789") {
		return nil, false
	}
	after := p.rest[len(m[0]):]
	if startsWord(after) || strings.HasPrefix(after, ".") {
		return nil, false
	}
	digits := strings.ReplaceAll(m[1], "_", "")
	negative := p.rest[0] == '-'
	p.rest = after
	if based := len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits[1:2], "xXoObB"); based || !strings.ContainsAny(digits, ".eE") {
		if !based && digits[0] == '0' && strings.Trim(digits, "0") != "" {
			return nil, false // Python refuses 0644
		}
		base := 10
		if based {
			base = 0
		}
		if negative {
			digits = "-" + digits
		}
		v, err := strconv.ParseInt(digits, base, 64)
		return v, err == nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if negative {
		f = -f
	}
	return f, err == nil
}

// text reads one quoted string. Escapes beyond the common ones make it no
// literal of ours, and the value stays as written.
func (p *pyReader) text() (any, bool) {
	quote := p.rest[0]
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		c := p.rest[i]
		if c == quote {
			p.rest = p.rest[i+1:]
			return b.String(), true
		}
		if c == '\\' {
			if i++; i == len(p.rest) {
				return nil, false
			}
			plain, ok := map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': "\""}[p.rest[i]]
			if !ok {
				return nil, false
			}
			b.WriteString(plain)
			continue
		}
		b.WriteByte(c)
	}
	return nil, false
}
