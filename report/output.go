package report

import (
	"strings"
	"unicode/utf8"

	"spraydeck/event"
)

// How much of what a command printed a report shows: enough to see how it began and why it ended. A ticket takes a file
// of some ten megabytes, so when many commands print much, what is kept of each becomes less.
const (
	headLines, tailLines = 40, 160
	headBytes, tailBytes = 16 << 10, 48 << 10
	lineBytes            = 2 << 10
	reportBytes          = 16 << 20 // after which a command keeps an eighth
)

// budget is how much output a report has kept so far.
type budget struct{ used int }

func (b *budget) output() *kept {
	if b == nil {
		return nil
	}
	part := 1
	if b.used > reportBytes {
		part = 8
	}
	return &kept{budget: b, part: part, partial: map[string]*partial{}}
}

// kept is what a report shows of a command's output: the lines at both ends, as a terminal would have shown them in the
// end. A nil one keeps nothing.
type kept struct {
	head, tail         []outputLine
	headSize, tailSize int
	leftLines          int   // between head and tail
	leftBytes          int64 // of them, and of lines that were too long
	budget             *budget
	part               int
	partial            map[string]*partial
}

type outputLine struct {
	text   string
	more   int // omitted bytes of the line
	stderr bool

	omitted int // not a line: so many bytes were not recorded here
}

// partial is a line whose end has not come yet.
type partial struct {
	text string
	more int
}

func (k *kept) add(o event.Output) {
	if k == nil {
		return
	}
	p := k.partial[o.Stream]
	if p == nil {
		p = &partial{}
		k.partial[o.Stream] = p
	}
	if o.Omitted {
		if p.text != "" {
			k.line(p.end(), o.Stream == "stderr")
		}
		k.line(outputLine{omitted: o.Size}, false)
		return
	}
	s := o.Text
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			break
		}
		p.add(s[:i])
		k.line(p.end(), o.Stream == "stderr")
		s = s[i+1:]
	}
	p.add(s)
}

// flush ends lines that have no end.
func (k *kept) flush() {
	if k == nil {
		return
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if p := k.partial[stream]; p != nil && p.text != "" {
			k.line(p.end(), stream == "stderr")
		}
	}
}

// add goes on with the line. A carriage return begins it again: a progress bar draws over itself.
func (p *partial) add(s string) {
	if s == "" {
		return
	}
	if bare := strings.TrimRight(p.text, "\r"); bare != p.text && strings.Trim(s, "\r") != "" {
		p.text, p.more = "", 0
	}
	if i := strings.LastIndexByte(strings.TrimRight(s, "\r"), '\r'); i >= 0 {
		p.text, p.more, s = "", 0, s[i+1:]
	}
	cut := min(len(s), max(0, lineBytes-len(p.text)))
	for cut < len(s) && cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	p.text += s[:cut]
	p.more += len(s) - cut
}

func (p *partial) end() outputLine {
	l := outputLine{text: strings.Clone(strings.TrimRight(p.text, "\r")), more: p.more}
	p.text, p.more = "", 0
	return l
}

func (k *kept) line(l outputLine, stderr bool) {
	l.stderr = stderr
	k.leftBytes += int64(l.more)
	size := len(l.text) + 1
	if len(k.head) < headLines/k.part && k.headSize+size <= headBytes/k.part && len(k.tail) == 0 && k.leftLines == 0 {
		k.head = append(k.head, l)
		k.headSize += size
		k.budget.used += size
		return
	}
	k.tail = append(k.tail, l)
	k.tailSize += size
	k.budget.used += size
	drop := 0
	for len(k.tail)-drop > tailLines/k.part || k.tailSize > tailBytes/k.part {
		size := len(k.tail[drop].text) + 1
		k.tailSize -= size
		k.budget.used -= size
		k.leftBytes += int64(size)
		k.leftLines++
		drop++
	}
	k.tail = k.tail[drop:]
}

// empty says that nothing was printed.
func (k *kept) empty() bool { return k == nil || len(k.head)+len(k.tail)+k.leftLines == 0 }
