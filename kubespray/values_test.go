package kubespray

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestValuesKeepLinesAndSecrets(t *testing.T) {
	got, err := parseValues("v.yml", []byte("---\na: yes\nb:\n  - 1\nsecret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3161\na: no\nt: \"{{ b }}\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Value{
		"a":      {Value: false, File: "v.yml", Line: 8},
		"b":      {Value: []any{int64(1)}, File: "v.yml", Line: 3},
		"secret": {Value: map[string]any{"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n3161\n"}, File: "v.yml", Line: 5},
		"t":      {Value: "{{ b }}", File: "v.yml", Line: 9},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for _, empty := range []string{"", "---\n", "# only a comment\n", "~\n"} {
		if got, err := parseValues("v.yml", []byte(empty)); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", empty, got, err)
		}
	}
	if _, err := parseValues("v.yml", []byte("$ANSIBLE_VAULT;1.1;AES256\n3161\n")); !errors.Is(err, ErrVault) {
		t.Errorf("vault file: %v", err)
	}
}

func TestValuesNameTheLineThatIsWrong(t *testing.T) {
	bomb := "a: &a [1,1,1,1,1,1,1,1,1]\n"
	for _, c := range []string{"b", "c", "d", "e", "f", "g"} {
		p := string(c[0] - 1)
		bomb += c + ": &" + c + " [" + strings.Repeat("*"+p+",", 9) + "]\n"
	}
	for text, want := range map[string]string{
		"a: 1\nb: [1\n":         "v.yml:",
		"a: 1\n\tb: 2\n":        "v.yml:2: ",
		"- a\n":                 "v.yml:1: read variables: want key: value lines",
		"ok: 1\nbad: {{ x }}\n": "v.yml:2: read yaml: a key must be plain text; quote a value",
		"a: 1\n---\nb: 2\n":     "v.yml:2: read yaml: a second document",
		"a: &a [*a]\n":          "v.yml:1: read yaml: ",
		"a: &a {b: *a}\n":       "v.yml:1: read yaml: ",
		"a: *nope\n":            "v.yml:",
		"a: \xff\n":             "v.yml:",
		"a: 1\n<<: text\n":      "v.yml:2: read yaml: << requires a mapping",
		bomb:                    "more than 500000 values",
	} {
		if _, err := parseValues("v.yml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error %v, want %q", text, err, want)
		}
	}
}

func TestCommentedValues(t *testing.T) {
	text := `---
# Note: prose
# see docs/x.md
## example: of something
## apiserver_loadbalancer_domain_name: "elb.some.domain"
# helm_enabled: true  # trailing
#plain_key: 5
# cloud_provider:
# kube_override_hostname: {{ inventory_hostname }}
# tolerations:
# - key: a
#   effect: b
#   nested_in_item: c
# labels:
#   app: x
#
# helm_enabled: false
active: 1
  # indented_comment: 1
`
	got := commentedValues("f", []byte(text))
	want := map[string]any{
		"apiserver_loadbalancer_domain_name": "elb.some.domain",
		"helm_enabled":                       true,
		"plain_key":                          int64(5),
		"cloud_provider":                     nil,
		"kube_override_hostname":             "{{ inventory_hostname }}",
		"tolerations":                        []any{map[string]any{"key": "a", "effect": "b", "nested_in_item": "c"}},
		"labels":                             map[string]any{"app": "x"},
	}
	plain := map[string]any{}
	for k, v := range got {
		plain[k] = v.Value
		if !v.Commented {
			t.Errorf("%s is not marked", k)
		}
	}
	if !reflect.DeepEqual(plain, want) {
		t.Errorf("got  %v\nwant %v", plain, want)
	}
	if got["helm_enabled"].Line != 6 {
		t.Errorf("line %d", got["helm_enabled"].Line)
	}
}

func FuzzValues(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "a: &a [*a]\n", "<<: [{a: 1}, {b: 2}]\n", "# a: 1\n#  b\n", "a: !vault |\n  x\n", "? [a]\n: b\n", "a: {{ b }}\n", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := parseValues("f", text)
		if err != nil && !strings.Contains(err.Error(), "f") {
			t.Errorf("an error must name the file: %v", err)
		}
		for k, v := range values {
			if v.Line < 1 {
				t.Errorf("%q has line %d", k, v.Line)
			}
		}
		commentedValues("f", text)
	})
}

func FuzzParseFile(f *testing.F) {
	seeds, err := filepath.Glob("testdata/inventories/*/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range seeds {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(text, strings.HasSuffix(name, ".ini"))
		}
	}
	f.Add([]byte("a[0:999999999]\n"), true)
	f.Add([]byte("a: &a\n  children: *a\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, ini bool) {
		s := newSource()
		s.bases = []string{filepath.Join(os.DevNull, "none")}
		name := "inv.yml"
		if ini {
			name = "inv.ini"
		}
		if err := s.parse(name, text); err != nil {
			return
		}
		s.tree.addDynamic()
		if _, err := s.resolve(); err != nil {
			t.Errorf("resolve: %v", err)
		}
	})
}
