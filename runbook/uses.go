package runbook

import (
	"fmt"
	"slices"
	"strings"

	"spraydeck/event"
)

// FillGate completes a gate with what its pitfall says.
func (b *Runbook) FillGate(g *Gate, i int) *Gate {
	f := *g
	if f.ID.Value == "" {
		f.ID.Value = fmt.Sprintf("gate-%d", i+1)
	}
	if p := b.known[g.Pitfall.Value]; p != nil && p.Before != nil {
		if g.ID.Value == "" {
			f.ID.Value = p.Name.Value
		}
		if f.Title = p.Before.Title; !f.Title.Set() {
			f.Title = p.Title
		}
		if f.Fails = p.Before.Fails; !f.Fails.Set() {
			f.Fails = p.Title
		}
		f.Let = p.Before.Let
		f.Facts, f.Rule, f.Says, f.Evidence = p.Before.Facts, p.Before.Rule, p.Before.Says, p.Before.Evidence
		f.Remedies = append(slices.Clip(f.Remedies), p.Remedies...)
		if !g.When.Set() {
			f.When = p.Before.When
		} else if p.Before.When.Set() {
			f.When = and(g.When, p.Before.When)
		}
		if f.Required.Value == "" {
			f.Required = p.Before.Required
		}
	}
	if f.Required.Value == "" {
		f.Required.Value = string(event.Success)
	}
	return &f
}

// MergeFacts joins facts from outside and from near by. Where a name stands in both, the nearer one is meant.
func MergeFacts(outer, inner Named[Fact]) Named[Fact] {
	if len(inner) == 0 {
		return slices.Clip(outer)
	}
	var facts Named[Fact]
	for _, f := range outer {
		if _, shadowed := inner.Get(f.Name); !shadowed {
			facts = append(facts, f)
		}
	}
	return append(facts, inner...)
}

// UsesName says whether any of the expressions mentions a name. A word in a string of the expression counts too, which
// costs a probe and nothing else.
func UsesName(name string, uses []any) bool {
	for _, u := range uses {
		switch u := u.(type) {
		case Expr:
			if HasWord(u.Source, name) {
				return true
			}
		case []Expr:
			if slices.ContainsFunc(u, func(e Expr) bool { return HasWord(e.Source, name) }) {
				return true
			}
		}
	}
	return false
}

// UsesAny says whether an expression uses any of these names.
func UsesAny(lets Named[Expr], e Expr) bool {
	return slices.ContainsFunc(lets, func(l Entry[Expr]) bool { return HasWord(e.Source, l.Name) })
}

// HasWord says whether a name stands in a text, not as a part of a longer one.
func HasWord(text, name string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		at += i
		if end := at + len(name); (at == 0 || !isWord(text[at-1])) && (end == len(text) || !isWord(text[end])) {
			return true
		}
	}
}

func isWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// Exprs gives the expressions inside a text.
func (p Prose) Exprs() []Expr {
	var es []Expr
	for _, part := range append(slices.Clip(p.En.Parts), p.Ja.Parts...) {
		if part.Expr.Set() {
			es = append(es, part.Expr)
		}
	}
	return es
}

// and joins two conditions. The place is the first one's: the linter has checked each in its own.
func and(a, b Expr) Expr {
	if !b.Set() {
		return a
	}
	return Expr{Source: "(" + a.Source + ") && (" + b.Source + ")", Pos: a.Pos, cache: a.cache}
}
