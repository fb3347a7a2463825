package sshx

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"sync"
	"time"
)

// lookup gives the values in force for an ssh_config key, in the words of ssh -G.
type lookup map[string][]string

func (l lookup) all(key string) []string { return l[strings.ToLower(key)] }

// first is the value in force for a key that has only one. ssh -G prints none for some keys without a value.
func (l lookup) first(key string) string {
	if v := l.all(key); len(v) > 0 && v[0] != "none" {
		return v[0]
	}
	return ""
}

// configs bounds how many ssh -G run at once.
var configs = make(chan struct{}, 8)

// readConfig asks ssh itself what its configuration says about a host: `ssh -G` with args, so that Match, tokens,
// precedence and refusals are those of the ssh that the operator uses. What ssh refuses is an error in its words.
func readConfig(ctx context.Context, args []string, alias string) (lookup, error) {
	select {
	case configs <- struct{}{}:
		defer func() { <-configs }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh", slices.Concat([]string{"-G"}, args, []string{"--", alias})...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &configError{err: errors.New("ssh is not installed here"), hint: "install the OpenSSH client: its configuration says how a node is reached"}
	}
	if err != nil {
		said := strings.Join(strings.Fields(stderr.String()), " ")
		if said == "" {
			said = err.Error()
		}
		return nil, &configError{err: errors.New("ssh refuses: " + said), hint: "correct ssh_config or the options of the inventory; `ssh -G " + alias + "` must succeed"}
	}
	return parseConfig(out), nil
}

func parseConfig(out []byte) lookup {
	values := lookup{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		values[strings.ToLower(key)] = append(values[strings.ToLower(key)], value)
	}
	return values
}

// defaults is what ssh does without any configuration.
var defaults = sync.OnceValues(func() (lookup, error) {
	return readConfig(context.Background(), []string{"-F", os.DevNull}, "localhost")
})

// configError carries a hint up to where the host is known.
type configError struct {
	err  error
	hint string
}

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// optionError refuses an option.
func optionError(key, value string) error {
	return &configError{err: fmt.Errorf("ssh_config says %s %s, with which no command can be run", key, value),
		hint: "remove " + key + " for this host, or give it another configuration file"}
}

// implemented and harmless are the keys of ssh -G that a connection follows, and those that do not change who is reached, as
// whom, by which route, with which proof or with which environment. Where a key in neither has not its default, the host is
// reached through the installed ssh; see choose.go.
var (
	implemented = set(`host user hostname port identityfile identitiesonly identityagent certificatefile userknownhostsfile
		globalknownhostsfile stricthostkeychecking hostkeyalias hashknownhosts proxyjump proxycommand connecttimeout
		serveraliveinterval serveralivecountmax ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms
		casignaturealgorithms pubkeyauthentication preferredauthentications requiredrsasize revokedhostkeys addressfamily
		bindaddress setenv sendenv batchmode kbdinteractiveauthentication passwordauthentication numberofpasswordprompts`)
	harmless = set(`compression forwardx11 forwardx11trusted forwardx11timeout loglevel logverbose controlmaster
		controlpath controlpersist clearallforwardings exitonforwardfailure localforward remoteforward dynamicforward
		gatewayports fingerprinthash gssapiauthentication gssapikeyexchange gssapidelegatecredentials gssapitrustdns
		gssapirenewalforcesrekey gssapikexalgorithms gssapiclientidentity gssapiserveridentity hostbasedauthentication
		hostbasedacceptedalgorithms enablesshkeysign kbdinteractivedevices
		requesttty stdinnull forkafterauthentication streamlocalbindunlink
		streamlocalbindmask tcpkeepalive visualhostkey updatehostkeys enableescapecommandline escapechar connectionattempts
		securitykeyprovider pkcs11provider xauthlocation addkeystoagent forwardagent permitremoteopen tunneldevice ipqos
		rekeylimit syslogfacility ignoreunknown canonicalizefallbacklocal canonicalizemaxdots canonicaldomains
		canonicalizepermittedcnames checkhostip localcommand obscurekeystroketiming tag warnweakcrypto`)
)

func set(names string) map[string]bool {
	s := map[string]bool{}
	for _, n := range strings.Fields(names) {
		s[n] = true
	}
	return s
}

// home is the home directory as ssh sees it: that of the password database,
// whatever HOME says.
func home() string {
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		return u.HomeDir
	}
	dir, _ := os.UserHomeDir()
	return dir
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// paths splits a list of files. ssh -G prints a path with a space without quotes, so words that together name a file that
// is there are one path.
func paths(value string) []string {
	words := strings.Fields(value)
	var all []string
	for i := 0; i < len(words); {
		n := 1
		for j := len(words); j > i+1; j-- {
			if _, err := os.Stat(expandHome(strings.Join(words[i:j], " "))); err == nil {
				n = j - i
				break
			}
		}
		all = append(all, strings.Join(words[i:i+n], " "))
		i += n
	}
	return all
}

func expandHome(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		return home() + path[1:]
	}
	return path
}
