package sshx

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
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
	name   string   // as the caller or the ProxyJump calls it
	alias  string   // as ssh was asked about it
	args   []string // of ssh, which mean this host
	needs  string   // what only the installed ssh can do for it; "": nothing
	master string   // the user's control socket, which may not be there
	host   string
	port   int
	user   string

	identities     []string // in order; given reports whether anybody asked for them
	certificates   []string
	given          bool
	identitiesOnly bool
	agent          string   // socket, empty for none
	methods        []string // to log in with, in the preferred order
	asks           bool     // the operator may be asked: not with BatchMode
	prompts        int      // how often a method asks
	password       string   // of the inventory
	accepted       []string
	rsaBits        int

	strict       string // yes, accept-new, no
	keyAlias     string
	userKnown    []string
	knownFiles   []string // userKnown and the global ones
	hashKnown    bool
	revoked      string // file of revoked host keys
	hostKeys     []string
	authorities  []string // algorithms a certificate authority may sign with
	ciphers      []string
	macs         []string
	kexes        []string
	family, bind string
	environment  []string // NAME=value

	jump    []string
	jumpRaw string
	command string // ProxyCommand

	connectTimeout time.Duration
	aliveInterval  time.Duration
	aliveCount     int
}

func (t *target) address() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }
func (t *target) place() string   { return t.user + "@" + t.address() }

// resolve asks ssh about one host, with what the inventory says as options, which are stronger than ssh_config.
func resolve(ctx context.Context, name string, o Options) (*target, error) {
	t := &target{name: name, alias: name, password: o.Password}
	if o.Address != "" {
		t.alias = o.Address
	}
	if t.alias == "" || strings.HasPrefix(t.alias, "-") || strings.ContainsAny(t.alias, " \t\r\n\x00") {
		return nil, fmt.Errorf("%q is not a host name", t.alias)
	}
	if o.Port < 0 || o.Port > 65535 {
		return nil, fmt.Errorf("%d is not a port", o.Port)
	}
	if o.ConfigFile != "" {
		if _, err := os.Stat(o.ConfigFile); err != nil {
			return nil, &configError{err: err, hint: "name another file, or none to use ~/.ssh/config"}
		}
	}
	cfg, err := readConfig(ctx, o.args(), t.alias)
	if err != nil {
		return nil, err
	}
	plain, err := defaults()
	if err != nil {
		return nil, err
	}
	if err := refuse(cfg, plain); err != nil {
		return nil, err
	}
	t.user, t.host = cfg.first("user"), cfg.first("hostname")
	if t.port, err = strconv.Atoi(cfg.first("port")); err != nil {
		return nil, fmt.Errorf("ssh -G says port %q", cfg.first("port"))
	}
	t.keyAlias = t.expand(cfg.first("hostkeyalias"))
	t.jumpRaw = cfg.first("proxyjump")
	t.setKeys(cfg, plain)
	t.setKnownHosts(cfg)
	t.setAlgorithms(cfg)
	t.setProxy(cfg)
	t.setEnvironment(cfg)
	t.args, t.master = o.args(), t.expand(cfg.first("controlpath"))
	t.needs = t.needsSSH(cfg, plain)
	return t, t.setTimes(cfg)
}

// args is what the inventory says, as arguments of ssh.
func (o Options) args() []string {
	var args []string
	if o.Port != 0 {
		args = append(args, "-p", strconv.Itoa(o.Port))
	}
	if o.User != "" {
		args = append(args, "-l", o.User)
	}
	if o.IdentityFile != "" {
		args = append(args, "-o", `IdentityFile="`+expandHome(o.IdentityFile)+`"`)
	}
	args = append(args, o.Args...)
	if o.ConfigFile != "" {
		args = append(args, "-F", o.ConfigFile)
	}
	return args
}

func (t *target) setKeys(cfg, plain lookup) {
	for _, file := range cfg.all("identityfile") {
		if file != "none" {
			t.identities = append(t.identities, t.expand(file))
		}
	}
	for _, file := range cfg.all("certificatefile") {
		t.certificates = append(t.certificates, t.expand(file))
	}
	t.given = !slices.Equal(cfg.all("identityfile"), plain.all("identityfile"))
	t.identitiesOnly = cfg.first("identitiesonly") == "yes"
	t.setMethods(cfg)
	t.accepted = list(cfg.first("pubkeyacceptedalgorithms"))
	t.rsaBits, _ = strconv.Atoi(cfg.first("requiredrsasize"))

	switch agent := cfg.all("identityagent"); {
	case len(agent) == 0 || agent[0] == "SSH_AUTH_SOCK":
		t.agent = os.Getenv("SSH_AUTH_SOCK")
	case agent[0] == "none":
	case strings.HasPrefix(agent[0], "$") && !strings.HasPrefix(agent[0], "${"):
		t.agent = os.Getenv(agent[0][1:])
	default:
		t.agent = t.expand(agent[0])
	}
}

