package event

import (
	"encoding/json"
	"fmt"
)

// Text is something a person reads. Ja may be empty: then En stands for it.
type Text struct {
	En, Ja string
}

// T is a Text that is the same in every language, such as a name or a path.
func T(s string) Text { return Text{En: s} }

// Textf formats both languages with the same arguments.
func Textf(en, ja string, args ...any) Text {
	return Text{En: fmt.Sprintf(en, args...), Ja: fmt.Sprintf(ja, args...)}
}

// In returns the text in a language ("en" or "ja"), falling back to English.
func (t Text) In(lang string) string {
	if lang == "ja" && t.Ja != "" {
		return t.Ja
	}
	return t.En
}

func (t Text) String() string { return t.En }

// Empty reports whether there is nothing to read.
func (t Text) Empty() bool { return t.En == "" && t.Ja == "" }

// MarshalJSON writes a plain string where there is one language and an object where there are two.
func (t Text) MarshalJSON() ([]byte, error) {
	if t.Ja == "" {
		return json.Marshal(t.En)
	}
	return json.Marshal(map[string]string{"en": t.En, "ja": t.Ja})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		t.Ja = ""
		return json.Unmarshal(b, &t.En)
	}
	var m struct{ En, Ja string }
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	t.En, t.Ja = m.En, m.Ja
	return nil
}

// Plus puts one text after another, in both languages.
func (t Text) Plus(more Text) Text { return Text{En: t.En + more.En, Ja: t.In("ja") + more.In("ja")} }
