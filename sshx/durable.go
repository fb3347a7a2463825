package sshx

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// How long a command that was cut off is looked for, and how often.
const (
	reconnectFor = 3 * time.Minute
	reconnectMin = 200 * time.Millisecond
	reconnectMax = 5 * time.Second
	startGrace   = 5 * time.Second // a slow login shell may come to it only after the connection is gone
)

// A stopped command is given time to end its work, as one on the workstation is.
var stopGraces = [...]time.Duration{
	10 * time.Second, // after SIGINT
	3 * time.Second,  // after SIGTERM
	2 * time.Second,  // after SIGKILL
}

// Keep is [Client.Run] for a command that must survive its connection. On the node a small shell script keeps its output and
// its exit status in a directory of the user's own, under name, which no other command may ever have. If the connection
// breaks, Keep connects again, for three minutes, and goes on where the output broke off; the exit code is the command's own
// and nothing is run twice. What it kept is removed when the end of the command has been received.
//
// All of stdin is read before the command starts, and the command starts only if all of it arrived. Output comes up to a third
// of a second late. When ctx ends, all processes of the command get SIGINT, after ten seconds SIGTERM, after three more
// SIGKILL, also those that sudo started.
//
// Where no directory can be written, the command runs as with Run, and a [LostError] says so.
func (c *Client) Keep(ctx context.Context, host, name, command string, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error) {
	args := []string{"", command}
	var in io.Reader
	if stdin != nil {
		all, err := io.ReadAll(stdin)
		if err != nil {
			return -1, fmt.Errorf("read the input for the command on %s: %w", host, err)
		}
		args[0], in = "in", strings.NewReader(base64.StdEncoding.EncodeToString(all)+"\n")
	}
	lent, err := c.lend(ctx, host, command)
	if err != nil {
		return -1, err
	}
	if args = append(args, lent.args()...); lent.secret != "" {
		in = lent.before(in)
	}
	k := &durable{client: c, host: host, name: name, stdout: stdout, stderr: stderr}
	k.once(ctx, startScript, args, in)
	if !k.settled() {
		k.follow(ctx)
	}
	return k.end(ctx)
}

// Attach takes up a command that an earlier Keep, perhaps of another process, started under this name. It delivers what came
// after that many bytes of output and returns as Keep does. An error whose NeverStarted says so means that the command was
// never sent; that is known only with [Client.Record].
func (c *Client) Attach(ctx context.Context, host, name string, seenStdout, seenStderr int64, stdout, stderr io.Writer) (exit int, err error) {
	k := &durable{client: c, host: host, name: name, stdout: stdout, stderr: stderr, began: true}
	k.seen = [2]int64{seenStdout, seenStderr}
	k.follow(ctx)
	return k.end(ctx)
}

// durable is one command that survives its connections.
type durable struct {
	client         *Client
	host, name     string
	stdout, stderr io.Writer

	seen    [2]int64 // bytes of output that were delivered
	failure error    // some could not be
	began   bool     // the script said that it runs, or an earlier console did

	// of the last session:
	exit int
	err  error
	said string // by our script, last

	// once ctx has ended:
	stopped bool // the command was asked to end
	ended   bool // and did
}

// once runs a session of a script for the command.
func (k *durable) once(ctx context.Context, script string, args []string, stdin io.Reader) {
	k.said, k.exit = "", -1
	mark, half := newMark()
	line := k.client.shellLine(script, append([]string{half, k.name}, args...)...)
	var sess *ssh.Session
	var release func()
	if sess, release, k.err = k.client.session(ctx, k.host, false); k.err != nil {
		return
	}
	defer release()
	defer sess.Close()
	if script == startScript {
		if k.err = k.client.sending(k.name); k.err != nil {
			return
		}
	}
	out, notes := &markers{mark: mark, to: k.stdout, err: k.failure}, &markers{mark: mark, to: k.stderr, err: k.failure}
	// The session outlives ctx: how the command takes the stop comes through it.
	inner, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	over, stopped := make(chan struct{}), make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(stopped)
		if k.stop() {
			select {
			case <-over:
			case <-time.After(2 * time.Second):
			}
		}
		abandon()
	})
	k.exit, k.err = run(inner, k.host, sess, line, stdin, out, notes)
	close(over)
	if !unhook() {
		<-stopped
	}
	k.said = notes.last()
	// Where a session broke, what may be half a mark comes again with the next one.
	if k.err == nil || k.said == "plain" {
		out.flush()
		notes.flush()
	}
	k.seen[0] += out.seen
	k.seen[1] += notes.seen
	k.failure = cmp.Or(out.err, notes.err)
	k.began = k.began || notes.begun
}

