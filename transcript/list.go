package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"spraydeck/event"
	"spraydeck/regular"
)

// Interrupted is the status of a run that nobody writes and that has no end: it can be resumed.
const Interrupted event.Status = "interrupted"

// Summary is a run in a list. It is read from the two ends of the file and not verified.
type Summary struct {
	ID       string
	Dir      string
	Header   Header
	Status   event.Status // of the run's end; Running, or Interrupted
	Exit     int
	Events   int64
	Duration time.Duration // from the start to the last event
	Size     int64
	Err      error // why it could not be read; then the rest may be zero
}

// List returns the runs under root, newest first. One that can not be read is in the list, with the reason.
func List(root string) ([]Summary, error) {
	runs, err := Newest(root)
	if err != nil {
		return nil, err
	}
	return slices.Collect(runs), nil
}

// Summarize returns the summary of one run, by its directory.
func Summarize(dir string) Summary {
	s := Summary{ID: filepath.Base(dir), Dir: dir}
	s.Err = s.read()
	return s
}

func (s *Summary) read() error {
	path := filepath.Join(s.Dir, FileName)
	f, err := regular.Open(path)
	if err != nil {
		return &FileError{"open", path, err}
	}
	defer f.Close()
	running := locked(s.Dir) // before the last line is read: a run that ends in between then has its end
	r, err := NewReader(path, f)
	if err != nil {
		return err
	}
	s.Header = r.Header()
	s.Status = Interrupted
	if running {
		s.Status = event.Running
	}
	if s.Size, err = f.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("read transcript %s: %w", path, err)
	}
	line, err := lastLine(f, r.start, s.Size)
	if err != nil || line == nil {
		return err
	}
	rec, data, err := parse(line)
	if err != nil {
		return fmt.Errorf("read the last line of %s: %w", path, err)
	}
	s.Events = rec.seq
	s.Duration = max(0, rec.time.Sub(s.Header.Started))
	if d, ok := data.(event.Ended); ok {
		s.Status, s.Exit = d.Status, d.Exit
	}
	return nil
}

// lastLine returns the last whole line between from and end, nil if there is none.
func lastLine(f io.ReaderAt, from, end int64) ([]byte, error) {
	for n := int64(64 << 10); ; n *= 4 {
		at := max(from, end-n)
		b := make([]byte, end-at)
		if _, err := f.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		b = b[:bytes.LastIndexByte(b, '\n')+1]
		if len(b) > 0 {
			b = b[:len(b)-1]
			if i := bytes.LastIndexByte(b, '\n'); i >= 0 || at == from {
				return b[i+1:], nil
			}
		}
		if at == from {
			return nil, nil
		}
		if n > maxLine {
			return nil, errLong
		}
	}
}
