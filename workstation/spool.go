package workstation

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

func filesOf(dir string, n int) files {
	base := filepath.Join(dir, strconv.Itoa(n))
	return files{base + ".job", base + ".out", base + ".err", base + ".times", base + ".exit", base + ".sock"}
}

// reserve is how much room is set aside for N.exit, so that a full disk cannot keep us from telling how it ended.
const reserve = 4 << 10

// spool is the record of one command's output: the bytes of each stream, and when they came.
//
// A stream that could not be written ends there: what came later would be in the wrong place. The command never
// learns of it.
type spool struct {
	names  files
	begun  time.Time
	added  func() // called when there is more to read
	exit   *os.File
	mu     sync.Mutex
	times  *os.File // nil once it could not be written: then only the order of the streams is lost
	line   []byte
	closed bool
	out    *stream
	err    *stream // nil with a terminal
	dirty  bool
}

type stream struct {
	*spool
	name string
	file *os.File
	at   int64
	lost error
}

// newSpool makes the files.
func newSpool(names files, tty bool) (_ *spool, err error) {
	s := &spool{names: names, begun: time.Now()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	create := func(name string) *os.File {
		if err != nil {
			return nil
		}
		var f *os.File
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
		return f
	}
	s.times = create(names.times)
	s.out = &stream{spool: s, name: "stdout", file: create(names.out)}
	if !tty {
		s.err = &stream{spool: s, name: "stderr", file: create(names.err)}
	}
	if err != nil {
		return s, err
	}
	if s.exit, err = os.OpenFile(names.exit+".tmp", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err == nil {
		_, err = s.exit.Write(make([]byte, reserve))
	}
	return s, err
}

// Write keeps p. It never fails: see spool.
func (t *stream) Write(p []byte) (int, error) {
	s := t.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 || s.closed || t.lost != nil {
		return len(p), nil
	}
	n, err := t.file.Write(p)
	t.at += int64(n)
	t.lost = err
	if n > 0 {
		s.dirty = true
		if s.times != nil {
			l := strconv.AppendFloat(s.line[:0], time.Since(s.begun).Seconds(), 'f', 6, 64)
			l = append(append(append(l, ' '), t.name...), ' ')
			l = append(strconv.AppendInt(l, int64(n), 10), '\n')
			s.line = l
			if _, err := s.times.Write(l); err != nil {
				s.times.Close()
				s.times = nil
			}
		}
		s.added()
	}
	return len(p), nil
}

func (t *stream) handle() *os.File {
	if t == nil {
		return nil
	}
	return t.file
}

// save forces to the disk what has come since it was last called. It does so beside the writing.
func (s *spool) save() {
	s.mu.Lock()
	dirty, written := s.dirty, []*os.File{s.out.handle(), s.err.handle(), s.times}
	s.dirty = false
	s.mu.Unlock()
	if dirty {
		for _, f := range written {
			_ = f.Sync() // also of none: an error and no more
		}
	}
}

// end keeps how the command ended; nothing is written after it.
func (s *spool) end(e ending) error {
	s.mu.Lock()
	s.closed = true
	e.Stdout = s.out.at
	if s.err != nil {
		e.Stderr = s.err.at
	}
	for _, t := range []*stream{s.out, s.err} {
		if t != nil && t.lost != nil {
			why := t.lost
			var path *os.PathError
			if errors.As(why, &path) {
				why = path.Err
			}
			if e.Lost != "" {
				e.Lost += "; "
			}
			e.Lost += fmt.Sprintf("%s could not be kept from byte %d: %v", t.name, t.at, why)
		}
	}
	s.mu.Unlock()
	s.save()
	if len(e.Error) > reserve/4 {
		e.Error = e.Error[:reserve/4]
	}
	b, err := json.Marshal(e)
	if err == nil {
		_, err = s.exit.WriteAt(append(b, '\n'), 0)
	}
	if err == nil {
		err = s.exit.Truncate(int64(len(b) + 1))
	}
	if err == nil {
		err = s.exit.Sync()
	}
	if err == nil {
		err = os.Rename(s.exit.Name(), s.names.exit)
	}
	if err == nil {
		err = syncDir(filepath.Dir(s.names.exit))
	}
	return err
}

func (s *spool) close() {
	for _, f := range []*os.File{s.out.handle(), s.err.handle(), s.times, s.exit} {
		f.Close() // also of none: an error and no more
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
