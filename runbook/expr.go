package runbook

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
	"go.yaml.in/yaml/v3"
)

// Rules are CEL, the language Kubernetes itself uses for rules. An expression sees the inputs (inputs.name), the results
// of earlier steps (steps.id, with dashes written as underscores), the node of a loop (node), the hosts of the step
// (hosts), the inventory (inventory.groups, inventory.vars), and the facts declared beside it, each under its own name.

// costLimit bounds the work of one evaluation, in CEL's units. A rule over a thousand nodes needs about 100,000.
const costLimit = 5_000_000

// Expr is a CEL expression with its place.
type Expr struct {
	Source string
	Pos    Pos
	place  func(line, col int) Pos // where a place inside the expression stands in the file
	cache  *exprCache              // of the language; nil for one made in code
}

func (e *Expr) decode(d *decoder, n *yaml.Node) {
	*e = Expr{Source: d.scalar(n, "an expression"), Pos: d.pos(n), place: d.placer(n), cache: &d.lang.exprs}
}

// Set says whether an expression was written.
func (e Expr) Set() bool { return e.Source != "" }

// Result is what a command gave, as expressions see it.
type Result struct {
	Host    string   `cel:"host"`
	Exit    int64    `cel:"exit"`
	Stdout  string   `cel:"stdout"`
	Stderr  string   `cel:"stderr"`
	Lines   []string `cel:"lines"`   // of stdout, without their ends and without a last empty one
	Outcome string   `cel:"outcome"` // one of the Outcome words
	Error   string   `cel:"error"`
}

// ResultType is the CEL type of Result.
var ResultType = cel.ObjectType("runbook.Result")

// Vars declares what an expression may use: names and CEL types.
type Vars map[string]*cel.Type

// base is the environment that all expressions share. Building it takes milliseconds, so it is built once, when the
// first expression is met.
var base = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[Result](), ext.ParseStructTags(true)),
		cel.OptionalTypes(), // before Regex, which builds on it
		ext.Strings(), ext.Lists(), ext.Sets(), ext.TwoVarComprehensions(), ext.Regex(),
		cel.HomogeneousAggregateLiterals(),
		cel.ParserExpressionSizeLimit(sizeLimit),
		versionFunctions(),
		settingFunctions(),
	)
})

// Compile makes an expression ready to evaluate.
func Compile(e Expr, vars Vars) (cel.Program, Problems) {
	m, ps := TypeCheck(e, vars, nil)
	if ps != nil {
		return nil, ps
	}
	prg, err := m.program()
	if err != nil {
		return nil, e.problem(1, 1, err.Error(), "")
	}
	return prg, nil
}

// TypeCheck checks an expression against what is declared. want is the type it must have, nil for any.
func TypeCheck(e Expr, vars Vars, want *cel.Type) (*meaning, Problems) {
	cache := e.cache
	if cache == nil {
		cache = &exprCache{}
	}
	m, err := cache.meaning(e.Source, vars)
	if err != nil {
		return nil, e.problem(1, 1, err.Error(), "")
	}
	if m.issues.Err() != nil {
		var ps Problems
		told := struct{ line, upTo int }{} // of an unknown name that has dashes in it
		for _, is := range m.issues.Errors() {
			line, col := is.Location.Line(), is.Location.Column()
			name := unknownName(is.Message, e.Source, line, col)
			switch {
			case name == "":
				ps = append(ps, e.problem(line, col+1, plainIssue(is.Message), "")...)
			case told.line != line || col >= told.upTo:
				told.line, told.upTo = line, col+len(name)
				ps = append(ps, e.problem(line, col+1, fmt.Sprintf("unknown name '%s'", name), unknownNameHint(name, vars))...)
			}
		}
		return nil, ps
	}
	if got := m.AST.OutputType(); want != nil && !want.IsAssignableType(got) && got != cel.DynType {
		return nil, e.problem(1, 1, fmt.Sprintf("the expression gives %s where %s is wanted", cel.FormatCELType(got), cel.FormatCELType(want)), wantedHint(want))
	}
	return m, nil
}

// problem is a mistake at a place inside the expression.
func (e Expr) problem(line, col int, message, hint string) Problems {
	at := e.Pos
	if e.place != nil {
		at = e.place(line, col)
	}
	return Problems{{at, "expression", message, hint}}
}

func wantedHint(want *cel.Type) string {
	if want == cel.BoolType {
		return "a condition is true or false: compare the value with something"
	}
	return ""
}

