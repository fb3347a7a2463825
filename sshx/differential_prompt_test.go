package sshx

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"spraydeck/sshx/sshtest"
)

// loginPolicies are servers that ask, and loginLines what ssh_config says of it; @key@ has a passphrase, @other@ is not known there.
var (
	loginPolicies = map[string][]string{
		"keys":               nil,
		"password":           {"PasswordAuthentication yes", "PubkeyAuthentication no"},
		"PAM":                {"KbdInteractiveAuthentication yes", "PubkeyAuthentication no"},
		"key and password":   {"PasswordAuthentication yes", "AuthenticationMethods publickey,password"},
		"key and PAM":        {"KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive"},
		"key or password":    {"PasswordAuthentication yes", "KbdInteractiveAuthentication yes"},
		"nobody is let in":   {"PasswordAuthentication yes", "AllowUsers nobody-else"},
		"PAM, then password": {"PasswordAuthentication yes", "KbdInteractiveAuthentication yes", "AuthenticationMethods keyboard-interactive,password"},
	}
	loginLines = []string{
		"", "PubkeyAuthentication no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "BatchMode yes", "NumberOfPasswordPrompts 1",
		"PreferredAuthentications password,keyboard-interactive", "IdentityFile @key@\nMatch all\n", "IdentityFile @other@",
	}
	// what is answered: the right ones, a wrong one first, nothing but wrong ones
	loginAnswers = map[string][]string{"right": {sshtest.Password}, "second": {"wrong", sshtest.Password}, "wrong": {"wrong"}}
)

// TestAsSSHAsked: with prompts too, the verdict and the user are those of the installed ssh, which gets the same answers from
// its SSH_ASKPASS.
func TestAsSSHAsked(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	dir := t.TempDir()
	pass := filepath.Join(dir, "askpass") // the n-th prompt gets the n-th answer, and from then on the last one
	write(t, pass, "#!/bin/sh\ncase $1 in *passphrase*) echo open sesame; exit;; esac\nn=$(cat \"$ASKED\" 2>/dev/null || echo 0); n=$((n + 1)); echo $n >\"$ASKED\"\n"+
		"[ -n \"$(sed -n ${n}p \"$ANSWERS\")\" ] && sed -n ${n}p \"$ANSWERS\" || tail -n 1 \"$ANSWERS\"\n")
	if err := os.Chmod(pass, 0o700); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	tried, prompted, connected := 0, 0, 0
	var wg sync.WaitGroup
	turns := make(chan struct{}, 4)
	for policy, sshd := range loginPolicies {
		n := sshtest.Start(t, sshtest.Options{SSHD: sshd})
		locked, other := filepath.Join(n.Dir, "locked"), filepath.Join(n.Dir, "other")
		pub := sshtest.WriteKey(t, locked, "open sesame")
		sshtest.WriteKey(t, other, "")
		known, _ := os.ReadFile(filepath.Join(n.Dir, "authorized_keys"))
		write(t, filepath.Join(n.Dir, "authorized_keys"), string(known)+string(ssh.MarshalAuthorizedKey(pub)))
		for i, lines := range loginLines {
			config := n.Config(t, strings.NewReplacer("@key@", locked, "@other@", other).Replace(lines))
			for kind, answers := range loginAnswers {
				tried++
				turns <- struct{}{}
				wg.Go(func() {
					defer func() { <-turns }()
					own := filepath.Join(dir, fmt.Sprintf("%s-%d-%s", strings.ReplaceAll(policy, " ", "-"), i, kind))
					if err := os.WriteFile(own, []byte(strings.Join(answers, "\n")+"\n"), 0o600); err != nil {
						t.Error(err)
					}
					command := exec.Command("timeout", "60", "setsid", "-w", "ssh", "-n", "-F", config, "node", "whoami")
					command.Env = append(os.Environ(), "SSH_ASKPASS="+pass, "SSH_ASKPASS_REQUIRE=force", "ASKED="+own+".asked", "ANSWERS="+own)
					want, wantErr := command.Output()
					c := New(config, nil)
					defer c.Close()
					asked := 0
					c.Ask(func(_ context.Context, p Prompt) (string, error) {
						if p.Kind == PromptPassphrase {
							return "open sesame", nil
						}
						asked++
						return answers[min(asked, len(answers))-1], nil
					})
					var got bytes.Buffer
					exit, gotErr := c.Run(context.Background(), "node", "whoami", nil, &got, nil)
					mu.Lock()
					defer mu.Unlock()
					if asked > 0 {
						prompted++
						if gotErr == nil {
							connected++
						}
					}
					switch {
					case gotErr == nil && wantErr != nil:
						t.Errorf("%s / %q / %s: connected where ssh refuses (%v)", policy, lines, kind, wantErr)
					case gotErr != nil && wantErr == nil:
						t.Errorf("%s / %q / %s: %v, ssh: connected", policy, lines, kind, gotErr)
					case gotErr == nil && (exit != 0 || got.String() != string(want)):
						t.Errorf("%s / %q / %s: %d %q, ssh: %q", policy, lines, kind, exit, got.String(), want)
					}
				})
			}
		}
		wg.Wait()
	}
	t.Logf("%d cases: %d asked, and %d of these connected", tried, prompted, connected)
	if connected < 40 || prompted-connected < 40 {
		t.Error("too few of them are asked anything")
	}
}
