package symptom

import (
	"slices"
	"testing"
)

func TestLiterals(t *testing.T) {
	for expr, want := range map[string][]string{
		`^(?:changed|ok): \[(?P<node>[^\]]+)\]`:         {"changed: [", "ok: ["},
		`^(?:fatal|failed): .* was refused`:             {" was refused"},
		`^(?:fatal|failed): \[`:                         {"failed: [", "fatal: ["},
		`"(?:hard|soft)"\s*:`:                           {"hard", "soft"},                     // quotes may be escaped
		`(?i)connection (?:refused|reset)`:              {"connection re", "connection refu"}, // the s of other alphabets
		`no (?:\d+ )?such host`:                         {"such host"},
		`^hi  (?:docker-ce(?:-cli)?|kube(?:adm|ctl))\s`: {"hi  docker-ce", "hi  docker-ce-cli", "hi  kubeadm", "hi  kubectl"},
		`(?:un)?supported`:                              {"supported"},
		`[a-z]+`:                                        nil,
	} {
		var got []string
		for _, l := range requiredBy(expr).any {
			got = append(got, l.text)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q", expr, got)
		}
	}
}
