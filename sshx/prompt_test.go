package sshx

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// operator answers prompts by a part of their text, each answer once, and notes what was asked.
type operator struct {
	mu      sync.Mutex
	answers map[string][]string
	asked   []string
}

func (o *operator) answer(_ context.Context, p Prompt) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	again := ""
	if p.Again {
		again = " again"
	}
	o.asked = append(o.asked, p.Kind+": "+p.Text+again)
	for part, left := range o.answers {
		if strings.Contains(p.Text, part) && len(left) > 0 {
			o.answers[part] = left[1:]
			return left[0], nil
		}
	}
	return "", errors.New("the operator declined")
}

func (o *operator) times() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

// codeServer is a stand-in for a server with a second factor: x/crypto's, with the questions it is given.
func codeServer(t *testing.T, rounds [][2][]string) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir()}
	s.userKey = filepath.Join(s.dir, "id")
	writeKey(t, s.userKey, "")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s.hostKey = marshalKey(t, filepath.Join(s.dir, "host_key"), "", key)
	host, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{MaxAuthTries: 10, KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		for _, round := range rounds {
			echo := make([]bool, len(round[0]))
			got, err := ask("the server", "two factors, please", round[0], echo)
			if err != nil || strings.Join(got, "|") != strings.Join(round[1], "|") {
				return nil, errors.New("no")
			}
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	s.port = serveSSH(t, config)
	return s
}

func TestPassphrase(t *testing.T) {
	s := startServer(t)
	locked := filepath.Join(s.dir, "locked")
	pub := writeKey(t, locked, "open sesame")
	more, _ := os.ReadFile(filepath.Join(s.dir, "authorized_keys"))
	write(t, filepath.Join(s.dir, "authorized_keys"), string(more)+string(ssh.MarshalAuthorizedKey(pub)))
	again := filepath.Join(s.dir, "again")
	if err := os.Link(s.userKey, again); err != nil {
		t.Fatal(err)
	}
	using := func(o *operator, lines ...string) *Client {
		config := s.config(s.known(), lines...)
		text, _ := os.ReadFile(config)
		write(t, config, strings.ReplaceAll(string(text), s.userKey, locked))
		c := newClient(t, config, nil)
		if o != nil {
			c.Ask(o.answer)
		}
		return c
	}

	t.Run("asked once for many hosts", func(t *testing.T) {
		o := &operator{answers: map[string][]string{"locked": {"wrong", "open sesame"}}}
		c := using(o, "Host n*\n HostName 127.0.0.1\n Port "+fmt.Sprint(s.port)+"\n")
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() { works(t, c, fmt.Sprintf("n%d", i)) })
		}
		wg.Wait()
		if got := strings.Join(o.asked, "\n"); got != "passphrase: "+locked+"\npassphrase: "+locked+" again" {
			t.Errorf("asked:\n%s", got)
		}
	})
	t.Run("three tries, then the next key", func(t *testing.T) {
		o := &operator{answers: map[string][]string{"locked": {"a", "b", "c", "d"}}}
		works(t, using(o, "Host node\n IdentityFile "+locked+"\n IdentityFile "+again), "node")
		if o.times() != 3 {
			t.Errorf("asked %d times", o.times())
		}
	})
	t.Run("not asked for a key that the server refuses", func(t *testing.T) {
		other := filepath.Join(s.dir, "other")
		writeKey(t, other, "another")
		o := &operator{}
		works(t, using(o, "IdentityFile "+other+"\nIdentityFile "+again), "node")
		if o.times() != 0 {
			t.Errorf("asked: %v", o.asked)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		_, err := using(nil).Run(context.Background(), "node", "true", nil, nil, nil)
		var un *UnansweredError
		if !errors.As(err, &un) || !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), locked) || !strings.Contains(un.Hint(), "ssh-add "+locked) {
			t.Error(err)
		}
	})
	t.Run("batch mode", func(t *testing.T) {
		o := &operator{answers: map[string][]string{"locked": {"open sesame"}}}
		refused(t, using(o, "BatchMode yes"), "node", "passphrase", "ssh-add "+locked)
		if o.times() != 0 {
			t.Errorf("asked: %v", o.asked)
		}
	})
	t.Run("old format", func(t *testing.T) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		old := filepath.Join(s.dir, "old")
		pub := marshalKey(t, old, "", key)
		block := oldPEM(t, key, "old one")
		write(t, old, string(pem.EncodeToMemory(block)))
		write(t, old+".pub", string(ssh.MarshalAuthorizedKey(pub)))
		have, _ := os.ReadFile(filepath.Join(s.dir, "authorized_keys"))
		write(t, filepath.Join(s.dir, "authorized_keys"), string(have)+string(ssh.MarshalAuthorizedKey(pub)))
		o := &operator{answers: map[string][]string{"old": {"old one"}}}
		works(t, using(o, "IdentityFile "+old), "node")
	})
}

