package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"spraydeck/event"
)

// onTerm is what a recorded run does with SIGTERM; nil: it ends what this process does, as an interrupt.
var onTerm atomic.Pointer[func(os.Signal)]

// interruptible returns a context that SIGINT ends, and SIGTERM where no recorded run takes it. Not SIGHUP: without a run, a
// program whose terminal is gone dies at once.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan os.Signal, 4)
	signal.Notify(got, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range got {
			if leave := onTerm.Load(); leave != nil && s == syscall.SIGTERM {
				(*leave)(s)
				continue
			}
			cancel()
			go giveUp(exitCancelled, patience)
		}
	}()
	return ctx, cancel
}

// commands counts those that run now. A command that is stopped has its own time to end in.
var commands atomic.Int32

// patience is how long the process may take to end after a signal, commands aside; stopping is how long these may take.
const (
	patience = 3 * time.Second
	stopping = 45 * time.Second
)

// giveUp ends the process where something holds it that no signal interrupts, such as a read from a mount that is dead.
func giveUp(exit int, patience time.Duration) {
	const look = 100 * time.Millisecond
	begin := time.Now()
	for idle := time.Duration(0); idle < patience && time.Since(begin) < stopping; idle += look {
		if time.Sleep(look); commands.Load() > 0 && exit == exitCancelled {
			idle = 0
		}
	}
	fmt.Fprintln(os.Stderr, "spraydeck: ended by a signal while it waited for something that did not answer")
	os.Exit(exit)
}

// leaveOn makes SIGTERM and SIGHUP end this console and leave running what it started, as SIGKILL does; unlike it they are
// written down. end takes the screen away, where there is one, and detaches; without one this does.
func (w *walk) leaveOn(out io.Writer, end func()) (release func()) {
	leave := func(s os.Signal) {
		go giveUp(128+int(s.(syscall.Signal)), 2*patience) // the disk of the record may not answer
		name := map[os.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP"}[s]
		_, _ = w.journal.Append(event.Event{Data: event.Remark{Text: event.Textf(
			"the console was ended by %s; what it started goes on", "%s によりコンソールが終了しました。開始済みのものは続行します", name)}})
		w.ended.Store(int32(s.(syscall.Signal)))
		if end == nil {
			w.detach(out, nil)
		}
		end()
		time.Sleep(2 * time.Second) // a terminal that is gone may keep the screen from ending
		w.detach(out, nil)
	}
	hungUp := make(chan os.Signal, 1)
	signal.Notify(hungUp, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-hungUp:
			leave(s)
		case <-done:
		}
	}()
	onTerm.Store(&leave)
	return func() {
		onTerm.Store(nil)
		signal.Stop(hungUp)
		close(done)
	}
}

// wasEnded reports whether a signal has ended this console.
func (w *walk) wasEnded() bool { return w.ended.Load() != 0 }

// detach ends this console and leaves what it started running: the operator wanted that, the terminal is gone, or a signal
// said so. It is the same to the run as a console that was killed, and so it does not return: whatever this process went on
// to do, such as ending its commands, would be seen by the run.
func (w *walk) detach(out io.Writer, why error) {
	if err := w.journal.Sync(); err != nil {
		tell(out, errors.Join(why, err))
		fmt.Fprintln(out, "what was started goes on without a console and without a record")
		os.Exit(exitFailed)
	}
	if why != nil {
		tell(out, why)
	}
	fmt.Fprintf(out, "%s goes on without a console\n", w.book.Name.Value)
	fmt.Fprintln(out, "come back to it with: spraydeck resume", w.journal.Header().ID)
	if s := w.ended.Load(); s != 0 {
		os.Exit(128 + int(s))
	}
	os.Exit(exitDone)
}
