package sshx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// This file reaches a host through the installed ssh. It logs in as the user's configuration says, and becomes the master of a
// control socket of ours. Over that socket (the "proxy" mode of OpenSSH's PROTOCOL.mux) sessions are the same as over a
// connection of the native client.

// masterLasts is how long ssh stays when nobody uses its connection: a console that was killed leaves nothing for longer.
const masterLasts = 5 * time.Second

// dialThrough connects to one target, jump hosts included, over the master that the user has open, or one of ours.
func (c *Client) dialThrough(ctx context.Context, t *target) (*conn, error) {
	if cn, err := overMaster(t.master, t); err == nil {
		return cn, nil
	}
	fail := func(err error) error {
		return &UnreachableError{Host: t.name, Place: t.place(), Op: "connect to", Err: err, hint: "see what ssh says: ssh -v " + t.alias}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(t.connectTimeout+loginTimeout, func() { cancel(fmt.Errorf("no answer in %v", t.connectTimeout+loginTimeout)) })
	defer limit.Stop()
	dir, err := privateDir()
	if err != nil {
		return nil, fail(err)
	}
	defer os.RemoveAll(dir) // once connected, the socket is of no more use
	p := &prompter{client: c, target: t, ctx: ctx, limit: limit, asked: map[string]string{}}
	if err := p.listen(filepath.Join(dir, "ask")); err != nil {
		return nil, fail(err)
	}
	defer p.socket.Close()

	socket := filepath.Join(dir, "master")
	cmd := exec.Command("ssh", t.masterArgs(socket)...)
	cmd.Env = p.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal to ask on, and no ^C of the console
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, fail(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended: // the master goes on in the background
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-ended
		return nil, fail(context.Cause(ctx))
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if nobody := p.unanswered(); nobody != nil {
			return nil, nobody
		}
		said := strings.Join(strings.Fields(stderr.String()), " ")
		return nil, fail(fmt.Errorf("ssh says: %s", or(said, err.Error())))
	}
	cn, err := overMaster(socket, t)
	if err != nil {
		return nil, fail(fmt.Errorf("speak to ssh: %w", err))
	}
	return cn, nil
}

// masterArgs are the arguments of ssh. Of options that say the same, it takes the first.
func (t *target) masterArgs(socket string) []string {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	args := []string{"-N", "-T"}
	for _, o := range []string{"ControlMaster=yes", "ControlPath=" + strings.ReplaceAll(socket, "%", "%%"), "ControlPersist=" + seconds(masterLasts),
		"ClearAllForwardings=yes", "ConnectTimeout=" + seconds(t.connectTimeout),
		"ServerAliveInterval=" + seconds(t.aliveInterval), "ServerAliveCountMax=" + strconv.Itoa(t.aliveCount)} {
		args = append(args, "-o", o)
	}
	if t.strict == "yes" { // ask is yes here
		args = append(args, "-o", "StrictHostKeyChecking=yes")
	}
	return slices.Concat(args, t.args, []string{"--", t.alias})
}

// overMaster makes a connection of a control socket. The master watches over the server.
func overMaster(socket string, t *target) (*conn, error) {
	if socket == "" {
		return nil, os.ErrNotExist
	}
	stream, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	_ = stream.SetDeadline(time.Now().Add(5 * time.Second)) // a socket of a dead machine's home may be there and say nothing
	sc, chans, reqs, err := ssh.NewControlClientConn(stream)
	if err != nil {
		stream.Close()
		return nil, err
	}
	_ = stream.SetDeadline(time.Time{})
	cn := newConn(ssh.NewClient(sc, chans, reqs), t.place(), func() { stream.Close() })
	cn.user, cn.environment = t.user, t.environment
	return cn, nil
}

// privateDir makes a directory for sockets, whose names have to be short.
func privateDir() (string, error) {
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/tmp"} {
		if base == "" || len(base) > 50 {
			continue
		}
		if dir, err := os.MkdirTemp(base, "spraydeck-ssh"); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("there is no directory for the sockets of ssh, neither XDG_RUNTIME_DIR nor /tmp")
}

// askPassEnv names the socket on which a prompter listens.
const askPassEnv = "SPRAYDECK_ASKPASS"

// asking and answer are what this program, as the SSH_ASKPASS of ssh, and the console say to each other.
type (
	asking struct {
		Text string
		Kind string // SSH_ASKPASS_PROMPT: "", confirm, none
	}
	answer struct {
		OK   bool
		Text string
	}
)

// AskPass is what this program does where an ssh of ours has started it to ask something: it has the console ask. A program
// that uses the package calls it first of all, and exits with the code.
func AskPass() (exit int, is bool) {
	socket := os.Getenv(askPassEnv)
	if socket == "" || len(os.Args) != 2 {
		return 0, false
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return 1, true
	}
	defer conn.Close()
	var a answer
	_ = json.NewEncoder(conn).Encode(asking{os.Args[1], os.Getenv("SSH_ASKPASS_PROMPT")})
	if json.NewDecoder(conn).Decode(&a) != nil || !a.OK {
		return 1, true
	}
	_, _ = fmt.Println(a.Text)
	return 0, true
}

// prompter puts to the operator what one ssh asks while it logs in.
type prompter struct {
	client *Client
	target *target
	ctx    context.Context
	limit  *time.Timer // stands while the operator is asked
	socket net.Listener

	mu     sync.Mutex
	asked  map[string]string // answers, by question
	nobody *UnansweredError
}

func (p *prompter) listen(name string) (err error) {
	if p.socket, err = net.Listen("unix", name); err != nil {
		return err
	}
	go func() {
		for {
			conn, err := p.socket.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return nil
}

// environment is that of an ssh which asks us.
func (p *prompter) environment() []string {
	self, err := os.Executable()
	if err != nil {
		self = "false"
	}
	env := append(os.Environ(), "SSH_ASKPASS="+self, "SSH_ASKPASS_REQUIRE=force", askPassEnv+"="+p.socket.Addr().String())
	if os.Getenv("DISPLAY") == "" {
		env = append(env, "DISPLAY=:0") // an ssh before 8.4 asks only where there is one
	}
	return env
}

func (p *prompter) serve(conn net.Conn) {
	defer conn.Close()
	var q asking
	in := json.NewDecoder(conn)
	if in.Decode(&q) != nil {
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	go func() { // until ssh no longer wants to know
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	}()
	if q.Kind == "none" { // a notice, such as to touch a key
		<-ctx.Done()
		return
	}
	text, err := p.ask(ctx, q)
	_ = json.NewEncoder(conn).Encode(answer{err == nil, text})
}

var ofKey = regexp.MustCompile(`^Enter passphrase for (?:key )?'?(.+?)'?: ?$`)

// ask gives the answer to one question: the one that is known, or the operator's.
func (p *prompter) ask(ctx context.Context, q asking) (string, error) {
	text := strings.TrimSpace(q.Text)
	prompt := Prompt{Kind: PromptQuestion, Host: p.target.name, Place: p.target.place(), Text: text, Echo: q.Kind == "confirm"}
	name := "" // an answer that may be good for one time only is not kept
	if key := ofKey.FindStringSubmatch(q.Text); key != nil {
		prompt.Kind, prompt.Text, name = PromptPassphrase, key[1], "passphrase "+key[1]
	} else if passwordLike.MatchString(text) {
		prompt.Kind, name = PromptPassword, "password of "+text
	}
	p.mu.Lock()
	before, again := p.asked[text]
	p.mu.Unlock()
	prompt.Again = again
	own := strings.HasPrefix(text, p.target.user+"@") || strings.HasPrefix(text, "("+p.target.user+"@")
	value, err := p.target.password, error(nil)
	if prompt.Kind != PromptPassword || again || value == "" || !own {
		p.limit.Stop()
		<-admitted
		if name == "" {
			value, err = p.client.secrets.put(ctx, prompt)
		} else {
			value, err = p.client.secrets.get(ctx, name, before, prompt)
		}
		admitted <- struct{}{}
		p.limit.Reset(loginTimeout)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.asked[text] = value
	} else if errors.Is(err, ErrNobody) && p.nobody == nil {
		p.nobody = &UnansweredError{Prompt: prompt, Err: err}
	}
	return value, err
}

// unanswered is the first question that nobody was there to answer.
func (p *prompter) unanswered() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nobody == nil {
		return nil
	}
	return p.nobody
}
