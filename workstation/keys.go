package workstation

import (
	"io"
	"sync"
)

// maxKeys is how much may wait for a command that does not read. Nobody types more.
const maxKeys = 1 << 20

// keys is what was typed and not yet read. Typing never waits.
type keys struct {
	mu    sync.Mutex
	more  sync.Cond
	typed []byte
	ended bool
}

func newKeys() *keys {
	k := &keys{}
	k.more.L = &k.mu
	return k
}

func (k *keys) press(p []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.typed)+len(p) <= maxKeys {
		k.typed = append(k.typed, p...)
	}
	k.more.Signal()
}

func (k *keys) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	k.more.Signal()
}

func (k *keys) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.typed) == 0 {
		if k.ended {
			return 0, io.EOF
		}
		k.more.Wait()
	}
	n := copy(p, k.typed)
	k.typed = k.typed[n:]
	return n, nil
}
