package sshx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// loginTimeout bounds the login apart from ConnectTimeout, because an agent may
// wait for a finger on a hardware key.
const loginTimeout = time.Minute

// admitted bounds how many connections are made at once, so that a host is not given up because of our own crowd.
var admitted = make(chan struct{}, 32)

// dial connects to one target, through via unless that is nil, and logs in. ConnectTimeout counts from when it is the host's
// turn. A server that never answered is tried once more: nothing was sent to it. So is one that hung up while the operator
// was asked: the answer is known now.
func (c *Client) dial(ctx context.Context, t *target, via *conn) (*conn, error) {
	select {
	case admitted <- struct{}{}:
		defer func() { <-admitted }()
	case <-ctx.Done():
		return nil, &UnreachableError{Host: t.name, Place: t.place(), Op: "connect to", Err: context.Cause(ctx)}
	}
	if t.needs != "" {
		return c.dialThrough(ctx, t)
	}
	cn, err := c.dialOnce(ctx, t, via)
	var silent *UnreachableError
	if errors.As(err, &silent) && silent.silent && ctx.Err() == nil {
		cn, err = c.dialOnce(ctx, t, via)
	}
	return cn, err
}

// dialOnce is one try of dial.
func (c *Client) dialOnce(ctx context.Context, t *target, via *conn) (*conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(t.connectTimeout, func() {
		cancel(fmt.Errorf("no answer in %v", t.connectTimeout))
	})
	defer limit.Stop()

	var login *login
	fail := func(op string, err error) error {
		hungUp := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
		silent := hungUp && op == "connect to" || hungUp && login != nil && login.asked
		if ctx.Err() != nil {
			err = context.Cause(ctx)
			silent = strings.HasPrefix(err.Error(), "no answer in") && op == "connect to"
		}
		return &UnreachableError{Host: t.name, Place: t.place(), Op: op, Err: err, silent: silent, hint: dialHint(t, err)}
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
	login = newLogin(ctx, c.secrets, t, keys, limit)
	keys.open = login.passphrase
	config := &ssh.ClientConfig{
		Config: ssh.Config{Ciphers: supported(t.ciphers, all.Ciphers, more.Ciphers), MACs: supported(t.macs, all.MACs, more.MACs),
			KeyExchanges: supported(t.kexes, all.KeyExchanges, more.KeyExchanges)},
		User:              t.user,
		AuthCallback:      login.next,
		HostKeyAlgorithms: only(check.known.algorithms(), t.hostKeys),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			err := check.check(key)
			if err == nil {
				limit.Reset(loginTimeout)
			}
			return err
		},
	}
	for name, algorithms := range map[string][]string{"Ciphers": config.Ciphers, "MACs": config.MACs, "KexAlgorithms": config.KeyExchanges, "HostKeyAlgorithms": config.HostKeyAlgorithms} {
		if len(algorithms) == 0 {
			stream.Close()
			return nil, fail("connect to", fmt.Errorf("of what ssh_config lists under %s nothing is implemented here", name))
		}
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
			return nil, login.failed(err, fail)
		}
		return nil, fail("connect to", plain(err))
	}
	cn := newConn(ssh.NewClient(sc, chans, reqs), t.place(), func() { stream.Close() })
	cn.user, cn.environment = t.user, t.environment
	go cn.watch(t.aliveInterval, t.aliveCount)
	return cn, nil
}

var all, more = ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()

// supported keeps of the configured algorithms those that are implemented, in the configured order.
func supported(configured, secure, insecure []string) []string {
	return only(configured, slices.Concat(secure, insecure))
}

// only keeps the entries in both lists, in the order of the first.
func only(list, in []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(in, s) })
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
	network := map[string]string{"inet": "tcp4", "inet6": "tcp6"}[t.family]
	dialer := net.Dialer{}
	if t.bind != "" {
		local, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(t.bind, "0"))
		if err != nil {
			return nil, fmt.Errorf("BindAddress: %w", err)
		}
		dialer.LocalAddr = local
	}
	return dialer.DialContext(ctx, or(network, "tcp"), t.address())
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