// setMethods collects the methods that ssh_config allows, in its order. With BatchMode nothing is asked.
func (t *target) setMethods(cfg lookup) {
	allowed := map[string]bool{"publickey": yes(cfg.first("pubkeyauthentication"))}
	if t.asks = !yes(cfg.first("batchmode")); t.asks {
		allowed["keyboard-interactive"] = yes(cfg.first("kbdinteractiveauthentication"))
		allowed["password"] = yes(cfg.first("passwordauthentication"))
	}
	for _, m := range list(or(cfg.first("preferredauthentications"), "publickey,keyboard-interactive,password")) {
		if allowed[m] {
			t.methods = append(t.methods, m)
		}
	}
	t.prompts, _ = strconv.Atoi(cfg.first("numberofpasswordprompts"))
}

// yes reads a value of ssh -G. One that is not printed, or says more than no, is a yes.
func yes(value string) bool { return value != "no" && value != "false" }

func (t *target) setKnownHosts(cfg lookup) {
	// "ask" is "yes" here: there is nobody to ask while twenty nodes are dialled.
	switch t.strict = cfg.first("stricthostkeychecking"); t.strict {
	case "no", "off", "false":
		t.strict = "no"
	case "accept-new":
	default:
		t.strict = "yes"
	}
	t.hashKnown = cfg.first("hashknownhosts") == "yes"
	t.revoked = t.expand(cfg.first("revokedhostkeys"))
	files := func(key string) (files []string) {
		for _, file := range paths(cfg.first(key)) {
			files = append(files, t.expand(file))
		}
		return files
	}
	t.userKnown = files("userknownhostsfile")
	t.knownFiles = slices.Concat(t.userKnown, files("globalknownhostsfile"))
}

func (t *target) setAlgorithms(cfg lookup) {
	t.hostKeys, t.authorities = list(cfg.first("hostkeyalgorithms")), list(cfg.first("casignaturealgorithms"))
	t.ciphers, t.macs, t.kexes = list(cfg.first("ciphers")), list(cfg.first("macs")), list(cfg.first("kexalgorithms"))
}

func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
}

func (t *target) setProxy(cfg lookup) {
	if t.jumpRaw != "" {
		for _, hop := range strings.Split(t.expand(t.jumpRaw), ",") {
			if hop = strings.TrimSpace(hop); hop != "" {
				t.jump = append(t.jump, hop)
			}
		}
		return
	}
	t.command = t.tokens(cfg.first("proxycommand"))
	t.family, t.bind = cfg.first("addressfamily"), cfg.first("bindaddress")
}

// setEnvironment collects what SetEnv and SendEnv give a session, as ssh sends it.
func (t *target) setEnvironment(cfg lookup) {
	for _, line := range cfg.all("sendenv") {
		for _, pattern := range strings.Fields(line) {
			for _, entry := range os.Environ() {
				if name, _, _ := strings.Cut(entry, "="); wildcard(pattern, name) {
					t.environment = append(t.environment, entry)
				}
			}
		}
	}
	t.environment = append(t.environment, cfg.all("setenv")...)
}

func (t *target) setTimes(cfg lookup) error {
	seconds := func(key string, otherwise time.Duration) (time.Duration, error) {
		n, err := number(cfg, key, 0)
		if n == 0 {
			return otherwise, err // ssh -G prints zero for "not set"
		}
		return time.Duration(n) * time.Second, err
	}
	var errs [3]error
	t.connectTimeout, errs[0] = seconds("connecttimeout", defaultConnectTimeout)
	t.aliveInterval, errs[1] = seconds("serveraliveinterval", defaultAliveInterval)
	t.aliveCount, errs[2] = number(cfg, "serveralivecountmax", defaultAliveCount)
	return errors.Join(errs[:]...)
}

// expand replaces ~, ${VARIABLE} and the % tokens of ssh_config.
func (t *target) expand(s string) string {
	return t.tokens(variable.ReplaceAllStringFunc(expandHome(s), func(v string) string { return os.Getenv(v[2 : len(v)-1]) }))
}

var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

func (t *target) tokens(s string) string {
	local, _ := os.Hostname()
	short, _, _ := strings.Cut(local, ".")
	sum := sha1.Sum([]byte(local + t.host + strconv.Itoa(t.port) + t.user + t.jumpRaw)) // as ssh makes %C
	return strings.NewReplacer("%%", "%", "%d", home(), "%h", t.host, "%i", strconv.Itoa(os.Getuid()),
		"%k", or(t.keyAlias, t.alias), "%L", short, "%l", local, "%n", t.alias,
		"%p", strconv.Itoa(t.port), "%r", t.user, "%u", localUser(), "%C", hex.EncodeToString(sum[:]), "%j", t.jumpRaw).Replace(s)
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
