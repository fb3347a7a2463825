package runbook

import "cel.dev/cel-go/cel"

// TypeOf gives the type of an expression; any type where it has a mistake.
func TypeOf(e Expr, vars Vars) (*cel.Type, Problems) {
	m, ps := TypeCheck(e, vars, nil)
	if ps != nil {
		return cel.DynType, ps
	}
	return m.AST.OutputType(), nil
}

// WithLets adds what a gate names, as far as it is known: asking for one that is not fails with the reason.
func (s *Scope) WithLets(lets Named[Expr]) (_ *Scope, missing error) {
	if len(lets) == 0 {
		return s, nil
	}
	fresh := s.Fresh
	s = s.With()
	s.Fresh = fresh
	for _, l := range lets {
		typ, ps := TypeOf(l.Value, s.Types)
		if ps != nil {
			return s, ps
		}
		s.Set(l.Name, typ, nil)
		v, err := s.Eval(l.Value)
		if err != nil && missing == nil {
			missing = err
		}
		if err == nil {
			s.Set(l.Name, typ, v)
		}
	}
	return s, missing
}

// LetExprs gives the expressions that a gate names.
func LetExprs(lets Named[Expr]) (list []Expr) {
	for _, l := range lets {
		list = append(list, l.Value)
	}
	return list
}

// Language is what was known when the pitfall was read.
func (p *Pitfall) Language() *Language { return p.lang }

// SettingNames gives Settings, also of no language.
func (l *Language) SettingNames() func() []string {
	if l == nil {
		return nil
	}
	return l.Settings
}
