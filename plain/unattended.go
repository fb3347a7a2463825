package plain

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"spraydeck/event"
	"spraydeck/safetext"
)

// RefuseAll returns an Asker that answers nothing. Its error wraps event.ErrUnanswered and says what was asked; its hint
// (see event.HintOf) is what to add to an answers file.
func RefuseAll() event.Asker {
	return func(ctx context.Context, q event.Question) (event.Answer, error) {
		if err := ctx.Err(); err != nil {
			return event.Answer{}, err
		}
		return event.Answer{}, &unanswered{q: q}
	}
}

// unanswered is a question that got no answer.
type unanswered struct {
	q   event.Question
	why string // why the answer that was there is none
}

func (e *unanswered) Unwrap() error { return event.ErrUnanswered }

func (e *unanswered) Error() string { return e.Text().En }

// Text is the error in the operator's language.
func (e *unanswered) Text() event.Text {
	return event.Text{
		En: e.in("en", event.ErrUnanswered.Error()+": %s (question %s)", "; choices: ", " (requires a reason)"),
		Ja: e.in("ja", "回答がありません: %s (質問 %s)", "。選択肢: ", " (理由が必要)"),
	}
}

func (e *unanswered) in(lang, asked, choices, reason string) string {
	s := fmt.Sprintf(asked, safetext.Line(e.q.Title.In(lang)), e.q.ID)
	if e.why != "" {
		s += ": " + e.why
	}
	var ids []string
	for _, c := range e.q.Choices {
		id := c.ID
		if c.NeedsReason {
			id += reason
		}
		ids = append(ids, id)
	}
	if len(ids) > 0 {
		s += choices + strings.Join(ids, ", ")
	}
	return s
}

// Hint shows what to add to the answers file. It fills in the safe choice.
func (e *unanswered) Hint() string {
	var b strings.Builder
	fmt.Fprintf(&b, "to answer it beforehand, add to the file given with --answers:\n")
	fmt.Fprintf(&b, "  %s:\n", yamlScalar(e.q.ID))
	if e.q.Form == event.AskInput {
		fmt.Fprintf(&b, "    text: %s\n", yamlScalar(orElse(e.q.Default, "VALUE")))
	} else {
		choice := orElse(e.q.Safe, event.ChoiceContinue)
		if e.q.Safe == "" && len(e.q.Choices) > 0 {
			choice = e.q.Choices[0].ID
		}
		fmt.Fprintf(&b, "    choice: %s", yamlScalar(choice))
		if ids := choiceIDs(e.q); len(ids) > 1 {
			fmt.Fprintf(&b, "  # or %s", strings.Join(without(ids, choice), ", "))
		}
		b.WriteString("\n")
	}
	if e.q.Type != "" {
		fmt.Fprintf(&b, "    text: %s  # to continue\n", yamlScalar(e.q.Type))
	}
	for _, c := range e.q.Choices {
		if c.NeedsReason {
			fmt.Fprintf(&b, "    reason: ...  # with %s\n", c.ID)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func without(ids []string, id string) []string {
	var rest []string
	for _, s := range ids {
		if s != id {
			rest = append(rest, s)
		}
	}
	return rest
}

// yamlScalar quotes what YAML would read as something else. JSON strings are YAML.
func yamlScalar(s string) string {
	plain := strings.Trim(s, " ") == s && s != "" && !strings.HasSuffix(s, ":") && !strings.Contains(s, ": ") &&
		!strings.Contains(s, " #") && !strings.ContainsAny(s[:1], "*&!|>%@`'\"[]{},#?-0123456789~.") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\x7f' })
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		plain = false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
