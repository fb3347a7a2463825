package ui

import (
	"context"
	"io"
)

// lending is work that needs the terminal.
type lending struct {
	work  func() error
	reply chan error
}

// Lend takes the screen away, gives the terminal to work, and draws the screen again when that has ended.
func (c *Console) Lend(_ context.Context, work func() error) error {
	l := lending{work: work, reply: make(chan error, 1)}
	c.push(l, true)
	select {
	case err := <-l.reply:
		return err
	case <-c.left:
		return ErrLeft
	}
}

// Run is what Bubble Tea calls while it does not have the terminal itself.
func (l lending) Run() error { return l.work() }

// The work brings its own input and output: the terminal itself.
func (l lending) SetStdin(io.Reader)  {}
func (l lending) SetStdout(io.Writer) {}
func (l lending) SetStderr(io.Writer) {}
