package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

const soundHead = "apiVersion: spraydeck/v1\nkind: Runbook\nname: x\ntitle: X\nversion: 1.0.0\n"

// step is a runbook with one command.
func oneStep(command string) string {
	return soundHead + "phases:\n  - title: P\n    steps:\n      - {id: a, title: A, danger: none, command: " + command + "}\n"
}

// TestBadInput: what no honest file holds is rejected, with its place and the reason, and without a crash or a hang.
func TestBadInput(t *testing.T) {
	// every phase stands for nine times the steps of the one before
	bomb, facts := "phases:\n", "{a: &a [x,x,x,x,x,x,x,x,x]"
	for i := range 8 {
		remedies := ""
		if i > 0 {
			remedies = ", remedies: [" + strings.Repeat(fmt.Sprintf("{id: r, title: R, steps: *l%d},", i-1), 9) + "]"
		}
		bomb += fmt.Sprintf("  - {title: P, steps: &l%d [{id: s, title: S, danger: none, command: date%s}]}\n", i, remedies)
	}
	for c := 'b'; c < 'k'; c++ {
		facts += fmt.Sprintf(", %c: &%c [%s]", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ","))
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "1:1: the file is empty"},
		{"fifty megabytes", soundHead + strings.Repeat("# x\n", 50<<20/4), "1:1: the file has"},
		{"not UTF-8", "apiVersion: spraydeck/v1\nkind: Run\xffbook\n", "2:10: the file is not UTF-8"},
		{"tabs", soundHead + "phases:\n\t- title: P\n", "7:1: not YAML: found character that cannot start any token"},
		{"two documents", oneStep("date") + "---\n" + oneStep("date"), "a second document in one file"},
		{"alias bomb", soundHead + bomb, "more than 50000 values"},
		{"alias bomb in facts of a test", soundHead + "tests: [{name: t, facts: " + facts + "}, verdict: pass}]\nphases: []\n", "[yaml]"},
		{"an alias inside its own anchor", soundHead + "phases:\n  - {title: P, steps: &p [{id: a, title: A, danger: none, command: date, remedies: [{id: r, title: R, steps: *p}]}]}\n", "alias *p stands inside its own anchor"},
		{"deep", soundHead + "phases:\n" + deep(200), "nested more than 100 deep"},
		{"merge keys", soundHead + "inputs:\n  a: &a {prompt: A}\n  b: {<<: *a}\nphases: []\n", "merge keys (<<) are not part of the language"},
		{"no kind", "apiVersion: spraydeck/v1\n", `1:1: "kind" is missing`},
		{"a list", "- a\n- b\n", `1:1: "kind" is missing`},
		{"an expression that is too long", oneStep(`"${` + strings.Repeat("1+", 20_000) + `1}"`), "[expression]"},
		{"an unclosed expression", oneStep(`"${a"`), "${ is not closed"},
		{"a value in a comment", oneStep(`"date # ${node}"`), "${} stands in a comment"},
		{"a pattern of another dialect", strings.Replace(oneStep("date"), "phases:", "inputs: {a: {prompt: A, match: '(?=x)'}}\nphases:", 1), "[value]"},
		{"a NUL", "apiVersion: \x00\n", "not YAML"},
		{"a negative time", strings.Replace(oneStep("date"), "danger: none", "danger: none, timeout: -5s", 1), `"-5s" is no length of time`},
	} {
		f, problems := runbook.Parse("bad.yaml", []byte(c.text), runbooktest.Language())
		if f.Runbook != nil {
			problems = append(problems, lint.Check([]runbook.File{f})...)
		}
		text := problems.Error()
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: want %q in\n%.2000s", c.name, c.want, text)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.Rule == "" {
				t.Errorf("%s: a problem without a place or a rule: %+v", c.name, p)
			}
		}
		var b strings.Builder
		problems.Show(&b, func(string) string { return c.text })
	}
}

func deep(n int) string {
	var b strings.Builder
	b.WriteString("  - title: P\n    steps:\n      - {id: a, title: A, danger: none, command: date, remedies: ")
	for i := range n {
		fmt.Fprintf(&b, "[{id: r%d, title: R, steps: [{id: s%d, title: S, danger: none, command: date, remedies: ", i, i)
	}
	b.WriteString("[]" + strings.Repeat("}]}]", n) + "}\n")
	return b.String()
}

// TestHarmless: line ends of other systems and a byte order mark are no mistake.
func TestHarmless(t *testing.T) {
	text := oneStep("date")
	for name, text := range map[string]string{"CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "BOM": "\ufeff" + text} {
		f, problems := runbook.Parse("x.yaml", []byte(text), runbooktest.Language())
		if problems = append(problems, lint.Check([]runbook.File{f})...); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestCostLimit: an expression that would run for minutes is stopped, and says where it stands.
func TestCostLimit(t *testing.T) {
	text := soundHead + "phases:\n  - title: P\n    steps:\n      - id: a\n        title: A\n        check:\n          gates:\n            - {id: g, title: G, fails: no G, facts: {l: {command: many}}, rule: \"l.lines.all(a, l.lines.all(b, l.lines.all(c, a + b + c != 'x')))\"}\n"
	f, problems := runbook.Parse("cost.yaml", []byte(text), runbooktest.Language())
	if problems = append(problems, lint.Check([]runbook.File{f})...); len(problems) > 0 {
		t.Fatal(problems)
	}
	var evidence []string
	_, err := engine.NewRun(f.Runbook, engine.Env{
		Exec: func(_ context.Context, _ event.Command, out func(string, []byte)) (int, error) {
			out("stdout", []byte(strings.Repeat("line\n", 2000)))
			return 0, nil
		},
		Ask: func(_ context.Context, q event.Question) (event.Answer, error) {
			if q.Form == event.AskGate {
				return event.Answer{}, event.ErrUnanswered
			}
			return event.Answer{Choice: event.ChoiceContinue}, nil
		},
		Sink: func(e event.Event) error {
			if g, ok := e.Data.(event.GateChecked); ok {
				evidence = append(g.Evidence, string(g.Verdict))
			}
			return nil
		},
	}).Go(t.Context())
	if text := strings.Join(evidence, " "); err != nil || !strings.Contains(text, "cost.yaml:13:") || !strings.Contains(text, "cost limit") || !strings.Contains(text, "unknown") {
		t.Errorf("%v %q", err, text)
	}
}
