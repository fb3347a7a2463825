package sshx

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"spraydeck/sshx/sshtest"
)

// TestPassword: passwords of a real sshd, by its own method and through PAM, alone and as a second factor.
func TestPassword(t *testing.T) {
	const alice, right = sshtest.User, sshtest.Password
	for name, test := range map[string]struct {
		sshd    []string
		lines   string
		answers map[string][]string
		asked   int
		fails   string // what the error says
	}{
		"password":                    {sshd: []string{"PasswordAuthentication yes"}, lines: "PubkeyAuthentication no", answers: map[string][]string{"password": {right}}, asked: 1},
		"wrong, then right":           {sshd: []string{"PasswordAuthentication yes"}, lines: "PubkeyAuthentication no", answers: map[string][]string{"password": {"wrong", "Wrong", right}}, asked: 3},
		"wrong three times":           {sshd: []string{"PasswordAuthentication yes"}, lines: "PubkeyAuthentication no", answers: map[string][]string{"password": {"1", "2", "3"}}, asked: 3, fails: "it refused what was answered"},
		"keyboard-interactive of PAM": {sshd: []string{"KbdInteractiveAuthentication yes"}, lines: "PubkeyAuthentication no", answers: map[string][]string{"Password": {right}}, asked: 1},
		"key, password, then PAM":     {sshd: []string{"PasswordAuthentication yes", "KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,password,keyboard-interactive"}, answers: map[string][]string{"password": {right}}, asked: 1},
		"key, then password":          {sshd: []string{"PasswordAuthentication yes", "AuthenticationMethods publickey,password"}, answers: map[string][]string{"password": {right}}, asked: 1},
		"key, then PAM":               {sshd: []string{"KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive"}, answers: map[string][]string{"Password": {"wrong", right}}, asked: 2},
		"key, then a wrong password":  {sshd: []string{"PasswordAuthentication yes", "AuthenticationMethods publickey,password"}, answers: map[string][]string{"password": {"1", "2", "3"}}, asked: 3, fails: "the server accepted publickey and requires another method:  password"},
		"declined":                    {sshd: []string{"PasswordAuthentication yes"}, lines: "PubkeyAuthentication no", asked: 1, fails: "was not answered"},
		"batch mode":                  {sshd: []string{"PasswordAuthentication yes"}, lines: "PubkeyAuthentication no\nBatchMode yes", fails: "ssh_config allows none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := sshtest.Start(t, sshtest.Options{SSHD: test.sshd})
			c := newClient(t, n.Config(t, test.lines), nil)
			o := &operator{answers: test.answers}
			c.Ask(o.answer)
			if test.fails != "" {
				refused(t, c, "node", test.fails)
			} else {
				whoIs(t, c, alice)
			}
			if o.times() != test.asked {
				t.Errorf("asked: %q", o.asked)
			}
			if test.fails != "" {
				_, err := c.Run(context.Background(), "node", "true", nil, nil, nil)
				if e, ok := err.(hinted); !ok || strings.Contains(e.Hint(), "authorized_keys") {
					t.Error(err)
				}
				return
			}
			c.mu.Lock()
			cn := c.slots["host node"].conn
			c.mu.Unlock()
			cn.close()
			whoIs(t, c, alice) // the password is known
			if o.times() != test.asked {
				t.Errorf("asked for one more connection: %q", o.asked)
			}
		})
	}
	t.Run("of the inventory", func(t *testing.T) {
		n := sshtest.Start(t, sshtest.Options{SSHD: []string{"PasswordAuthentication yes"}})
		c := newClient(t, n.Config(t, "PubkeyAuthentication no"), func(string) Options { return Options{Password: right} })
		whoIs(t, c, alice)
		o := &operator{answers: map[string][]string{"password": {right}}}
		c = newClient(t, n.Config(t, "PubkeyAuthentication no"), func(string) Options { return Options{Password: "an old one"} })
		c.Ask(o.answer)
		whoIs(t, c, alice)
		if o.times() != 1 {
			t.Errorf("asked: %q", o.asked)
		}
	})
}

func whoIs(t *testing.T, c *Client, want string) {
	t.Helper()
	var out bytes.Buffer
	if exit, err := c.Run(context.Background(), "node", "whoami", nil, &out, nil); exit != 0 || err != nil || out.String() != want+"\n" {
		t.Errorf("exit %d, %v, %q", exit, err, out.String())
	}
}
