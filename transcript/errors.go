package transcript

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrNone means that there is no run at all yet.
var ErrNone = errors.New("find a run: none is recorded yet")

// FileError says that a transcript could not be opened or written. From Append it is final: every later call gives it
// again.
type FileError struct {
	Op   string // create, lock, open, repair, write, sync, close
	Path string
	Err  error
}

func (e *FileError) Error() string {
	err := e.Err
	var path *fs.PathError // names the path a second time
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%s transcript %s: %v", e.Op, e.Path, err)
}

func (e *FileError) Unwrap() error { return e.Err }

// Hint says how to fix it.
func (e *FileError) Hint() string {
	id := filepath.Base(filepath.Dir(e.Path))
	switch {
	case errors.Is(e.Err, syscall.ENOSPC), errors.Is(e.Err, syscall.EDQUOT):
		return "free some space there, then: spraydeck resume " + id
	case errors.Is(e.Err, fs.ErrNotExist):
		return "see what there is with: spraydeck sessions list"
	case errors.Is(e.Err, fs.ErrPermission), errors.Is(e.Err, syscall.EROFS):
		return "set XDG_STATE_HOME to a directory that you can write"
	case errors.Is(e.Err, syscall.EIO):
		return "the disk fails: move the state directory to another one (XDG_STATE_HOME)"
	}
	return ""
}

// RemovedError says that somebody has removed or moved a transcript while it was written. It is final, as a [FileError].
type RemovedError struct{ Path string }

func (e *RemovedError) Error() string {
	return fmt.Sprintf("write transcript %s: it was removed or moved while the run was writing it", e.Path)
}

// Hint says how to fix it.
func (e *RemovedError) Hint() string {
	return "nothing more is recorded or started, and this run cannot be resumed: see what has been done, and begin a new run\nif its directory was only moved, spraydeck verify DIRECTORY shows up to where it was written"
}

// InUseError says that another console is writing this run.
type InUseError struct {
	Path string
	By   string // "pid 4711 on bastion", "" if it did not say
}

func (e *InUseError) Error() string {
	if e.By == "" {
		return fmt.Sprintf("open transcript %s: another console is writing it", e.Path)
	}
	return fmt.Sprintf("open transcript %s: another console is writing it (%s)", e.Path, e.By)
}

// Hint says how to fix it.
func (e *InUseError) Hint() string {
	return "watch it with: spraydeck replay --follow " + filepath.Base(filepath.Dir(e.Path))
}

// LineError is a line that is not what it should be.
type LineError struct {
	Path string
	Line int // from 1; the header is line 1
	Why  string
	Err  error // what it comes from; nil: Why is all there is
}

func (e *LineError) Unwrap() error { return e.Err }

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Why) }

// FormatError reports a transcript in a format that this version cannot read.
type FormatError struct {
	Path   string
	Format int
	Tool   string // the version that wrote it
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s:1: format %d, this version reads formats up to %d", e.Path, e.Format, currentFormat)
}

// Hint says how to fix it.
func (e *FormatError) Hint() string { return fmt.Sprintf("use spraydeck %s or later", e.Tool) }

// NotVerifiedError is what Open says of a transcript whose chain is broken: it can be read, but not continued.
type NotVerifiedError struct{ Bad *LineError }

func (e *NotVerifiedError) Error() string { return "verify transcript: " + e.Bad.Error() }
func (e *NotVerifiedError) Unwrap() error { return e.Bad }

// Hint says how to fix it.
func (e *NotVerifiedError) Hint() string {
	return "it can still be replayed; start a new run instead of resuming this one"
}

// UnknownError says that no run goes by this name, or more than one.
type UnknownError struct {
	Arg  string
	Near []string // ids, best first
	Many bool     // Near are the ids that begin like Arg
}

func (e *UnknownError) Error() string {
	if e.Many {
		return fmt.Sprintf("find run %q: %d runs begin like this", e.Arg, len(e.Near))
	}
	return fmt.Sprintf("find run %q: no such run", e.Arg)
}

// Hint names the runs that may be meant.
func (e *UnknownError) Hint() string {
	if strings.ContainsRune(e.Arg, filepath.Separator) {
		return "the directory of a run holds a " + FileName
	}
	if len(e.Near) == 0 {
		return ""
	}
	s := "did you mean:"
	for _, id := range e.Near {
		s += "\n  " + id
	}
	return s
}
