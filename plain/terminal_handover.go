package plain

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"
)

// Lend hands the terminal to a program: until it has ended, nothing is read from the terminal and nothing printed. What a command
// shows there is not printed again. It works only with a terminal whose reads take a deadline (see [Printer.Ask]).
func (p *Printer) Lend(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := p.typist
	in, ok := t.terminal()
	if !ok {
		return errors.New("this terminal cannot be lent")
	}
	p.hold()
	defer p.letGo()
	_ = in.SetReadDeadline(time.Unix(1, 0))
	away := false
	for open := true; open && !away; {
		select {
		case _, open = <-t.lines: // typed before, to no question
		case away = <-t.away:
		}
	}
	err := work()
	_ = in.SetReadDeadline(time.Time{})
	if away {
		t.back <- true
	}
	return err
}

// Edit hands the terminal to the operator's editor and waits until it ends.
func (p *Printer) Edit(ctx context.Context, editor *exec.Cmd) error {
	return p.Lend(ctx, func() error {
		// opened for it alone: what a program does to its terminal must not reach our reads
		tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer tty.Close()
		editor.Stdin, editor.Stdout, editor.Stderr = tty, tty, tty
		return editor.Run()
	})
}

// deadliner is a terminal whose reads can be ended without eating what is typed.
type deadliner interface{ SetReadDeadline(time.Time) error }

// terminal returns the terminal to hand over.
func (t *typist) terminal() (deadliner, bool) {
	if t == nil {
		return nil, false
	}
	d, ok := t.in.(deadliner)
	return d, ok && d.SetReadDeadline(time.Time{}) == nil
}

// hold keeps what happens from being printed.
func (p *Printer) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flush()
	for _, c := range p.open {
		c.handed = true
	}
	p.lent = true
}

// letGo prints what happened meanwhile.
func (p *Printer) letGo() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent = false
	for _, e := range p.held {
		p.print(e)
	}
	p.held = nil
}
