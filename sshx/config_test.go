package sshx

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func sign(t *testing.T, dir string, args ...string) {
	t.Helper()
	out, err := exec.Command("ssh-keygen", append([]string{"-q", "-s", filepath.Join(dir, "ca")}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func configFile(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "config")
	write(t, file, text)
	return file
}

const sample = `
Host node1
  HostName 10.0.0.1
  Port 2222
  IdentityFile ~/.ssh/node_%h_%r
Host node* !node9
  User root
  IdentityFile "/keys/with space"
  ProxyJump ops@bastion:2022,inner
  ConnectTimeout 3
  ServerAliveInterval 7
  ServerAliveCountMax 2
  UserKnownHostsFile ~/kh /etc/kh
  StrictHostKeyChecking accept-new
  HostKeyAlias alias-%n
  IdentitiesOnly yes
  IdentityAgent ${SPRAYDECK_TEST}/agent
Host *.lab
  HostName %h.example.org
  ProxyCommand nc -x %% %h %p %r
  IdentityAgent none
  StrictHostKeyChecking off
`

func TestResolve(t *testing.T) {
	t.Setenv("SPRAYDECK_TEST", "/run/x")
	t.Setenv("SSH_AUTH_SOCK", "/run/agent")
	file := configFile(t, sample)
	find := func(name string, o Options) *target {
		t.Helper()
		o.ConfigFile = file
		got, err := resolve(context.Background(), name, o)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	node := find("node1", Options{})
	check("place", node.place(), "root@10.0.0.1:2222")
	check("identities", node.identities, []string{home() + "/.ssh/node_10.0.0.1_root", "/keys/with space"})
	check("jump", node.jump, []string{"ops@bastion:2022", "inner"})
	check("times", []time.Duration{node.connectTimeout, node.aliveInterval, time.Duration(node.aliveCount)}, []time.Duration{3e9, 7e9, 2})
	check("known hosts", node.userKnown, []string{home() + "/kh", "/etc/kh"})
	check("strict", node.strict, "accept-new")
	check("alias", node.keyAlias, "alias-node1")
	check("agent", node.agent, "/run/x/agent")
	check("only", node.identitiesOnly, true)

	node = find("node1", Options{Port: 22, User: "admin", IdentityFile: "~/key"})
	check("inventory is stronger", node.place(), "admin@10.0.0.1:22")
	check("its key is first", node.identities[0], home()+"/key")
	check("by address, as Ansible asks", find("node1", Options{Address: "192.0.2.7", User: "x"}).place(), "x@192.0.2.7:22")
	check("IPv6", find("v6", Options{Address: "2001:db8::1", User: "x"}).place(), "x@[2001:db8::1]:22")

	other := find("node9", Options{})
	check("negated pattern", other.place(), localUser()+"@node9:22")
	check("default agent", other.agent, "/run/agent")
	check("default check", other.strict, "yes")
	check("default keys", len(other.identities) > 3 && !other.given, true)
	check("default timeouts", other.connectTimeout, defaultConnectTimeout)

	lab := find("a.lab", Options{User: "u"})
	check("tokens", lab.command, "nc -x % a.lab.example.org 22 u")
	check("agent none", lab.agent, "")
	check("off", lab.strict, "no")
}

func TestResolveRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ host, config, says string }{
		"option as host": {"-oProxyCommand=x", "", "not a host name"},
		"empty":          {"", "", "not a host name"},
		"bad port":       {"node", "Port many", "line 1"},
		"big port":       {"node", "Port 70000", "line 1"},
		"bad timeout":    {"node", "ConnectTimeout soon", "line 1"},
	} {
		_, err := resolve(context.Background(), tt.host, Options{ConfigFile: configFile(t, tt.config+"\n")})
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused(t, newClient(t, "/no/such/config", nil), "node", "/no/such/config")
	refused(t, newClient(t, configFile(t, "Host x\n ProxyJump y:many\n"), nil), "x", "y:many", "ssh -G x")
}

func TestMatchExec(t *testing.T) {
	needTool(t, "ssh", "openssh-client")
	file := configFile(t, "Match host node exec \"true\"\n  User fromexec\n  Port 2200\nMatch final all\n  IdentitiesOnly yes\nHost *\n  UserKnownHostsFile /a /b\n")
	got, err := resolve(context.Background(), "node", Options{ConfigFile: file})
	if err != nil {
		t.Fatal(err)
	}
	if got.place() != "fromexec@node:2200" || !got.identitiesOnly || !slices.Equal(got.userKnown, []string{"/a", "/b"}) {
		t.Errorf("%+v", got)
	}
	refused(t, newClient(t, configFile(t, "Match exec true\nNonsense yes\n"), nil), "node", "line 2", "onsense")
	t.Setenv("PATH", t.TempDir())
	refused(t, newClient(t, file, nil), "node", "install the OpenSSH client")
}

// known_hosts is judged as x/crypto and as ssh-keygen judge it.
func TestKnownHostsAgree(t *testing.T) {
	needTool(t, "ssh-keygen", "openssh-client")
	dir := t.TempDir()
	key := writeKey(t, filepath.Join(dir, "key"), "")
	blob := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	for _, field := range []string{
		"node1", "node1,node2", "node2", "NODE1", "*", "node?", "n*1", "!node1,*", "*,!node1", "!node2,node*",
		"[node1]:2222", "[node1]:2223", "[node1]:22", "[*]:2222", "10.0.0.1", "[2001:db8::1]:2222", "2001:db8::1",
		knownhosts.HashHostname("node1"), knownhosts.HashHostname("[node1]:2222"), "|1|broken|x",
	} {
		file := filepath.Join(dir, "known_hosts")
		write(t, file, field+" "+blob+" comment\n")
		library, libraryErr := knownhosts.New(file)
		for _, addr := range []string{"node1:22", "node1:2222", "10.0.0.1:22", "[2001:db8::1]:2222", "[2001:db8::1]:22"} {
			name := knownhosts.Normalize(addr)
			ours := len(readKnownHosts([]string{file}, name).keys) == 1
			keygen := exec.Command("ssh-keygen", "-F", name, "-f", file).Run() == nil
			if ours != keygen {
				t.Errorf("%s for %s: %v, ssh-keygen says %v", field, name, ours, keygen)
			}
			// The library splits host and port, so it differs on wildcards for
			// other ports; and it does not fold case.
			if libraryErr != nil || strings.ContainsAny(field, "*?N") || field == "[node1]:22" {
				continue
			}
			if theirs := library(addr, fakeAddr(addr), key) == nil; ours != theirs {
				t.Errorf("%s for %s: %v, the library says %v", field, name, ours, theirs)
			}
		}
	}
}

type fakeAddr string

func (a fakeAddr) Network() string { return "tcp" }
func (a fakeAddr) String() string  { return string(a) }

func TestAlgorithmOrder(t *testing.T) {
	dir := t.TempDir()
	key := writeKey(t, filepath.Join(dir, "key"), "")
	file := filepath.Join(dir, "known_hosts")
	line := fmt.Sprintf("node1 %s", ssh.MarshalAuthorizedKey(key))
	write(t, file, line)
	if got := readKnownHosts([]string{file}, "node1").algorithms(); got[0] != ssh.KeyAlgoED25519 || slices.ContainsFunc(got, isCert) {
		t.Error(got)
	}
	if got := readKnownHosts([]string{file}, "[node1]:2222").algorithms(); got[0] != ssh.KeyAlgoED25519 {
		t.Error("without port:", got)
	}
	write(t, file, "@cert-authority "+line)
	if got := readKnownHosts([]string{file}, "node1").algorithms(); !isCert(got[0]) {
		t.Error(got)
	}
	if got := readKnownHosts([]string{os.DevNull}, "node1").algorithms(); len(got) == 0 {
		t.Error("nothing to ask a new host for")
	}
}
