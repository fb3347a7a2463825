package runbook

import (
	"errors"
	"fmt"
	"reflect"
	"spraydeck/event"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is text with ${expressions} in it. As a shell command line each value is quoted for the place where it
// lands, so that it reaches the program as exactly one argument (a list: as one argument each); ${raw(x)} is the
// visible exception. As prose the value is put in as it is. $${ stands for a plain ${.
type Template struct {
	Source string
	Pos    Pos
	Parts  []part
}

type part struct {
	text  string
	Expr  Expr
	Raw   bool
	quote rune // the shell quotes around the place: 0, ' or "

	Refused error // why no value can stand here in a command line
}

func (t *Template) decode(d *decoder, n *yaml.Node) {
	src := d.scalar(n, "text")
	*t = Template{Source: src, Pos: d.pos(n)}
	parts, at, err := parseTemplate(src)
	if err != nil {
		p := d.placer(n)(lineCol(src, at))
		d.problems = append(d.problems, Problem{p, "template", err.Error(), "write $${ for a plain ${"})
		return
	}
	place := d.placer(n)
	for i := range parts {
		p := &parts[i]
		if p.Expr.Set() {
			line, col := lineCol(src, int(p.Expr.Pos.Col)) // byte offset, for now
			p.Expr.Pos, p.Expr.cache = place(line, col), &d.lang.exprs
			p.Expr.place = func(l, c int) Pos {
				if l == 1 {
					return place(line, col+c-1)
				}
				return place(line+l-1, c)
			}
		}
	}
	t.Parts = parts
}

// NewTemplate parses a template that comes from no file.
func NewTemplate(src string) (Template, error) {
	parts, _, err := parseTemplate(src)
	return Template{Source: src, Parts: parts}, err
}

// Set says whether there is any text.
func (t Template) Set() bool { return t.Source != "" }

// Argument gives a text argument of a step or a probe, as it is written; false if it has none of that name.
func Argument(of any, name string) (Template, bool) {
	v := reflect.ValueOf(of)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return Template{}, false
	}
	return argumentIn(v.Elem(), name)
}

func argumentIn(v reflect.Value, name string) (Template, bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if t, ok := argumentIn(v.Field(i), name); ok {
				return t, true
			}
		} else if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key == name {
			t, ok := v.Field(i).Interface().(Template)
			return t, ok
		}
	}
	return Template{}, false
}

// Given says whether it was written at all, be it empty.
func (t Template) Given() bool { return t.Set() || t.Pos.Line > 0 }

// Exprs gives the expressions in it.
func (t Template) Exprs() []Expr {
	var es []Expr
	for _, p := range t.Parts {
		if p.Expr.Set() {
			es = append(es, p.Expr)
		}
	}
	return es
}

// Alone gives the expression that is all of the template, if it is nothing else.
func (t Template) Alone() Expr {
	es := t.Exprs()
	for _, p := range t.Parts {
		if p.text != "" {
			return Expr{}
		}
	}
	if len(es) != 1 {
		return Expr{}
	}
	return es[0]
}

func lineCol(s string, offset int) (line, col int) {
	before := s[:min(offset, len(s))]
	return 1 + strings.Count(before, "\n"), 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
}

// parseTemplate cuts a template into parts. It keeps count of the shell's quotes as it goes. The offset says where an
// error is. Offsets of expressions are left in expr.Pos.Col.
func parseTemplate(src string) ([]part, int, error) {
	var parts []part
	var text strings.Builder
	var q quoting
	for i := 0; i < len(src); {
		switch {
		case strings.HasPrefix(src[i:], "$${"):
			text.WriteString("${")
			i += 3
		case strings.HasPrefix(src[i:], "${"):
			end, err := endOfExpr(src, i+2)
			if err != nil {
				return nil, i, err
			}
			body := src[i+2 : end]
			inner, raw := body, false
			if trimmed := strings.TrimSpace(body); strings.HasPrefix(trimmed, "raw(") && strings.HasSuffix(trimmed, ")") {
				inner, raw = trimmed[len("raw("):len(trimmed)-1], true
			}
			if strings.TrimSpace(inner) == "" {
				return nil, i, errors.New("${} holds no expression")
			}
			parts = append(parts, part{text: text.String()})
			text.Reset()
			at := i + 2 + strings.Index(body, inner)
			p := part{Expr: Expr{Source: inner, Pos: Pos{Col: at}}, Raw: raw}
			p.quote, p.Refused = q.inside()
			parts = append(parts, p)
			q.last = '}'
			i = end + 1
		default:
			q.next(src[i])
			text.WriteByte(src[i])
			i++
		}
	}
	return append(parts, part{text: text.String()}), 0, nil
}

// quoting follows the shell's quotes byte by byte: which quotes the next byte stands in, through $( ) that begin again.
type quoting struct {
	stack   []byte // of ', ", ( for $( or a subshell, ` and # for a comment
	escaped bool
	last    byte
	heredoc bool
}

// inside gives the quotes around the place, or says why no value can stand there.
func (q *quoting) inside() (rune, error) {
	if q.escaped {
		return 0, errors.New("a backslash stands before ${")
	}
	if q.heredoc {
		return 0, errors.New("a value cannot be put into a here-document safely; give it as an argument or use printf")
	}
	for _, c := range q.stack {
		if c == '`' {
			return 0, errors.New("a value cannot be put inside backticks safely; use $( )")
		}
	}
	switch top := q.top(); top {
	case '\'', '"':
		return rune(top), nil
	case '#':
		return 0, errors.New("${} stands in a comment of the command")
	}
	return 0, nil
}

