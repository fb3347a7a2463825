package cli

import (
	"fmt"
	"io"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// writeTable prints findings with their evidence and hint, then what is unknown by its causes, then a line for each of the others.
func writeTable(w io.Writer, found []runbook.Finding, lang string) {
	say := func(en, ja string) string { return event.Text{En: en, Ja: ja}.In(lang) }
	count := map[event.Verdict]int{}
	causes := map[string][]runbook.Finding{}
	for _, f := range found {
		count[f.Verdict]++
		if f.Verdict == event.Unknown && f.Cause != "" {
			causes[f.Cause] = append(causes[f.Cause], f)
		}
	}
	for _, f := range found {
		word := map[event.Verdict]string{event.Pass: say("well", "正常"), event.Fail: say("FINDING", "要対応"), event.Unknown: say("UNKNOWN", "不明")}[f.Verdict]
		if f.Verdict == event.Fail && f.Required == event.Advisory {
			word = say("notice", "注意")
		}
		word = padded(word, 8)
		if same := causes[f.Cause]; f.Verdict == event.Unknown && len(same) > 1 {
			if f.Pitfall == same[0].Pitfall {
				fmt.Fprintf(w, word+say(" %d checks have no answer for one reason:\n", " %d 件の確認が同じ理由で判定できません:\n"), len(same))
				writeCause(w, same)
			}
			continue
		}
		fmt.Fprintf(w, "%s %s  %s\n", word, f.Pitfall, f.Title.In(lang))
		if f.Verdict == event.Pass {
			continue
		}
		fmt.Fprintf(w, "         %s: %s\n", event.SeverityText(f.Severity).In(lang), f.Says.In(lang))
		for _, e := range f.Evidence {
			fmt.Fprintf(w, "           %s\n", e)
		}
		for _, r := range f.Remedies {
			fmt.Fprintf(w, "         %s: %s\n", say("remedy", "対処"), r.Title.In(lang))
		}
	}
	fmt.Fprintf(w, say("\n%d found, %d unknown, %d well\n", "\n要対応 %d、不明 %d、正常 %d\n"), count[event.Fail], count[event.Unknown], count[event.Pass])
}

// causeWidth is where the names of the checks that have a cause are broken.
const causeWidth = 100

// writeCause prints a cause, what helps against it, and the checks that it keeps from an answer.
func writeCause(w io.Writer, same []runbook.Finding) {
	for line := range strings.Lines(same[0].Cause) {
		fmt.Fprintf(w, "           %s\n", strings.TrimSuffix(line, "\n"))
	}
	if last := same[0].Evidence; len(last) > 1 && !strings.Contains(same[0].Cause, last[len(last)-1]) {
		fmt.Fprintf(w, "           %s\n", last[len(last)-1])
	}
	line := ""
	for _, f := range same {
		if line != "" && len(line)+len(f.Pitfall) > causeWidth {
			fmt.Fprintf(w, "         %s\n", line)
			line = ""
		}
		line += " " + f.Pitfall
	}
	fmt.Fprintf(w, "         %s\n", line)
}
