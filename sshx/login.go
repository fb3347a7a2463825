package sshx

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// login picks the methods of one login in the order of ssh, puts its prompts to the operator, and explains its end.
type login struct {
	ctx     context.Context
	secrets *secrets
	target  *target
	keys    *keys
	limit   *time.Timer // stands while the operator is asked

	offered  []string          // by the server, last
	wanted   []string          // the same, before it offered nothing more
	partial  []string          // methods that it accepted, and wants more
	current  string            // method
	left     []string          // methods of the preferred ones that come after it
	off      map[string]bool   // methods that are used up
	tries    map[string]int    // of each method
	key      int               // the next one to offer
	answers  map[string]string // what was answered, by question
	asked    bool              // the operator was asked something
	answered bool              // the server, by the method that it has been given last
	refusals int               // answers that were refused
	nobody   *UnansweredError  // the first prompt that nobody could answer
	declined error             // the operator declines: no more methods
}

func newLogin(ctx context.Context, secrets *secrets, t *target, k *keys, limit *time.Timer) *login {
	return &login{ctx: ctx, secrets: secrets, target: t, keys: k, limit: limit, off: map[string]bool{}, tries: map[string]int{}, answers: map[string]string{}}
}

// errDenied ends a login when no method is left.
var errDenied = errors.New("no method is left")

// next picks the next method as ssh does: the same one until it is used up, then the next preferred one; again, when the
// server asks for a further factor.
func (l *login) next(server *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if l.declined != nil {
		return nil, l.declined
	}
	switch {
	case len(server.PartialSuccessMethods) > len(l.partial):
		l.key = 0
	case l.answered:
		l.refusals++
	}
	l.answered = false
	if l.offered == nil || !slices.Equal(l.offered, server.AllowedMethods) {
		l.left, l.current = l.target.methods, ""
	}
	l.partial = server.PartialSuccessMethods
	if l.offered = server.AllowedMethods; len(l.offered) > 0 {
		l.wanted = l.offered
	}
	for {
		if l.current != "" && !l.off[l.current] {
			if m := l.method(l.current); m != nil {
				return m, nil
			}
			l.off[l.current] = true
		}
		i := slices.IndexFunc(l.left, func(m string) bool { return slices.Contains(l.offered, m) })
		if i < 0 {
			return nil, errDenied
		}
		l.current, l.left = l.left[i], l.left[i+1:]
	}
}

// method is one more try of a method, nil when it is used up.
func (l *login) method(name string) ssh.AuthMethod {
	if name == "publickey" {
		if l.key == len(l.keys.signers) {
			return nil
		}
		l.key++
		return ssh.PublicKeys(l.keys.signers[l.key-1])
	}
	l.tries[name]++
	if l.tries[name] > l.target.prompts {
		return nil
	}
	if name == "password" {
		return ssh.PasswordCallback(l.password)
	}
	return ssh.KeyboardInteractive(l.challenge)
}

// ask returns the answer to a prompt of the server. Meanwhile the clock stands, and others may connect.
func (l *login) ask(p Prompt, name string) (string, error) {
	p.Host, p.Place = l.target.name, l.target.place()
	before, again := l.answers[p.Text]
	p.Again = again
	l.limit.Stop()
	<-admitted
	defer func() {
		admitted <- struct{}{}
		l.limit.Reset(loginTimeout)
	}()
	l.asked = true
	value, err := "", error(nil)
	if name == "" {
		value, err = l.secrets.put(l.ctx, p)
	} else {
		value, err = l.secrets.get(l.ctx, name, before, p)
	}
	switch {
	case errors.Is(err, ErrNobody):
		if l.nobody == nil {
			l.nobody = &UnansweredError{Prompt: p, Err: err}
		}
		l.off[l.current] = p.Kind != PromptPassphrase
	case err == nil:
		l.answers[p.Text], l.answered = value, l.answered || p.Kind != PromptPassphrase
	case p.Kind != PromptPassphrase:
		l.declined = fmt.Errorf("%q was not answered: %w", p.Text, err)
	}
	return value, err
}

