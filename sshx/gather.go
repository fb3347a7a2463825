package sshx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// gatherFor is how long a command that only reads waits for others, which go with it.
const gatherFor = 25 * time.Millisecond

// gatherSize bounds the lines that go in one script: they are one argument of the login shell, and Linux takes 128 KB.
const gatherSize = 60 << 10

// gathering is what waits to be sent to one host.
type gathering struct {
	waiting []*gathered
	down    error // the host could not be reached, and is not tried again
}

// gathered is one command.
type gathered struct {
	ctx            context.Context
	line           string
	stdout, stderr io.Writer
	exit           int
	err            error
	done           chan struct{}
}

// errAlone means that a host cannot run several commands in one session.
var errAlone = errors.New("no place for the output of commands on the node")

// Gather is Run for a command that only reads and takes no input. Commands for one host that come at about the same time go in
// one session, and run at the same time.
func (c *Client) Gather(ctx context.Context, host, command string, stdout, stderr io.Writer) (exit int, err error) {
	g := &gathered{ctx: ctx, line: command, stdout: stdout, stderr: stderr, done: make(chan struct{})}
	if err := c.wait(host, g); err != nil {
		return -1, err
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		return -1, &CancelledError{Host: host, Err: ctx.Err()}
	}
	if errors.Is(g.err, errAlone) {
		return c.Run(ctx, host, command, nil, stdout, stderr)
	}
	return g.exit, g.err
}

// OnlyOnce has Gather not try a host again that could not be reached: what follows gets the same error. It is for a check, which
// looks at one moment.
func (c *Client) OnlyOnce() { c.onlyOnce = true }

// wait puts a command into the queue of its host. The first one sees to it that the queue is sent.
func (c *Client) wait(host string, g *gathered) error {
	c.gather.Lock()
	defer c.gather.Unlock()
	if c.gatherings == nil {
		c.gatherings = map[string]*gathering{}
	}
	q := c.gatherings[host]
	if q == nil {
		q = &gathering{}
		c.gatherings[host] = q
	}
	if q.down != nil {
		return q.down
	}
	if q.waiting = append(q.waiting, g); len(q.waiting) == 1 {
		go c.send(host, q)
	}
	return nil
}

// send sends what waits for a host, once there is a connection.
func (c *Client) send(host string, q *gathering) {
	time.Sleep(gatherFor)
	_, err := c.connection(c.ctx, host) // the others come meanwhile
	c.gather.Lock()
	all := q.waiting
	q.waiting = nil
	var unreachable interface{ Unreachable() bool }
	if c.onlyOnce && errors.As(err, &unreachable) && unreachable.Unreachable() {
		q.down = err
	}
	c.gather.Unlock()
	if err != nil {
		end(all, err)
		return
	}
	for len(all) > 0 {
		n, size := 0, 0
		for n < len(all) && (n == 0 || size+len(all[n].line) < gatherSize) {
			size += len(quote(all[n].line))
			n++
		}
		go c.together(host, all[:n])
		all = all[n:]
	}
}

// end gives all commands that have not ended an error.
func end(all []*gathered, err error) {
	for _, g := range all {
		select {
		case <-g.done:
		default:
			g.exit, g.err = -1, err
			close(g.done)
		}
	}
}

// together runs commands in one session.
func (c *Client) together(host string, all []*gathered) {
	if len(all) == 1 {
		g := all[0]
		g.exit, g.err = c.Run(g.ctx, host, g.line, nil, g.stdout, g.stderr)
		close(g.done)
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	go func() { // nobody waits any more
		for _, g := range all {
			select {
			case <-g.done:
			case <-g.ctx.Done():
			}
		}
		cancel()
	}()
	var sudo lent
	_, half := newMark()
	args := []string{half}
	for i, g := range all {
		own, err := c.lend(g.ctx, host, g.line)
		if err != nil {
			end(all[i:i+1], err)
			args = append(args, ":")
			continue
		}
		if own.any() {
			sudo = own
		}
		args = append(args, g.line)
	}
	here, leave := io.Pipe() // the script ends with its input
	defer leave.Close()
	command, stdin := c.shellLine(gatherScript, args...), io.Reader(here)
	if sudo.any() {
		command, stdin = c.shellLine(sudoScript, append([]string{half}, append(sudo.args(), command)...)...), sudo.before(here)
	}
	sess, release, err := c.session(ctx, host, false)
	if err != nil {
		end(all, err)
		return
	}
	defer release()
	defer sess.Close()
	out, in := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := deliver(bufio.NewReader(out), half+":"+half+" ", all)
		_, _ = io.Copy(io.Discard, out)
		read <- err
	}()
	var said tail
	_, err = run(ctx, host, sess, command, stdin, in, &said)
	in.Close()
	if e := <-read; err == nil && e != nil {
		err = e
	}
	if err == nil {
		err = &LostError{Host: host, Err: fmt.Errorf("the shell ended early: %s", said.text())}
	}
	end(all, err)
}

// deliver gives each command what it printed, as the script sends it.
func deliver(r *bufio.Reader, mark string, all []*gathered) error {
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, text, ours := strings.Cut(line, mark)
		if !ours {
			continue // a login shell that greets
		}
		if strings.TrimSpace(text) == "none" {
			return errAlone
		}
		var i, exit int
		var out, errs int64
		if _, err := fmt.Sscan(text, &i, &exit, &out, &errs); err != nil || i < 0 || i >= len(all) {
			return fmt.Errorf("read what the node printed: unexpected %q", line)
		}
		if err := all[i].take(r, exit, out, errs); err != nil {
			return err
		}
	}
}

// take reads the output of a command, and ends it. One that nobody waits for any more is passed over.
func (g *gathered) take(r io.Reader, exit int, out, errs int64) error {
	ended := false
	select {
	case <-g.done:
		ended = true
	default:
		ended = g.ctx.Err() != nil
	}
	for _, s := range []struct {
		size int64
		to   io.Writer
	}{{out, g.stdout}, {errs, g.stderr}} {
		if s.to == nil || ended {
			s.to = io.Discard
		}
		text := make([]byte, s.size)
		if _, err := io.ReadFull(r, text); err != nil {
			return fmt.Errorf("read what the node printed: %w", err)
		}
		if _, err := s.to.Write(text); err != nil && g.err == nil {
			g.err = fmt.Errorf("write the output of the command: %w", err)
		}
	}
	select {
	case <-g.done:
	default:
		g.exit = exit
		close(g.done)
	}
	return nil
}

// tail keeps the end of a text.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-1000):]
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
