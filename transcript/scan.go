package transcript

import (
	"bufio"
	"errors"
	"io"
)

// scanner gives the lines of a transcript with their places.
type scanner struct {
	in   *bufio.Reader
	long []byte // a line larger than the buffer
	line int    // number of the line given last, from 1
	at   int64  // where it begins
	next int64  // where the one after begins
}

func newScanner(r io.Reader) *scanner { return &scanner{in: bufio.NewReaderSize(r, 256<<10)} }

var errLong = errors.New("the line has no end")

// read returns the next line without its newline; it is good until the next call. whole is false for what is after
// the last newline. At the end it gives io.EOF.
func (s *scanner) read() (line []byte, whole bool, err error) {
	s.at = s.next
	s.long = s.long[:0]
	for {
		part, err := s.in.ReadSlice('\n')
		s.next += int64(len(part))
		if len(s.long) > 0 || errors.Is(err, bufio.ErrBufferFull) {
			s.long = append(s.long, part...)
			line = s.long
		} else {
			line = part
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(s.long) > maxLine:
			s.line++
			return nil, false, errLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil:
			s.line++
			return line[:len(line)-1], true, nil
		case err == io.EOF && len(line) > 0:
			s.line++
			return line, false, nil
		}
		return nil, false, err
	}
}
