package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"spraydeck/event"
)

// eachLine returns the whole lines between two places of a file, without their newlines, until the caller stops. They are
// good only during the call. It gives the offset of what it has not given: the end, or a line that is not whole.
func eachLine(in io.ReaderAt, from, to int64, give func(line []byte, next int64) bool) (int64, error) {
	buf := make([]byte, min(1<<20, max(to-from, 1)))
	have := 0
	for at := from; ; {
		n, err := in.ReadAt(buf[have:min(int64(len(buf)), int64(have)+max(0, to-at-int64(have)))], at+int64(have))
		if err != nil && !errors.Is(err, io.EOF) {
			return at, err
		}
		have += n
		rest := buf[:have]
		for {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			at += int64(i) + 1
			if !give(rest[:i], at) {
				return at, nil
			}
			rest = rest[i+1:]
		}
		if n == 0 {
			return at, nil
		}
		if len(rest) == len(buf) {
			if len(buf) > maxLine {
				return at, errLong
			}
			buf = make([]byte, 2*len(buf))
		}
		have = copy(buf, rest)
	}
}

// scan indexes what is in a file up to an offset. Output, which is nearly all of it, is not decoded.
func (x *index) scan(in io.ReaderAt, to int64) error {
	number, block := -1, -1 // of the output line before
	_, err := eachLine(in, x.Offset, to, func(line []byte, next int64) bool {
		if n := len(x.blocks); n == 0 || x.Offset-x.blocks[n-1].Offset >= blockSize {
			x.blocks = append(x.blocks, x.Place)
		}
		dt, command, ok := glance(line)
		if !ok || command < 0 {
			x.event(line, next)
			return true
		}
		x.pass(next, dt)
		x.ended = false
		if b := len(x.blocks) - 1; command != number || b != block {
			number, block = command, b
			x.prints[command] = grown(x.prints[command], b, b)
		}
		return true
	})
	if errors.Is(err, errLong) {
		x.bad = x.Pos + 2 // as far as it can be read
		return nil
	}
	if err != nil {
		return fmt.Errorf("index the transcript: %w", err)
	}
	return nil
}

// pass moves on by a line.
func (x *index) pass(next int64, dt time.Duration) {
	x.Pos++
	x.Offset = next
	x.Elapsed += dt
	x.Played += min(dt, idleLimit)
}

// event takes in a line that is not output, or not as this version writes it.
func (x *index) event(line []byte, next int64) {
	r, data, err := parse(line)
	x.pass(next, r.dt)
	if err != nil {
		if x.bad == 0 {
			x.bad = x.Pos + 1
		}
		return
	}
	x.ended = r.kind == endedKind
	if number, ok := printer(data); ok {
		b := len(x.blocks) - 1
		x.prints[number] = grown(x.prints[number], b, b)
		return
	}
	e := &indexed{Place: x.Place, step: r.step, line: bytes.Clone(line), parsed: true,
		event: event.Event{Seq: r.seq, Time: r.time, Step: r.step, Data: data, Elapsed: x.Elapsed}}
	e.marks, e.topic = marksOf(e.event)
	x.events = append(x.events, e)
}

// glance reads of a line, as this version writes it, what an index needs: the pause before it, and, if it is output,
// whose (-1: it is something else).
func glance(line []byte) (dt time.Duration, command int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"seq":`))
	if !ok {
		return 0, 0, false
	}
	_, rest, ok = digits(rest)
	if !ok || !cut(&rest, `,"time":"`) {
		return 0, 0, false
	}
	i := bytes.IndexByte(rest, '"')
	if i < 0 {
		return 0, 0, false
	}
	rest = rest[i:]
	if !cut(&rest, `","dt":`) {
		return 0, 0, false
	}
	whole, rest, ok := digits(rest)
	if !ok || whole > 1<<32 {
		return 0, 0, false
	}
	dt = time.Duration(whole) * time.Second
	if cut(&rest, ".") {
		n := len(rest)
		part, after, ok := digits(rest)
		if n -= len(after); !ok || n > 9 {
			return 0, 0, false
		}
		for ; n < 9; n++ {
			part *= 10
		}
		dt, rest = dt+time.Duration(part), after
	}
	if !cut(&rest, `,"kind":"output","step":"`) {
		return dt, -1, true
	}
	if i = bytes.IndexByte(rest, '"'); i < 0 {
		return 0, 0, false
	}
	rest = rest[i:]
	if !cut(&rest, `","data":{"command":`) {
		return 0, 0, false
	}
	number, rest, ok := digits(rest)
	if !ok || number > 1<<31 || len(rest) == 0 || rest[0] != ',' {
		return 0, 0, false
	}
	return dt, int(number), true
}

func cut(b *[]byte, s string) bool {
	if len(*b) < len(s) || string((*b)[:len(s)]) != s {
		return false
	}
	*b = (*b)[len(s):]
	return true
}

func digits(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && i < 18 && b[i] >= '0' && b[i] <= '9'; i++ {
		n = n*10 + int64(b[i]-'0')
	}
	return n, b[i:], i > 0
}
