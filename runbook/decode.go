package runbook

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"spraydeck/event"
)

// The decoder fills Go structs from YAML nodes and keeps the position of every value. The structs are the only table of
// the language: their tags name the keys (`yaml:"key"`, `yaml:"key,required"`), explain them (`doc:"..."`) and list the
// words allowed (`enum:"a|b"`). The schema and the reference are made from the same tags.

// Limits that no honest file reaches.
const (
	maxFileSize = 1 << 20 // bytes
	maxNodes    = 50_000  // values, counted each time an alias is followed
	maxDepth    = 100
)

// Str is a string with its place.
type Str struct {
	Value string
	Pos   Pos
}

func (s Str) String() string { return s.Value }

// Flag is a yes or no with its place.
type Flag struct {
	Value bool
	Set   bool
	Pos   Pos
}

// Int is a whole number with its place.
type Int struct {
	Value int
	Set   bool
	Pos   Pos
}

// Span is a length of time, written as Go writes it: 90s, 5m, 1h30m.
type Span struct {
	Value time.Duration
	Pos   Pos
}

// Entry is one key of a mapping whose keys are the author's.
type Entry[V any] struct {
	Name  string
	Pos   Pos
	Value V
}

// Named is a mapping whose keys are the author's, in the order they were written.
type Named[V any] []Entry[V]

// Get finds an entry by name.
func (n Named[V]) Get(name string) (V, bool) {
	for _, e := range n {
		if e.Name == name {
			return e.Value, true
		}
	}
	var zero V
	return zero, false
}

func (n *Named[V]) decode(d *decoder, node *yaml.Node) {
	d.eachKey(node, func(key, value *yaml.Node) {
		if !nameForm.MatchString(key.Value) {
			d.problem(key, "name", fmt.Sprintf("%q is no name", key.Value), "letters, digits and underscores, beginning with a letter, so that expressions can use it")
		}
		e := Entry[V]{Name: key.Value, Pos: d.pos(key)}
		d.into(value, reflect.ValueOf(&e.Value).Elem())
		*n = append(*n, e)
	})
}

var nameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

type decoder struct {
	file     string
	lang     *Language
	lines    []string
	nodes    int
	depth    int
	problems Problems
	aliases  map[*yaml.Node]bool
}

// decodable is a type with a form of its own, such as one that takes a bare word or a mapping.
type decodable interface {
	decode(d *decoder, n *yaml.Node)
}

func (d *decoder) pos(n *yaml.Node) Pos { return Pos{d.file, n.Line, n.Column} }

func (d *decoder) problem(n *yaml.Node, rule, message, hint string) {
	d.problems = append(d.problems, Problem{d.pos(n), rule, message, hint})
}

var yamlLine = regexp.MustCompile(`(?:yaml: )?(?:line (\d+): )?(.*)`)

// document reads the bytes of a file as one YAML document; nil if that is impossible.
func (d *decoder) document(text []byte) *yaml.Node {
	at := func(line, col int, message, hint string) *yaml.Node {
		d.problems = append(d.problems, Problem{Pos{d.file, line, col}, "yaml", message, hint})
		return nil
	}
	if len(text) > maxFileSize {
		return at(1, 1, fmt.Sprintf("the file has %d bytes; at most %d are read", len(text), maxFileSize), "a runbook is written by hand: is this the right file?")
	}
	if !utf8.Valid(text) {
		i := 0
		for r, size := utf8.DecodeRune(text); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRune(text[i:]) {
			i += size
		}
		before := string(text[:i])
		return at(1+strings.Count(before, "\n"), 1+utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]), "the file is not UTF-8", "save it as UTF-8")
	}
	dec := yaml.NewDecoder(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return at(1, 1, "the file is empty", "a file begins with apiVersion and kind")
		}
		m := yamlLine.FindStringSubmatch(err.Error())
		line, _ := strconv.Atoi(m[1])
		hint := ""
		if strings.Contains(m[2], "cannot start any token") {
			hint = "YAML is indented with spaces, not tabs"
		}
		return at(max(line, 1), 1, "not YAML: "+m[2], hint)
	}
	if err := dec.Decode(&more); err == nil {
		d.problem(&more, "yaml", "a second document in one file", "one runbook, pitfall or release to a file")
	}
	return doc.Content[0]
}

