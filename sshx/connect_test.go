package sshx

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// hinted is what every error before the command has.
type hinted interface {
	error
	Unreachable() bool
	Hint() string
}

// refused runs true on host, which must fail before it runs, and checks what
// the error and its hint say.
func refused(t *testing.T, c *Client, host string, says ...string) {
	t.Helper()
	exit, err := c.Run(context.Background(), host, "true", nil, nil, nil)
	var e hinted
	if exit != -1 || !errors.As(err, &e) || !e.Unreachable() {
		t.Fatalf("exit %d, %v", exit, err)
	}
	text := err.Error() + "\n" + e.Hint()
	if e.Hint() == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("no hint, or several lines:\n%s", text)
	}
	for _, s := range says {
		if !strings.Contains(text, s) {
			t.Errorf("%q is not in\n%s", s, text)
		}
	}
	t.Log(text)
}

func works(t *testing.T, c *Client, host string) {
	t.Helper()
	if exit, err := c.Run(context.Background(), host, "exit 5", nil, nil, nil); exit != 5 || err != nil {
		t.Errorf("%s: exit %d, %v", host, exit, err)
	}
}

func TestHostKeys(t *testing.T) {
	s := startServer(t)
	dir := t.TempDir()
	other := writeKey(t, filepath.Join(dir, "other"), "")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	otherType := marshalKey(t, filepath.Join(dir, "rsa"), "", private)
	addr := []string{s.addr()}
	fingerprint := ssh.FingerprintSHA256(s.hostKey)

	t.Run("unknown", func(t *testing.T) {
		c := newClient(t, s.config("# nothing\n"), nil)
		refused(t, c, "node", "known_hosts", fingerprint, "ED25519", fmt.Sprintf("ssh-keyscan -p %d 127.0.0.1", s.port))
	})
	t.Run("changed", func(t *testing.T) {
		config := s.config("# comment\n\n" + knownhosts.Line(addr, other) + "\n")
		file := filepath.Join(filepath.Dir(config), "known_hosts")
		c := newClient(t, config, nil)
		refused(t, c, "node", file+":3", fingerprint, ssh.FingerprintSHA256(other), "ssh-keygen -f "+file+" -R '[127.0.0.1]:")
		// Repaired while the console runs.
		write(t, file, s.known())
		works(t, c, "node")
	})
	t.Run("known by another type", func(t *testing.T) {
		refused(t, newClient(t, s.config(knownhosts.Line(addr, otherType)+"\n"), nil), "node", "RSA", fingerprint)
		refused(t, newClient(t, s.config(knownhosts.Line(addr, otherType)+"\n", "StrictHostKeyChecking accept-new"), nil), "node", "RSA")
	})
	t.Run("revoked", func(t *testing.T) {
		known := "@revoked * " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.hostKey))) + "\n" + s.known()
		refused(t, newClient(t, s.config(known, "StrictHostKeyChecking no"), nil), "node", "revoked by", ":1")
	})
	t.Run("accept-new", func(t *testing.T) {
		config := s.config("# no end of line", "StrictHostKeyChecking accept-new", "HashKnownHosts yes")
		works(t, newClient(t, config, nil), "node")
		text, _ := os.ReadFile(filepath.Join(filepath.Dir(config), "known_hosts"))
		if strings.Contains(string(text), "127.0.0.1") || strings.Count(string(text), "\n") != 2 {
			t.Errorf("%s", text)
		}
		works(t, newClient(t, config, nil), "node") // known by now
	})
	t.Run("good ones", func(t *testing.T) {
		bare := knownhosts.Line([]string{"127.0.0.1"}, s.hostKey)
		for name, known := range map[string]string{
			"hashed":        knownhosts.HashHostname(knownhosts.Normalize(s.addr())) + s.known()[strings.Index(s.known(), " "):],
			"no port":       bare + "\n",
			"broken before": "what is this\n127.0.0.1 ssh-ed25519 AAAA\n" + s.known(),
			"second file":   "",
			"alias":         "the-node" + s.known()[strings.Index(s.known(), " "):],
			"others too":    knownhosts.Line(addr, other) + "\n" + s.known(),
		} {
			lines := []string{}
			switch name {
			case "second file":
				write(t, filepath.Join(dir, "second"), s.known())
				lines = append(lines, "UserKnownHostsFile "+filepath.Join(dir, "first")+" "+filepath.Join(dir, "second"))
			case "alias":
				lines = append(lines, "HostKeyAlias the-node")
			}
			t.Run(name, func(t *testing.T) { works(t, newClient(t, s.config(known, lines...), nil), "node") })
		}
	})
	t.Run("no checking", func(t *testing.T) {
		works(t, newClient(t, s.config(knownhosts.Line(addr, other)+"\n", "StrictHostKeyChecking no"), nil), "node")
	})
}

