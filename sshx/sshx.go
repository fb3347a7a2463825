// Package sshx runs commands on nodes over SSH, the way OpenSSH would do it.
//
// It is for a console that talks to the same few nodes for hours: one
// connection per host is dialled on first use, kept, watched and shared, and
// every command is a session on it. Where to connect, as whom, with which keys
// and through which jump hosts is what the installed ssh says (`ssh -G`), with
// its refusals. Where an option is not implemented here (choose.go), the
// connection is made by the installed ssh (through.go), so a node which
// `ssh NODE` refuses is refused here too.
//
// It is not for terminals, port forwarding or file copies. Passwords, codes and
// passphrases are asked through [Client.Ask]; "are you sure (yes/no)" is never
// asked, but an error with the command that settles it as its hint.
//
// The rules:
//
//   - A command is sent at most once. A dead connection is replaced only as long
//     as the command has not been sent; one of [Client.Keep] is then looked for,
//     and found, where it runs.
//   - An exit code comes from the server or not at all. [UnreachableError] and
//     [HostKeyError] mean that the command did not run, [LostError] that nobody
//     knows, [CancelledError] that the caller stopped it.
//   - Files are read at every new connection, never cached: the operator may
//     repair ssh_config or known_hosts and simply try again.
//   - Errors are plain text for the operator; how to fix it is separate, in Hint.
package sshx

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Options is what the inventory says about one host. It is stronger than
// ssh_config, as options on the command line of ssh are; a zero field asks
// ssh_config.
//
// With an Address, ssh_config is asked about that address and not about the
// name, because that is what Ansible hands to ssh: a host must not be reached
// by one way here and by another way from a playbook.
type Options struct {
	Address      string
	Port         int
	User         string
	Password     string   // answered first where the server asks for one
	IdentityFile string   // tried before those of ssh_config
	Args         []string // further arguments of ssh, such as -o ProxyCommand=... or -J
	ConfigFile   string   // instead of the one given to New
	Become       Become
}

// Client runs commands on hosts. It is safe for concurrent use.
type Client struct {
	configFile string
	options    func(name string) Options

	ctx  context.Context // ends with Close; dials run under it, not under the first caller's context
	stop context.CancelFunc

	mu     sync.Mutex
	slots  map[string]*slot
	closed bool

	secrets      *secrets
	sudos        sync.Map // lent, by host
	cleanup      cleanup
	sent         string        // see Record
	shell        string        // runs our scripts; tests put another one here
	reconnectFor time.Duration // how long a command that was cut off is looked for
	stopTimeouts [3]time.Duration

	gather     sync.Mutex
	gatherings map[string]*gathering // by host
	onlyOnce   bool
}

// New returns a client that has connected to nothing yet. An empty configFile
// means ~/.ssh/config, then /etc/ssh/ssh_config; a named one must exist and
// stands alone, as with ssh -F. A nil host means that ssh_config knows it all.
func New(configFile string, host func(name string) Options) *Client {
	if host == nil {
		host = func(string) Options { return Options{} }
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Client{configFile: configFile, options: host, ctx: ctx, stop: stop, slots: map[string]*slot{},
		secrets: newSecrets(), cleanup: cleanup{names: map[string][]string{}}, shell: "/bin/sh", reconnectFor: reconnectFor, stopTimeouts: stopGraces}
}

// Run runs command on host, by the login shell of the user there, and returns
// its exit code once all of its output is written. A command that died of
// signal n exits 128+n, as in a shell. With an error the code is -1, unless the
// error says that output could not be written: then the command went on to its
// end and the code is its own.
//
// A nil stdin is an empty one, a nil stdout or stderr is discarded. The writers
// are never called at the same time, nor after Run has returned. There is no
// terminal and no environment but that of the server.
//
// When ctx ends, the command is asked to stop: SIGINT, end of input, and after
// two seconds the session is closed. The error then wraps ctx.Err(). OpenSSH
// does not deliver signals to root, so a command that neither reads its input
// nor writes may well go on: [CancelledError] tells.
func (c *Client) Run(ctx context.Context, host, command string, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error) {
	lent, err := c.lend(ctx, host, command)
	if err != nil {
		return -1, err
	}
	if lent.any() {
		_, half := newMark()
		command, stdin = c.shellLine(sudoScript, append([]string{half}, append(lent.args(), command)...)...), lent.before(stdin)
	}
	sess, release, err := c.session(ctx, host, false)
	if err != nil {
		return -1, err
	}
	defer release()
	defer sess.Close()
	return run(ctx, host, sess, command, stdin, stdout, stderr)
}

// session opens a session on the kept connection to host, and dials again, once,
// if that connection turns out to be dead. release gives back its turn; a spare one is for what must not wait for commands.
func (c *Client) session(ctx context.Context, host string, spare bool) (sess *ssh.Session, release func(), err error) {
	for again := true; ; again = false {
		cn, err := c.connection(ctx, host)
		if err != nil {
			return nil, nil, err
		}
		turns := cn.turns
		if spare {
			turns = cn.spare
		}
		sess, err := cn.session(ctx, turns)
		if err == nil {
			return sess, func() { cn.release(turns) }, nil
		}
		if ctx.Err() != nil {
			return nil, nil, &CancelledError{Host: host, Err: ctx.Err()}
		}
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) {
			return nil, nil, &UnreachableError{Host: host, Place: cn.place, Op: "open a session on", Err: refused,
				hint: "the server accepted the login but not a session: see MaxSessions in its sshd_config"}
		}
		cn.close()
		if !again {
			return nil, nil, &UnreachableError{Host: host, Place: cn.place, Op: "open a session on", Err: err,
				hint: "the connection ended right after the login: see the log of sshd on the node"}
		}
	}
}

// Close removes from the nodes what was kept for commands that have ended, and
// ends all connections. Commands still running on them return a [LostError];
// later ones an [UnreachableError].
func (c *Client) Close() error {
	c.cleanAll()
	c.mu.Lock()
	c.closed = true
	var open []*conn
	for _, s := range c.slots {
		if s.conn != nil {
			open = append(open, s.conn)
		}
	}
	c.mu.Unlock()
	c.stop()
	for _, cn := range open {
		cn.close()
	}
	return nil
}