func (q *quoting) top() byte {
	if len(q.stack) == 0 {
		return 0
	}
	return q.stack[len(q.stack)-1]
}

func (q *quoting) next(c byte) {
	last := q.last
	q.last = c
	top := q.top()
	switch {
	case q.escaped:
		q.escaped = false
	case top == '#':
		if c == '\n' {
			q.pop()
		}
	case top == '\'':
		if c == '\'' {
			q.pop()
		}
	case c == '\\':
		q.escaped = true
	case c == '`':
		if top == '`' {
			q.pop()
		} else {
			q.push(c)
		}
	case c == '"':
		if top == '"' {
			q.pop()
		} else {
			q.push(c)
		}
	case c == '(' && last == '$':
		q.push(c)
	case top == '"':
	case c == '\'' || c == '(':
		q.push(c)
	case c == ')' && top == '(':
		q.pop()
	case c == '#' && (last == 0 || strings.IndexByte(" \t\n;(&|", last) >= 0):
		q.push(c)
	case c == '<' && last == '<':
		q.heredoc = true
	}
}

func (q *quoting) push(c byte) { q.stack = append(q.stack, c) }
func (q *quoting) pop()        { q.stack = q.stack[:len(q.stack)-1] }

// endOfExpr finds the } that closes an expression, past braces and strings of its own.
func endOfExpr(src string, i int) (int, error) {
	depth := 0
	for ; i < len(src); i++ {
		switch c := src[i]; c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i, nil
			}
			depth--
		case '\'', '"':
			for i++; i < len(src) && src[i] != c; i++ {
				if src[i] == '\\' {
					i++
				}
			}
		}
	}
	return 0, errors.New("${ is not closed")
}

// Quote makes a value one word of a POSIX shell.
func Quote(s string) string {
	if s != "" && plain(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func plain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(plainChars, r) }) < 0
}

// A leading ~ or an = before the command word would mean something, so neither counts as plain on its own; inside a
// word they are quoted too, which costs nothing but looks.
const plainChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+@%"

// Shell renders the template as a command line.
func (t Template) Shell(s *Scope) (string, error) {
	return t.render(s, func(p part, values []string) (string, error) {
		if p.Refused != nil {
			return "", fmt.Errorf("%s: %w", p.Expr.Pos, p.Refused)
		}
		if p.Raw {
			return strings.Join(values, " "), nil
		}
		for _, v := range values {
			if strings.IndexByte(v, 0) >= 0 {
				return "", fmt.Errorf("%s: the value holds a NUL byte, which no command line can carry", p.Expr.Pos)
			}
		}
		if p.quote == 0 {
			for i, v := range values {
				values[i] = Quote(v)
			}
			return strings.Join(values, " "), nil
		}
		if len(values) != 1 {
			return "", fmt.Errorf("%s: a list stands inside quotes", p.Expr.Pos)
		}
		if plain(values[0]) {
			return values[0], nil
		}
		// leave the quotes for the length of the value
		return string(p.quote) + Quote(values[0]) + string(p.quote), nil
	})
}

// Prose renders the template as plain text.
func (t Template) Prose(s *Scope) (string, error) {
	return t.render(s, func(_ part, values []string) (string, error) { return strings.Join(values, ", "), nil })
}

// ShellPreview is Shell with what is not known yet left as it is written.
func (t Template) ShellPreview(s *Scope) (string, error) {
	line, err := t.Shell(s)
	if errors.Is(err, ErrNotKnownYet) {
		return t.Source, nil
	}
	return line, err
}

func (t Template) render(s *Scope, value func(part, []string) (string, error)) (string, error) {
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.text)
		if !p.Expr.Set() {
			continue
		}
		v, err := s.Eval(p.Expr)
		if err != nil {
			return "", err
		}
		text, err := value(p, textsOf(v))
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// Prose is text for a person, in one or both languages, with ${expressions}.
type Prose struct {
	En, Ja Template
	Pos    Pos
}

func (p *Prose) decode(d *decoder, n *yaml.Node) {
	p.Pos = d.pos(n)
	if n.Kind == yaml.MappingNode {
		d.eachKey(n, func(key, value *yaml.Node) {
			switch key.Value {
			case "en":
				p.En.decode(d, value)
			case "ja":
				p.Ja.decode(d, value)
			default:
				d.problem(key, "unknown-key", fmt.Sprintf("unknown language %q", key.Value), "a text is plain, or has en and ja")
			}
		})
		if !p.En.Set() {
			d.problem(n, "missing-key", `"en" is missing`, "English stands where a language has no text of its own")
		}
		return
	}
	p.En.decode(d, n)
}

// Set says whether there is any text.
func (p Prose) Set() bool { return p.En.Set() }

// Text renders both languages; what cannot be known yet stays as it is written.
func (p Prose) Text(s *Scope) event.Text {
	one := func(t Template) string {
		if text, err := t.Prose(s); err == nil {
			return reflow(strings.TrimSpace(text))
		}
		return reflow(strings.TrimSpace(t.Source))
	}
	return event.Text{En: one(p.En), Ja: one(p.Ja)}
}

// HostPattern renders a template as a pattern of hosts; the values of a list are joined with colons.
func (t Template) HostPattern(s *Scope) (string, error) {
	return t.render(s, func(_ part, values []string) (string, error) { return strings.Join(values, ":"), nil })
}
