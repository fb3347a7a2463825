package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestVerbs: the list has every constant of the type.
func TestVerbs(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exec.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Verb" {
				constants += len(v.Names)
			}
		}
		return true
	})
	listed := map[Verb]bool{}
	for _, v := range Verbs {
		listed[v] = true
	}
	if constants == 0 || len(listed) != constants || len(Verbs) != constants {
		t.Errorf("%d constants, and the list is %v", constants, Verbs)
	}
}
