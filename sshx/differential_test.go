package sshx

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// policies are servers that differ in what they accept. "key" is known_hosts' key for the server.
var policies = map[string][]string{
	"plain":             nil,
	"accepts variables": {"AcceptEnv SPRAYDECK_*"},
	"one cipher":        {"Ciphers aes256-ctr"},
	"one mac":           {"Ciphers aes128-ctr", "MACs hmac-sha2-256"},
	"one kex":           {"KexAlgorithms ecdh-sha2-nistp256"},
	"password only":     {"PasswordAuthentication yes", "PubkeyAuthentication no"},
	"second factor":     {"PasswordAuthentication yes", "AuthenticationMethods publickey,password"},
	"other user only":   {"AllowUsers nobody-else"},
	"rsa-512 keys only": {"PubkeyAcceptedAlgorithms rsa-sha2-512"},
	"gcm only":          {"Ciphers aes128-gcm@openssh.com"},
	"one session":       {"MaxSessions 1"},
}

// configurations are lines of ssh_config, stronger than those of server.config. @name@ is replaced.
var configurations = []struct{ name, lines string }{
	{"none", ""},
	{"unknown keyword", "FooBar yes"},
	{"garbage", "garbage line here"},
	{"port without value", "Port"},
	{"port of letters", "Port abc"},
	{"maybe identities only", "IdentitiesOnly maybe"},
	{"maybe strict", "StrictHostKeyChecking maybe"},
	{"no such cipher", "Ciphers nosuchcipher"},
	{"ignored keyword", "IgnoreUnknown FooBar\nFooBar yes"},
	{"revoked host key", "RevokedHostKeys @dir@/revoked"},
	{"revocation file missing", "RevokedHostKeys @dir@/missing"},
	{"revocation of another", "RevokedHostKeys @dir@/other.pub"},
	{"host key algorithm of another type", "HostKeyAlgorithms rsa-sha2-512"},
	{"host key algorithm", "HostKeyAlgorithms ssh-ed25519"},
	{"cipher", "Ciphers aes256-ctr"},
	{"cipher removed", "Ciphers -aes*"},
	{"mac", "MACs hmac-sha2-256"},
	{"kex", "KexAlgorithms curve25519-sha256"},
	{"user key algorithm", "PubkeyAcceptedAlgorithms rsa-sha2-512"},
	{"rsa user key", "IdentityFile @dir@/rsa"},
	{"small rsa key refused", "IdentityFile @dir@/rsa\nRequiredRSASize 4096"},
	{"no keys", "PubkeyAuthentication no"},
	{"passwords preferred", "PreferredAuthentications password"},
	{"keys preferred", "PreferredAuthentications publickey,password"},
	{"key that others can read", "IdentityFile @dir@/open\nMatch all\n"},
	{"IPv6 only", "AddressFamily inet6"},
	{"IPv4 only", "AddressFamily inet"},
	{"remote command", "RemoteCommand uptime"},
	{"local address", "BindAddress 127.0.0.2"},
	{"local address not there", "BindAddress 192.0.2.1"},
	{"match after HostName", "Host node\n HostName 127.0.0.1\nMatch host 127.0.0.1\n User nosuchuser"},
	{"match original host", "Match originalhost node\n User nosuchuser"},
	{"match exec", "Match exec true\n User nosuchuser"},
	{"match exec false", "Match exec false\n User nosuchuser"},
	{"quoted host", "Host \"node\"\n User nosuchuser"},
	{"negated host", "Host * !node\n User nosuchuser"},
	{"single quotes", "IdentityFile '@dir@/rsa'"},
	{"proxy command first", "ProxyCommand /bin/false\nProxyJump nowhere.invalid"},
	{"proxy jump nowhere", "ProxyJump 127.0.0.1:1"},
	{"proxy jump", "ProxyJump jump@not@node2\n"},
	{"proxy command", "ProxyCommand @nc@ %h %p"},
	{"proxy command fails", "ProxyCommand exit 3"},
	{"own variable", "SetEnv SPRAYDECK_TEST=set"},
	{"sent variable", "SendEnv SPRAYDECK_S*"},
	{"identities only true", "IdentitiesOnly true"},
	{"timeout with unit", "ConnectTimeout 1m\nServerAliveInterval 5s"},
	{"known_hosts with a space", "UserKnownHostsFile \"@dir@/known hosts\""},
	{"two known_hosts", "UserKnownHostsFile @dir@/missing @dir@/known"},
	{"no known_hosts", "UserKnownHostsFile @dir@/missing"},
	{"not strict", "StrictHostKeyChecking no\nUserKnownHostsFile @dir@/new1"},
	{"strict false", "StrictHostKeyChecking false\nUserKnownHostsFile @dir@/new2"},
	{"accept new", "StrictHostKeyChecking accept-new\nUserKnownHostsFile @dir@/new3"},
	{"strict", "StrictHostKeyChecking yes"},
	{"changed key", "UserKnownHostsFile @dir@/changed"},
	{"changed key, not strict", "StrictHostKeyChecking no\nUserKnownHostsFile @dir@/changed"},
	{"changed key, accept new", "StrictHostKeyChecking accept-new\nUserKnownHostsFile @dir@/changed"},
	{"revoked line", "UserKnownHostsFile @dir@/marked"},
	{"key alias", "HostKeyAlias the-node\nUserKnownHostsFile @dir@/alias"},
	{"key alias unknown", "HostKeyAlias another"},
	{"hash names", "HashKnownHosts yes"},
	{"known hosts command", "KnownHostsCommand /bin/echo\nUserKnownHostsFile @dir@/missing"},
	{"no proof for localhost", "NoHostAuthenticationForLocalhost yes\nUserKnownHostsFile @dir@/missing"},
	{"descriptor passing", "ProxyUseFdpass yes\nProxyCommand @nc@ %h %p"},
	{"certificate file missing", "CertificateFile @dir@/missing-cert.pub"},
	{"token", "IdentityFile @dir@/key-%r-%p"},
	{"connection token", "UserKnownHostsFile @dir@/known-%C @dir@/known"},
	{"user that is not there", "User nosuchuser"},
	{"closed port", "Port 1"},
	{"include missing", "Include @dir@/none"},
	{"include", "Include @dir@/included"},
	{"tunnel", "Tunnel yes"},
	{"keys in DNS", "VerifyHostKeyDNS yes"},
	{"canonical names", "CanonicalizeHostname yes\nCanonicalDomains invalid"},
	{"GSSAPI without a ticket", "GSSAPIAuthentication yes"},
	{"host-based", "HostbasedAuthentication yes"},
	{"PKCS11 library that is not there", "PKCS11Provider /no/such.so"},
	{"PKCS11 alone", "PKCS11Provider /no/such.so\nIdentityFile none\nIdentitiesOnly yes"},
	{"security key provider", "SecurityKeyProvider /no/such.so"},
	{"descriptor passed", "ProxyUseFdpass yes\nProxyCommand @fdpass@ %h %p"},
	{"control path that is not there", "ControlPath @dir@/none-%C"},
	{"through ssh, user that is not there", "VerifyHostKeyDNS yes\nUser nosuchuser"},
	{"through ssh, changed key", "VerifyHostKeyDNS ask\nUserKnownHostsFile @dir@/changed"},
	{"through ssh, unknown key", "HostbasedAuthentication yes\nUserKnownHostsFile @dir@/missing"},
	{"through ssh, no keys", "HostbasedAuthentication yes\nPubkeyAuthentication no"},
	{"through ssh, variables", "HostbasedAuthentication yes\nSetEnv SPRAYDECK_TEST=set\nSendEnv SPRAYDECK_S*"},
	{"local command", "PermitLocalCommand yes\nLocalCommand true"},
	{"harmless", "Compression yes\nLogLevel ERROR\nTCPKeepAlive no\nVisualHostKey yes\nForwardAgent yes"},
}

