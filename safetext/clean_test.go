package safetext

import (
	"testing"
)

func TestCleanDisarms(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                           "plain",
		"\x1b[31mred\x1b[0m":              "red",
		"\x1b]0;title\x07after":           "after",
		"\x1b]52;c;ZXZpbA==\x1b\\after":   "after",
		"a\x1b[2J\x1b[Hb":                 "ab",
		"\u009b31mred":                    "red",
		"tab\there":                       "tab     here",
		"日本\tx":                           "日本    x",
		"nul\x00bell\x07back\x08":         "nul\ufffdbellback",
		"bad\xffbyte":                     "bad\ufffdbyte",
		"10%\r20%\r100%":                  "100%",
		"line\r":                          "line",
		"\u202egnp.exe":                   "\ufffdgnp.exe",
		"日本語":                             "日本語",
		"\x1bPq#0;2;0;0;0#0~~\x1b\\after": "after",
	} {
		if got := Line(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}