// into fills v from the node. v is addressable.
func (d *decoder) into(n *yaml.Node, v reflect.Value) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.problem(n, "yaml", fmt.Sprintf("more than %d values", maxNodes), "aliases that multiply are not followed")
		}
		return
	}
	if d.depth++; d.depth > maxDepth {
		d.problem(n, "yaml", fmt.Sprintf("nested more than %d deep", maxDepth), "")
		d.depth--
		return
	}
	defer func() { d.depth-- }()
	if n.Kind == yaml.AliasNode {
		if d.aliases[n.Alias] {
			d.problem(n, "yaml", fmt.Sprintf("alias *%s stands inside its own anchor", n.Value), "")
			return
		}
		if d.aliases == nil {
			d.aliases = map[*yaml.Node]bool{}
		}
		d.aliases[n.Alias] = true
		d.into(n.Alias, v)
		delete(d.aliases, n.Alias)
		return
	}
	if c, ok := v.Addr().Interface().(decodable); ok {
		c.decode(d, n)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.into(n, v.Elem())
	case reflect.Slice:
		d.list(n, v)
	case reflect.Struct:
		d.mapping(n, v)
	case reflect.String:
		v.SetString(d.scalar(n, "text"))
	default:
		panic("runbook: no decoder for " + v.Type().String())
	}
}

// list fills a slice. One item may stand alone, without the dash.
func (d *decoder) list(n *yaml.Node, v reflect.Value) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	} else if n.Tag == "!!null" {
		d.problem(n, "type", "a list is expected here, not nothing", "leave the key out, or write []")
		return
	}
	for _, item := range items {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		d.into(item, v.Index(v.Len()-1))
	}
}

// A field is one key of a mapping, from the tags of a struct.
type field struct {
	Name     string
	Required bool
	Doc      string
	enum     []string
	Index    []int
	typ      reflect.Type
}

// fieldsOf is FieldsOf, which it remembers.
func (l *Language) fieldsOf(t reflect.Type) []field {
	if fs, ok := l.fields.Load(t); ok {
		return fs.([]field)
	}
	fs := FieldsOf(t)
	l.fields.Store(t, fs)
	return fs
}

// FieldsOf reads the tags of a struct; embedded structs count as if written in place.
func FieldsOf(t reflect.Type) []field {
	var fs []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			for _, sub := range FieldsOf(f.Type) {
				sub.Index = append([]int{i}, sub.Index...)
				fs = append(fs, sub)
			}
			continue
		}
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		fd := field{Name: name, Required: option == "required", Doc: f.Tag.Get("doc"), Index: []int{i}, typ: f.Type}
		if e := f.Tag.Get("enum"); e != "" {
			fd.enum = strings.Split(e, "|")
		}
		fs = append(fs, fd)
	}
	return fs
}

func fieldNames(fs []field) []string {
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = f.Name
	}
	return names
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value) {
	d.fields(n, v, nil)
}

// fields fills a struct from a mapping. Keys that are no field go to other, if that takes them.
func (d *decoder) fields(n *yaml.Node, v reflect.Value, other func(key, value *yaml.Node) bool) {
	if p := v.FieldByName("Pos"); p.IsValid() && p.Type() == reflect.TypeFor[Pos]() {
		p.Set(reflect.ValueOf(d.pos(n)))
	}
	fs := d.lang.fieldsOf(v.Type())
	seen := map[string]bool{}
	ok := d.eachKey(n, func(key, value *yaml.Node) {
		for _, f := range fs {
			if f.Name != key.Value {
				continue
			}
			seen[f.Name] = true
			if len(f.enum) > 0 {
				d.word(value, f)
			}
			d.into(value, v.FieldByIndex(f.Index))
			return
		}
		if other == nil || !other(key, value) {
			words := fieldNames(fs)
			if other != nil {
				for _, k := range d.lang.Kinds {
					words = append(words, k.Name)
				}
			}
			hint := DidYouMean(key.Value, words)
			if now := renamed[key.Value]; slices.Contains(words, now) {
				hint = fmt.Sprintf("the key is now called %q", now)
			}
			d.problem(key, "unknown-key", fmt.Sprintf("unknown key %q", key.Value), hint)
		}
	})
	for _, f := range fs {
		if ok && f.Required && !seen[f.Name] {
			d.problem(n, "missing-key", fmt.Sprintf("%q is missing", f.Name), f.Doc)
		}
	}
}

