package runbook

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"
)

// cel-go has two parsers: one made by a generator, and a newer one written by hand, which takes a tenth of the time and of
// the memory and which cel.Env has no option for yet. The new one reads, and the old one has the last word on what it
// refuses: so the messages are the old one's. TestParsers and FuzzParsers hold both to the same trees.

const sizeLimit = 20_000 // characters of an expression

// parse reads an expression for an environment made from base; nil if the quick parser cannot.
func parse(source string) *cel.Ast {
	p, err := quickParser()
	if err != nil {
		return nil
	}
	text := common.NewTextSource(source)
	tree, issues := p.Parse(text)
	if len(issues.GetErrors()) > 0 {
		return nil
	}
	message, err := ast.ToProto(tree) // the only form in which cel takes a tree from outside
	if err != nil {
		return nil
	}
	parsed, err := cel.CheckedExprToAstWithSource(message, text)
	if err != nil {
		return nil
	}
	return parsed
}

// compileIn is cel.Env.Compile.
func compileIn(env *cel.Env, source string) (*cel.Ast, *cel.Issues) {
	if parsed := parse(source); parsed != nil {
		return env.Check(parsed)
	}
	return env.Compile(source)
}

var quickParser = sync.OnceValues(func() (*parser.Parser, error) {
	env, err := base()
	if err != nil {
		return nil, err
	}
	return parser.NewParser(parser.EnablePrattParser(true), parser.Macros(env.Macros()...), parser.EnableOptionalSyntax(true),
		parser.ExpressionSizeCodePointLimit(sizeLimit))
})
