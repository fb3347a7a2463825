// Package regular opens files that somebody names and refuses those from which a read may never return: a named pipe that
// nobody writes, a device without an end, a terminal. The null device is an empty file.
//
// A pipe that the caller of the program has opened for it is read, as the shell's <(command) makes it: /dev/stdin,
// /dev/fd/N, /proc/self/fd/N.
package regular

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// most is the size of a file that is read as a whole.
const most = 64 << 20

// Error says what a file is that is not regular, or that it is too large.
type Error struct{ Is string }

func (e *Error) Error() string { return "it is " + e.Is + ", not a regular file" }

// Open opens a regular file for reading. Errors are those of os.Open, or a *fs.PathError with an [*Error].
func Open(name string) (*os.File, error) {
	info, err := os.Stat(name) // before it is opened: to open a device may do something
	if err == nil {
		err = refuse(name, info)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // should it have become a pipe in between
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = refuse(name, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read reads a whole file.
func Read(name string) ([]byte, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text []byte
	if info, err := f.Stat(); err == nil && info.Size() <= most {
		text = make([]byte, 0, info.Size()+512)
	}
	return readAll(name, f, text)
}

func readAll(name string, r io.Reader, text []byte) ([]byte, error) {
	r = io.LimitReader(r, most+1)
	for {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		n, err := r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case len(text) > most:
			return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is larger than %d MB", most>>20)}
		case err == io.EOF:
			return text, nil
		case err != nil:
			return nil, err
		}
	}
}

// refuse returns an error for what is not to be read.
func refuse(name string, info fs.FileInfo) error {
	var err error
	switch mode := info.Mode(); {
	case mode.IsRegular(), isNull(info):
		return nil
	case mode.IsDir():
		err = syscall.EISDIR
	case mode&fs.ModeNamedPipe != 0 && given(name), mode&fs.ModeSocket != 0 && given(name):
		return nil
	case mode&fs.ModeNamedPipe != 0:
		err = &Error{"a named pipe"}
	case mode&fs.ModeSocket != 0:
		err = &Error{"a socket"}
	default:
		err = &Error{"a device"}
	}
	return &fs.PathError{Op: "open", Path: name, Err: err}
}

// isNull reports whether a file is the null device: /dev/null, by whatever name.
func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(null, info)
}

// given reports whether a name stands for what the caller of the program has opened for it.
func given(name string) bool {
	name = filepath.Clean(name)
	return name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/self/fd/")
}

// Dir is a directory as a file system, the files of which are opened and read as [Open] and [Read] do.
func Dir(name string) fs.FS { return dir(name) }

type dir string

func (d dir) Open(name string) (fs.File, error) {
	full, err := d.path("open", name)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(full); err == nil && info.IsDir() {
		return os.Open(full)
	}
	return Open(full)
}

func (d dir) ReadFile(name string) ([]byte, error) {
	full, err := d.path("read", name)
	if err != nil {
		return nil, err
	}
	return Read(full)
}

func (d dir) path(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return filepath.Join(string(d), filepath.FromSlash(name)), nil
}