func (d *decoder) word(n *yaml.Node, f field) {
	for _, w := range f.enum {
		if n.Value == w {
			return
		}
	}
	if n.Kind == yaml.ScalarNode {
		d.problem(n, "value", fmt.Sprintf("%q cannot be %q", f.Name, n.Value), DidYouMean(n.Value, f.enum))
	}
}

// eachKey walks a mapping in order and reports keys that stand twice.
func (d *decoder) eachKey(n *yaml.Node, each func(key, value *yaml.Node)) bool {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "type", "keys and values are expected here, not "+describeNode(n), "")
		return false
	}
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.problem(key, "type", "a key must be plain text", "")
			continue
		}
		if key.Tag == "!!merge" {
			d.problem(key, "unknown-key", "merge keys (<<) are not part of the language", "write the keys out, or include a runbook with parameters")
			continue
		}
		if f := first[key.Value]; f != nil {
			d.problem(key, "duplicate-key", fmt.Sprintf("key %q stands here for the second time", key.Value), fmt.Sprintf("first on line %d", f.Line))
			continue
		}
		first[key.Value] = key
		each(key, value)
	}
	return true
}

func describeNode(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Tag == "!!null":
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// scalar gives the text of a plain value; want says what it should have been.
func (d *decoder) scalar(n *yaml.Node, want string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.problem(n, "type", fmt.Sprintf("%s is expected here, not %s", want, describeNode(n)), "")
		return ""
	}
	if i := strings.IndexFunc(n.Value, unseen); i >= 0 {
		r, _ := utf8.DecodeRuneInString(n.Value[i:])
		d.problem(n, "hidden", fmt.Sprintf("the text has the character U+%04X, which does not show, acts on the terminal or changes the order of others", r),
			"remove it: what is shown must be what is there")
	}
	return n.Value
}

// unseen says whether a character of a text is not one that is seen where it stands.
func unseen(r rune) bool {
	return event.Hidden(r) || unicode.IsControl(r) && r != '\n' && r != '\t'
}

func (s *Str) decode(d *decoder, n *yaml.Node) { *s = Str{d.scalar(n, "text"), d.pos(n)} }

func (f *Flag) decode(d *decoder, n *yaml.Node) {
	*f = Flag{n.Value == "true", true, d.pos(n)}
	if n.Tag != "!!bool" {
		d.problem(n, "type", "true or false is expected here, not "+describeNode(n), "")
	}
}

func (i *Int) decode(d *decoder, n *yaml.Node) {
	v, err := strconv.Atoi(n.Value)
	*i = Int{v, true, d.pos(n)}
	if err != nil || n.Tag != "!!int" {
		d.problem(n, "type", "a whole number is expected here, not "+describeNode(n), "")
	}
}

func (s *Span) decode(d *decoder, n *yaml.Node) {
	v, err := time.ParseDuration(d.scalar(n, "a length of time"))
	*s = Span{v, d.pos(n)}
	if n.Kind == yaml.ScalarNode && (err != nil || v < 0) {
		d.problem(n, "value", fmt.Sprintf("%q is no length of time", n.Value), "write it as 90s, 5m or 1h30m")
	}
}

// intoStruct fills the struct that v points to, past its own decode method.
func (d *decoder) intoStruct(n *yaml.Node, v any) { d.fieldsInto(n, v, nil) }

func (d *decoder) fieldsInto(n *yaml.Node, v any, other func(key, value *yaml.Node) bool) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.fields(n, reflect.ValueOf(v).Elem(), other)
}

func WordsOf(list []Str) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Value
	}
	return out
}

// renamed maps keys of earlier versions of the language to their present names.
var renamed = map[string]string{"like": "extends", "special": "overrides", "instead": "replace"}
