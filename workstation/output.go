package workstation

import (
	"io"
	"sync"
)

// outputs passes both streams on, one write at a time. It never reports a
// failed write to the command, which would die of a broken pipe in the middle
// of its work because our disk is full; it keeps the first failure and swallows
// the rest.
type outputs struct {
	mu       sync.Mutex
	err      error
	detached bool
}

type output struct {
	*outputs
	w io.Writer
}

func (o *outputs) to(w io.Writer) output {
	if w == nil {
		w = io.Discard
	}
	return output{o, w}
}

func (o output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil && !o.detached {
		_, o.err = o.w.Write(p)
	}
	return len(p), nil
}

func (o *outputs) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// detach cuts the caller's writers off.
func (o *outputs) detach() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.detached = true
}
