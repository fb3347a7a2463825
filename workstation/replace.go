package workstation

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"spraydeck/regular"
)

// ReplacedError says that a file is not what it was when it was read.
type ReplacedError struct{ Path string }

func (e *ReplacedError) Error() string {
	return fmt.Sprintf("write %s: somebody has changed it in the meantime", e.Path)
}

// Replace gives a file a new text, whole or not at all, if it still has the one that was read; was nil is a file that does not
// exist. Its mode and owner stay, and a symbolic link stays one.
func Replace(path string, was, text []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	now, err := regular.Read(path)
	if errors.Is(err, fs.ErrNotExist) && was == nil {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
	} else if err != nil {
		return err
	} else if was == nil || !bytes.Equal(now, was) {
		return &ReplacedError{path}
	}
	mode := fs.FileMode(0o644)
	info, err := os.Stat(path)
	if err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone where the renaming succeeded
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if info != nil && err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			_ = f.Chown(int(st.Uid), int(st.Gid)) // only root may, and only root needs to
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
