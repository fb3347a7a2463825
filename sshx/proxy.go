package sshx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// proxy is a ProxyCommand as a connection. Kubespray sets one up for clusters
// behind a bastion, so it is no rarity.
type proxy struct {
	cmd    *exec.Cmd
	out    *os.File // what the command prints is what the server sent
	in     io.WriteCloser
	stderr lastBytes
	done   chan struct{} // closed when it has ended and said all
	once   sync.Once
}

func startProxy(command string) (*proxy, error) {
	p := &proxy{cmd: exec.Command("/bin/sh", "-c", "exec "+command), done: make(chan struct{})}
	// In a session of its own, so that ^C on the console does not cut it off.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = time.Second
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	p.cmd.Stdout, p.out = w, r
	if p.in, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start ProxyCommand: %w", err)
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *proxy) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	return n, p.lastWords(err)
}

func (p *proxy) Write(b []byte) (int, error) {
	n, err := p.in.Write(b)
	return n, p.lastWords(err)
}

// lastWords replaces "EOF" or "broken pipe", which only say that the command
// has ended, by what it said about it.
func (p *proxy) lastWords(err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-p.done:
	case <-time.After(time.Second):
	}
	if said := p.stderr.line(); said != "" {
		return fmt.Errorf("ProxyCommand said: %s", said)
	}
	return err
}

func (p *proxy) Close() error {
	p.once.Do(func() {
		p.in.Close()
		// Its group too: "exec" does not help against a pipeline.
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
		p.out.Close()
	})
	return nil
}

func (p *proxy) LocalAddr() net.Addr              { return &net.UnixAddr{Name: "ProxyCommand", Net: "unix"} }
func (p *proxy) RemoteAddr() net.Addr             { return p.LocalAddr() }
func (p *proxy) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (p *proxy) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (p *proxy) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// lastBytes keeps the end of what was written to it.
type lastBytes struct {
	mu  sync.Mutex
	buf []byte
}

func (l *lastBytes) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, b...)
	if over := len(l.buf) - 1024; over > 0 {
		l.buf = bytes.Clone(l.buf[over:])
	}
	return len(b), nil
}

func (l *lastBytes) line() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(string(l.buf))
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
