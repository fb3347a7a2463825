package transcript

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"spraydeck/event"
)

// Masked is where a secret was.
const Masked = event.Masked

// Masking knows three kinds of secret.
//
// Values: what Mask was given, also as base64, JSON, a URL and a quoted shell word spell it. Where a piece of output
// ends in what may be the beginning of a value, that end is held back until it is clear. It is let go after holdFor,
// at the end of its command, or before the run ends; if it is half of the value or more, masked.
//
// Shapes: what looks like a secret (mask_patterns.go). What announces one - "password=", "-----BEGIN … PRIVATE KEY-----" -
// is not secret itself, so nothing is held back: what follows is swallowed as it comes, over any number of pieces.
//
// Own patterns: what the operator wrote into a file (mask_user.go). Where there are any, a line is held back until it ends,
// also for holdFor at most.
//
// Too much masked is an annoyance, too little a leak; where a rule has to err, it errs on the side of the first.
type mask struct {
	known
	filter map[streamKey]*filter
}

type streamKey struct {
	number int
	stream string
}

// filter masks one stream.
type filter struct {
	held  []byte    // the end of the stream so far, which may begin a value
	since time.Time // when it began to be held
	step  string    // of the newest piece
	lines lines
	shape shape
}

func (f *filter) holding() bool { return f.pending() > 0 }

// pending is how many bytes are held back.
func (f *filter) pending() int { return len(f.held) + len(f.lines.held) + len(f.shape.held) }

// output passes a piece and says how much of the stream went into what it gives: a command that is taken up again goes on
// behind that.
func (f *filter) output(m *known, o event.Output, final bool) event.Output {
	in := o.Bytes()
	size := f.pending() + len(in)
	out := f.pass(m, in, final)
	size -= f.pending()
	if !bytes.Equal(in, out) {
		o = event.NewOutput(o.Number, o.Stream, out)
	}
	o.Size = 0
	if size != len(out) {
		o.Size = size
	}
	return o
}

// pass takes the next bytes of a stream and gives those that may be written. With final it gives all.
func (f *filter) pass(m *known, p []byte, final bool) []byte {
	before := f.holding()
	p = f.lines.mask(m.own, p, final)
	p, held := m.values.mask(f.held, p, final)
	f.held = append(f.held[:0:0], held...)
	p = f.shape.mask(p, final)
	if f.holding() && (!before || len(p) > 0) {
		f.since = time.Now()
	}
	return p
}

// text masks a text that is whole.
func (m *mask) text(p []byte) []byte {
	var f filter
	return f.pass(&m.known, p, true)
}

// output masks a piece of output. What it holds back comes with a later piece of the same stream, or from rest.
func (m *mask) output(step string, o event.Output) event.Output {
	key := streamKey{o.Number, o.Stream}
	f := m.filter[key]
	if f == nil {
		f = &filter{}
		m.filter[key] = f
	}
	f.step = step
	return f.output(&m.known, o, false)
}

// holding reports whether any stream holds something back.
func (m *mask) holding() bool {
	for _, f := range m.filter {
		if f.holding() {
			return true
		}
	}
	return false
}

// fixed are the fields that hold words of this program or of the runbook. A password that happens to be "done" must not
// turn an outcome into something that a resume can not read.
var fixed = map[string]bool{
	"status": true, "outcome": true, "verdict": true, "required": true, "danger": true, "form": true, "kind": true,
	"when": true, "choice": true, "id": true, "question": true, "gate": true, "pitfall": true, "symptom": true,
	"severity": true, "by": true, "ready": true, "safe": true,
}

// data masks the strings in the JSON of an event, and the value of every key that names a secret. Of a known kind it
// leaves the names of fields alone, and what is fixed. It gives nil when there was nothing to mask.
func (m *mask) data(b []byte, known bool) []byte {
	var out []byte
	from, key := 0, "" // key: the name whose value comes next
	var list filter    // of the strings of a list, which may be the lines of one text
	for i := 0; i < len(b); i++ {
		if b[i] != '"' {
			if b[i] != ':' && b[i] != ' ' {
				key = "" // a number, or an object or list with names of its own
			}
			continue
		}
		end := closingQuote(b[i+1:])
		if end < 0 {
			break
		}
		end += i + 2
		var s string
		if json.Unmarshal(b[i:end], &s) != nil {
			s = Masked // can not be: it was encoded a moment ago
		}
		isKey := end < len(b) && bytes.HasPrefix(bytes.TrimLeft(b[end:], " "), []byte(":"))
		t := s
		switch {
		case known && (isKey || fixed[key]):
		case !isKey && secretName(key) && !harmless([]byte(s)):
			t = Masked
		case key != "" || isKey:
			t = string(m.text([]byte(s)))
		default:
			t = strings.TrimSuffix(string(list.pass(&m.known, []byte(s+"\n"), true)), "\n")
		}
		if t != s {
			out = append(out, b[from:i]...)
			out = appendString(out, t)
			from = end
		}
		key = ""
		if isKey {
			key, list = s, filter{}
		}
		i = end - 1
	}
	if out == nil {
		return nil
	}
	return append(out, b[from:]...)
}
