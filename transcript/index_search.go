package transcript

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"spraydeck/event"
)

// Found is a line in which a search found its text: in what a command had printed, or in an event that says it.
type Found struct {
	Pos    int // the text is there after this many events
	Number int // of the command that printed it, 0 for an event
	Up     int // how many lines that command had begun after this one, by then
}

// Search looks through a whole recording, from a place to its end and then from its start: for what commands printed,
// their lines, and what gates, known problems and the operator said. Text that was cut in pieces on its way is found
// too. A query without capitals finds both.
type Search struct {
	Query string
	in    io.ReaderAt
	out   output
	legs  [][2]Place
	size  int64 // of all legs
	read  int64
	pos   int
	fold  bool
	lower bool   // all of the query is ASCII, so that folding goes byte by byte
	plain []byte // the query, folded
	json  []byte // as a string of JSON has it
	carry map[int]carried
	buf   []byte

	missing error // output that could not be looked through
}

// carried is the end of a piece of output, in which the beginning of a match may be.
type carried struct {
	text    []byte
	escaped bool
}

// Search begins to look for a text. Next does it.
func (c *Recording) Search(query string, from Place) *Search {
	start, end := c.At(0), c.End()
	s := &Search{Query: query, in: c.file, out: newOutput(c.path), carry: map[int]carried{}, size: end.Offset - start.Offset,
		legs: [][2]Place{{from, end}, {start, from}}, pos: from.Pos, fold: !strings.ContainsFunc(query, unicode.IsUpper), lower: true}
	for i := range len(query) {
		s.lower = s.lower && query[i] < 0x80
	}
	s.plain = []byte(query)
	s.json = appendString(nil, query)
	s.json = s.json[1 : len(s.json)-1]
	return s
}

// Progress is how much of the recording has been looked through, from 0 to 1.
func (s *Search) Progress() float64 {
	if s.size == 0 {
		return 1
	}
	return min(1, float64(s.read)/float64(s.size))
}

// Next looks through about n more bytes. done says that this was all; then the error may be about output that could not
// be read, and the rest was looked through all the same.
func (s *Search) Next(n int64) (found []Found, done bool, err error) {
	for len(s.legs) > 0 && n > 0 {
		leg := &s.legs[0]
		from := leg[0].Offset
		to, err := eachLine(s.in, from, leg[1].Offset, func(line []byte, next int64) bool {
			s.pos++
			had := next
			if err := s.line(line, &found, &had); err != nil && s.missing == nil {
				s.missing = err
			}
			n -= int64(len(line)) + had - next
			return n > 0
		})
		if err != nil {
			return found, true, fmt.Errorf("search the transcript: %w", err)
		}
		s.read += to - from
		leg[0].Offset = to
		if n > 0 {
			s.legs = s.legs[1:]
			clear(s.carry)
			if len(s.legs) > 0 {
				s.pos = s.legs[0][0].Pos
			}
		}
	}
	if len(s.legs) == 0 {
		s.out.close()
		return found, true, s.missing
	}
	return found, false, nil
}

// line looks through a line of the file. had grows by what it had to read elsewhere.
func (s *Search) line(line []byte, found *[]Found, had *int64) error {
	_, number, ok := glance(line)
	if !ok || number < 0 {
		_, data, err := parse(line)
		if err != nil {
			return nil
		}
		if number, ok = printer(data); !ok {
			if s.has(strings.Join(said(data), "\n")) {
				*found = append(*found, Found{Pos: s.pos})
			}
			return nil
		}
	}
	text, escaped, err := s.out.text(line)
	if err != nil {
		return err
	}
	if !escaped {
		*had += int64(len(text))
	}
	before := s.carry[number]
	if before.escaped != escaped {
		before = carried{}
	}
	if s.may(before.text, text, escaped) {
		s.confirm(plainOf(before.text, before.escaped), plainOf(text, escaped), number, found)
	}
	s.carry[number] = carried{append(before.text[:0], s.tail(before.text, text, escaped)...), escaped}
	return nil
}

// may says quickly whether there can be a match in a piece, or across its front.
func (s *Search) may(before, text []byte, escaped bool) bool {
	query := s.plain
	if escaped {
		query = s.json
	}
	if !s.fold {
		return bytes.Contains(text, query) || len(before) > 0 && bytes.Contains(append(append(s.buf[:0], before...), text[:min(len(text), len(query))]...), query)
	}
	if !s.lower {
		return true
	}
	s.buf = append(append(s.buf[:0], before...), text...)
	for i, c := range s.buf {
		if 'A' <= c && c <= 'Z' {
			s.buf[i] = c + 'a' - 'A'
		}
	}
	return bytes.Contains(s.buf, query)
}

// confirm finds the lines of a piece that match.
func (s *Search) confirm(before, text string, number int, found *[]Found) {
	before = before[strings.LastIndexByte(before, '\n')+1:]
	up := strings.Count(text, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if s.has(line) || before != "" && s.has(before+line) && !s.has(before) {
			*found = append(*found, Found{Pos: s.pos, Number: number, Up: up})
		}
		before = ""
		up--
	}
}

func (s *Search) has(text string) bool {
	if s.fold {
		text = strings.ToLower(text)
	}
	return strings.Contains(text, s.Query)
}

// tail is as much of the end as a match can begin in without ending in it, and not within an escape.
func (s *Search) tail(before, text []byte, escaped bool) []byte {
	n := len(s.plain) - 1
	if escaped {
		n = len(s.json) - 1
	}
	if len(text) < n {
		text = append(bytes.Clone(before), text...)
	}
	i := max(0, len(text)-n)
	for escaped && i > 0 && text[i-1] == '\\' {
		i--
	}
	return text[i:]
}

func plainOf(text []byte, escaped bool) string {
	if !escaped {
		return string(text)
	}
	if s, _, ok := plainString(append(bytes.Clone(text), '"')); ok {
		return s
	}
	return string(text)
}

// said are the words of an event that somebody may look for.
func said(d event.Data) []string {
	switch d := d.(type) {
	case event.CommandStarted:
		return []string{d.Line}
	case event.CommandEnded:
		return []string{d.Error}
	case event.GateChecked:
		return append([]string{d.Title.En, d.Title.Ja, d.Says.En, d.Says.Ja}, d.Evidence...)
	case event.Hit:
		return []string{d.Pitfall, d.Title.En, d.Title.Ja, d.Cause.En, d.Cause.Ja}
	case event.RemedyStarted:
		return []string{d.ID, d.Title.En, d.Title.Ja}
	case event.Asked:
		return []string{d.Title.En, d.Title.Ja}
	case event.Answered:
		return []string{d.Reason}
	case event.StepEnded:
		return []string{d.Why.En, d.Why.Ja}
	case event.Remark:
		return []string{d.Text.En, d.Text.Ja}
	}
	return nil
}
