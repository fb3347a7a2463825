package transcript

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spraydeck/event"
)

// pause is what a Writer omits while the operator has paused the recording of output.
type pause struct {
	on   bool
	left map[streamKey]omitted // not noted in the file yet
}

type omitted struct {
	step string
	size int // bytes as printed
}

// omit shows a piece of output and does not write it. What a supervisor has written of it to a spool is overwritten.
func (w *Writer) omit(e event.Event, o event.Output) error {
	key := streamKey{o.Number, o.Stream}
	n := o.Printed()
	if w.spool.commands[o.Number] && w.header.Format >= formatSpools {
		w.fail("write", w.blank(key, int64(n)))
		if w.err != nil {
			return w.err
		}
	}
	w.pause.left[key] = omitted{e.Step, w.pause.left[key].size + n}
	if w.Show != nil {
		w.Show(e)
	}
	w.later() // of what is held back
	return nil
}

// blank overwrites the next bytes of a spool.
func (w *Writer) blank(key streamKey, n int64) error {
	path := filepath.Join(w.Dir(), key.name())
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		if _, err = f.WriteAt(make([]byte, n), w.spool.next[key]); err == nil {
			err = f.Sync()
		}
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return &FileError{"write", path, err}
	}
	w.spool.next[key] += n
	return nil
}

// tellOmitted writes how much of a command's output was not recorded, with 0 of all.
func (w *Writer) tellOmitted(number int) {
	keys := slices.SortedFunc(maps.Keys(w.pause.left), func(a, b streamKey) int {
		return cmp.Or(a.number-b.number, strings.Compare(b.stream, a.stream))
	})
	for _, key := range keys {
		if number != 0 && key.number != number {
			continue
		}
		o := w.pause.left[key]
		delete(w.pause.left, key)
		e := event.Event{Step: o.step, Data: event.Output{Number: key.number, Stream: key.stream, Size: o.size, Omitted: true}}
		var data []byte
		if w.spool.commands[key.number] && w.header.Format >= formatSpools {
			data = appendSpooled(nil, spooled{Number: key.number, Stream: key.stream, At: w.spool.next[key] - int64(o.size), Len: int64(o.size), Omitted: true})
		}
		_, _ = w.write(e, data) // sticky
	}
}
