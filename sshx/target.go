package sshx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What holds when ssh_config is silent. OpenSSH itself would wait for minutes
// for a connection and for ever for a vanished peer; in a maintenance window
// fifteen seconds are long.
const (
	defaultConnectTimeout = 10 * time.Second
	defaultAliveInterval  = 5 * time.Second
	defaultAliveCount     = 3
)

// target is one place to connect to, with every question answered.
type target struct {
	name  string // as the caller or the ProxyJump calls it
	alias string // as ssh_config was asked about it
	host  string
	port  int
	user  string

	identities     []string // in order; given says whether anybody asked for them
	given          bool
	identitiesOnly bool
	agent          string // socket, empty for none

	strict     string // yes, accept-new, no
	keyAlias   string
	userKnown  []string
	knownFiles []string // userKnown and the global ones
	hashKnown  bool

	jump    []string
	command string // ProxyCommand

	connectTimeout time.Duration
	aliveInterval  time.Duration
	aliveCount     int
}

func (t *target) address() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }
func (t *target) place() string   { return t.user + "@" + t.address() }

// resolve answers every question about one host: the inventory's word first,
// then ssh_config, then the defaults.
func resolve(ctx context.Context, name string, o Options) (*target, error) {
	t := &target{name: name, alias: name}
	if o.Address != "" {
		t.alias = o.Address
	}
	if t.alias == "" || strings.HasPrefix(t.alias, "-") || strings.ContainsAny(t.alias, " \t\r\n\x00") {
		return nil, fmt.Errorf("%q is not a host name", t.alias)
	}
	cfg, err := readConfig(ctx, o.ConfigFile, t.alias)
	if err != nil {
		return nil, err
	}
	t.user = or(o.User, cfg.first("User"), localUser())
	if t.port = o.Port; t.port == 0 {
		if t.port, err = number(cfg, "Port", 22); err != nil {
			return nil, err
		}
	}
	if t.port < 1 || t.port > 65535 {
		return nil, fmt.Errorf("%d is not a port", t.port)
	}
	t.host = t.alias
	t.host = t.expand(or(cfg.first("HostName"), t.alias))

	t.setKeys(cfg, o.IdentityFile)
	t.setKnownHosts(cfg)
	t.setProxy(cfg)
	return t, t.setTimes(cfg)
}

func (t *target) setKeys(cfg lookup, first string) {
	if first != "" {
		t.identities = append(t.identities, t.expand(first))
	}
	for _, file := range cfg("IdentityFile") {
		if !strings.EqualFold(file, "none") {
			t.identities = append(t.identities, t.expand(file))
		}
	}
	t.given = len(t.identities) > 0
	if len(cfg("IdentityFile")) == 0 && first == "" {
		for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
			t.identities = append(t.identities, filepath.Join(home(), ".ssh", "id_"+kind))
		}
	}
	t.identitiesOnly = cfg.first("IdentitiesOnly") == "yes"

	switch agent := or(cfg.first("IdentityAgent"), "SSH_AUTH_SOCK"); {
	case strings.EqualFold(agent, "none"):
	case agent == "SSH_AUTH_SOCK":
		t.agent = os.Getenv("SSH_AUTH_SOCK")
	case strings.HasPrefix(agent, "$") && !strings.HasPrefix(agent, "${"):
		t.agent = os.Getenv(agent[1:])
	default:
		t.agent = t.expand(agent)
	}
}

func (t *target) setKnownHosts(cfg lookup) {
	// "ask" is "yes" here: there is nobody to ask while twenty nodes are dialled.
	switch t.strict = strings.ToLower(cfg.first("StrictHostKeyChecking")); t.strict {
	case "no", "off":
		t.strict = "no"
	case "accept-new":
	default:
		t.strict = "yes"
	}
	t.keyAlias = t.expand(cfg.first("HostKeyAlias"))
	t.hashKnown = cfg.first("HashKnownHosts") == "yes"
	list := func(key, otherwise string) (files []string) {
		for _, file := range words(or(cfg.first(key), otherwise)) {
			if !strings.EqualFold(file, "none") {
				files = append(files, t.expand(file))
			}
		}
		return files
	}
	t.userKnown = list("UserKnownHostsFile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")
	global := list("GlobalKnownHostsFile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
	t.knownFiles = append(append([]string{}, t.userKnown...), global...)
}

func (t *target) setProxy(cfg lookup) {
	if jump := t.expand(cfg.first("ProxyJump")); !strings.EqualFold(jump, "none") {
		for _, hop := range strings.Split(jump, ",") {
			if hop = strings.TrimSpace(hop); hop != "" {
				t.jump = append(t.jump, hop)
			}
		}
		if jump != "" {
			return
		}
	}
	if command := cfg.first("ProxyCommand"); !strings.EqualFold(command, "none") {
		t.command = t.tokens(command)
	}
}

func (t *target) setTimes(cfg lookup) error {
	seconds := func(key string, otherwise time.Duration) (time.Duration, error) {
		n, err := number(cfg, key, 0)
		if n == 0 {
			return otherwise, err // zero is what ssh -G prints for "not set"
		}
		return time.Duration(n) * time.Second, err
	}
	var errs [3]error
	t.connectTimeout, errs[0] = seconds("ConnectTimeout", defaultConnectTimeout)
	t.aliveInterval, errs[1] = seconds("ServerAliveInterval", defaultAliveInterval)
	t.aliveCount, errs[2] = number(cfg, "ServerAliveCountMax", defaultAliveCount)
	return errors.Join(errs[:]...)
}

// expand replaces ~, ${VARIABLE} and the % tokens of ssh_config.
func (t *target) expand(s string) string {
	if s == "~" || strings.HasPrefix(s, "~/") {
		s = home() + s[1:]
	}
	return t.tokens(variable.ReplaceAllStringFunc(s, func(v string) string { return os.Getenv(v[2 : len(v)-1]) }))
}

var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

func (t *target) tokens(s string) string {
	local, _ := os.Hostname()
	short, _, _ := strings.Cut(local, ".")
	return strings.NewReplacer("%%", "%", "%d", home(), "%h", t.host, "%i", strconv.Itoa(os.Getuid()),
		"%k", or(t.keyAlias, t.alias), "%L", short, "%l", local, "%n", t.alias,
		"%p", strconv.Itoa(t.port), "%r", t.user, "%u", localUser()).Replace(s)
}

func number(cfg lookup, key string, otherwise int) (int, error) {
	value := cfg.first(key)
	if value == "" || value == "none" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("read ssh_config: %s is %q, not a number", key, value)
	}
	return n, nil
}

func or(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
