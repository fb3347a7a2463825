package sshx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// Become is what the inventory says about becoming another user, for commands whose line says sudo.
type Become struct {
	Method   string // "" and sudo are the same; another one is refused
	User     string // "" is root
	Exe      string // the sudo
	Flags    string // of sudo, as a shell reads them
	Password string // tried before anybody is asked
}

// lent is what the sudo of one host is given.
type lent struct {
	secret  string // the password; "" where it needs none
	exe     string
	options string // of sudo, quoted for a shell
	as      string // those of them that sudo -v takes too
}

// any reports whether a command needs anything but the node's own sudo.
func (l lent) any() bool { return l.secret+l.exe+l.options != "" }

// args are what the scripts want to know of it.
func (l lent) args() []string {
	kind := ""
	switch {
	case l.secret != "":
		kind = "secret"
	case l.any():
		kind = "plain"
	}
	return []string{kind, or(l.exe, "sudo"), l.options}
}

// before puts the password before the input.
func (l lent) before(stdin io.Reader) io.Reader {
	switch {
	case l.secret == "":
		return stdin
	case stdin == nil:
		return strings.NewReader(l.secret + "\n")
	}
	return io.MultiReader(strings.NewReader(l.secret+"\n"), stdin)
}

// saysSudo finds sudo as a word of a command line.
var saysSudo = regexp.MustCompile(`(^|[^\w./-])sudo($|[^\w.-])`)

// ownFlags are options of sudo that say how it asks, which is our business.
var ownFlags = map[string]bool{"-n": true, "--non-interactive": true, "-S": true, "--stdin": true, "-A": true, "--askpass": true, "-k": true}

// sudoDeclinedFor is how long an operator who gave no password for sudo is not asked again for that host.
const sudoDeclinedFor = time.Minute

// lend returns what the sudo of a command needs: nothing where its line does not say sudo. Whether the host needs a password is
// found out once. The password is asked for once for a login name, and tried on the other hosts; it is verified before a
// command gets it. Where the operator declines, the command runs as its line says.
func (c *Client) lend(ctx context.Context, host, command string) (lent, error) {
	if !saysSudo.MatchString(command) {
		return lent{}, nil
	}
	b := c.options(host).Become
	if b.Method != "" && b.Method != "sudo" {
		return lent{}, &UnreachableError{Host: host, Op: "become root on", Err: fmt.Errorf("the inventory says ansible_become_method %s, which is not implemented here", b.Method),
			hint: "only sudo is: set ansible_become_method to sudo for this host"}
	}
	own := lent{exe: b.Exe}
	for _, f := range strings.Fields(b.Flags) {
		if !ownFlags[f] {
			own.options += f + " "
		}
	}
	if b.User != "" && b.User != "root" {
		own.as = "-u " + quote(b.User)
		own.options += own.as
	}
	own.options = strings.TrimSpace(own.options)
	cn, err := c.connection(ctx, host)
	if err != nil {
		return lent{}, err
	}
	if cn.user == "root" {
		return own, nil
	}
	known, err := c.secrets.take(ctx, "sudo of "+host)
	if err != nil {
		return lent{}, &CancelledError{Host: host, Ended: true, Err: err}
	}
	defer func() { <-known.turn }()
	if !known.set {
		value, err := c.sudoPassword(ctx, host, cn, own, b.Password)
		switch {
		case ctx.Err() != nil:
			return lent{}, &CancelledError{Host: host, Ended: true, Err: ctx.Err()}
		case errors.Is(err, errSudoDeclined):
			return own, nil
		case err != nil:
			return lent{}, err
		}
		known.value, known.set = value, true
		c.sudos.Store(host, lent{secret: value, exe: own.exe, options: own.options})
	}
	own.secret = known.value
	return own, nil
}

// lentBefore is what the sudo of a host was given.
func (c *Client) lentBefore(host string) lent {
	l, _ := c.sudos.Load(host)
	known, _ := l.(lent)
	return known
}

// errSudoDeclined means that commands go on without the password.
var errSudoDeclined = errors.New("no password for sudo")

// sudoPassword finds the password of a host, "" where sudo needs none.
func (c *Client) sudoPassword(ctx context.Context, host string, cn *conn, own lent, inventory string) (string, error) {
	said, err := c.trySudo(ctx, host, own, "")
	if err != nil || said != "wanted" {
		return "", err
	}
	if inventory != "" {
		if said, err = c.trySudo(ctx, host, own, inventory); err != nil || said != "wrong" {
			return inventory, err
		}
	}
	one, err := c.secrets.take(ctx, "sudo "+cn.user)
	if err != nil {
		return "", err
	}
	shared := true // nobody has a password for this name yet
	if one.set {
		shared = false
		<-one.turn
		if said, err = c.trySudo(ctx, host, own, one.value); err != nil || said != "wrong" {
			return one.value, err
		}
	} else {
		defer func() { <-one.turn }()
	}
	p := Prompt{Kind: PromptSudo, Host: host, Place: cn.user + "@" + host, Text: "[sudo] password for " + cn.user + ":", Again: said == "wrong"}
	for range 3 { // as sudo does
		value, err := c.secrets.put(ctx, p)
		switch {
		case errors.Is(err, ErrNobody):
			return "", &UnansweredError{Prompt: p, Err: err}
		case err != nil:
			return "", errSudoDeclined
		}
		if said, err = c.trySudo(ctx, host, own, value); err != nil {
			return "", err
		}
		if said != "wrong" {
			if shared {
				one.value, one.set = value, true
			}
			return value, nil
		}
		p.Again = true
	}
	return "", &UnreachableError{Host: host, Place: cn.place, Op: "become root on", Err: errors.New("sudo refused the password three times"),
		hint: "is the password right? See what sudo says on the node: sudo -v"}
}

// trySudo asks sudo on the node whether it needs a password, or whether this is the one.
func (c *Client) trySudo(ctx context.Context, host string, own lent, secret string) (said string, err error) {
	own.secret, own.options = secret, own.as
	args := own.args()
	if secret == "" {
		args[0] = ""
	}
	said, err = c.askWith(ctx, host, checkScript, own.before(nil), args...)
	if err != nil {
		return "", err
	}
	return said, nil
}
