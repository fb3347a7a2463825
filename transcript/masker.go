package transcript

import (
	"io"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

// Masker masks streams the way a Writer masks output: for a process that writes output itself, such as a supervisor to its spool.
type Masker struct {
	known atomic.Pointer[known]
	add   sync.Mutex
}

// known is what is secret, besides what looks like it.
type known struct {
	values *values
	own    []pattern
}

// NewMasker makes a Masker that knows these secrets, the operator's own patterns (see Patterns) and everything that looks
// like a secret.
func NewMasker(secrets []string, own ...*regexp.Regexp) *Masker {
	m := &Masker{}
	m.known.Store(&known{own: patterns(own)})
	if len(secrets) > 0 {
		m.Add(secrets...)
	}
	return m
}

// Add makes more secrets known, from the next Write of every Writer on; it may be called at any time.
func (m *Masker) Add(secrets ...string) {
	m.add.Lock()
	defer m.add.Unlock()
	k := *m.known.Load()
	k.values = k.values.with(secrets...)
	m.known.Store(&k)
}

// Text masks a text that is whole.
func (m *Masker) Text(s string) string {
	var f filter
	return string(f.pass(m.known.Load(), []byte(s), true))
}

// Writer passes a stream on to w, masked. The end of what was written may be held back for half a second, as it may begin a
// secret; Close writes it, and does not close w. Every stream needs a Writer of its own. It may be called from any
// goroutine; an error of w is given ever after.
func (m *Masker) Writer(w io.Writer) io.WriteCloser { return &maskWriter{m: m, to: w} }

type maskWriter struct {
	m  *Masker
	to io.Writer

	mu     sync.Mutex
	filter filter
	timer  *time.Timer
	closed bool
	err    error
}

func (w *maskWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, io.ErrClosedPipe
	}
	w.pass(w.filter.pass(w.m.known.Load(), p, false))
	if w.err != nil {
		return 0, w.err
	}
	w.later(holdFor)
	return len(p), nil
}

func (w *maskWriter) pass(p []byte) {
	if w.err == nil && len(p) > 0 {
		_, w.err = w.to.Write(p)
	}
}

func (w *maskWriter) later(d time.Duration) {
	if w.timer == nil && w.filter.holding() {
		w.timer = time.AfterFunc(d, w.release)
	}
}

func (w *maskWriter) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = nil
	if w.closed || !w.filter.holding() {
		return
	}
	if left := holdFor - time.Since(w.filter.since); left > 0 {
		w.later(left)
		return
	}
	w.pass(w.filter.pass(w.m.known.Load(), nil, true))
}

func (w *maskWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		w.pass(w.filter.pass(w.m.known.Load(), nil, true))
		if w.timer != nil {
			w.timer.Stop()
		}
	}
	return w.err
}
