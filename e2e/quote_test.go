package e2e

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"spraydeck/runbook"
	"spraydeck/sshx"
)

// TestQuotingOverSSH: whatever bytes a value holds, it reaches the program on a node as exactly one argument.
func TestQuotingOverSSH(t *testing.T) {
	l := boot(t)
	client := sshx.New(l.vars["LAB_SSH_CONFIG"], nil)
	defer client.Close()
	values := []string{"", " ", "-n", "~", "*", "a b", "'", `"`, `\`, "$(id)", "`id`", "${HOME}", "a\nb", "!", "#", ";id", "日本", "\xff\xfe", "\x1b[31m", "\x01\x7f"}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		b := make([]byte, rng.IntN(10))
		for i := range b {
			if b[i] = byte(1 + rng.IntN(255)); rng.IntN(2) == 0 {
				b[i] = "'\"\\$`(){}#!~ \n*"[rng.IntN(15)]
			}
		}
		values = append(values, string(b))
	}
	for _, place := range []string{`printf %s x${v}y`, `printf %s "x${v}y"`, `printf %s 'x${v}y'`, `sh -c 'printf %s "$1"' sh x${v}y`} {
		tpl, err := runbook.NewTemplate(place)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			scope := runbook.NewScope()
			scope.Set("v", cel.BytesType, []byte(v))
			line, err := tpl.Shell(scope)
			if err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			exit, err := client.Run(t.Context(), "node1", line, nil, &out, &errs)
			if want := "x" + v + "y"; err != nil || exit != 0 || out.String() != want {
				t.Fatalf("%s with %q: sent %q, exit %d, %v, printed %q %s", place, v, line, exit, err, out.String(), strings.TrimSpace(errs.String()))
			}
		}
	}
}
