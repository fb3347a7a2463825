package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unusedExports are exported names that no other package uses yet, each with the reason why it may stay.
var unusedExports = map[string]string{
	"report.Document": "the JSON document of docs/export.md, which other programs read",
}

// TestExports: an exported name is used outside its package, or belongs to what is used: the type of a result, an error that
// is returned, a constant beside one that is used. Packages for tests (…test) export for tests.
func TestExports(t *testing.T) {
	type export struct {
		pos    token.Position
		inAPI  bool // a type in the signature or the fields of another exported name
		isType bool
		group  token.Pos // of constants
	}
	exports := map[string]*export{} // "kube.Cluster"
	used := map[string]bool{}
	set := token.NewFileSet()
	var files []*ast.File
	var dirs []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (file == "lab" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(path.Dir(file), "test") {
			return nil
		}
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		files, dirs = append(files, f), append(dirs, filepath.ToSlash(filepath.Dir(file)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	isTest := func(f *ast.File) bool { return strings.HasSuffix(set.Position(f.Pos()).Filename, "_test.go") }
	for i, f := range files {
		if isTest(f) {
			continue
		}
		for _, d := range declared(f) {
			exports[dirs[i]+"."+d.name.Name] = &export{pos: set.Position(d.name.Pos()), isType: d.isType, group: d.group}
		}
	}
	for i, f := range files {
		imports := map[string]string{} // by the name in this file
		for _, im := range f.Imports {
			dir, ours := strings.CutPrefix(strings.Trim(im.Path.Value, `"`), "spraydeck/")
			if !ours || dir == dirs[i] { // a test of the package itself is no use
				continue
			}
			name := path.Base(dir)
			if im.Name != nil {
				name = im.Name.Name
			}
			imports[name] = dir
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" {
					used[imports[x.Name]+"."+s.Sel.Name] = true
				}
			}
			return true
		})
		if isTest(f) {
			continue
		}
		api(f, func(name string) {
			if e := exports[dirs[i]+"."+name]; e != nil {
				e.inAPI = true
			}
		})
	}
	usedGroups := map[token.Pos]bool{}
	var names []string
	for name, e := range exports {
		usedGroups[e.group] = usedGroups[e.group] || e.group != 0 && used[name]
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e := exports[name]
		isError := strings.HasSuffix(name, "Error") || strings.Contains(name, ".Err")
		isUsed := used[name] || e.isType && e.inAPI || usedGroups[e.group] || isError || strings.HasPrefix(name, "..")
		switch reason, excepted := unusedExports[name]; {
		case !isUsed && !excepted:
			t.Errorf("%s: %s is used by no other package: use it, unexport it or delete it", e.pos, name)
		case isUsed && excepted:
			t.Errorf("%s is used now: take it off the list (%s)", name, reason)
		}
	}
	for name := range unusedExports {
		if exports[name] == nil {
			t.Errorf("unusedExports names %s, which is not there", name)
		}
	}
}

type declaration struct {
	name   *ast.Ident
	isType bool
	group  token.Pos // of constants that are declared together
}

// declared gives the exported names that a file declares.
func declared(f *ast.File) (out []declaration) {
	add := func(d declaration) {
		if d.name.IsExported() {
			out = append(out, d)
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(declaration{name: d.Name})
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(declaration{name: s.Name, isType: true})
				case *ast.ValueSpec:
					group := token.NoPos
					if d.Tok == token.CONST && d.Lparen.IsValid() {
						group = d.Pos()
					}
					for _, id := range s.Names {
						add(declaration{name: id, group: group})
					}
				}
			}
		}
	}
	return out
}

// api calls f with every name in the signatures and fields of what a file exports.
func api(file *ast.File, f func(string)) {
	walk := func(n ast.Node, self string) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field: // an unexported field is none of the API
				if len(n.Names) > 0 && !slices.ContainsFunc(n.Names, func(id *ast.Ident) bool { return id.IsExported() }) && self != "" {
					return false
				}
			case *ast.Ident:
				if n.Name != self {
					f(n.Name)
				}
			}
			return true
		})
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() {
				walk(d.Type, "")
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() {
						walk(s.Type, s.Name.Name)
					}
				case *ast.ValueSpec:
					if s.Type != nil {
						walk(s.Type, "")
					}
				}
			}
		}
	}
}