// settled reports whether there is nothing more to learn from another session.
func (k *durable) settled() bool {
	var lost *LostError
	switch {
	case k.stopped, k.said == "plain":
		return true
	case k.err != nil:
		return !errors.As(k.err, &lost)
	}
	return !strings.HasPrefix(k.said, "kept ")
}

// follow attaches until the end of the command is known, or until nobody answered for too long.
func (k *durable) follow(ctx context.Context) {
	lost, pause := time.Now(), time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			if !k.stopped {
				k.stop()
			}
			return
		case <-time.After(pause):
		}
		before := k.seen
		k.once(ctx, attachScript, []string{strconv.FormatInt(k.seen[0], 10), strconv.FormatInt(k.seen[1], 10)}, nil)
		var unreachable *UnreachableError
		switch {
		case errors.Is(k.err, errClosed):
			return
		case errors.As(k.err, &unreachable):
		case k.said == "none" && !k.began && time.Since(lost) < startGrace:
		case k.settled():
			return
		}
		if k.seen != before || strings.HasPrefix(k.said, "kept ") { // it was found: from now on it is looked for again
			lost = time.Now()
		}
		if k.seen != before {
			pause = 0
		}
		if time.Since(lost) > k.client.reconnectFor {
			return
		}
		pause = min(max(2*pause, reconnectMin), reconnectMax)
	}
}

// stop ends the command on the node, over a session of its own, and reports whether there was one to end.
func (k *durable) stop() bool {
	args, limit := []string{k.name}, 5*time.Second
	for _, grace := range k.client.stopTimeouts {
		args = append(args, strconv.Itoa(int(grace/time.Second)))
		limit += grace
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	k.stopped = true
	lent := k.client.lentBefore(k.host)
	said, err := k.client.askWith(ctx, k.host, stopScript, lent.before(nil), append(args, lent.args()...)...)
	k.ended = said == "ended"
	return err == nil && (k.ended || said == "alive")
}

// end converts what was received into the result for the caller.
func (k *durable) end(ctx context.Context) (int, error) {
	exit, full, err := -1, false, error(nil)
	if words := strings.Fields(k.said); len(words) > 1 && words[0] == "exit" && k.err == nil {
		if exit, err = strconv.Atoi(words[1]); err == nil {
			k.client.cleanLater(k.host, k.name)
			full = len(words) > 2
		}
	}
	var cancelled *CancelledError
	switch {
	case k.stopped && errors.As(k.err, &cancelled):
		return -1, &CancelledError{Host: k.host, Ended: k.ended || cancelled.Ended, Err: ctx.Err()}
	case k.stopped:
		return -1, &CancelledError{Host: k.host, Ended: k.ended || k.err == nil, Err: ctx.Err()}
	case full:
		return -1, k.lost(fmt.Errorf("the disk of the node was full: it ended with exit code %d, but not all of its output is there", exit))
	case exit >= 0:
		return exit, k.written()
	}
	switch k.said {
	case "input":
		return -1, &UnreachableError{Host: k.host, Op: "send the input of the command to", Err: errors.New("it did not arrive whole, so the command was not started"),
			hint: "the connection broke, or base64 of coreutils is missing there"}
	case "again":
		return -1, k.lost(errors.New("a command of this name was started there before"))
	case "none":
		if k.client.neverSent(k.name) {
			return -1, &NeverStartedError{Host: k.host}
		}
		return -1, k.lost(errors.New("nothing of it is left there: its directory was removed, or there was none that could be written"))
	case "boot":
		return -1, k.lost(errors.New("the node was restarted before it ended"))
	case "dead":
		return -1, k.lost(errors.New("its shell was killed; what it had started may still run"))
	case "plain":
		var lost *LostError
		if errors.As(k.err, &lost) {
			return -1, k.lost(fmt.Errorf("%w; there was no directory on the node to keep its end in", lost.Err))
		}
	}
	if k.began && k.err != nil {
		return -1, k.lost(k.err)
	}
	if k.err == nil {
		return k.exit, k.written()
	}
	return -1, k.err
}

func (k *durable) lost(err error) error {
	var lost *LostError
	if errors.As(err, &lost) {
		return err
	}
	return &LostError{Host: k.host, Err: err}
}

func (k *durable) written() error {
	if k.failure == nil {
		return nil
	}
	return fmt.Errorf("write the output of the command on %s: %w", k.host, k.failure)
}
