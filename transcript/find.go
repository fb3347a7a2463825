package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
)

// Root is where runs are kept: spraydeck/sessions in the XDG state directory. It need not exist yet.
func Root() (string, error) {
	if own := os.Getenv("XDG_STATE_HOME"); own != "" && !filepath.IsAbs(own) {
		return "", fmt.Errorf("find the state directory: XDG_STATE_HOME=%s is no absolute path, and such a path would be ignored: set it to an absolute one", own)
	}
	if !filepath.IsAbs(xdg.StateHome) {
		return "", fmt.Errorf("find the state directory: %q is no absolute path; set XDG_STATE_HOME or HOME", xdg.StateHome)
	}
	return filepath.Join(xdg.StateHome, "spraydeck", "sessions"), nil
}

// Find returns the transcript that a person means: by its id or the unique beginning of one, by the directory of the
// run, by the file itself, or with "" the newest. It is a directory or a file, as Read, Open and Verify take it.
func Find(root, arg string) (string, error) {
	runs, err := names(root)
	if err != nil {
		return "", err
	}
	if arg == "" {
		// the last to begin, by its header: names are in local time, which goes back once a year
		list, err := Newest(root)
		if err != nil {
			return "", err
		}
		for s := range list {
			return s.Dir, nil
		}
		return "", ErrNone
	}
	isRunOf := func(id string) bool { _, ok := isRun(filepath.Join(root, id)); return ok }
	if slices.Contains(runs, arg) && isRunOf(arg) {
		return filepath.Join(root, arg), nil
	}
	var begin []string
	for _, id := range runs {
		if strings.HasPrefix(id, arg) && isRunOf(id) {
			begin = append(begin, id)
		}
	}
	if len(begin) == 1 {
		return filepath.Join(root, begin[0]), nil
	}
	if path, ok := isRun(arg); ok {
		return path, nil
	}
	if len(begin) > 1 {
		return "", &UnknownError{Arg: arg, Near: newest(begin, 5), Many: true}
	}
	return "", &UnknownError{Arg: arg, Near: nearest(slices.DeleteFunc(runs, func(id string) bool { return !isRunOf(id) }), arg, 5)}
}

// isRun reports whether a path is a run's directory, or a file.
func isRun(path string) (string, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if !info.IsDir() {
		return path, true
	}
	_, err = os.Stat(filepath.Join(path, FileName))
	return path, err == nil
}

func newest(ids []string, n int) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids[:min(n, len(ids))]
}

// nearest orders ids by how much of arg is in them, then by the fewest changes, then the newest first.
func nearest(ids []string, arg string, n int) []string {
	ids = newest(ids, len(ids))
	slices.SortStableFunc(ids, func(a, b string) int {
		inA, inB := strings.Contains(a, arg), strings.Contains(b, arg)
		switch {
		case inA && !inB:
			return -1
		case inB && !inA:
			return 1
		}
		return distance(a, arg) - distance(b, arg)
	})
	return ids[:min(n, len(ids))]
}

// distance is the number of bytes to add, remove or change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost = 1 + min(left, row[j], row[j+1])
			}
			left, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
