package workstation

import (
	"io"
	"sync"
	"time"
)

// What a command prints in haste is passed on in pieces: a terminal gives 4 KB at a time, and each would be written,
// hashed and noted by itself. The first after a silence is passed on at once, what follows within gatherFor.
const (
	gatherFor = 4 * time.Millisecond
	pieceSize = 64 << 10
)

// outputs passes both streams on, one write at a time, in the order in which they came. It never reports a
// failed write to the command, which would die of a broken pipe in the middle
// of its work because our disk is full; it keeps the first failure and swallows
// the rest.
type outputs struct {
	mu       sync.Mutex
	err      error
	detached bool
	streams  int
	held     []byte // gathered
	of       output // whose it is
	passed   time.Time
	timer    *time.Timer // set while something is held
}

type output struct {
	*outputs
	w      io.Writer
	stream int
}

func (o *outputs) to(w io.Writer) output {
	if w == nil {
		w = io.Discard
	}
	o.streams++
	return output{o, w, o.streams}
}

func (o output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || o.detached {
		return len(p), nil
	}
	if o.of.stream != o.stream || len(o.held)+len(p) > pieceSize {
		o.pass()
	}
	o.held, o.of = append(o.held, p...), o
	switch wait := gatherFor - time.Since(o.passed); {
	case wait <= 0:
		o.pass()
	case o.timer == nil:
		o.timer = time.AfterFunc(wait, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.timer = nil
			o.pass()
		})
	}
	return len(p), nil
}

// pass passes on what is held.
func (o *outputs) pass() {
	if len(o.held) == 0 || o.err != nil || o.detached {
		return
	}
	_, o.err = o.of.w.Write(o.held)
	o.held, o.passed = o.held[:0], time.Now()
}

// failure returns the first failed write, once all that came is written.
func (o *outputs) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pass()
	return o.err
}

// detach passes on what is held and cuts the caller's writers off.
func (o *outputs) detach() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pass()
	o.detached = true
}
