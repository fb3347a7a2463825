package workstation

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file is replaced whole, with its mode and through a link; one that somebody changed is not.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "all.yml"), filepath.Join(dir, "link.yml")
	if err := os.WriteFile(file, []byte("a: 1\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("all.yml", link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("a: 1\n"), []byte("a: 2\n")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is another: %v, %v", info, err)
	}
	var replaced *ReplacedError
	for _, was := range [][]byte{[]byte("a: 1\n"), nil} {
		if err := Replace(file, was, []byte("a: 3\n")); !errors.As(err, &replaced) {
			t.Errorf("replaced although it was not %q: %v", was, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "a: 2\n" {
		t.Errorf("the file has %q, %v", text, err)
	}
	fresh := filepath.Join(dir, "group_vars", "all.yml")
	if err := Replace(fresh, nil, []byte("b: 1\n")); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
