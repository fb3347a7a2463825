package transcript

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"spraydeck/event"
	"spraydeck/regular"
)

// SpoolDir is the directory, in that of the run, where the output of supervised commands stands: 7.out, 7.err.
const SpoolDir = "spool"

// spooled is a piece of output in a spool. The line has where, and the hash of what.
type spooled struct {
	Number int    `json:"command"`
	Stream string `json:"stream"`
	At     int64  `json:"at"`
	Len    int64  `json:"len"`
	Sum    string `json:"sha256"`

	Omitted bool `json:"omitted"` // recording was paused: the bytes were overwritten
}

func (spooled) Kind() string { return outputKind }

func (p spooled) key() streamKey { return streamKey{p.Number, p.Stream} }

// name is that of the file, as a person in the directory of the run would write it. No stream of a damaged line leads
// out of there.
func (k streamKey) name() string {
	ext := "out"
	if k.stream == "stderr" {
		ext = "err"
	}
	return fmt.Sprintf("%s/%d.%s", SpoolDir, k.number, ext)
}

func appendSpooled(b []byte, p spooled) []byte {
	b = append(b, `{"command":`...)
	b = strconv.AppendInt(b, int64(p.Number), 10)
	b = append(b, `,"stream":`...)
	b = appendString(b, p.Stream)
	b = append(b, `,"at":`...)
	b = strconv.AppendInt(b, p.At, 10)
	b = append(b, `,"len":`...)
	b = strconv.AppendInt(b, p.Len, 10)
	if p.Omitted {
		return append(b, `,"omitted":true}`...)
	}
	b = append(b, `,"sha256":"`...)
	b = append(b, p.Sum...)
	return append(b, '"', '}')
}

// parseSpooled reads the data of an output event that is a reference, in whatever way the JSON is written.
func parseSpooled(b []byte) (p spooled, ok bool) {
	c := cursor{b, true}
	number, err1 := strconv.Atoi(string(c.number(`{"command":`)))
	stream := c.text(`,"stream":`)
	if bytes.HasPrefix(c.rest, []byte(`,"text":`)) {
		return p, false // nearly every other one
	}
	at, err2 := strconv.ParseInt(string(c.number(`,"at":`)), 10, 64)
	n, err3 := strconv.ParseInt(string(c.number(`,"len":`)), 10, 64)
	sum := c.text(`,"sha256":`)
	c.expect("}")
	if c.ok && len(c.rest) == 0 && errors.Join(err1, err2, err3) == nil {
		return spooled{Number: number, Stream: string(stream), At: at, Len: n, Sum: string(sum)}, true
	}
	return p, json.Unmarshal(b, &p) == nil && (p.Sum != "" || p.Omitted && p.Len > 0)
}

// SpoolError is output that is not in its spool as it was.
type SpoolError struct {
	Path   string // of the spool
	Number int    // of the command
	At     int64  // where the piece begins, in bytes
	Why    string
}

func (e *SpoolError) Error() string { return fmt.Sprintf("%s: at byte %d: %s", e.Path, e.At, e.Why) }

// Hint says how to fix it.
func (e *SpoolError) Hint() string {
	return "a transcript is the whole directory of its run: the spools go with it wherever it is copied"
}

// spools reads pieces of output. It never holds more than one piece and a few open files.
type spools struct {
	dir  string // of the run; "" where there can be none
	open map[streamKey]*os.File
	buf  []byte
}

const openSpools = 16

// read returns a piece, good until the next call.
func (s *spools) read(p spooled) ([]byte, error) {
	wrong := func(format string, args ...any) ([]byte, error) {
		return nil, &SpoolError{filepath.Join(s.dir, p.key().name()), p.Number, p.At, fmt.Sprintf(format, args...)}
	}
	switch {
	case s.dir == "":
		return wrong("this output is in a file of its own, which is not here")
	case p.At < 0 || p.Len < 0 || p.Number < 0:
		return wrong("no such piece can be")
	}
	f := s.open[p.key()]
	if f == nil {
		var err error
		if f, err = regular.Open(filepath.Join(s.dir, p.key().name())); errors.Is(err, fs.ErrNotExist) {
			return wrong("the file is missing")
		} else if err != nil {
			return nil, err
		}
		if len(s.open) >= openSpools {
			s.close()
		}
		if s.open == nil {
			s.open = map[streamKey]*os.File{}
		}
		s.open[p.key()] = f
	}
	if int64(cap(s.buf)) < p.Len { // a damaged line must not ask for more memory than there are bytes
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if info.Size()-p.At < p.Len {
			return wrong("%d bytes are missing: the file ends at byte %d", min(p.Len, p.At+p.Len-info.Size()), info.Size())
		}
		s.buf = make([]byte, max(p.Len, pieceSize))
	}
	b := s.buf[:p.Len]
	n, err := f.ReadAt(b, p.At)
	switch {
	case n == len(b):
		return b, nil
	case err == io.EOF:
		return wrong("%d bytes are missing: the file ends before byte %d", len(b)-n, p.At+p.Len)
	}
	return nil, err
}

