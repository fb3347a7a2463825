// Package sshtest runs a real sshd with real PAM and sudo for tests. Its users and their passwords are its own: it is in a
// mount namespace with other files for /etc/passwd, /etc/shadow, /etc/sudoers and the PAM services. That needs root.
package sshtest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// The user of a Node, with a password that logs in and that sudo asks for.
const (
	User     = "spray-alice"
	Password = "correct horse"
	hash     = "$5$spraydeck$6OD4ER0dUY7xviV5koLGnlsjwTCzVC80eNpSwh5PDW."
)

// Options is what a Node does otherwise. Lines of sshd_config and of sudoers come first, and the first of two counts.
type Options struct {
	SSHD    []string
	Sudoers []string // instead of "ALL, with the password"
	PAM     string   // of sshd: how it asks
}

// Node is a running sshd.
type Node struct {
	Dir     string
	Port    int
	Key     string // file of a private key that lets the user in
	HostKey ssh.PublicKey
	log     buffer
}

// Start begins a node, which ends with the test.
func Start(t testing.TB, o Options) *Node {
	t.Helper()
	for _, tool := range []string{"/usr/sbin/sshd", "unshare", "sudo"} {
		if _, err := exec.LookPath(tool); err == nil && os.Getuid() == 0 {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s and root are needed", tool)
		}
		t.Skipf("skipped: %s and root are needed", tool)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "node") // not of the test: other users must get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := &Node{Dir: dir, Key: filepath.Join(dir, "id")}
	n.write(t, o)
	n.start(t)
	return n
}

func (n *Node) write(t testing.TB, o Options) {
	t.Helper()
	home := filepath.Join(n.Dir, "home")
	pub := WriteKey(t, n.Key, "")
	n.HostKey = WriteKey(t, filepath.Join(n.Dir, "host_key"), "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	etc := func(name string) string {
		b, err := os.ReadFile("/etc/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	sudoers := append(o.Sudoers, "")
	if o.Sudoers == nil {
		sudoers = []string{User + " ALL=(ALL) ALL", ""}
	}
	if o.PAM == "" {
		o.PAM = "auth required pam_unix.so nodelay"
	}
	rest := "\naccount required pam_permit.so\nsession required pam_permit.so\n"
	for name, text := range map[string]string{
		"passwd":          etc("passwd") + User + ":x:4242:65534::" + home + ":/bin/sh\n",
		"shadow":          etc("shadow") + User + ":" + hash + ":19000:0:99999:7:::\n",
		"sudoers":         strings.Join(sudoers, "\n"),
		"pam-sshd":        o.PAM + rest,
		"pam-sudo":        "auth required pam_unix.so nodelay" + rest,
		"authorized_keys": string(ssh.MarshalAuthorizedKey(pub)),
		"sshd_config": fmt.Sprintf("%s\nPort %d\nListenAddress 127.0.0.1\nHostKey %s/host_key\nAuthorizedKeysFile %s/authorized_keys\nPidFile none\n"+
			"StrictModes no\nUsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 500\nMaxAuthTries 20\nLogLevel VERBOSE\n",
			strings.Join(o.SSHD, "\n"), n.Port, n.Dir, n.Dir),
	} {
		if err := os.WriteFile(filepath.Join(n.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{os.Chmod(n.Dir, 0o755), os.Mkdir(home, 0o700), os.Chown(home, 4242, 65534),
		os.Chmod(filepath.Join(n.Dir, "shadow"), 0o640), os.Chmod(filepath.Join(n.Dir, "sudoers"), 0o440)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

const begin = `set -e
for f in passwd shadow sudoers; do mount --bind "$0/$f" "/etc/$f"; done
for f in sshd sudo; do mount --bind "$0/pam-$f" "/etc/pam.d/$f"; done
exec /usr/sbin/sshd -D -e -f "$0/sshd_config"`

func (n *Node) start(t testing.TB) {
	t.Helper()
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", begin, n.Dir)
	cmd.Stderr = &n.log
	cmd.WaitDelay = time.Second // sessions share the pipe
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("sshd on port %d said:\n%s", n.Port, n.Log())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", n.Addr())
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sshd does not listen: %v\n%s", err, n.Log())
		}
	}
}

// Addr is where it listens.
func (n *Node) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(n.Port)) }

// Log is what sshd said.
func (n *Node) Log() string { return n.log.String() }

// Config writes an ssh_config whose host "node" is this one. Lines come first, and so are stronger.
func (n *Node) Config(t testing.TB, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	known := fmt.Sprintf("[127.0.0.1]:%d %s", n.Port, ssh.MarshalAuthorizedKey(n.HostKey))
	text := fmt.Sprintf("%s\nHost node\n  HostName 127.0.0.1\n  Port %d\nHost *\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n"+
		"  UserKnownHostsFile %s/known_hosts\n  GlobalKnownHostsFile none\n", strings.Join(lines, "\n"), n.Port, User, n.Key, dir)
	for name, text := range map[string]string{"known_hosts": known, "config": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "config")
}

// WriteKey makes a key, with a passphrase unless that is empty.
func WriteKey(t testing.TB, file, passphrase string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err == nil {
		err = os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pub
}

type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
