package transcript

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"spraydeck/regular"
)

// lockName is the file whose lock says that a console writes this run. The lock goes with the process, however it
// dies; the text in the file only shows a person who it was.
const lockName = "lock"

// lockPatience covers the instant in which a listing looks whether a run is being written.
const lockPatience = 200 * time.Millisecond

func lock(dir string) (*os.File, error) {
	path := filepath.Join(dir, FileName)
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &FileError{"lock", path, err}
	}
	for end := time.Now().Add(lockPatience); ; time.Sleep(10 * time.Millisecond) {
		err = flock(f, syscall.LOCK_EX)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		var by [100]byte
		n, _ := f.ReadAt(by[:], 0)
		f.Close()
		return nil, &InUseError{path, strings.TrimSpace(string(by[:n]))}
	}
	if err != nil {
		f.Close()
		return nil, &FileError{"lock", path, err}
	}
	host, _ := os.Hostname()
	_ = f.Truncate(0)                                          // a full disk must not keep anybody
	_, _ = fmt.Fprintf(f, "pid %d on %s\n", os.Getpid(), host) // from locking; see above
	return f, nil
}

// locked reports whether a console writes the run in this directory.
func locked(dir string) bool {
	f, err := regular.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH), syscall.EWOULDBLOCK)
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
