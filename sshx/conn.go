package sshx

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// maxSessions is how many commands run at once over one connection. OpenSSH
// allows ten by default (MaxSessions); further ones wait here instead of being
// refused there.
const maxSessions = 8

// spareSessions are for what ends commands and tidies up after them, which must
// not wait for those.
const spareSessions = 2

// slot is the place of one connection in the client: being dialled until ready
// is closed, then alive. A slot that failed or died is taken out of the table.
type slot struct {
	ready   chan struct{}
	conn    *conn
	err     error
	waiting int    // callers, while it is being dialled
	giveUp  func() // ends the dial: nobody waits any more
}

// conn is one kept connection.
type conn struct {
	client      *ssh.Client
	place       string
	user        string
	turns       chan struct{}
	spare       chan struct{}
	ended       atomic.Int64 // sessions, so far
	under       func()       // ends what the connection was made of
	environment []string     // NAME=value, sent with every session
	once        sync.Once
	gone        chan struct{} // closed when the connection is
}

func newConn(client *ssh.Client, place string, under func()) *conn {
	cn := &conn{client: client, place: place, under: under,
		turns: make(chan struct{}, maxSessions), spare: make(chan struct{}, spareSessions), gone: make(chan struct{})}
	go func() {
		client.Wait()
		cn.close()
	}()
	return cn
}

// session waits for a turn and opens a session. The caller gives the turn back.
func (cn *conn) session(ctx context.Context, turns chan struct{}) (*ssh.Session, error) {
	release := func() { cn.release(turns) }
	select {
	case turns <- struct{}{}:
	case <-cn.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	type result struct {
		sess *ssh.Session
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		sess, err := cn.newSession()
		opened <- result{sess, err}
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			release()
		}
		return r.sess, r.err
	case <-cn.gone:
		// x/crypto may wait for ever for the answer to a request that it sent
		// just after it had noticed the end of the connection.
		return nil, errGone
	case <-ctx.Done():
		go func() { // the answer is still to come, and the turn is taken until then
			select {
			case r := <-opened:
				if r.err == nil {
					r.sess.Close()
				}
				release()
			case <-cn.gone:
			}
		}()
		return nil, ctx.Err()
	}
}

// reaped is how long sshd may take to clean up a session whose end it has reported. Until then it counts.
const reaped = time.Second

// newSession opens a session. One that is refused is tried again as long as others end: then it is only their turn.
func (cn *conn) newSession() (*ssh.Session, error) {
	ended, until := cn.ended.Load(), time.Now().Add(reaped)
	for ; ; time.Sleep(20 * time.Millisecond) {
		sess, err := cn.client.NewSession()
		if err == nil {
			err = setEnvironment(sess, cn.environment)
		}
		var refused *ssh.OpenChannelError
		if !errors.As(err, &refused) || refused.Reason != ssh.ConnectionFailed || time.Now().After(until) {
			return sess, err
		}
		if n := cn.ended.Load(); n != ended {
			ended, until = n, time.Now().Add(reaped)
		}
	}
}

// setEnvironment sends variables as ssh does: without waiting for what the server thinks of them.
func setEnvironment(sess *ssh.Session, environment []string) error {
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		if _, err := sess.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{name, value})); err != nil {
			return err
		}
	}
	return nil
}

// release ends a turn.
func (cn *conn) release(turns chan struct{}) {
	cn.ended.Add(1)
	<-turns
}

var errGone = errors.New("the connection has ended")

// close may be called more than once. It ends the transport without waiting for
// the peer, which may be gone.
func (cn *conn) close() {
	cn.once.Do(func() {
		close(cn.gone)
		cn.under()
		cn.client.Close()
	})
}

func (cn *conn) dead() bool {
	select {
	case <-cn.gone:
		return true
	default:
		return false
	}
}

// watch asks the server for a sign of life every interval and closes the
// connection when none came for count intervals, so that a peer that vanished
// without a word ends its commands as lost instead of letting them hang.
func (cn *conn) watch(interval time.Duration, count int) {
	for {
		select {
		case <-cn.gone:
			return
		case <-time.After(interval):
		}
		answered := make(chan error, 1)
		go func() {
			// Any answer is a sign of life, "unknown request" too.
			_, _, err := cn.client.SendRequest("keepalive@openssh.com", true, nil)
			answered <- err
		}()
		// The time is counted in short pieces: of a console that was suspended only the piece under way is over when it
		// goes on, and there is time to read what came meanwhile.
		alive := false
		for pieces := 4 * max(count-1, 1); pieces > 0 && !alive; pieces-- {
			select {
			case <-cn.gone:
				return
			case err := <-answered:
				if err != nil {
					pieces = 0
				}
				alive = err == nil
			case <-time.After(interval / 4):
			}
		}
		if !alive {
			cn.close()
			return
		}
	}
}

// connection returns the connection to host, dialling if there is none.
func (c *Client) connection(ctx context.Context, host string) (*conn, error) {
	cn, err := c.shared(ctx, "host "+host, func(ctx context.Context) (*conn, error) {
		way, err := c.route(ctx, host)
		if err != nil {
			return nil, err
		}
		return c.dialRoute(ctx, way)
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, &CancelledError{Host: host, Ended: true, Err: ctx.Err()}
	}
	if errors.Is(err, errClosed) {
		return nil, &UnreachableError{Host: host, Op: "connect to", Err: err}
	}
	return cn, err
}

var errClosed = errors.New("the SSH client is closed")

// shared returns the connection in the slot of that key. The first to ask dials
// and all others wait for it; each of them may give up waiting without failing
// the rest, hence the client's own context for the dial. When all have given up, so
// does the dial: the operator may be asked for it.
func (c *Client) shared(ctx context.Context, key string, dial func(context.Context) (*conn, error)) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, errClosed
	}
	s := c.slots[key]
	if s == nil || s.conn != nil && s.conn.dead() {
		s = &slot{ready: make(chan struct{})}
		var dialing context.Context
		dialing, s.giveUp = context.WithCancel(c.ctx)
		c.slots[key] = s
		go c.fill(dialing, key, s, dial)
	}
	s.waiting++
	c.mu.Unlock()
	select {
	case <-s.ready:
		return s.conn, s.err
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if s.waiting--; s.waiting == 0 && s.conn == nil {
			s.giveUp()
			if c.slots[key] == s {
				delete(c.slots, key)
			}
		}
		return nil, ctx.Err()
	}
}

func (c *Client) fill(ctx context.Context, key string, s *slot, dial func(context.Context) (*conn, error)) {
	defer s.giveUp()
	cn, err := dial(ctx)
	c.mu.Lock()
	if err == nil && ctx.Err() != nil && !c.closed { // it came when nobody waited any more
		go cn.close()
		err = ctx.Err()
	}
	if c.closed {
		if err == nil {
			go cn.close()
		}
		err = errClosed
	}
	if s.err = err; err == nil {
		s.conn = cn
	}
	c.mu.Unlock()
	if err == nil {
		close(s.ready)
		<-cn.gone
	}
	c.mu.Lock()
	if c.slots[key] == s {
		delete(c.slots, key)
	}
	c.mu.Unlock()
	if err != nil {
		close(s.ready) // only now, so that a retry dials again
	}
}