// plainIssue is what CEL says of a mistake, without what only its authors understand.
func plainIssue(m string) string {
	if strings.HasPrefix(m, "Syntax error: mismatched input '<EOF>'") {
		return "the expression ends too early"
	}
	for _, rest := range []string{" (in container", " expecting {"} {
		m, _, _ = strings.Cut(m, rest)
	}
	return strings.ReplaceAll(m, "<EOF>", "the end")
}

var wholeName = regexp.MustCompile(`^(?:inputs|steps|inventory|release|hop|defaults|sample)\.\w+(?:-[A-Za-z]\w*)*`)

// unknownName gives the name that an issue says is not declared, as the author wrote it at that place: CEL knows only the
// part before the first dot. It is "" for other issues.
func unknownName(message, source string, line, col int) string {
	_, name, ok := strings.Cut(message, "undeclared reference to '")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, "'")
	if runes := []rune(lineOf(source, line)); col <= len(runes) {
		if whole := wholeName.FindString(string(runes[col:])); strings.HasPrefix(whole, name) {
			return whole
		}
	}
	return name
}

func unknownNameHint(name string, vars Vars) string {
	if underscored := strings.ReplaceAll(name, "-", "_"); underscored != name && vars[underscored] != nil {
		return "write " + underscored + ": in an expression a dash is an underscore"
	}
	var names []string
	for v := range vars {
		names = append(names, v)
	}
	return DidYouMean(name, names)
}

// A Scope is what expressions see at one moment of a run. Names are full: "inputs.kube_version", "steps.find_tag".
type Scope struct {
	Types  Vars
	Values map[string]any

	Fresh map[string]bool // facts learned for the evaluation at hand; not inherited
	lost  map[string]lost // results of which the output is not known
}

// NewScope gives an empty scope.
func NewScope() *Scope {
	return &Scope{Types: Vars{}, Values: map[string]any{}, lost: map[string]lost{}}
}

// Set declares a name and gives it a value. A nil type is any type; a nil value is unknown until it is set again.
func (s *Scope) Set(name string, typ *cel.Type, value any) {
	if typ == nil {
		typ = cel.DynType
	}
	if hop := HopName(name); hop != "" {
		s.Set(hop, typ, value)
	}
	s.Types[name] = typ
	delete(s.lost, name)
	if value != nil {
		s.Values[name] = value
	} else {
		delete(s.Values, name)
	}
}

// With gives a copy to which more can be added.
func (s *Scope) With() *Scope {
	c := NewScope()
	for k, v := range s.Types {
		c.Types[k] = v
	}
	for k, v := range s.Values {
		c.Values[k] = v
	}
	for k, v := range s.lost {
		c.lost[k] = v
	}
	return c
}

// ErrNotKnownYet means that an expression uses a value which only a later moment of the run brings.
var ErrNotKnownYet = errors.New("not known yet")

// Eval evaluates an expression. The error names the place of the expression.
func (s *Scope) Eval(e Expr) (any, error) {
	prg, ps := Compile(e, s.Types)
	if ps != nil {
		return nil, ps
	}
	if err := s.needs(e); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Pos, err)
	}
	out, _, err := prg.Eval(s.Values)
	if err != nil {
		if strings.Contains(err.Error(), "no such attribute") {
			return nil, fmt.Errorf("%s: %w", e.Pos, ErrNotKnownYet)
		}
		return nil, fmt.Errorf("%s: %w", e.Pos, err)
	}
	if types.IsError(out) {
		return nil, fmt.Errorf("%s: %v", e.Pos, out)
	}
	return out.Value(), nil
}

// True evaluates a condition. An empty expression is true.
func (s *Scope) True(e Expr) (bool, error) {
	if !e.Set() {
		return true, nil
	}
	v, err := s.Eval(e)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%s: the expression gave %v, not true or false", e.Pos, v)
	}
	return b, nil
}

// Strings evaluates an expression that gives a text or a list of texts.
func (s *Scope) Strings(e Expr) ([]string, error) {
	if !e.Set() {
		return nil, nil
	}
	v, err := s.Eval(e)
	if err != nil {
		return nil, err
	}
	return textsOf(v), nil
}

// textsOf gives the parts of a CEL value as text: a list gives its items, anything else itself.
func textsOf(v any) []string {
	rv := reflect.ValueOf(v)
	if rv.IsValid() && rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() != reflect.Uint8 {
		out := make([]string, rv.Len())
		for i := range out {
			item := rv.Index(i).Interface()
			if c, ok := item.(interface{ Value() any }); ok {
				item = c.Value()
			}
			out[i] = fmt.Sprint(item)
		}
		return out
	}
	if b, ok := v.([]byte); ok {
		return []string{string(b)}
	}
	return []string{fmt.Sprint(v)}
}
