package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"time"

	"spraydeck/event"
	"spraydeck/regular"
)

// Reader reads a transcript from start to end. It does not check the chain (see Verify), so that a damaged one can
// still be looked at.
type Reader struct {
	path   string
	header Header
	in     io.ReadSeeker
	start  int64 // of the first event
	torn   int64
	spools spools
}

// Entry is an event with its place in the file.
type Entry struct {
	event.Event
	After  time.Duration // since the event before, by a clock that only goes forward; Elapsed is their sum
	Line   int           // from 1; the header is line 1
	Offset int64         // of the line in the file
}

// Read opens a transcript, given by its file or its directory, and reads its header. Output in spools is read
// from there, piece by piece, as its events are reached.
func Read(path string) (*Reader, error) {
	path = filePath(path)
	f, err := regular.Open(path)
	if err != nil {
		return nil, &FileError{"open", path, err}
	}
	r, err := NewReader(path, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.spools.dir = filepath.Dir(path)
	return r, nil
}

// NewReader reads a transcript that need not be a file, such as an embedded one, and so has no spools. name is in errors.
func NewReader(name string, in io.ReadSeeker) (*Reader, error) {
	s := newScanner(in)
	line, whole, err := s.read()
	switch {
	case err == io.EOF:
		return nil, &LineError{Path: name, Line: 1, Why: "the file is empty"}
	case err != nil && !errors.Is(err, errLong):
		return nil, fmt.Errorf("read transcript %s: %w", name, err)
	case !whole:
		return nil, &LineError{Path: name, Line: 1, Why: "not the header of a transcript"}
	}
	h, err := parseHeader(name, line)
	if err != nil {
		return nil, err
	}
	return &Reader{path: name, header: h, in: in, start: s.next}, nil
}

// Header returns the first line.
func (r *Reader) Header() Header { return r.header }

// Torn returns how many bytes are after the last whole line. It is known after an iteration came to the end. While
// the run is still written they are just a line on its way.
func (r *Reader) Torn() int64 { return r.torn }

// Close closes the file.
func (r *Reader) Close() error {
	r.spools.close()
	if c, ok := r.in.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Events returns all events in order. A line that can not be read is an error that names it, and so is output that its spool
// does not have (it wraps SpoolError); the next iteration gets the next line. Every iteration starts at the front, and only
// one can be under way.
func (r *Reader) Events() iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for e, err := range r.Entries() {
			if !yield(e.Event, err) {
				return
			}
		}
	}
}

// WithoutOutput is Events without what commands printed, which is nearly all of a large transcript and is not even decoded.
func (r *Reader) WithoutOutput() iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for e, err := range r.from(Entry{}, isOutput) {
			if !yield(e.Event, err) {
				return
			}
		}
	}
}

// isOutput recognizes a line of output by its beginning, where the fields are always in the same order.
func isOutput(line []byte) bool {
	return bytes.Contains(line[:min(len(line), 160)], []byte(`,"kind":"output","step":`))
}

// Entries is Events with the place and the pace of each.
func (r *Reader) Entries() iter.Seq2[Entry, error] { return r.From(Entry{}) }

// From returns the events after one that was given before, and those that were written since. The zero Entry is the start.
func (r *Reader) From(last Entry) iter.Seq2[Entry, error] {
	return r.from(last, func([]byte) bool { return false })
}

func (r *Reader) from(last Entry, leaveOut func(line []byte) bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		at, line := last.Offset, last.Line-1
		if last.Line == 0 {
			at, line = r.start, 1
		}
		if _, err := r.in.Seek(at, io.SeekStart); err != nil {
			yield(Entry{}, fmt.Errorf("read transcript %s: %w", r.path, err))
			return
		}
		s := newScanner(r.in)
		s.next, s.line = at, line
		if last.Line > 0 { // the one that was given
			if _, _, err := s.read(); err != nil {
				return
			}
		}
		r.torn = 0
		elapsed := last.Elapsed
		for {
			line, whole, err := s.read()
			if err == io.EOF {
				return
			}
			if err == nil && !whole {
				r.torn = int64(len(line))
				return
			}
			if err == nil && leaveOut(line) {
				continue
			}
			e := Entry{Line: s.line, Offset: s.at}
			if err == nil {
				err = e.parse(line, &r.spools)
				elapsed += e.After
				e.Elapsed = elapsed
			} else if !errors.Is(err, errLong) {
				yield(e, fmt.Errorf("read transcript %s: %w", r.path, err))
				return
			}
			if err != nil {
				err = &LineError{Path: r.path, Line: s.line, Why: err.Error(), Err: err}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (e *Entry) parse(line []byte, from *spools) error {
	rec, data, err := parse(line)
	if err != nil {
		return err
	}
	e.After = rec.dt
	if p, ok := data.(spooled); ok {
		data, err = from.output(p)
	}
	e.Event = event.Event{Seq: rec.seq, Time: rec.time, Step: rec.step, Data: data}
	return err
}
