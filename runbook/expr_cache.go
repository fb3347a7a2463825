package runbook

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
)

// Compiling CEL is expensive and conditions repeat, so the language caches programs: one for each source and each set of
// declared names.

// maxCached bounds the cache: the catalogue has about a thousand sources, in about a hundred environments.
const maxCached = 4096

type exprCache struct {
	mu      sync.Mutex
	sources map[string]*source
	envs    []*declarations
}

// source is the text of an expression.
type source struct {
	text  string
	names []string // what may be names in it, "inputs.branch" as well as "inputs" and "branch"

	mu       sync.Mutex
	meanings []*meaning
}

// meaning is what a source means where its names are declared in a certain way.
type meaning struct {
	vars    Vars // of the names in the source those that are declared
	env     *cel.Env
	AST     *cel.Ast
	issues  *cel.Issues
	program func() (cel.Program, error)
}

// meaning gives what a source means where these names are declared.
func (c *exprCache) meaning(text string, v Vars) (*meaning, error) {
	c.mu.Lock()
	s := c.sources[text]
	if s == nil {
		if c.sources == nil || len(c.sources) >= maxCached {
			c.sources, c.envs = map[string]*source{}, nil
		}
		s = &source{text: text, names: namesIn(text)}
		c.sources[text] = s
	}
	c.mu.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meanings {
		if s.same(m.vars, v) {
			return m, nil
		}
	}
	env, err := c.env(s, v)
	if err != nil {
		return nil, err
	}
	m := &meaning{vars: Vars{}, env: env}
	for _, name := range s.names {
		if typ, ok := v[name]; ok {
			m.vars[name] = typ
		}
	}
	m.AST, m.issues = compileIn(env, text)
	m.program = sync.OnceValues(func() (cel.Program, error) {
		return env.Program(m.AST, cel.CostLimit(costLimit), cel.CostTracking(ownCost{}), cel.InterruptCheckFrequency(1000))
	})
	s.meanings = append(s.meanings, m)
	return m, nil
}

// same says whether the names of the source are declared alike.
func (s *source) same(a, b Vars) bool {
	return !slices.ContainsFunc(s.names, func(name string) bool {
		x, y := a[name], b[name]
		return x != y && (x == nil || y == nil || !x.IsExactType(y))
	})
}

var mayBeName = regexp.MustCompile(`[A-Za-z_]\w*`)

// namesIn gives the words of a source, alone and with the one before the dot. Words in its strings count, too: that costs
// a compilation and nothing else.
func namesIn(text string) []string {
	var names []string
	end, before := 0, ""
	for _, at := range mayBeName.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		names = append(names, word)
		if before != "" && strings.TrimSpace(text[end:at[0]]) == "." {
			names = append(names, before+"."+word)
		}
		end, before = at[1], word
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// declarations is an environment in which some names are declared.
type declarations struct {
	vars Vars
	env  *cel.Env
}

// env gives an environment in which the names of a source are declared as they are here. Others may be declared
// otherwise: making an environment costs more than checking an expression in it.
func (c *exprCache) env(s *source, v Vars) (*cel.Env, error) {
	c.mu.Lock()
	for _, d := range slices.Backward(c.envs) {
		if s.same(d.vars, v) {
			c.mu.Unlock()
			return d.env, nil
		}
	}
	c.mu.Unlock()
	env, err := base()
	if err != nil {
		return nil, err
	}
	options := make([]cel.EnvOption, 0, len(v))
	for name, typ := range v {
		options = append(options, cel.Variable(name, typ))
	}
	if env, err = env.Extend(options...); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.envs = append(c.envs, &declarations{maps.Clone(v), env})
	return env, nil
}
