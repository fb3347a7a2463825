package runbook

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// reflow joins the lines of each paragraph, as Markdown means them, so that the width of a screen and not that of the
// file says where lines end. Lists, tables, headings, indented lines and fenced code keep their lines. Lines of Japanese
// are joined without a space.
func reflow(s string) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	var b strings.Builder
	fenced, open := false, false // open: the last line wants to be continued
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, " \t\r\n")
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		switch keep := fenced || fence || line == "" || block.MatchString(line); {
		case open && !keep:
			last, _ := utf8.DecodeLastRuneInString(b.String())
			first, _ := utf8.DecodeRuneInString(strings.TrimLeft(line, " \t"))
			if !(wide(last) && wide(first)) {
				b.WriteByte(' ')
			}
			line = strings.TrimLeft(line, " \t")
		case b.Len() > 0:
			b.WriteByte('\n')
		}
		b.WriteString(line)
		if fence {
			fenced = !fenced
		}
		open = line != "" && !fenced && !fence && !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "#")
	}
	return b.String()
}

// block begins a line that is not the continuation of the one above it.
var block = regexp.MustCompile(`^(\s*([-*+]|\d+[.)])\s|#|\||    |>)`)

// wide says whether a character is of a script that is written without spaces.
func wide(r rune) bool { return r >= 0x2E80 }