func TestSecondFactor(t *testing.T) {
	rounds := [][2][]string{{{"Password: "}, {"s3cret"}}, {{"Verification code: ", "And the other one: "}, {"123456", "x"}}}
	s := codeServer(t, rounds)
	o := &operator{answers: map[string][]string{"Password": {"s3cret"}, "Verification": {"000000", "123456", "123456"}, "other": {"x", "x", "x"}}}
	c := s.client()
	c.Ask(o.answer)
	// The first try has a wrong code: asked again, as ssh does, the password too.
	o.answers["Password"] = []string{"s3cret", "s3cret"}
	works(t, c, "node")
	if o.times() != 6 {
		t.Errorf("asked: %q", o.asked)
	}
	// A new connection: the password is known, the codes are asked for.
	c.mu.Lock()
	cn := c.slots["host node"].conn
	c.mu.Unlock()
	cn.close()
	<-cn.gone
	works(t, c, "node")
	if o.times() != 8 {
		t.Errorf("asked: %q", o.asked)
	}

	wrong := &operator{answers: map[string][]string{"Password": {"1", "2", "3", "4"}}}
	c = s.client()
	c.Ask(wrong.answer)
	refused(t, c, "node", "refused what was answered")
	if wrong.times() != 3 {
		t.Errorf("asked: %q", wrong.asked)
	}
	c = s.client("NumberOfPasswordPrompts 1")
	wrong = &operator{answers: map[string][]string{"Password": {"1", "2", "3", "4"}}}
	c.Ask(wrong.answer)
	refused(t, c, "node", "refused what was answered")
	if wrong.times() != 1 {
		t.Errorf("asked: %q", wrong.asked)
	}
	c = s.client()
	c.Ask((&operator{}).answer)
	refused(t, c, "node", "was not answered")
	_, err := s.client().Run(context.Background(), "node", "true", nil, nil, nil)
	var un *UnansweredError
	if !errors.As(err, &un) || !strings.Contains(err.Error(), `"Password:"`) {
		t.Error(err)
	}
	refused(t, s.client("BatchMode yes"), "node", "the server offers keyboard-interactive, and ssh_config allows publickey")
	refused(t, s.client("KbdInteractiveAuthentication no"), "node", "the server offers keyboard-interactive")
}

// A prompt is taken back when nobody waits for the connection any more.
func TestPromptIsTakenBack(t *testing.T) {
	s := codeServer(t, [][2][]string{{{"Code: "}, {"1"}}})
	c := s.client()
	asked, back := make(chan bool), make(chan bool)
	c.Ask(func(ctx context.Context, _ Prompt) (string, error) {
		asked <- true
		<-ctx.Done()
		close(back)
		return "", ctx.Err()
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, "node", "true", nil, nil, nil)
		done <- err
	}()
	<-asked
	cancel()
	<-back
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	o := &operator{answers: map[string][]string{"Code": {"1"}}}
	c.Ask(o.answer)
	works(t, c, "node")
}

// The clock of a login stands while the operator is asked.
func TestPromptHasNoTimeout(t *testing.T) {
	s := codeServer(t, [][2][]string{{{"Code: "}, {"1"}}})
	c := s.client("ConnectTimeout 1")
	c.Ask(func(context.Context, Prompt) (string, error) {
		time.Sleep(1500 * time.Millisecond)
		return "1", nil
	})
	works(t, c, "node")
}
