//go:build !race

// Two parsers read every text of the catalogue, in one goroutine.

package runbook

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"
)

// agree: what both parsers read, they read into the same tree.
func agree(t *testing.T, source string) (read bool) {
	t.Helper()
	quick := parse(source)
	if quick == nil {
		return false
	}
	env, err := base()
	if err != nil {
		t.Fatal(err)
	}
	slow, issues := env.Parse(source)
	if issues.Err() != nil {
		return true // it takes 0X1F and rb'' as well, which say what they mean
	}
	q, err := cel.AstToParsedExpr(quick)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cel.AstToParsedExpr(slow)
	if err != nil {
		t.Fatal(err)
	}
	if q, s := fmt.Sprint(q.GetExpr()), fmt.Sprint(s.GetExpr()); q != s {
		t.Errorf("%q is read as\n%s\nand as\n%s", source, q, s)
	}
	return true
}

// TestParsers: both parsers agree about every value of every file that comes with the program, and about what stands
// inside ${} there, whether it is an expression or not.
func TestParsers(t *testing.T) {
	read := 0
	try := func(text string) {
		if agree(t, text) {
			read++
		}
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, c := range n.Content {
			walk(c)
		}
		if n.Kind != yaml.ScalarNode {
			return
		}
		try(n.Value)
		for _, part := range strings.Split(n.Value, "${")[1:] {
			expr, _, _ := strings.Cut(part, "}")
			try(expr)
		}
	}
	err := filepath.WalkDir("../runbooks", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return err
		}
		walk(&doc)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 1000 {
		t.Errorf("only %d values are expressions: are the files where they are looked for?", read)
	}
}

// FuzzParsers looks for an expression about which the parsers differ.
func FuzzParsers(f *testing.F) {
	for _, seed := range []string{
		"1 + 2 * -3 == -3 ? [1, 2u, 3.5e2, 0x1F] : []", `r"\d+" + b'\x00' + """a"b"""`, "a.b[?0].?c.orValue(x)", "{'a': 1, ?'b': c}",
		"l.exists(x, x in [1]) && !has(a.b) || a.b.c() > -1", "runbook.Result{exit: 1}", ".a.b", "l.map(x, x > 1, x)", "-a.b.c - - 1", "a ? b : c ? d : e",
		"true // why", "x.`a-b`", "\"\\u00e9\\U0001F600\\101\"", "!!a", "--1", "-9223372036854775808", "as", "a.in", "[1,]", "{1:2,}", "f(a,)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 2000 {
			return
		}
		agree(t, source)
	})
}
