package runbook

import "testing"

func TestReflow(t *testing.T) {
	for in, want := range map[string]string{
		"one line":                              "one line",
		"a\nb\n\nc\nd":                          "a b\n\nc d",
		"list:\n- one\n  more\n- two":           "list:\n- one more\n- two",
		"日本の\n文です。\nABC":                        "日本の文です。 ABC",
		"run\n\n    kubectl get nodes\n    top": "run\n\n    kubectl get nodes\n    top",
		"```\na\nb\n```\nc\nd":                  "```\na\nb\n```\nc d",
		"| a | b |\n|---|---|\n| 1 | 2 |":       "| a | b |\n|---|---|\n| 1 | 2 |",
	} {
		if got := reflow(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
