package transcript

import (
	"errors"
	"time"

	"spraydeck/event"
)

// flushAfter is how long output may be in the file without being forced to the disk, and how long holdFor keeps what
// may begin a secret. Half a second leaves a slow disk as much again to keep the promise of one.
const (
	flushAfter = 500 * time.Millisecond
	holdFor    = flushAfter
)

// mustSync says what has to survive a power failure at once: whatever a later resume decides by.
func mustSync(d event.Data) bool {
	switch d := d.(type) {
	case event.Output, event.NodeChanged, event.Connection, event.Progress, event.Asked, event.Described,
		event.Remark, event.Compared, event.Hit:
		return false
	case event.CommandStarted:
		return d.Changes // before it runs, so that nobody can think it never did
	}
	return true
}

// put writes a line and forces it to the disk, now or soon.
func (w *Writer) put(line []byte, now bool) {
	n, err := w.file.Write(line)
	if err != nil {
		if n > 0 {
			_ = w.file.Truncate(w.size) // half a line is worth nothing; Open would cut it too
		}
		w.fail("write", err)
		return
	}
	w.size += int64(n)
	switch {
	case now:
		w.fail("sync", w.sync(w.spool.takeDirty()))
		w.unsaved = false
		if w.timer != nil && !w.mask.holding() && w.timer.Stop() {
			w.timer = nil
		}
	default:
		w.unsaved = true
	}
	w.later()
}

func (w *Writer) fail(op string, err error) {
	if err == nil || w.err != nil {
		return
	}
	var named *FileError
	var removed *RemovedError
	if !errors.As(err, &named) && !errors.As(err, &removed) {
		err = &FileError{op, w.path, err}
	}
	w.err = err
}

// later sees to it that what is unsaved gets saved and what is held back gets out.
func (w *Writer) later() {
	if w.timer == nil && w.err == nil && (w.unsaved || w.mask.holding()) {
		w.timer = time.AfterFunc(flushAfter, w.background)
	}
}

func (w *Writer) background() {
	w.mu.Lock()
	w.timer = nil
	if w.err != nil {
		w.mu.Unlock()
		return
	}
	w.releaseAll(whenDue)
	if !w.unsaved {
		w.later()
		w.mu.Unlock()
		return
	}
	w.unsaved = false
	dirty := w.spool.takeDirty()
	w.saving.Add(1)
	w.mu.Unlock()
	err := w.sync(dirty) // without the lock: the run need not wait for output to reach the disk
	w.saving.Done()

	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail("sync", err)
	w.later()
}

// release is when what is held back of a stream is let go.
type release int

const (
	whenDue release = iota // after holdFor
	now
	atEnd // now, and the stream is over
)

// release writes what is held back of a command's output.
func (w *Writer) release(number int, how release) {
	for _, stream := range []string{"stdout", "stderr"} {
		w.releaseStream(streamKey{number, stream}, how)
	}
}

func (w *Writer) releaseAll(how release) {
	for key := range w.mask.filter {
		w.releaseStream(key, how)
	}
}

func (w *Writer) releaseStream(key streamKey, how release) {
	f := w.mask.filter[key]
	switch {
	case f == nil:
		return
	case how == atEnd:
		delete(w.mask.filter, key)
	case how == now:
	case time.Since(f.since) < holdFor:
		return
	}
	if !f.holding() {
		return
	}
	o := f.output(&w.mask.known, event.Output{Number: key.number, Stream: key.stream}, true)
	_, _ = w.write(event.Event{Step: f.step, Data: o}, nil) // sticky
}

// Sync forces everything to the disk.
func (w *Writer) Sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.fail("sync", w.sync(w.spool.takeDirty()))
		w.unsaved = false
	}
	return w.err
}