// TestAsSSH: for every configuration and server policy the verdict and what the command prints are those of the installed
// ssh, or the option is refused by its name. A connection where ssh refuses is the worst fault there is.
func TestAsSSH(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	dir := t.TempDir()
	other := writeKey(t, filepath.Join(dir, "other"), "")
	write(t, filepath.Join(dir, "other.pub"), string(ssh.MarshalAuthorizedKey(other)))
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := marshalKey(t, filepath.Join(dir, "rsa"), "", private)
	write(t, filepath.Join(dir, "included"), "User nosuchuser\n")
	nc := filepath.Join(dir, "nc")
	write(t, nc, "#!/bin/bash\nexec 3<>/dev/tcp/$1/$2; cat <&3 & cat >&3\n")
	os.Chmod(nc, 0o755)
	fdpass := filepath.Join(dir, "fdpass")
	write(t, fdpass, "#!/usr/bin/python3\nimport array, socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"+
		"socket.socket(fileno=1).sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [s.fileno()]))])\n")
	os.Chmod(fdpass, 0o755)
	t.Setenv("SPRAYDECK_SENT", "sent")

	full := map[string]bool{"plain": true, "accepts variables": true}
	tried, agreed, named, through := 0, 0, 0, 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	turns := make(chan struct{}, 8)
	for policy, lines := range policies {
		s := startServer(t, lines...)
		authorized, _ := os.ReadFile(filepath.Join(s.dir, "authorized_keys"))
		write(t, filepath.Join(s.dir, "authorized_keys"), string(authorized)+string(ssh.MarshalAuthorizedKey(rsaKey)))
		key, _ := os.ReadFile(s.userKey)
		blob := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.hostKey)))
		own := filepath.Join(dir, strings.ReplaceAll(policy, " ", "-"))
		os.Mkdir(own, 0o700)
		for name, text := range map[string]string{
			"revoked": blob + "\n", "known hosts": s.known(), "known": s.known(), "alias": "the-node " + blob + "\n",
			"changed": knownhosts.Line([]string{s.addr()}, other) + "\n", "marked": "@revoked * " + blob + "\n" + s.known(),
			"open": string(key), fmt.Sprintf("key-%s-%d", me(t), s.port): string(key),
		} {
			write(t, filepath.Join(own, name), text)
		}
		for _, name := range []string{"rsa", "other.pub", "included"} {
			os.Link(filepath.Join(dir, name), filepath.Join(own, name))
		}
		os.Chmod(filepath.Join(own, "open"), 0o644)
		for i, c := range configurations {
			if !full[policy] && i > 8 && i%8 != 3 && c.name != "rsa user key" {
				continue // what a server refuses is met by the first ones
			}
			tried++
			turns <- struct{}{}
			wg.Go(func() {
				defer func() { <-turns }()
				text := strings.NewReplacer("@dir@", own, "@nc@", nc, "@fdpass@", fdpass).Replace(c.lines)
				ours, theirs := s.config(s.known(), text), s.config(s.known(), text)
				if c.name == "not strict" || c.name == "strict false" || c.name == "accept new" {
					theirs = s.config(s.known(), strings.ReplaceAll(text, own+"/new", own+"/their-new"))
				}
				command := exec.Command("timeout", "20", "ssh", "-n", "-F", theirs, "-o", "BatchMode=yes", "node", "whoami; echo $SPRAYDECK_TEST $SPRAYDECK_SENT; echo $SSH_CONNECTION | cut -d' ' -f1,3,4")
				command.WaitDelay = time.Second // a ProxyCommand may leave children with its output
				want, wantErr := command.Output()
				if errors.Is(wantErr, exec.ErrWaitDelay) {
					wantErr = nil
				}
				client := New(ours, nil)
				way, _ := client.route(context.Background(), "node")
				var got bytes.Buffer
				exit, gotErr := client.Run(context.Background(), "node", "whoami; echo $SPRAYDECK_TEST $SPRAYDECK_SENT; echo $SSH_CONNECTION | cut -d' ' -f1,3,4", nil, &got, nil)
				client.Close()
				mu.Lock()
				if len(way) > 0 && way[len(way)-1].target.needs != "" && gotErr == nil {
					through++
				}
				switch {
				case gotErr == nil && wantErr != nil:
					t.Errorf("%s / %s: connected where ssh refuses (%v)", policy, c.name, wantErr)
				case gotErr != nil && wantErr == nil && strings.Contains(gotErr.Error(), "with which no command can be run"):
					named++
				case (gotErr == nil) != (wantErr == nil):
					t.Errorf("%s / %s: %v, ssh: %v", policy, c.name, gotErr, wantErr)
				case gotErr == nil && (exit != 0 || got.String() != string(want)):
					t.Errorf("%s / %s: %d %q, ssh: %q", policy, c.name, exit, got.String(), want)
				default:
					agreed++
				}
				mu.Unlock()
			})
		}
		wg.Wait()
	}
	t.Logf("%d cases: %d as ssh, of these %d connected through the installed ssh; %d refused by the option's name", tried, agreed, through, named)
	if tried < 150 || through < 20 || named > 20 {
		t.Errorf("%d cases, %d through ssh, %d refused", tried, through, named)
	}
}
