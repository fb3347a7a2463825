package report

import (
	"fmt"
	"html"
	"strings"

	"spraydeck/event"
)

// commandView is a command as the template shows it.
type commandView struct {
	*Command
	l language
}

// Class says how bad its outcome is: a probe that exits with 1 has answered.
func (c *commandView) Class() string {
	if c.Outcome == event.Exited && c.Probe {
		return "faint"
	}
	return "bad"
}

// Output is what it printed, with its colours.
func (c *commandView) Output() markup {
	k := c.output
	if c.would {
		return ""
	}
	if k.empty() {
		return markup(`<p class="faint nothing">` + html.EscapeString(c.l.say("It printed nothing.", "出力なし。")) + `</p>`)
	}
	var b strings.Builder
	b.WriteString("<pre>")
	writeLines(&b, k.head, c.l)
	if k.leftLines > 0 {
		fmt.Fprintf(&b, `<span class="cut">%s</span>`+"\n", html.EscapeString(c.l.leftOut(k)))
	}
	writeLines(&b, k.tail, c.l)
	b.WriteString("</pre>")
	return markup(b.String())
}

func writeLines(b *strings.Builder, lines []outputLine, l language) {
	var is look
	for _, line := range lines {
		if line.omitted > 0 {
			fmt.Fprintf(b, `<span class="cut">%s</span>`+"\n", html.EscapeString(l.omitted(line.omitted)))
			continue
		}
		if line.stderr {
			b.WriteString(`<span class="err">`)
		}
		for _, p := range pieces(line.text, &is) {
			if p.class == "" {
				b.WriteString(html.EscapeString(p.text))
			} else {
				fmt.Fprintf(b, `<span class="%s">%s</span>`, p.class, html.EscapeString(p.text))
			}
		}
		if line.more > 0 {
			fmt.Fprintf(b, `<span class="cut">%s</span>`, html.EscapeString(l.moreOfLine(line.more)))
		}
		if line.stderr {
			b.WriteString("</span>")
		}
		b.WriteByte('\n')
	}
}

// diffView is a difference as the template shows it.
type diffView struct {
	*Diff
	ID             string
	Added, Removed int
	lines          []diffLine
	l              language
}

func newDiffView(d *Diff, n int, l language) *diffView {
	v := &diffView{Diff: d, ID: fmt.Sprintf("diff-%d", n), l: l}
	v.lines, v.Removed, v.Added = d.lines()
	return v
}

// Body is the difference, line by line.
func (v *diffView) Body() markup {
	if v.Added+v.Removed == 0 {
		return markup(`<p class="faint nothing">` + html.EscapeString(v.l.say("No difference.", "差分なし。")) + `</p>`)
	}
	var b strings.Builder
	b.WriteString("<pre>")
	for _, d := range v.lines {
		switch d.sign {
		case gap:
			fmt.Fprintf(&b, `<span class="cut">%s</span>`, html.EscapeString(v.l.say("… %d lines …", "… %d 行 …", d.n)))
		case '+':
			b.WriteString(`<ins>+` + html.EscapeString(plain(d.text)) + `</ins>`)
		case '-':
			b.WriteString(`<del>-` + html.EscapeString(plain(d.text)) + `</del>`)
		default:
			b.WriteString(" " + html.EscapeString(plain(d.text)))
		}
		b.WriteByte('\n')
	}
	b.WriteString("</pre>")
	return markup(b.String())
}
