package workstation

import (
	"io"
	"os"
	"sync"
	"time"
)

// afterExit is how many bytes are still taken once the command has exited. No
// pipe or terminal holds more, so whatever exceeds it was written later, by a
// process left behind.
const afterExit = 1 << 20

// outputCopy copies the output of a command: all of it, but only the command's. A
// process that it left behind may keep the pipe open for days, so after the
// exit no more than outputGrace is spent on waiting for more.
type outputCopy struct {
	copies   sync.WaitGroup
	exited   chan struct{}
	exitedAt time.Time // set before exited is closed
	readers  []*os.File
	writers  []*os.File
}

func newOutputCopy() *outputCopy { return &outputCopy{exited: make(chan struct{})} }

func (d *outputCopy) copy(w io.Writer, r *os.File) {
	d.readers = append(d.readers, r)
	d.copies.Go(func() {
		buf := make([]byte, 32<<10)
		left, patience := afterExit, outputGrace
		for left > 0 && patience > 0 {
			begun := time.Now()
			n, err := r.Read(buf)
			ended := time.Now()
			w.Write(buf[:n])
			if err != nil { // also the EIO of a terminal without users
				return
			}
			select {
			case <-d.exited:
				left -= n
				if begun.Before(d.exitedAt) {
					begun = d.exitedAt
				}
				patience -= max(ended.Sub(begun), 0)
				// Set again each time, because only the waiting counts: if it was
				// the writing that took long, that is no reason to lose the rest.
				r.SetReadDeadline(time.Now().Add(patience))
			default:
			}
		}
	})
}

// closeWriters returns up our copies of the command's ends.
func (d *outputCopy) closeWriters() {
	for _, w := range d.writers {
		w.Close()
	}
}

// wait is called when the command has exited, and returns when its output has
// been written.
func (d *outputCopy) wait() {
	d.exitedAt = time.Now()
	close(d.exited)
	for _, r := range d.readers {
		r.SetReadDeadline(time.Now().Add(outputGrace))
	}
	d.copies.Wait()
	for _, r := range d.readers {
		r.Close()
	}
}
