package sshx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// loginTimeout bounds the login apart from ConnectTimeout, because an agent may
// wait for a finger on a hardware key.
const loginTimeout = time.Minute

// dial connects to one target, through via unless that is nil, and logs in.
func dial(ctx context.Context, t *target, via *conn) (*conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(t.connectTimeout, func() {
		cancel(fmt.Errorf("no answer in %v", t.connectTimeout))
	})
	defer limit.Stop()

	fail := func(op string, err error) error {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return &UnreachableError{Host: t.name, Place: t.place(), Op: op, Err: err, hint: dialHint(t, err)}
	}
	if via != nil {
		go func() {
			select {
			case <-via.gone:
				cancel(errors.New("the connection to the jump host has ended"))
			case <-ctx.Done():
			}
		}()
	}
	stream, err := transport(ctx, t, via)
	if err != nil {
		return nil, fail("connect to", plain(err))
	}
	stop := context.AfterFunc(ctx, func() { stream.Close() })

	keys := loadKeys(t)
	defer keys.close()
	check := newKeyCheck(t, via != nil || t.command != "")
	config := &ssh.ClientConfig{
		User:              t.user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(keys.signers...)},
		HostKeyAlgorithms: check.known.algorithms(),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			err := check.check(key)
			if err == nil {
				limit.Reset(loginTimeout)
			}
			return err
		},
	}
	sc, chans, reqs, err := ssh.NewClientConn(stream, t.address(), config)
	if err == nil && !stop() {
		sc.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		stop()
		stream.Close()
		switch {
		case check.err != nil:
			return nil, check.err
		case check.passed:
			return nil, keys.refused(t, fail, err)
		}
		return nil, fail("connect to", plain(err))
	}
	cn := newConn(ssh.NewClient(sc, chans, reqs), t.place(), func() { stream.Close() })
	go cn.watch(t.aliveInterval, t.aliveCount)
	return cn, nil
}

// transport is the byte stream to the server: TCP, a channel of the jump host,
// or a ProxyCommand.
func transport(ctx context.Context, t *target, via *conn) (net.Conn, error) {
	switch {
	case via != nil:
		return via.client.DialContext(ctx, "tcp", t.address())
	case t.command != "":
		return startProxy(t.command)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", t.address())
}

// plain keeps what an operator can use of an error of net and ssh.
func plain(err error) error {
	var dns *net.DNSError
	var errno syscall.Errno
	var refused *ssh.OpenChannelError
	switch {
	case errors.As(err, &dns):
		return dns
	case errors.As(err, &refused):
		return fmt.Errorf("the jump host could not connect: %s", or(refused.Message, refused.Reason.String()))
	case errors.As(err, &errno):
		return errno
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the server hung up: %w", io.EOF)
	}
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "ssh: handshake failed: ") {
		return inner
	}
	return err
}

func dialHint(t *target, err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "the name does not resolve here: set ansible_host in the inventory or HostName in ssh_config"
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens on port %d of %s: is sshd running there, is the port right?", t.port, t.host)
	case strings.HasPrefix(err.Error(), "the jump host could not connect"):
		return "the way to the jump host works: is the node up, is its address right as seen from there?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), strings.HasPrefix(err.Error(), "no answer in"):
		return "is the node up, is the address right, does it need a jump host (ProxyJump)?"
	}
	if errors.Is(err, io.EOF) {
		return "sshd answers but does not let anybody talk: see its log, and MaxStartups in its sshd_config"
	}
	return "see what ssh says: ssh -v " + t.alias
}