// A server with several keys is asked for the one that is known.
func TestAsksForTheKnownKey(t *testing.T) {
	dir := t.TempDir()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	known := marshalKey(t, filepath.Join(dir, "rsa"), "", private)
	s := startServer(t, "HostKey "+filepath.Join(dir, "rsa"))
	works(t, newClient(t, s.config(knownhosts.Line([]string{s.addr()}, known)+"\n"), nil), "node")
	works(t, s.client(), "node")
}

func TestHostCertificate(t *testing.T) {
	needTool(t, "ssh-keygen", "openssh-client")
	dir := t.TempDir()
	authority := writeKey(t, filepath.Join(dir, "ca"), "")
	hostPub := writeKey(t, filepath.Join(dir, "host"), "")
	write(t, filepath.Join(dir, "host.pub"), string(ssh.MarshalAuthorizedKey(hostPub)))
	sign(t, dir, "-h", "-I", "node", "-n", "127.0.0.1", filepath.Join(dir, "host.pub"))
	s := startServer(t, "HostKey "+filepath.Join(dir, "host"), "HostCertificate "+filepath.Join(dir, "host-cert.pub"))
	line := "@cert-authority [127.0.0.1]:* " + string(ssh.MarshalAuthorizedKey(authority))
	works(t, newClient(t, s.config(line), nil), "node")
	refused(t, newClient(t, s.config(line, "HostKeyAlias other"), nil), "node", "known_hosts")
	refused(t, newClient(t, s.config("@cert-authority other "+string(ssh.MarshalAuthorizedKey(authority)), "HostKeyAlias other"), nil), "node", "certificate")
}

