package transcript

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
)

// A row is "  22:15:03  word      rest"; what follows it is under the rest.
const (
	wordWidth  = 12
	restColumn = 2 + len("15:04:05") + 2 + wordWidth
)

// row begins a row and leaves it open: a command that ends before anything else is said gets its end on the same line.
func (p *text) row(at time.Time, word, rest string, more ...string) {
	p.endRow()
	stamp := strings.Repeat(" ", len("15:04:05"))
	if !at.IsZero() {
		stamp = at.Format("15:04:05")
	}
	indent := "\n" + strings.Repeat(" ", restColumn)
	fmt.Fprintf(p.w, "  %s  %s%s", stamp, pad(word, wordWidth), strings.ReplaceAll(clean(rest), "\n", indent))
	for _, m := range more {
		fmt.Fprint(p.w, indent, strings.ReplaceAll(clean(m), "\n", indent))
	}
	p.open = -1
}

func (p *text) endRow() {
	if p.open != 0 {
		fmt.Fprintln(p.w)
		p.open = 0
	}
}

func (p *text) line(s string) {
	p.endRow()
	fmt.Fprintln(p.w, clean(s))
	p.printed = true
}

// pieceSize is where an endless line is cut.
const pieceSize = 32 << 10

// output prints the lines that are complete. An endless line is cut where a file viewer would choke on it.
func (p *text) output(o event.Output) {
	key := streamKey{o.Number, o.Stream}
	s := p.partial[key] + o.Text
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			break
		}
		p.outputLine(o.Number, s[:i])
		s = s[i+1:]
	}
	if len(s) > pieceSize {
		p.outputLine(o.Number, s)
		s = ""
	}
	p.partial[key] = s
	if gap := o.Omission(); !gap.Empty() {
		if s != "" {
			p.outputLine(o.Number, s)
			delete(p.partial, key)
		}
		p.outputLine(o.Number, p.in(gap))
	}
}

// outputLine prints what a terminal would have shown of a line in the end: a progress bar draws over itself. The
// number says whose line it is, as commands on many hosts print at once.
func (p *text) outputLine(number int, s string) {
	s = strings.TrimRight(s, "\r")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	p.endRow()
	fmt.Fprintf(p.w, "%*s | %s\n", restColumn-1, fmt.Sprintf("#%d", number), clean(s))
}

// clean takes out everything by which text could act on a terminal.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || event.Hidden(r) {
			return unicode.ReplacementChar // also the marks that turn the direction of text around
		}
		return r
	}, ansi.Strip(s))
}

// pad fills to a width on the screen, where a Japanese character takes two columns, and leaves one blank at least.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(1, width-ansi.StringWidth(s)))
}

// join puts together what is not empty.
func join(parts ...string) string {
	var b strings.Builder
	for _, s := range parts {
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("  ")
		}
		b.WriteString(s)
	}
	return b.String()
}
