//go:build !race

// Some 14,000 files in one goroutine: the race detector makes a quarter of a minute of it four.

package runbook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// shape are the rules that a schema can know; the others need more than the shape of a file.
var shape = map[string]bool{"type": true, "unknown-key": true, "missing-key": true, "step-kind": true, "probe-kind": true, "name": true}

// TestSchemaAndParser: the schema that editors use and the parser say the same of every file: good ones, and bad ones made
// by taking a good one apart.
func TestSchemaAndParser(t *testing.T) {
	lang := runbooktest.Language() // one: it caches what it compiles
	text, err := json.Marshal(runbook.Schema(lang))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spraydeck.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("spraydeck.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, pattern := range []string{"testdata/*.yaml", "testdata/*/*.yaml", "../runbooks/kubespray/pitfalls/[ce]*.yaml", "../runbooks/releases/v2.2*.yaml"} {
		found, _ := filepath.Glob(pattern)
		files = append(files, found...)
	}
	good, bad := 0, 0
	told := map[string]bool{}
	verdict := func(name, changed string, text []byte) {
		_, problems := runbook.Parse(name, text, lang)
		parser := true
		for _, p := range problems {
			// the form of a text is the parser's, but for lengths of time and words from a list
			if shape[p.Rule] || p.Rule == "value" && (strings.Contains(p.Message, "length of time") || strings.Contains(p.Message, " cannot be ") || strings.Contains(p.Message, "unknown kind")) {
				parser = false
			}
		}
		var v any
		if err := yaml.Unmarshal(text, &v); err != nil {
			return
		}
		b, err := json.Marshal(v)
		if err != nil {
			return
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			return
		}
		said := schema.Validate(value)
		if (said == nil) != parser {
			if key := fmt.Sprint(changed, problems); !told[key] && len(told) < 15 {
				told[key] = true
				t.Errorf("%s with %q: the parser says %v, the schema %.600v", name, changed, problems, said)
			}
			t.Fail()
		}
		if parser {
			good++
		} else {
			bad++
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		verdict(name, "", text)
		lines := strings.SplitAfter(string(text), "\n")
		if len(lines) > 40 {
			lines = lines[:40] // enough of the long ones
		}
		for i, line := range lines {
			indent := line[:len(line)-len(strings.TrimLeft(line, " -"))]
			key, _, ok := strings.Cut(strings.TrimLeft(line, " -"), ":")
			if !ok || strings.ContainsAny(key, " {[\"'") {
				continue
			}
			for _, changed := range []string{indent + key + "x: 1\n", indent + key + ": [[1]]\n", indent + key + ": {zz: 1}\n", indent + key + ": \n", ""} {
				if changed == "" && strings.Contains(indent, "-") {
					continue
				}
				mutated := strings.Join(lines[:i], "") + changed + strings.Join(lines[i+1:], "")
				verdict(name, changed, []byte(mutated))
			}
		}
	}
	t.Logf("%d good and %d bad files", good, bad)
	if good < 50 || bad < 500 {
		t.Errorf("too few: %d good, %d bad", good, bad)
	}
}