func TestLogin(t *testing.T) {
	s := startServer(t)
	dir := t.TempDir()
	wrong := filepath.Join(dir, "wrong")
	writeKey(t, wrong, "")
	locked := filepath.Join(dir, "locked")
	lockedPub := writeKey(t, locked, "secret")
	file, err := os.OpenFile(filepath.Join(s.dir, "authorized_keys"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.Write(ssh.MarshalAuthorizedKey(lockedPub))
	file.Close()
	using := func(key string, lines ...string) *Client {
		config := s.config(s.known(), lines...)
		text, _ := os.ReadFile(config)
		write(t, config, strings.ReplaceAll(string(text), s.userKey, key))
		return newClient(t, config, nil)
	}

	t.Run("wrong key", func(t *testing.T) { refused(t, using(wrong), "node", "log in to", wrong, "authorized_keys") })
	t.Run("no key", func(t *testing.T) { refused(t, using("/no/such/key"), "node", "there is no key", "/no/such/key") })
	t.Run("wrong key, then the right one", func(t *testing.T) { works(t, using(s.userKey, "IdentityFile "+wrong), "node") })
	t.Run("key of the inventory", func(t *testing.T) {
		c := newClient(t, using(wrong).configFile, func(string) Options { return Options{IdentityFile: s.userKey} })
		works(t, c, "node")
	})

	ring := agent.NewKeyring()
	data, _ := os.ReadFile(locked)
	private, err := ssh.ParseRawPrivateKeyWithPassphrase(data, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	ring.Add(agent.AddedKey{PrivateKey: private})
	socket := serveAgent(t, ring)
	t.Run("agent holds the locked key", func(t *testing.T) { works(t, using(locked, "IdentityAgent "+socket), "node") })
	t.Run("agent named by its public key", func(t *testing.T) {
		write(t, filepath.Join(dir, "just.pub"), string(ssh.MarshalAuthorizedKey(lockedPub)))
		works(t, using(filepath.Join(dir, "just.pub"), "IdentityAgent "+socket), "node")
	})
	t.Run("agent of the environment", func(t *testing.T) {
		t.Setenv("SSH_AUTH_SOCK", socket)
		works(t, using("none", "IdentityAgent SSH_AUTH_SOCK", "IdentitiesOnly no"), "node")
	})
	t.Run("agent's other keys are not for IdentitiesOnly", func(t *testing.T) {
		refused(t, using(wrong, "IdentityAgent "+socket), "node", "refused every key ("+wrong+")")
	})
	t.Run("agent is gone", func(t *testing.T) {
		refused(t, using(wrong, "IdentityAgent /no/such/agent"), "node", "the agent does not answer")
	})
}

func serveAgent(t *testing.T, ring agent.Agent) string {
	dir, err := os.MkdirTemp("", "agent") // t.TempDir() may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, conn)
		}
	}()
	return l.Addr().String()
}

func TestHostDown(t *testing.T) {
	s := startServer(t)
	c := s.client("Host nowhere\n HostName no-such-host.invalid", "Host silent\n HostName 127.0.0.1\n Port "+silentPort(t)+"\n ConnectTimeout 1")
	s.stop()
	refused(t, c, "node", "connect to node", "connection refused", fmt.Sprintf("port %d", s.port))
	refused(t, c, "nowhere", "no-such-host.invalid", "ansible_host")
	begun := time.Now()
	refused(t, c, "silent", "no answer in 1s")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	s.start() // it comes back, after a reboot perhaps
	works(t, c, "node")
}

// silentPort takes connections and says nothing.
func silentPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestGivingUpOnADialLeavesItToTheOthers(t *testing.T) {
	s := startServer(t)
	c := s.client()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if i%2 == 0 {
				time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
			}
			_, err := c.Run(ctx, "node", "true", nil, nil, nil)
			if err != nil && (i%2 == 1 || !errors.Is(err, context.Canceled)) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// The connection died while nobody used it, and nobody need know.
func TestDeadIdleConnectionIsReplaced(t *testing.T) {
	s := startServer(t)
	c := s.client()
	var pid bytes.Buffer
	if _, err := c.Run(context.Background(), "node", "echo $PPID", nil, &pid, nil); err != nil {
		t.Fatal(err)
	}
	killer := s.client()
	killer.Run(context.Background(), "node", "kill -9 "+pid.String(), nil, nil, nil)
	works(t, c, "node")
}

// A peer that vanishes without a word is noticed by its silence.
func TestVanishedPeer(t *testing.T) {
	s := startServer(t)
	hole := startBlackHole(t, s.addr())
	c := newClient(t, s.config(s.known(), "ServerAliveInterval 1", "ServerAliveCountMax 2", "HostKeyAlias [127.0.0.1]:"+fmt.Sprint(s.port)),
		func(string) Options { return Options{Port: hole.port} })
	out := newAwait("begun")
	go func() {
		out.wait(t)
		hole.frozen.Store(true)
	}()
	begun := time.Now()
	exit, err := c.Run(context.Background(), "node", "echo begun; sleep 30", nil, out, nil)
	var lost *LostError
	if exit != -1 || !errors.As(err, &lost) {
		t.Fatalf("exit %d, %v", exit, err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("noticed after %v", took)
	}
	hole.frozen.Store(false)
	works(t, c, "node")
}

// A console that is suspended for longer than any of its timers loses neither its connection nor its command, whether that is
// kept or not: when it goes on, what the server said meanwhile is looked at first.
func TestSuspendedConsole(t *testing.T) {
	if config := os.Getenv("SSHX_SUSPENDED"); config != "" {
		c := New(config, func(string) Options {
			port, _ := strconv.Atoi(os.Getenv("SSHX_PORT"))
			return Options{Port: port}
		})
		run := func(name string) (int, error) {
			if name == "run" {
				return c.Run(context.Background(), "node", os.Getenv("SSHX_COMMAND"), nil, os.Stdout, os.Stderr)
			}
			return c.Keep(context.Background(), "node", "run.1", os.Getenv("SSHX_COMMAND"), nil, os.Stdout, os.Stderr)
		}
		exit, err := run(os.Getenv("SSHX_HOW"))
		fmt.Println("exit", exit, err)
		return
	}
	for _, how := range []string{"run", "keep"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := startKeeper(t)
			far := startBlackHole(t, s.addr()) // so far away that a sign of life is on its way nearly always
			far.delay.Store(int64(400 * time.Millisecond))
			console := exec.Command(os.Args[0], "-test.run", "^TestSuspendedConsole$")
			console.Env = append(os.Environ(), "SSHX_HOW="+how, "SSHX_PORT="+fmt.Sprint(far.port), "SSHX_SUSPENDED="+s.config(s.known(), "ServerAliveInterval 2", "ServerAliveCountMax 2", "HostKeyAlias [127.0.0.1]:"+fmt.Sprint(s.port)),
				"SSHX_COMMAND=for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 1; done; exit 7")
			out := newAwait("1\n")
			console.Stdout = out
			if err := console.Start(); err != nil {
				t.Fatal(err)
			}
			out.wait(t)
			// at different moments of the watch, each time for longer than it waits
			for range 3 {
				_ = console.Process.Signal(syscall.SIGSTOP)
				time.Sleep(4500 * time.Millisecond)
				_ = console.Process.Signal(syscall.SIGCONT)
				time.Sleep(300 * time.Millisecond)
			}
			_ = console.Wait()
			if got := out.String(); !strings.HasPrefix(got, "1\n2\n3\n4\n5\n6\n7\n8\n9\nexit 7 <nil>\n") {
				t.Errorf("%q", got)
			}
		})
	}
}

// blackHole passes bytes on until it is frozen; then it swallows them.
type blackHole struct {
	port   int
	frozen atomic.Bool
	delay  atomic.Int64 // of every byte, in nanoseconds

	mu   sync.Mutex
	open []net.Conn
}

// cut ends all connections through it.
func (h *blackHole) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.open {
		c.Close()
	}
}

