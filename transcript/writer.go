package transcript

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"spraydeck/event"
)

// maxLine bounds a line, so that a damaged file can not fill the memory of its reader.
const maxLine = 256 << 20

// ErrClosed is what Append says after Close.
var ErrClosed = errors.New("write transcript: it is closed")

// file is what a Writer needs of an *os.File; tests put a failing one here.
type file interface {
	Write(p []byte) (int, error)
	Sync() error
	Truncate(size int64) error
	Close() error
}

// Writer writes one run. It is safe for concurrent use; the file has the events in the order of their numbers.
type Writer struct {
	// Show, if set before the first Append, is called with every event once it is in the file, in order and never
	// twice at once. It sees exactly what is written: masked, and with the late pieces of output that were held back,
	// which Append does not return. While recording is paused it also sees the output that is not written, with the
	// number of the event before. It may block - the run waits - but must not call the Writer.
	Show func(event.Event)

	// Clock gives the time of day and a time that only goes forward, from any start. nil is the real one.
	Clock func() (now time.Time, steady time.Duration)

	path   string
	header Header
	lock   *os.File

	mu      sync.Mutex
	file    file
	err     error // the first failure, given ever after
	chain   *chain
	size    int64 // of the whole lines
	seq     int64
	steady  time.Duration // of the last event
	elapsed time.Duration // since the run started, at the last event
	prior   time.Time     // what the next event follows where the steady clock is none for it: the start, or the last event before a resume
	mask    mask
	secrets []string
	spool   spooling
	pause   pause
	asked   map[string]bool // questions whose answer is secret
	buf     []byte
	timer   *time.Timer
	unsaved bool
	saving  sync.WaitGroup
}

// Create makes the directory of a new run under root and begins its transcript. The header gets its id here.
func Create(root string, h Header) (*Writer, error) {
	if h.Started.IsZero() {
		h.Started = time.Now()
	}
	h.Format = currentFormat
	base := h.ID
	if base == "" {
		base = h.id()
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, &FileError{"create", root, err}
	}
	dir, err := makeDir(root, base)
	if err != nil {
		return nil, err
	}
	h.ID = filepath.Base(dir)
	if h.Start != nil { // it can be resumed
		h.Dir = realPath(dir)
	}
	w, err := create(dir, h)
	if err != nil {
		os.RemoveAll(dir) // ours and empty of events: nothing half-done stays behind
		return nil, err
	}
	return w, nil
}

// realPath is an absolute path without symbolic links, as far as that can be found out.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}

// CopiedFrom is the directory in which a transcript was recorded, where that is another than it lies in now; "" where it is
// the same, or not known.
func (w *Writer) CopiedFrom() string {
	if was := w.Header().Dir; was != "" && was != realPath(w.Dir()) {
		return was
	}
	return ""
}

// makeDir takes the first free name: two runs may begin in the same second.
func makeDir(root, base string) (string, error) {
	for n := 1; ; n++ {
		dir := filepath.Join(root, base)
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", dir, n)
		}
		err := os.Mkdir(dir, 0o700)
		if err == nil {
			return dir, nil
		}
		if !os.IsExist(err) || n == 1000 {
			return "", &FileError{"create", filepath.Join(dir, FileName), err}
		}
	}
}

func create(dir string, h Header) (_ *Writer, err error) {
	path := filepath.Join(dir, FileName)
	body, err := h.encode()
	if err != nil {
		return nil, err
	}
	held, err := lock(dir)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		held.Close()
		return nil, &FileError{"create", path, err}
	}
	w := newWriter(path, h, held, f)
	w.prior = h.Started
	w.put(w.chain.seal(body), true)
	for _, d := range []string{dir, filepath.Dir(dir)} { // or the file may be gone after a power failure
		if w.err == nil {
			w.fail("sync", syncDir(d))
		}
	}
	if w.err != nil {
		f.Close()
		held.Close()
		return nil, w.err
	}
	return w, nil
}

func newWriter(path string, h Header, lock *os.File, f file) *Writer {
	return &Writer{
		path: path, header: h, lock: lock, file: f, chain: newChain(),
		mask:  mask{filter: map[streamKey]*filter{}},
		asked: map[string]bool{}, spool: newSpooling(), pause: pause{left: map[streamKey]omitted{}},
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Header returns what the first line says.
func (w *Writer) Header() Header { return w.header }

// Dir is the directory of the run.
func (w *Writer) Dir() string { return filepath.Dir(w.path) }

// Path is the transcript itself.
func (w *Writer) Path() string { return w.path }

// Mask adds values that must never reach the file. What was written before is not changed: call it before the value
// can appear anywhere. Values shorter than four bytes are not masked.
func (w *Writer) Mask(secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mask.values = w.mask.values.with(secrets...)
	w.secrets = append(w.secrets, secrets...)
}

// Secrets returns what Mask was given so far, for a Masker elsewhere.
func (w *Writer) Secrets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.secrets)
}

