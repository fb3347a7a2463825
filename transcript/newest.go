package transcript

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// A name has a run's start in the local time of its console, in any zone.
	zones = 14 * time.Hour
	// lookAhead is how many runs are read at most before the newest of them is given, so that what a list costs depends on
	// what is taken from it. Only more runs than that, begun within a day and in several zones, are in the order of names.
	lookAhead = 64
)

// summarize is Summarize, for the test to count.
var summarize = Summarize

// Newest returns the runs under root, the newest first, and reads little more of them than is taken. One that can not be read is
// given, too, with the reason.
func Newest(root string) (iter.Seq[Summary], error) {
	names, err := names(root)
	if err != nil {
		return nil, err
	}
	slices.Reverse(names)
	return func(yield func(Summary) bool) {
		var read []Summary // in order
		for at := 0; at < len(names) || len(read) > 0; {
			for at < len(names) && len(read) < lookAhead && !(len(read) > 0 && before(names[at], read[0].Header.Started)) {
				dir := filepath.Join(root, names[at])
				at++
				if _, ok := isRun(dir); !ok {
					continue
				}
				s := summarize(dir)
				i, _ := slices.BinarySearchFunc(read, s, byAge)
				read = slices.Insert(read, i, s)
			}
			if len(read) == 0 {
				return
			}
			s := read[0]
			read = read[1:]
			if !yield(s) {
				return
			}
		}
	}, nil
}

// byAge orders the newest first.
func byAge(a, b Summary) int {
	if c := b.Header.Started.Compare(a.Header.Started); c != 0 {
		return c
	}
	return bytes.Compare([]byte(b.ID), []byte(a.ID))
}

// before reports whether a run of that name began before a time, in whatever zone.
func before(name string, start time.Time) bool {
	if len(name) < len(nameTime) || start.IsZero() {
		return false
	}
	at, err := time.Parse(nameTime, name[:len(nameTime)])
	return err == nil && at.Add(zones).Before(start)
}

// names returns the names of the directories under root, in order. A root that is not there holds none.
func names(root string) (list []string, err error) {
	all, err := os.ReadDir(root)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	for _, d := range all {
		if d.IsDir() {
			list = append(list, d.Name())
		}
	}
	return list, nil
}

// IDs returns the ids of the runs under root, the newest first by their names. None is opened.
func IDs(root string) ([]string, error) {
	list, err := names(root)
	slices.Reverse(list)
	return list, err
}
