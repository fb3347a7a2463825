package sshx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// cancelGrace is how long a cancelled command may take to end by itself.
const cancelGrace = 2 * time.Second

// run runs one command on a fresh session and sorts its end into the outcomes
// that the package comment names.
func run(ctx context.Context, host string, sess *ssh.Session, command string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if ctx.Err() != nil {
		return -1, &CancelledError{Host: host, Ended: true, Err: ctx.Err()}
	}
	var out outputs
	defer out.detach()
	sess.Stdout, sess.Stderr = out.to(stdout), out.to(stderr)
	// Our own copy of stdin, because Session would make "exit 0 without having
	// read all of stdin" an error.
	in, err := sess.StdinPipe()
	if err != nil {
		return -1, &UnreachableError{Host: host, Op: "prepare a command on", Err: err}
	}

	ended := make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// Start waits for the server's reply, so it can block as long as the
		// network does.
		err := sess.Start(command)
		started <- err
		if err != nil || ctx.Err() != nil {
			return
		}
		go func() {
			if stdin != nil {
				io.Copy(in, stdin) // a command need not read its input: no error of ours
			}
			in.Close()
		}()
		ended <- sess.Wait()
	}()

	select {
	case err := <-started:
		if err != nil {
			return -1, startFailed(host, command, err)
		}
	case <-ctx.Done():
		return -1, &CancelledError{Host: host, Err: ctx.Err()}
	}
	select {
	case err := <-ended:
		return exitCode(host, err, out.failure())
	case <-ctx.Done():
		return -1, cancel(ctx, host, sess, in, ended)
	}
}

// startFailed tells "the server said no" from "the connection broke around the
// request". Only the former is certain not to have run; whatever else Session
// may return one day counts as unknown.
func startFailed(host, command string, err error) error {
	if err.Error() == "ssh: command "+command+" failed" {
		return &UnreachableError{Host: host, Op: "start a command on", Err: errors.New("the server refused to run it"),
			hint: "the login works but not commands: see ForceCommand and the user's shell on the node"}
	}
	return &LostError{Host: host, Err: connectionError(err)}
}

func exitCode(host string, err, outputErr error) (int, error) {
	code := 0
	var exit *ssh.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		code = exit.ExitStatus() // 128+n for a signal
	default:
		return -1, &LostError{Host: host, Err: connectionError(err)}
	}
	if outputErr != nil {
		return code, fmt.Errorf("write the output of the command on %s: %w", host, outputErr)
	}
	return code, nil
}

// cancel stops a running command gently, then firmly.
func cancel(ctx context.Context, host string, sess *ssh.Session, in io.Closer, ended <-chan error) error {
	// In the background: on a dead network a write blocks longer than the grace.
	go func() {
		sess.Signal(ssh.SIGINT)
		in.Close()
	}()
	stopped := &CancelledError{Host: host, Err: ctx.Err()}
	select {
	case err := <-ended:
		_, lost := exitCode(host, err, nil)
		stopped.Ended = lost == nil
	case <-time.After(cancelGrace):
	}
	return stopped
}

// connectionError replaces what the protocol layer says about a vanished peer
// by what it means.
func connectionError(err error) error {
	var missing *ssh.ExitMissingError
	if errors.As(err, &missing) {
		return fmt.Errorf("the server sent no exit status: %w", err)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server closed the connection: %w", err)
	}
	return err
}

// outputs passes both streams on, one write at a time. It never reports a
// failed write to the session, which would stop reading and thereby block the
// remote command for ever in the middle of its work; it keeps the first failure
// and swallows the rest.
type outputs struct {
	mu       sync.Mutex
	err      error
	detached bool
}

type output struct {
	*outputs
	w io.Writer
}

func (o *outputs) to(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
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

// detach cuts the caller's writers off, for output that arrives after a cancel.
func (o *outputs) detach() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.detached = true
}
