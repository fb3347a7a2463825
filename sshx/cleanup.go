package sshx

import (
	"bufio"
	"context"
	"io"
	"os"
	"sync"
	"time"

	"spraydeck/regular"
)

// What is known to have ended is removed from a node a moment later, together with whatever else ended meanwhile: by then
// the caller has written down how it ended, and if not, can still ask again.
const (
	cleanupAfter = 2 * time.Second
	cleanupLimit = 5 * time.Second
)

// cleanup keeps what is still to be removed.
type cleanup struct {
	mu    sync.Mutex
	names map[string][]string // by host
	busy  sync.WaitGroup
}

func (c *Client) cleanLater(host, name string) {
	f := &c.cleanup
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[host] = append(f.names[host], name); len(f.names[host]) == 1 {
		time.AfterFunc(cleanupAfter, func() { c.clean(host) })
	}
}

// clean removes what a host is still to forget. What cannot be removed now is tried again when the client is closed.
func (c *Client) clean(host string) {
	f := &c.cleanup
	f.mu.Lock()
	names := f.names[host]
	delete(f.names, host)
	if len(names) > 0 {
		f.busy.Add(1)
		defer f.busy.Done()
	}
	f.mu.Unlock()
	if len(names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupLimit)
	defer cancel()
	if said, err := c.ask(ctx, host, cleanScript, names...); err != nil || said != "done" {
		f.mu.Lock()
		f.names[host] = append(names, f.names[host]...)
		f.mu.Unlock()
	}
}

// cleanAll removes the rest. A node that does not answer keeps its own.
func (c *Client) cleanAll() {
	f := &c.cleanup
	f.busy.Wait()
	f.mu.Lock()
	var hosts []string
	for host := range f.names {
		hosts = append(hosts, host)
	}
	f.mu.Unlock()
	var wg sync.WaitGroup
	for _, host := range hosts {
		wg.Go(func() { c.clean(host) })
	}
	wg.Wait()
}

// ask runs a script on a host and returns the last thing it said to us.
func (c *Client) ask(ctx context.Context, host, script string, args ...string) (said string, err error) {
	return c.askWith(ctx, host, script, nil, args...)
}

// askWith is ask for a script that reads.
func (c *Client) askWith(ctx context.Context, host, script string, stdin io.Reader, args ...string) (said string, err error) {
	sess, release, err := c.session(ctx, host, true)
	if err != nil {
		return "", err
	}
	defer release()
	defer sess.Close()
	mark, half := newMark()
	notes := &markers{mark: mark}
	_, err = run(ctx, host, sess, c.shellLine(script, append([]string{half}, args...)...), stdin, nil, notes)
	return notes.last(), err
}

// Record names a file in which the client notes each name that is given to [Client.Keep], just before the command is sent.
// With it, [Client.Attach] can tell a command that was never sent from one of which nothing is left.
func (c *Client) Record(file string) { c.sent = file }

func (c *Client) sending(name string) error {
	if c.sent == "" {
		return nil
	}
	f, err := os.OpenFile(c.sent, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.WriteString(name + "\n"); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// neverSent is true only if that is certain.
func (c *Client) neverSent(name string) bool {
	if c.sent == "" {
		return false
	}
	f, err := regular.Open(c.sent)
	if err != nil {
		return os.IsNotExist(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if lines.Text() == name {
			return false
		}
	}
	return lines.Err() == nil
}
