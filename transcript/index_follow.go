package transcript

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"spraydeck/event"
)

// Live reports whether a console is writing the run in a directory.
func Live(dir string) bool { return locked(dir) }

// followEvery is how often a file that is followed is looked at.
const followEvery = 30 * time.Millisecond

// Follow returns the events of a run as they are written, from the first one, until the run has ended or ctx has. When the
// console that writes it goes away it calls gone(true) and waits: another one may resume the run, then it calls
// gone(false). Half a line is never given: it is on its way, or will be cut off.
func Follow(ctx context.Context, path string, gone func(bool)) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		path = filePath(path)
		r, err := Read(path)
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		defer r.Close()
		f := r.in.(*os.File)
		var last Entry
		var size int64
		away, ended := false, false
		for {
			alive := locked(filepath.Dir(path)) // before the file is read: what a console wrote last is not missed
			info, err := f.Stat()
			if err == nil && info.Size() < last.Offset {
				err = errors.New("it was cut while it was followed")
			}
			if err != nil {
				yield(event.Event{}, fmt.Errorf("follow transcript %s: %w", path, err))
				return
			}
			back := func() {
				if away {
					away = false
					gone(false)
				}
			}
			if alive {
				back()
			}
			if info.Size() != size {
				size = info.Size()
				for e, err := range r.From(last) {
					back()
					last = e
					_, ended = e.Data.(event.Ended)
					if !yield(e.Event, err) {
						return
					}
				}
			} else if !alive && !away {
				away = true
				gone(true)
			}
			if ended {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(followEvery):
			}
		}
	}
}
