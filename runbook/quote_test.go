package runbook_test

import (
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
)

// places are where an author may put a value in a command line. Each prints the value with an x before and a y after.
var places = []string{
	`printf %s x${v}y`,
	`printf %s "x${v}y"`,
	`printf %s 'x${v}y'`,
	`printf %s "$(printf %s "x${v}y")"`,
	`printf %s "$(printf %s x${v}y)"`,
	`(printf %s 'it'"'"'s' >/dev/null; printf %s x${v}y)`,
	"printf %s z >/dev/null # it's a comment\nprintf %s \"x${v}y\"",
	`sh -c 'printf %s "$1"' sh x${v}y`,
	`printf %s "a\"b" >/dev/null; printf %s x"${v}"y`,
}

// TestQuoting: whatever a value holds, it reaches the program as exactly one argument, through a real shell.
func TestQuoting(t *testing.T) {
	values := []string{"", " ", "plain", "-n", "~", "~root", "*", "?", "a b", "'", `"`, `\`, "$", "$(id)", "`id`", "${HOME}", "\n", "a\nb\n", "!", "#", "x#y", "=", "a=b", "\t", "\x7f", "日本", "\xff\xfe", ";id", "&", "|", ">f", "{a,b}", "%s", "\x1b[31m"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		b := make([]byte, rng.IntN(12))
		for i := range b {
			if b[i] = byte(1 + rng.IntN(255)); rng.IntN(2) == 0 {
				b[i] = "'\"\\$`(){}#!~ \n*"[rng.IntN(15)]
			}
		}
		values = append(values, string(b))
	}
	for _, place := range places {
		tpl, err := runbook.NewTemplate(place)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			scope := runbook.NewScope()
			// as bytes, for a value need not be UTF-8
			scope.Set("v", cel.BytesType, []byte(v))
			line, err := tpl.Shell(scope)
			if err != nil {
				t.Fatalf("%s with %q: %v", place, v, err)
			}
			got, err := exec.Command("sh", "-c", line).Output()
			want := "x" + v + "y"
			if strings.Contains(place, "$(") {
				want = strings.TrimRight(want, "\n")
			}
			if err != nil || string(got) != want {
				t.Fatalf("%s with %q became %q and printed %q (%v)", place, v, line, got, err)
			}
		}
	}
}

// TestQuotingRefused: a value that cannot be quoted safely is an error for the author.
func TestQuotingRefused(t *testing.T) {
	for _, place := range []string{"cat <<EOF\n${v}\nEOF", "echo `echo ${v}`", `echo \${v}`, "true # ${v}"} {
		tpl, err := runbook.NewTemplate(place)
		if err != nil {
			t.Fatal(err)
		}
		scope := runbook.NewScope()
		scope.Set("v", cel.StringType, "x")
		if line, err := tpl.Shell(scope); err == nil {
			t.Errorf("%q was let through as %q", place, line)
		}
	}
}
