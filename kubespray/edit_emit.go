package kubespray

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// writer writes values as YAML, the way the file around them does.
type writer struct {
	eol     string
	json    bool
	listsIn int // how much deeper than its key a list stands
}

// quoting is how a text was quoted before.
type quoting byte

const (
	plainText quoting = iota
	singleQuotes
	doubleQuotes
)

func quotingOf(n *yaml.Node) quoting {
	switch {
	case n == nil:
	case n.Style&yaml.SingleQuotedStyle != 0:
		return singleQuotes
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return doubleQuotes
	}
	return plainText
}

// boolWords are the words for yes and no, in the forms that people use in one file.
var boolWords = [][2]string{{"false", "true"}, {"False", "True"}, {"FALSE", "TRUE"}, {"no", "yes"}, {"No", "Yes"}, {"NO", "YES"}, {"off", "on"}, {"Off", "On"}, {"OFF", "ON"}}

// inline writes a value in one line. old is what stood there, nil for nothing.
func (w writer) inline(v any, old *yaml.Node, inFlow bool) string {
	if w.json {
		b, err := json.Marshal(v)
		if err != nil {
			return "null"
		}
		return string(b)
	}
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		words := boolWords[0]
		if old != nil && quotingOf(old) == plainText {
			for _, pair := range boolWords {
				if slices.Contains(pair[:], old.Value) {
					words = pair
				}
			}
		}
		if v {
			return words[1]
		}
		return words[0]
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case string:
		return quoteText(v, quotingOf(old), inFlow)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = w.inline(item, likeItem(old), true)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, k := range sortedKeys(v) {
			items = append(items, quoteText(k, plainText, true)+": "+w.inline(v[k], nil, true))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return quoteText(fmt.Sprint(v), plainText, inFlow)
}

// likeItem is an item whose quotes the items of a list have.
func likeItem(old *yaml.Node) *yaml.Node {
	if old != nil && old.Kind == yaml.SequenceNode && len(old.Content) > 0 {
		return old.Content[0]
	}
	return nil
}

// floatText writes a number so that it is read as a float again: 1e3 is text to Ansible.
func floatText(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "null"
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// Plain texts that YAML 1.1 takes for something else: dates, merge keys, and the value key.
var notText = regexp.MustCompile(`^(\d{4}-\d\d?-\d\d?([Tt \t].*)?|<<|=|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)

// quoteText writes a text in the quotes that stood there before, in none where it can be read without, else in double ones.
func quoteText(s string, like quoting, inFlow bool) string {
	hard := strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' }) >= 0
	switch {
	case like == singleQuotes && !hard:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case like == plainText && !hard && canBePlain(s, inFlow):
		return s
	case like == plainText && !hard && strings.ContainsAny(s, `"\`) && !strings.Contains(s, "'"):
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func canBePlain(s string, inFlow bool) bool {
	if s == "" || s != strings.TrimSpace(s) || notText.MatchString(s) || s == "---" || s == "..." {
		return false
	}
	if text, same := plain(s).(string); !same || text != s {
		return false
	}
	if strings.ContainsRune("?:-", rune(s[0])) && (len(s) == 1 || s[1] == ' ' || inFlow) || strings.ContainsRune(",[]{}#&*!|>'\"%@`", rune(s[0])) {
		return false
	}
	if inFlow && strings.ContainsAny(s, ",[]{}") {
		return false
	}
	return !strings.Contains(s, ": ") && !strings.Contains(s, " #") && !strings.HasSuffix(s, ":")
}

// isScalar says that a value stands in one line whatever its place.
func isScalar(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case string:
		return !literal(v)
	}
	return true
}

// literal says that a text of several lines can stand as a block.
func literal(s string) bool {
	body := strings.TrimSuffix(s, "\n")
	if !strings.Contains(body, "\n") || strings.HasSuffix(body, "\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") {
		return false
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line != strings.TrimRight(line, " \t\r") || strings.IndexFunc(line, unicode.IsControl) >= 0 {
			return false
		}
	}
	return true
}

// entry writes "key: value" at an indentation, with all its lines and their ends.
func (w writer) entry(key string, v any, indent int) string {
	return strings.Repeat(" ", indent) + quoteText(key, plainText, false) + ":" + w.value(v, indent, nil, "")
}

// value writes what follows the colon of a key at an indentation. comment is what follows the key, with the
// blanks before it.
func (w writer) value(v any, indent int, old *yaml.Node, comment string) string {
	if isScalar(v) {
		return " " + w.inline(v, old, false) + comment + w.eol
	}
	var b strings.Builder
	switch v := v.(type) {
	case string:
		chomp := ""
		if !strings.HasSuffix(v, "\n") {
			chomp = "-"
		}
		b.WriteString(" |" + chomp + comment + w.eol)
		for line := range strings.SplitSeq(strings.TrimSuffix(v, "\n"), "\n") {
			if line != "" {
				b.WriteString(strings.Repeat(" ", indent+2) + line)
			}
			b.WriteString(w.eol)
		}
	case []any:
		b.WriteString(comment + w.eol)
		for _, item := range v {
			b.WriteString(w.item(item, indent+w.listsIn, likeItem(old)))
		}
	case map[string]any:
		b.WriteString(comment + w.eol)
		for _, k := range sortedKeys(v) {
			b.WriteString(w.entry(k, v[k], indent+2))
		}
	}
	return b.String()
}

// item writes an item of a list, with all its lines.
func (w writer) item(v any, indent int, like *yaml.Node) string {
	dash := strings.Repeat(" ", indent) + "- "
	if m, ok := v.(map[string]any); ok && len(m) > 0 {
		var b strings.Builder
		for i, k := range sortedKeys(m) {
			text := w.entry(k, m[k], indent+2)
			if i == 0 {
				text = dash + text[indent+2:]
			}
			b.WriteString(text)
		}
		return b.String()
	}
	return dash + w.inline(v, like, false) + w.eol
}
