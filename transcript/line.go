package transcript

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"math"
	"strconv"
	"time"

	"spraydeck/event"
)

// A line is
//
//	{"seq":1,"time":"…","dt":0.25,"kind":"…","step":"…","data":{…},"prev":"<64>","sum":"<16>"}
//
// and always ends in prev and sum, in this order; later versions put new fields before them. prev is the SHA-256 of the
// line before, sum the first 16 digits of the SHA-256 of this line up to the comma before sum. prev alone would leave
// the last line unprotected, which is the one that says how the run ended.
const (
	prevField = `,"prev":"`
	sumField  = `,"sum":"`
	prevLen   = 2 * sha256.Size
	sumLen    = 16
	sumTail   = len(sumField) + sumLen + len(`"}`)
	prevTail  = len(prevField) + prevLen + len(`"`)
)

// chain seals lines and knows the hash of the last.
type chain struct {
	hash hash.Hash
	prev [prevLen]byte
	sum  [sha256.Size]byte
}

func newChain() *chain { return &chain{hash: sha256.New()} }

// seal closes an open line: adds the sum, the end of the object and the newline.
func (c *chain) seal(b []byte) []byte {
	var digits [prevLen]byte
	c.hash.Reset()
	c.hash.Write(b)
	hex.Encode(digits[:], c.hash.Sum(c.sum[:0]))
	body := len(b)
	b = append(b, sumField...)
	b = append(b, digits[:sumLen]...)
	b = append(b, '"', '}')
	c.hash.Write(b[body:])
	hex.Encode(c.prev[:], c.hash.Sum(c.sum[:0]))
	return append(b, '\n')
}

// check reports whether a line (without its newline) is whole and follows the last. The header follows nothing.
func (c *chain) check(line []byte, header bool) error {
	body := len(line) - sumTail
	if body < 1 || string(line[body:body+len(sumField)]) != sumField || string(line[len(line)-2:]) != `"}` {
		return errors.New("the line does not end in its sum")
	}
	var digits [prevLen]byte
	c.hash.Reset()
	c.hash.Write(line[:body])
	hex.Encode(digits[:], c.hash.Sum(c.sum[:0]))
	if string(digits[:sumLen]) != string(line[body+len(sumField):len(line)-2]) {
		return errors.New("the line was changed: its sum is another")
	}
	if !header {
		at := body - prevTail
		if at < 1 || string(line[at:at+len(prevField)]) != prevField || line[body-1] != '"' {
			return errors.New("the line does not say what it follows")
		}
		if string(line[at+len(prevField):body-1]) != string(c.prev[:]) {
			return errors.New("the line does not follow the one before: lines were removed, added or changed")
		}
	}
	c.hash.Write(line[body:])
	hex.Encode(c.prev[:], c.hash.Sum(c.sum[:0]))
	return nil
}

// open starts the line of an event; seal ends it.
func (c *chain) open(b []byte, e event.Event, dt time.Duration, data []byte) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"time":"`...)
	b = e.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","dt":`...)
	b = strconv.AppendFloat(b, dt.Round(time.Microsecond).Seconds(), 'f', -1, 64)
	b = append(b, `,"kind":`...)
	b = appendString(b, e.Data.Kind())
	b = append(b, `,"step":`...)
	b = appendString(b, e.Step)
	b = append(b, `,"data":`...)
	if o, ok := e.Data.(event.Output); ok && data == nil {
		b = appendOutput(b, o)
	} else {
		b = append(b, data...)
	}
	b = append(b, prevField...)
	b = append(b, c.prev[:]...)
	return append(b, '"')
}

// record is a line taken apart. Its data still lies in the line.
type record struct {
	seq  int64
	time time.Time
	dt   time.Duration
	kind string
	step string
	data []byte
}

var errLine = errors.New("not an event")

// parse takes a line apart and decodes its data; output that is elsewhere is left as the reference that it is. Lines as this version writes them are read in one pass; any other way
// in which JSON can say the same is left to encoding/json.
func parse(line []byte) (record, event.Data, error) {
	if r, ok := parsePlain(line); ok {
		if d, err := decode(r); err == nil {
			return r, d, nil
		}
	}
	r, err := parseAny(line)
	if err != nil {
		return r, nil, err
	}
	d, err := decode(r)
	return r, d, err
}

func decode(r record) (event.Data, error) {
	if r.kind == outputKind {
		if o, ok := parseOutput(r.data); ok {
			return o, nil
		}
		if p, ok := parseSpooled(r.data); ok {
			return p, nil
		}
	}
	d, err := event.DecodeData(r.kind, r.data)
	if _, unknown := d.(event.UnknownData); unknown && !json.Valid(r.data) {
		return nil, errLine
	}
	return d, err
}

func parseAny(line []byte) (record, error) {
	var v struct {
		Seq  int64           `json:"seq"`
		Time time.Time       `json:"time"`
		Dt   float64         `json:"dt"`
		Kind string          `json:"kind"`
		Step string          `json:"step"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(line, &v); err != nil || v.Seq < 1 || v.Kind == "" || v.Data == nil {
		return record{}, errLine
	}
	return record{v.Seq, v.Time, seconds(v.Dt), v.Kind, v.Step, v.Data}, nil
}

func parsePlain(line []byte) (r record, ok bool) {
	end := len(line) - sumTail - prevTail
	if end < 0 || string(line[end:end+len(prevField)]) != prevField {
		return r, false
	}
	c := cursor{line[:end], true}
	r.seq, _ = strconv.ParseInt(string(c.number(`{"seq":`)), 10, 64)
	stamp := c.text(`,"time":`)
	dt, err1 := strconv.ParseFloat(string(c.number(`,"dt":`)), 64)
	r.kind = string(c.text(`,"kind":`))
	r.step = string(c.text(`,"step":`))
	c.expect(`,"data":`)
	at, err2 := time.Parse(time.RFC3339Nano, string(stamp))
	if !c.ok || err1 != nil || err2 != nil || r.seq < 1 || r.kind == "" {
		return r, false
	}
	r.time, r.dt, r.data = at, seconds(dt), c.rest
	return r, true
}

func seconds(s float64) time.Duration {
	if s < 0 || math.IsNaN(s) || s > math.MaxInt64/1e9 {
		return 0
	}
	return time.Duration(math.Round(s * 1e9))
}

// cursor reads JSON that has exactly one spelling.
type cursor struct {
	rest []byte
	ok   bool
}

func (c *cursor) expect(s string) {
	if c.ok = c.ok && len(c.rest) >= len(s) && string(c.rest[:len(s)]) == s; c.ok {
		c.rest = c.rest[len(s):]
	}
}

func (c *cursor) number(before string) []byte {
	c.expect(before)
	n := 0
	for n < len(c.rest) && (c.rest[n] >= '0' && c.rest[n] <= '9' || c.rest[n] == '.') {
		n++
	}
	return c.take(n, n > 0)
}

// text reads a string without escapes.
func (c *cursor) text(before string) []byte {
	c.expect(before)
	c.expect(`"`)
	n := bytes.IndexAny(c.rest, `"\`)
	b := c.take(max(n, 0), n >= 0)
	c.expect(`"`)
	return b
}

func (c *cursor) take(n int, ok bool) []byte {
	if c.ok = c.ok && ok; !c.ok {
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}