// MaskPatterns masks the operator's own patterns, too.
func (w *Writer) MaskPatterns(own ...*regexp.Regexp) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mask.own = append(w.mask.own, patterns(own)...)
}

// Masked returns a text as it is in the file: what Append would mask is masked.
func (w *Writer) Masked(s string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.mask.text([]byte(s)))
}

// Append numbers an event, gives it its time, masks it and writes it. It gives the event as it was written. Decisions,
// verdicts, the edges of steps and commands that change something are on the disk when it returns; the rest is in the
// file, and on the disk within a second. Once it has failed, it fails.
func (w *Writer) Append(e event.Event) (event.Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return e, w.err
	}
	if e.Data == nil {
		return e, errors.New("write transcript: the event is empty")
	}
	var data []byte
	switch d := e.Data.(type) {
	case event.Output:
		switch {
		case !w.spool.commands[d.Number]:
			e.Data = w.mask.output(e.Step, d)
		case w.pause.on:
		case w.header.Format >= formatSpools: // a run that an earlier version began has its output in its lines
			data = appendSpooled(nil, w.spool.piece(d))
		}
	default:
		switch d := d.(type) {
		case event.CommandEnded:
			w.release(d.Number, atEnd)
			w.tellOmitted(d.Number)
		case event.Ended:
			w.releaseAll(atEnd)
			w.tellOmitted(0)
		case event.Paused:
			w.releaseAll(now)
			w.pause.on = true
		case event.Unpaused:
			w.releaseAll(now)
			w.tellOmitted(0)
			w.pause.on = false
		case event.Hit:
			if w.pause.on {
				d.Line = Masked // it is of the output
				e.Data = d
			}
		case event.Asked:
			if d.Secret {
				w.asked[d.Question.ID] = true
			}
		case event.Answered:
			if w.asked[d.Question] && d.Text != "" {
				d.Text = Masked
				e.Data = d
			}
		}
		var err error
		if data, err = encodeData(e.Data); err != nil {
			return e, fmt.Errorf("write transcript: encode %s event: %w", e.Data.Kind(), err)
		}
		_, unknown := e.Data.(event.UnknownData)
		if m := w.mask.data(data, !unknown); m != nil {
			masked, err := event.DecodeData(e.Data.Kind(), m)
			if err != nil {
				return e, fmt.Errorf("write transcript: mask %s event: %w", e.Data.Kind(), err)
			}
			e.Data, data = masked, m
		}
	}
	return w.write(e, data)
}

// write puts one event into the file and shows it. data is its JSON, nil for output.
func (w *Writer) write(e event.Event, data []byte) (event.Event, error) {
	if w.err != nil {
		return e, w.err
	}
	now, steady := w.now()
	if o, ok := e.Data.(event.Output); ok && w.pause.on && !o.Omitted {
		e.Seq, e.Time = w.seq, now
		return e, w.omit(e, o)
	}
	dt := max(0, steady-w.steady)
	if !w.prior.IsZero() {
		dt, w.prior, w.steady = max(0, now.Sub(w.prior)), time.Time{}, steady
	}
	w.steady = max(steady, w.steady)
	e.Seq, e.Time, e.Elapsed = w.seq+1, now, w.elapsed+dt
	w.buf = w.chain.open(w.buf[:0], e, dt, data)
	if len(w.buf) > maxLine-sumTail {
		return e, fmt.Errorf("write transcript: a %s event of %d MB is too large", e.Data.Kind(), len(w.buf)>>20)
	}
	w.buf = w.chain.seal(w.buf)
	faultPoint(e, false)
	w.put(w.buf, mustSync(e.Data))
	if w.err != nil {
		return e, w.err
	}
	faultPoint(e, true)
	w.seq, w.elapsed = w.seq+1, w.elapsed+dt
	if cap(w.buf) > 1<<20 {
		w.buf = nil
	}
	if w.Show != nil {
		w.Show(e)
	}
	return e, nil
}

// Close writes what is held back, forces all to the disk and lets the run go. It does not write that the run has ended.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.err, ErrClosed) {
		return nil
	}
	if w.err == nil {
		w.releaseAll(atEnd)
		w.tellOmitted(0)
	}
	if w.err == nil {
		w.fail("sync", w.sync(w.spool.takeDirty()))
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	w.saving.Wait()
	w.fail("close", w.file.Close())
	err := w.err
	w.err = ErrClosed
	w.lock.Close()
	return err
}

var begin = time.Now()

func (w *Writer) now() (time.Time, time.Duration) {
	if w.Clock != nil {
		return w.Clock()
	}
	now := time.Now()
	return now.Round(0), now.Sub(begin) // by the monotonic clock, which no administrator turns back
}
