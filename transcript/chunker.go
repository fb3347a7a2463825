package transcript

import (
	"unicode/utf8"

	"spraydeck/runbook"
)

// pieceSize is how much output one event carries at most: large enough that its line costs little more than its bytes,
// small enough to seek by.
const pieceSize = 32 << 10

// Chunker turns the bytes of one stream of a command into Output events: it puts characters together that the
// transport cut in two, cuts floods into pieces of at most 32 KiB, and gathers small writes until Flush. It keeps no
// clock; call Flush when nothing has come for a moment (30 ms is what the eye does not see) and Close at the end.
// It is not safe for concurrent use.
type Chunker struct {
	number int
	stream string
	buf    []byte
}

// NewChunker gives a Chunker for one stream of the command of this number.
func NewChunker(number int, stream string) *Chunker {
	return &Chunker{number: number, stream: stream}
}

// Write adds bytes and gives the pieces that are full.
func (c *Chunker) Write(p []byte) []runbook.Output {
	c.buf = append(c.buf, p...)
	var out []runbook.Output
	rest := c.buf
	for len(rest) >= pieceSize+utf8.UTFMax {
		n := wholeRunes(rest[:pieceSize])
		out = append(out, runbook.NewOutput(c.number, c.stream, rest[:n]))
		rest = rest[n:]
	}
	c.buf = append(c.buf[:0], rest...)
	return out
}

// Flush gives what has been gathered, except for the beginning of a character whose end is still to come.
func (c *Chunker) Flush() []runbook.Output {
	if n := wholeRunes(c.buf); n > 0 {
		return []runbook.Output{c.piece(n)}
	}
	return nil
}

// Close gives all that is left.
func (c *Chunker) Close() []runbook.Output {
	if n := len(c.buf); n > 0 {
		return []runbook.Output{c.piece(n)}
	}
	return nil
}

func (c *Chunker) piece(n int) runbook.Output {
	o := runbook.NewOutput(c.number, c.stream, c.buf[:n])
	c.buf = append(c.buf[:0], c.buf[n:]...)
	return o
}

// wholeRunes gives how many bytes to take so that no character is cut. Bytes that begin no character are taken.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				break
			}
			return i
		}
	}
	return len(b)
}