func (l *login) password() (string, error) {
	if l.target.password != "" && l.tries["password"] == 1 {
		l.answered = true
		return l.target.password, nil
	}
	return l.ask(Prompt{Kind: PromptPassword, Text: l.target.user + "@" + or(l.target.keyAlias, l.target.host) + "'s password:"}, "password "+l.target.place())
}

var passwordLike = regexp.MustCompile(`(?i)^\s*(\S+@\S+ |\(\S+@\S+\) ?)?(\S+'s )?(unix |ldap |ad |domain |login |current )?password( for \S+)?:?\s*$`)

// challenge answers the questions of the server. Only a password is kept: anything else may be good for one time only.
func (l *login) challenge(name, instruction string, questions []string, echos []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i, q := range questions {
		p := Prompt{Kind: PromptQuestion, Text: strings.TrimSpace(q), Says: strings.TrimSpace(name + "\n" + instruction), Echo: echos[i]}
		isPassword := !echos[i] && passwordLike.MatchString(q)
		if _, again := l.answers[p.Text]; isPassword && !again && l.target.password != "" {
			answers[i], l.answers[p.Text], l.answered = l.target.password, l.target.password, true
			continue
		}
		keep := ""
		if isPassword {
			keep = "password " + l.target.place()
		}
		var err error
		if answers[i], err = l.ask(p, keep); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// failed explains the end of a login.
func (l *login) failed(err error, fail func(string, error) error) error {
	switch {
	case l.ctx.Err() != nil:
		return fail("log in to", err)
	case l.declined != nil:
		return &UnreachableError{Host: l.target.name, Place: l.target.place(), Op: "log in to", Err: l.declined, hint: "try again, and answer it"}
	case !errors.Is(err, errDenied):
		return fail("log in to", plain(err))
	case l.nobody != nil:
		return l.nobody
	}
	said, hint := l.denied()
	for _, p := range l.keys.problems {
		said += "; " + p
	}
	return &UnreachableError{Host: l.target.name, Place: l.target.place(), Op: "log in to", Err: errors.New(said), hint: hint}
}

// denied says why every method failed, with a hint. The advice about authorized_keys is for keys that were all refused.
func (l *login) denied() (said, hint string) {
	t, k := l.target, l.keys
	hint = "see what ssh says: ssh -v " + t.alias
	keys := slices.Contains(l.wanted, "publickey") && slices.Contains(t.methods, "publickey")
	refusedKeys := slices.DeleteFunc(slices.Clone(k.offered), func(file string) bool { return slices.Contains(k.declined, file) })
	var parts []string
	if len(l.partial) > 0 {
		parts = append(parts, "the server accepted "+strings.Join(l.partial, ", ")+" and requires another method:  "+strings.Join(l.wanted, ", "))
	}
	switch {
	case keys && len(k.signers) == 0:
		parts = append(parts, "there is no key to log in with")
		hint = "name an IdentityFile, or load a key: ssh-add"
	case keys && len(l.partial) == 0 && len(refusedKeys) > 0:
		parts = append(parts, "the server refused every key ("+strings.Join(refusedKeys, ", ")+")")
		if len(k.declined) == 0 {
			hint = fmt.Sprintf("is the public key in ~%s/.ssh/authorized_keys there, and may %s log in? Else name another User or IdentityFile", t.user, t.user)
		}
	}
	if len(k.declined) > 0 {
		parts = append(parts, "no passphrase was given that opens "+strings.Join(k.declined, ", "))
		hint = "ssh-add " + k.declined[0]
	}
	switch {
	case l.refusals > 0:
		parts = append(parts, "it refused what was answered")
		hint = "are the user name and the password right? See what ssh says: ssh -v " + t.alias
	case !slices.ContainsFunc(l.wanted, func(m string) bool { return slices.Contains(t.methods, m) }):
		parts = append(parts, "the server offers "+or(strings.Join(l.wanted, ", "), "no method")+", and ssh_config allows "+or(strings.Join(t.methods, ", "), "none"))
		hint = "see PreferredAuthentications, PubkeyAuthentication, PasswordAuthentication, KbdInteractiveAuthentication and BatchMode in: ssh -G " + t.alias
	case len(l.wanted) > 1 && len(l.partial) == 0:
		parts = append(parts, "it offers "+strings.Join(l.wanted, ", "))
	}
	return strings.Join(parts, "; "), hint
}
