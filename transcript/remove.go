package transcript

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Remove removes a run with all that is in its directory. It refuses with InUseError while a console writes it, and keeps
// one from taking it up meanwhile. A command that outlived its console is the caller's to look for.
func Remove(dir string) error {
	held, err := lock(dir)
	if err != nil {
		return err
	}
	defer held.Close()
	// the rest of an interrupted removal is no run any more
	if err := os.Remove(filepath.Join(dir, FileName)); err != nil && !os.IsNotExist(err) {
		return &FileError{"remove", filepath.Join(dir, FileName), err}
	}
	if err := os.RemoveAll(dir); err != nil {
		return &FileError{"remove", filepath.Join(dir, FileName), err}
	}
	return nil
}

// DiskSize is how many bytes the files of a run have: what its removal frees.
func DiskSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil // a file that goes away meanwhile counts nothing
	})
	return size
}
