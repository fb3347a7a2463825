package sshx

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"spraydeck/sshx/sshtest"
)

// The test binary is the SSH_ASKPASS of the ssh that a client starts, as the real one is.
func TestMain(m *testing.M) {
	if exit, is := AskPass(); is {
		os.Exit(exit)
	}
	os.Exit(m.Run())
}

// needs is an option that the native client does not know and that changes nothing here.
const needs = "HostbasedAuthentication yes\n"

// TestThroughAsks: what an ssh of ours asks is put to the operator, in one prompt for twelve commands, and a refused answer is
// asked for again. Where nobody answers, it is said what was asked.
func TestThroughAsks(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	n := sshtest.Start(t, sshtest.Options{SSHD: []string{"PasswordAuthentication yes", "PubkeyAuthentication no", "KbdInteractiveAuthentication no"}})
	c := New(n.Config(t, needs), nil)
	defer c.Close()
	var mu sync.Mutex
	var asked []Prompt
	c.Ask(func(_ context.Context, p Prompt) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, p)
		return map[bool]string{false: "wrong", true: sshtest.Password}[p.Again], nil
	})
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			var out bytes.Buffer
			if exit, err := c.Run(t.Context(), "node", "cat; exit 3", strings.NewReader("fed"), &out, nil); exit != 3 || err != nil || out.String() != "fed" {
				t.Errorf("exit %d, %v, %q", exit, err, &out)
			}
		})
	}
	wg.Wait()
	if len(asked) != 2 || asked[0].Kind != PromptPassword || asked[0].Again || !asked[1].Again || !strings.HasSuffix(asked[0].Text, "'s password:") {
		t.Errorf("asked %+v", asked)
	}
	nobody := New(n.Config(t, needs), nil)
	defer nobody.Close()
	var unanswered *UnansweredError
	if _, err := nobody.Run(t.Context(), "node", "true", nil, nil, nil); !errors.As(err, &unanswered) || unanswered.Prompt.Kind != PromptPassword {
		t.Errorf("nobody answers: %v", err)
	}
}

// TestThroughPassphrase: the passphrase of a key is asked for, by the file of the key.
func TestThroughPassphrase(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	s := startServer(t)
	locked := filepath.Join(s.dir, "through-locked")
	pub := writeKey(t, locked, "open sesame")
	write(t, filepath.Join(s.dir, "authorized_keys"), string(ssh.MarshalAuthorizedKey(pub)))
	c := newClient(t, s.config(s.known(), needs+"IdentityFile "+locked+"\nIdentitiesOnly yes\nMatch all\n"), nil)
	c.Ask(func(_ context.Context, p Prompt) (string, error) {
		if p.Kind != PromptPassphrase || p.Text != locked {
			t.Errorf("asked %+v", p)
		}
		return "open sesame", nil
	})
	works(t, c, "node")
}

// TestThroughUserMaster: the connection that the user has open is used, where no other way leads there; when it has gone, the
// next command says so and does not hang.
func TestThroughUserMaster(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	s := startServer(t)
	dir, err := os.MkdirTemp("/tmp", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	master := exec.Command("ssh", "-F", s.config(s.known(), ""), "-M", "-N", "-S", socket, "node")
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Process.Kill(); _ = master.Wait() })
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	c := newClient(t, s.config(s.known(), "ControlPath "+socket+"\nPubkeyAuthentication no\n"), nil)
	works(t, c, "node")
	_ = master.Process.Kill()
	_ = master.Wait()
	if _, err := c.Run(t.Context(), "node", "true", nil, nil, nil); err == nil {
		t.Error("it works without the master")
	}
}
