package runbook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"cel.dev/cel-go/cel"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// The seeds are the files of testdata and the mistakes that were made; what fuzzing finds is added under testdata/fuzz.

// FuzzParse: whatever the bytes are, they are read or rejected with a place, and what is read can be looked at.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/*/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			if text, err := os.ReadFile(name); err == nil {
				f.Add(text)
			}
		}
	}
	f.Add([]byte("kind: Runbook\nphases: &a [*a]\n"))
	f.Add([]byte("kind: Pitfall\nsymptoms: {line: '('}\n"))
	lang := runbooktest.Language()
	f.Fuzz(func(t *testing.T, text []byte) {
		file, problems := runbook.Parse("f.yaml", text, lang)
		if file.Runbook != nil || file.Pitfall != nil {
			problems = append(problems, lint.Check([]runbook.File{file})...)
			lint.Advise([]runbook.File{file})
		} else if file.Release == nil && len(problems) == 0 {
			t.Error("neither read nor rejected")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 0 || p.Message == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		source := func(string) string { return string(text) }
		var b strings.Builder
		problems.Show(&b, source)
		lint.SARIF(problems, source, "")
	})
}

// FuzzTemplate: a template is rejected or makes a line in which the value is exactly one argument.
func FuzzTemplate(f *testing.F) {
	for _, place := range places {
		f.Add(place, "it's $HOME `id` \"x\"\n")
	}
	f.Add("${", "x")
	f.Add("$${v} ${v}", "")
	f.Add(`echo "${"}"}" ${v}`, "~")
	sh, err := exec.LookPath("sh")
	f.Fuzz(func(t *testing.T, text, value string) {
		tpl, bad := runbook.NewTemplate(text)
		if bad != nil {
			return
		}
		scope := runbook.NewScope()
		scope.Set("v", cel.StringType, value)
		line, bad := tpl.Shell(scope)
		if bad != nil || err != nil || strings.IndexByte(value, 0) >= 0 || !utf8.ValidString(value) {
			return
		}
		// the shell is only given lines of our own making: what an author writes around a value may do anything
		if text == "printf %s ${v}" || text == `printf %s "${v}"` || text == "printf %s '${v}'" {
			got, err := exec.Command(sh, "-c", line).Output()
			if err != nil || string(got) != value {
				t.Errorf("%q became %q and gave %q (%v)", value, line, got, err)
			}
		}
	})
}

// FuzzExpr: an expression is rejected with its place, or gives a value or an error, within its cost.
func FuzzExpr(f *testing.F) {
	for _, e := range []string{"1 + 1", "v.split(',')", "[1,2,3].map(x, x * 2)", "compareVersions(v, '1.0')", "inRange(v, '>=1')", "json({'a': [1, null]})",
		"regex.extract(v, '(a+)+$')", "v.matches('(')", "minor(v)", "{'a': 1}.?b.orValue(2)", "size(v) > 0 ? v : ''", "\"\\x\"", "${v}"} {
		f.Add(e, "1.2.3")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		if strings.ContainsAny(source, "{}") {
			source = strings.NewReplacer("{", "", "}", "").Replace(source)
		}
		tpl, err := runbook.NewTemplate("${" + source + "}")
		if err != nil {
			return
		}
		scope := runbook.NewScope()
		scope.Set("v", cel.StringType, value)
		_, _ = tpl.Prose(scope)
	})
}
