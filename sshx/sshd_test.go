package sshx

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

const sshdPath = "/usr/sbin/sshd"

// needTool skips on a developer's machine and fails in CI, so that nothing is
// skipped there without anybody noticing.
func needTool(t testing.TB, path, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(path); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: install %s", path, pkg)
	}
	t.Skipf("skipped, because %s is missing: install %s", path, pkg)
}

// server is a real sshd on 127.0.0.1, run as the current user.
type server struct {
	t       testing.TB
	dir     string
	port    int
	hostKey ssh.PublicKey
	userKey string // a private key that it lets in
	cmd     *exec.Cmd
	log     syncBuffer
}

func startServer(t testing.TB, extra ...string) *server {
	t.Helper()
	needTool(t, sshdPath, "openssh-server")
	if os.Getuid() == 0 {
		// Where sshd locks up its unprivileged half; distributions make it at boot.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{t: t, dir: t.TempDir(), port: freePort(t)}
	s.hostKey = writeKey(t, filepath.Join(s.dir, "host_key"), "")
	s.userKey = filepath.Join(s.dir, "id")
	pub := writeKey(t, s.userKey, "")
	write(t, filepath.Join(s.dir, "authorized_keys"), string(ssh.MarshalAuthorizedKey(pub)))
	write(t, filepath.Join(s.dir, "sshd_config"), fmt.Sprintf(`%s
Port %d
ListenAddress 127.0.0.1
HostKey %s/host_key
AuthorizedKeysFile %s/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 500
LogLevel VERBOSE
`, strings.Join(extra, "\n"), s.port, s.dir, s.dir)) // of two values sshd takes the first
	s.start()
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("sshd on port %d said:\n%s", s.port, s.log.String())
		}
	})
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(sshdPath, "-D", "-e", "-f", filepath.Join(s.dir, "sshd_config"))
	s.cmd.Stderr = &s.log
	s.cmd.WaitDelay = time.Second // sessions of this server share the pipe
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", s.addr())
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("sshd does not listen: %v\n%s", err, s.log.String())
		}
	}
}

// stop ends the listener; sessions go on, as with the real service.
func (s *server) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// known is the line of known_hosts for this server.
func (s *server) known() string { return knownhosts.Line([]string{s.addr()}, s.hostKey) + "\n" }

// config writes an ssh_config whose host "node" is this server, with the given
// known_hosts text and further lines, which come first and so are stronger.
func (s *server) config(known string, lines ...string) string {
	s.t.Helper()
	dir := s.t.TempDir()
	write(s.t, filepath.Join(dir, "known_hosts"), known)
	write(s.t, filepath.Join(dir, "config"), fmt.Sprintf(`%s
Host node
  HostName 127.0.0.1
  Port %d
Host *
  User %s
  IdentityFile %s
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile %s/known_hosts
  GlobalKnownHostsFile none
`, strings.Join(lines, "\n"), s.port, me(s.t), s.userKey, dir))
	return filepath.Join(dir, "config")
}

func (s *server) client(lines ...string) *Client {
	return newClient(s.t, s.config(s.known(), lines...), nil)
}

func newClient(t testing.TB, config string, host func(string) Options) *Client {
	c := New(config, host)
	t.Cleanup(func() { c.Close() })
	return c
}

// logins counts the connections that got in.
func (s *server) logins() int { return strings.Count(s.log.String(), "Accepted publickey") }

func writeKey(t testing.TB, file, passphrase string) ssh.PublicKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return marshalKey(t, file, passphrase, private)
}

func marshalKey(t testing.TB, file, passphrase string, private crypto.Signer) ssh.PublicKey {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(pem.EncodeToMemory(block)))
	pub, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pub
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func me(t testing.TB) string {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