// output reads a piece as the event that it was.
func (s *spools) output(p spooled) (event.Output, error) {
	if p.Omitted {
		return event.Output{Number: p.Number, Stream: p.Stream, Size: int(p.Len), Omitted: true}, nil
	}
	b, err := s.read(p)
	if err != nil {
		return event.Output{Number: p.Number, Stream: p.Stream}, err
	}
	return event.NewOutput(p.Number, p.Stream, b), nil
}

// check compares a piece with its hash.
func (s *spools) check(p spooled) error {
	if p.Omitted {
		return nil
	}
	b, err := s.read(p)
	if err == nil && hashOf(b) != p.Sum {
		err = &SpoolError{filepath.Join(s.dir, p.key().name()), p.Number, p.At, fmt.Sprintf("the %d bytes from there on were changed", p.Len)}
	}
	return err
}

func (s *spools) close() {
	for _, f := range s.open {
		f.Close()
	}
	clear(s.open)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// spooling is what a Writer knows of spools.
type spooling struct {
	commands map[int]bool
	next     map[streamKey]int64 // where the next piece of a stream begins
	dirty    map[streamKey]bool  // has pieces that may not be on the disk yet
	buf      []byte
}

func newSpooling() spooling {
	return spooling{commands: map[int]bool{}, next: map[streamKey]int64{}, dirty: map[streamKey]bool{}}
}

// piece returns the reference to the next bytes of a stream.
func (s *spooling) piece(o event.Output) spooled {
	if s.buf = append(s.buf[:0], o.Text...); o.Raw != nil {
		s.buf = append(s.buf[:0], o.Raw...)
	}
	key := streamKey{o.Number, o.Stream}
	p := spooled{Number: o.Number, Stream: o.Stream, At: s.next[key], Len: int64(len(s.buf)), Sum: hashOf(s.buf)}
	s.next[key] += p.Len
	s.dirty[key] = true
	return p
}

// Spool says that the output of a command is in spool/ in the directory of the run, which it gives: in 7.out and 7.err,
// written and masked by the supervisor of command 7. From now on Output events of it are references to there, in the order
// in which they come: what is appended must be what the files have, from the start, or from where an earlier console left
// off. Nothing is masked a second time.
func (w *Writer) Spool(number int) (dir string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spool.commands[number] = true
	return filepath.Join(w.Dir(), SpoolDir)
}

// sync forces spools to the disk and then the transcript: what it refers to is never younger than itself. The spools are
// synced from here since their writer may have ended, or be busy.
func (w *Writer) sync(dirty map[streamKey]bool) error {
	if err := w.removed(); err != nil {
		return err
	}
	for key := range dirty {
		path := filepath.Join(w.Dir(), key.name())
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			err = f.Sync()
			f.Close()
		}
		if err != nil {
			return &FileError{"sync", path, err}
		}
	}
	return w.file.Sync()
}

// removed reports whether the transcript is no longer found by its name: then what is written to it is gone with its end.
func (w *Writer) removed() error {
	ours, ok := w.file.(*os.File)
	if !ok {
		return nil // of a test
	}
	open, err := ours.Stat()
	if err != nil {
		return err
	}
	if named, err := os.Stat(w.path); err == nil && os.SameFile(open, named) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &RemovedError{w.path}
}

// takeDirty returns the spools to sync, and counts them as synced.
func (s *spooling) takeDirty() map[streamKey]bool {
	dirty := s.dirty
	if len(dirty) > 0 {
		s.dirty = map[streamKey]bool{}
	}
	return dirty
}