func startBlackHole(t *testing.T, to string) *blackHole {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &blackHole{port: l.Addr().(*net.TCPAddr).Port}
	t.Cleanup(func() { l.Close(); h.cut() })
	pass := func(dst, src net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := src.Read(buf)
			if err != nil {
				return // without closing the other side
			}
			time.Sleep(time.Duration(h.delay.Load()))
			if !h.frozen.Load() {
				dst.Write(buf[:n])
			}
		}
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			h.mu.Lock()
			h.open = append(h.open, in, out)
			h.mu.Unlock()
			go pass(in, out)
			go pass(out, in)
		}
	}()
	return h
}

func TestProxyJump(t *testing.T) {
	bastion, node := startServer(t), startServer(t)
	known := bastion.known() + node.known()
	first := fmt.Sprintf("Host bastion\n HostName 127.0.0.1\n Port %d\n IdentityFile %s", bastion.port, bastion.userKey)
	spec := fmt.Sprintf("%s@127.0.0.1:%d", me(t), bastion.port)
	key := "Host *\n IdentityFile " + bastion.userKey

	for name, lines := range map[string][]string{
		"alias":          {first, "Host node\n ProxyJump bastion"},
		"user host port": {key, "Host node\n ProxyJump " + spec},
		"url":            {key, "Host node\n ProxyJump ssh://" + spec},
		"chain":          {first, key, "Host node\n ProxyJump bastion," + spec},
		"jump of a jump": {first, "Host middle\n HostName 127.0.0.1\n ProxyJump bastion\n Port " + fmt.Sprint(node.port), "Host node\n ProxyJump middle"},
		"none":           {"Host node\n ProxyJump none", "Host *\n ProxyJump bastion"},
	} {
		t.Run(name, func(t *testing.T) {
			before := bastion.logins()
			c := newClient(t, node.config(known, lines...), nil)
			works(t, c, "node")
			if through := bastion.logins() > before; through != (name != "none") {
				t.Errorf("through the bastion: %v", through)
			}
		})
	}
	t.Run("shared", func(t *testing.T) {
		before := bastion.logins()
		c := newClient(t, node.config(known, first, "Host node*\n ProxyJump bastion\n HostName 127.0.0.1\n Port "+fmt.Sprint(node.port)), nil)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() { works(t, c, fmt.Sprintf("node%d", i)) })
		}
		wg.Wait()
		if n := bastion.logins() - before; n != 1 {
			t.Errorf("logged in to the bastion %d times", n)
		}
	})
	t.Run("circle", func(t *testing.T) {
		c := newClient(t, node.config(known, "Host a\n ProxyJump b", "Host b\n ProxyJump a"), nil)
		_, err := c.Run(context.Background(), "a", "true", nil, nil, nil)
		var e *UnreachableError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "circle") {
			t.Error(err)
		}
	})
	t.Run("unknown bastion", func(t *testing.T) {
		refused(t, newClient(t, node.config(node.known(), first, "Host node\n ProxyJump bastion"), nil), "node", "through bastion", "host key of bastion", "ssh-keyscan")
	})
	t.Run("node down behind it", func(t *testing.T) {
		refused(t, newClient(t, node.config(known, first, "Host node\n ProxyJump bastion\n Port "+fmt.Sprint(freePort(t))), nil), "node", "jump host could not connect")
	})
	t.Run("bastion lost", func(t *testing.T) {
		line := startBlackHole(t, bastion.addr())
		alias := fmt.Sprintf(" Port %d\n HostKeyAlias [127.0.0.1]:%d\n", line.port, bastion.port)
		c := newClient(t, node.config(known, "Host bastion\n"+alias+first, "Host node\n ProxyJump bastion"), nil)
		out := newAwait("begun")
		stdin, w := io.Pipe()
		defer w.Close()
		go func() {
			out.wait(t)
			line.cut()
		}()
		exit, err := c.Run(context.Background(), "node", "echo begun; cat", stdin, out, nil)
		var lost *LostError
		if exit != -1 || !errors.As(err, &lost) {
			t.Errorf("exit %d, %v", exit, err)
		}
		works(t, c, "node")
	})
}

func TestProxyCommand(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	bastion, node := startServer(t), startServer(t)
	inner := bastion.config(bastion.known())
	c := newClient(t, node.config(node.known(), "Host node\n ProxyCommand ssh -F "+inner+" -W %h:%p -q node"), nil)
	works(t, c, "node")
	if bastion.logins() != 1 {
		t.Error("not through the bastion")
	}
	for _, command := range []string{"echo the gate is shut >&2; exit 1", "sh -c 'read x; echo the gate is shut >&2; exit 1'"} {
		refused(t, newClient(t, node.config(node.known(), "Host node\n ProxyCommand "+command), nil), "node", "the gate is shut")
	}
}
