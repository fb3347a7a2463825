package transcript

import (
	"bytes"
	"strings"
)

// A rule decides about a token: what comes right behind an announcement. The token is held back until it has ended, or is
// longer than a limit, so that what only looks alike stays readable.
type rule struct {
	limit  int
	part   func(c byte) bool                         // whether c belongs to the token
	rest   func(c byte) bool                         // and to what comes beyond the limit, where that is another question
	secret func(tok []byte, next int) (from, to int) // what of it to mask, up to 0: nothing; next is -1 where nothing follows
}

// head is how a secret begins that needs no name: with so many bytes behind it that it is one.
type head struct {
	text string
	min  int
	part func(byte) bool
}

// heads are what services put before their tokens, and systems before the hashes of passwords.
var heads = []head{
	{"ghp_", 20, isWord}, {"gho_", 20, isWord}, {"ghu_", 20, isWord}, {"ghs_", 20, isWord}, {"ghr_", 20, isWord}, {"github_pat_", 20, isWord}, // GitHub
	{"glpat-", 16, isBlob}, {"gldt-", 16, isBlob}, {"glrt-", 16, isBlob}, {"glptt-", 16, isBlob}, {"glcbt-", 16, isBlob}, {"glagent-", 16, isBlob}, // GitLab
	{"xoxb-", 10, isBlob}, {"xoxp-", 10, isBlob}, {"xoxa-", 10, isBlob}, {"xoxr-", 10, isBlob}, {"xoxs-", 10, isBlob}, {"xapp-", 10, isBlob}, // Slack
	{"hooks.slack.com/services/", 10, isBlob},
	{"AKIA", 16, isUpper}, {"ASIA", 16, isUpper}, // AWS
	{"AIz", 31, isBlob}, {"ya29.", 20, isBlob}, {"GOCSPX-", 16, isBlob}, // Google
	{"npm_", 30, isWord}, {"pypi-AgE", 20, isBlob}, {"dckr_pat_", 16, isBlob}, {"dckr_oat_", 16, isBlob}, {"hvs.", 20, isBlob}, {"hvb.", 20, isBlob},
	{"glsa_", 20, isWord}, {"dop_v1_", 30, isWord}, {"ATATT", 20, isBlob}, {"sk_live_", 16, isWord}, {"rk_live_", 16, isWord},
	{"sk-ant-", 16, isBlob}, {"sk-proj-", 16, isBlob}, {"AGE-SECRET-KEY-", 30, isUpper},
	{"$6$", 8, isHash}, {"$5$", 8, isHash}, {"$y$", 8, isHash}, {"$1$", 8, isHash}, {"$2a$", 20, isHash}, {"$2b$", 20, isHash}, {"$2y$", 20, isHash},
	{"$apr1$", 8, isHash}, {"$argon2id$", 8, isHash}, {"{SSHA}", 20, isHash}, {"{SSHA512}", 20, isHash}, // hashes of passwords
}

// blobs begin a secret whatever follows: JSON web tokens, the accounts of a registry, and private keys in base64 as
// kubeconfigs hold them. They end, like heads, in a byte that is rare, for the sake of speed.
var blobs = []string{
	"eyJhbGciO", "eyJ0eXAiO", "eyJraWQiO", "eyJhdXRocyI",
	"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS",           // PRIVATE KEY
	"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRV",       // RSA PRIVATE KEY
	"LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS",       // EC PRIVATE KEY
	"LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZ", // OPENSSH PRIVATE KEY
}

// spaced are words followed by a secret after a space, if it looks like one: in a file of Redis, keepalived or SNMP.
var spaced = []string{"passwd", "password", "passphrase", "requirepass", "masterauth", "auth_pass", "rocommunity", "rwcommunity", "snmp-server community"}

type option struct {
	flag, command string
	pair          bool // user:password
}

// options are those of commands that take a password: -u user:password, -p password.
var options = []option{
	{"-u", "curl", true}, {"--user", "", true}, {"--proxy-user", "", true}, {"-p", "sshpass", false}, {"-p", " login", false},
	{"-a", "redis-cli", false}, {"-w", "ldap", false}, {"-c", "snmp", false}, {"-P", "ipmitool", false}, {"-U", "smbclient", true},
}

var (
	headsBy = map[uint16][]head{}
	blobsBy = map[uint16][]string{}
)

func init() {
	for _, h := range heads {
		k := pair(h.text[len(h.text)-2], h.text[len(h.text)-1])
		headsBy[k] = append(headsBy[k], h)
	}
	for _, h := range blobs {
		k := pair(h[len(h)-2], h[len(h)-1])
		blobsBy[k] = append(blobsBy[k], h)
	}
}

// alnums and wordChars are tables, as they are asked for often.
var alnums, wordChars = func() (alnums, words [256]bool) {
	for c := range byte(0x80) {
		alnums[c] = isLower(c) || c >= 'A' && c <= 'Z' || isDigit(c)
		words[c] = alnums[c] || c == '_'
	}
	return
}()

func isAlnum(c byte) bool { return alnums[c] }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' || isDigit(c) }
func isWord(c byte) bool  { return wordChars[c] }
func isBlob(c byte) bool  { return isAlnum(c) || strings.IndexByte("+/=-_.~", c) >= 0 }
func isHash(c byte) bool  { return isAlnum(c) || strings.IndexByte("$./=,+-", c) >= 0 }
func isID(c byte) bool    { return isLower(c) || isDigit(c) }

// isArg reports whether c belongs to a word of a command line or of a file.
func isArg(c byte) bool { return c > ' ' && c != '"' && c != '\'' && c != '`' && c != ';' && c != '|' }

func isVisible(c byte) bool { return c > ' ' }

// isURL says whether c may stand between :// and the path.
func isURL(c byte) bool {
	return isArg(c) && c != '/' && c != '?' && c != '#' && c != '<' && c != '>' && c != ','
}

// rule makes the rule of a head.
func (h head) rule() *rule {
	return &rule{limit: 64, part: h.part, secret: func(tok []byte, _ int) (int, int) {
		if len(tok) < h.min {
			return 0, 0
		}
		return 0, len(tok)
	}}
}

// ruleBearer: "bearer token" is prose, a bearer's token has more than letters.
var ruleBearer = &rule{limit: 24, part: isBlob, secret: func(tok []byte, _ int) (int, int) {
	if t := bytes.TrimRight(tok, ".-"); len(tok) < 20 && !bytes.ContainsFunc(t, func(r rune) bool { return !isAlnum(byte(r)) || isDigit(byte(r)) }) {
		return 0, 0
	}
	return 0, len(tok)
}}

// ruleURL: scheme://user:password@host, or a long token in the place of the user.
var ruleURL = &rule{limit: 256, part: isURL, secret: func(tok []byte, _ int) (int, int) {
	at := bytes.LastIndexByte(tok, '@')
	if at < 0 {
		return 0, 0
	}
	if i := bytes.IndexByte(tok[:at], ':'); i >= 0 && i+1 < at {
		return i + 1, at
	} else if i < 0 && at >= 20 {
		return 0, at
	}
	return 0, 0
}}

// ruleBootstrap: the second half of a bootstrap token of kubeadm.
var ruleBootstrap = &rule{limit: 17, part: isID, secret: func(tok []byte, next int) (int, int) {
	digits := bytes.ContainsFunc(tok, func(r rune) bool { return isDigit(byte(r)) })
	if len(tok) != 16 || !digits || next == '-' || next == '_' {
		return 0, 0
	}
	return 0, 16
}}

// random says whether a word looks like a password, and not like the next one of a sentence.
func random(tok []byte) bool {
	tok = bytes.TrimRight(tok, ".,:)")
	var letter, other bool
	for _, c := range tok {
		letter = letter || isAlnum(c) && !isDigit(c) || c >= 0x80
		other = other || isDigit(c) || strings.IndexByte("!@#$%^&*+~", c) >= 0
	}
	return len(tok) >= 6 && letter && other && !bytes.ContainsAny(tok, "=(<>")
}

// ruleAttached: the word that is one with its option, as in mysql -phunter2.
var ruleAttached = &rule{limit: 128, part: isVisible, secret: func(tok []byte, _ int) (int, int) {
	if t := bytes.Trim(tok, `"'\\`); len(t) == 0 || reference(t) {
		return 0, 0
	}
	return 0, len(bytes.TrimRight(tok, `"'\\,`))
}}

// rulePair: user:password behind an option. Of two numbers, or a user and a group of the same name, none is a secret.
var rulePair = &rule{limit: 128, part: isVisible, secret: func(tok []byte, _ int) (int, int) {
	i, end := bytes.IndexAny(tok, ":%"), len(bytes.TrimRight(tok, `"'\\,`))
	if i < 1 || i+1 >= end || reference(tok[i+1:end]) || bytes.Equal(bytes.TrimLeft(tok[:i], `"'`), tok[i+1:end]) ||
		!bytes.ContainsFunc(tok[i+1:end], func(r rune) bool { return !isDigit(byte(r)) }) {
		return 0, 0
	}
	return i + 1, end
}}

// ruleKey: the key of kubeadm stands on the line below its name, alone or as Ansible prints it.
var ruleKey = &rule{
	limit: 120,
	part:  func(c byte) bool { return isAlnum(c) || strings.IndexByte(" \t\r\n\\\"',[", c) >= 0 },
	rest:  isAlnum,
	secret: func(tok []byte, _ int) (int, int) {
		n := 0
		for i, c := range tok {
			switch hex := isDigit(c) || c >= 'a' && c <= 'f'; {
			case hex:
				n++
			case n >= 32:
				return i - n, i
			default:
				n = 0
			}
		}
		if n >= 32 {
			return len(tok) - n, len(tok)
		}
		return 0, 0
	},
}

// reference says whether a word only names where the value is: $TOKEN, ${token}, {{ token }}, $(cat file), <token>.
func reference(tok []byte) bool {
	t := string(tok)
	switch {
	case strings.HasPrefix(t, "$("), strings.HasPrefix(t, "<") && strings.HasSuffix(t, ">"), t == Masked, len(t) > 2 && strings.Trim(t, "*x") == "":
		return true
	case strings.HasPrefix(t, "{{"):
		return strings.HasSuffix(t, "}}") && (strings.Contains(t, "lookup(") || !strings.ContainsAny(t, `"'`))
	case strings.HasPrefix(t, "$"):
		t = strings.TrimSuffix(strings.TrimPrefix(t[1:], "{"), "}")
		return t != "" && strings.Trim(t, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	}
	return false
}

// harmless says whether the value of a name that announces a secret is none.
func harmless(tok []byte) bool {
	t := bytes.TrimRight(tok, ",;)}]")
	switch strings.ToLower(string(t)) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "none", "nil", "~", "!vault", "omit", "undefined":
		return true
	}
	return reference(t) || reference(tok)
}

// announcedBy gives the rule that what stands before a token calls for, nil for none.
func announcedBy(tail []byte, class uint8) *rule {
	n := len(tail)
	if n < 2 {
		return nil
	}
	c := tail[n-1]
	if class&headed > 0 {
		if h := headAt(tail); h != nil {
			return h.rule()
		}
	}
	switch c {
	case '/':
		if bytes.HasSuffix(tail, []byte("://")) {
			return ruleURL
		}
	case '.':
		return bootstrap(tail)
	case ':':
		if n >= 16 && bytes.EqualFold(tail[n-16:], []byte("certificate key:")) {
			return ruleKey
		}
	case 'p':
		if n > 3 && tail[n-2] == '-' && tail[n-3] == ' ' && (inLine(tail, "mysql") || inLine(tail, "sshpass")) {
			return ruleAttached
		}
	case ' ':
		if n > 6 && strings.EqualFold(string(tail[n-7:n-1]), bearer) {
			return ruleBearer
		}
		if o := optionOf(tail[:n-1]); o != nil && o.pair {
			return rulePair
		}
	}
	return nil
}

// headAt gives the head that ends the text.
func headAt(tail []byte) *head {
	n := len(tail)
	list := headsBy[pair(tail[n-2], tail[n-1])]
	for k, h := range list {
		if i := n - len(h.text); i >= 0 && string(tail[i:]) == h.text && (i == 0 || !isAlnum(h.text[0]) || !isAlnum(tail[i-1])) {
			return &list[k]
		}
	}
	return nil
}

// bootstrap says whether the first half of a bootstrap token stands at the end.
func bootstrap(tail []byte) *rule {
	n := len(tail)
	if n < 7 || !isID(tail[n-7]) || n > 7 && (isWord(tail[n-8]) || tail[n-8] == '-' || tail[n-8] == '.' || tail[n-8] == '/') {
		return nil
	}
	for _, c := range tail[n-7 : n-1] {
		if !isID(c) {
			return nil
		}
	}
	return ruleBootstrap
}

// optionOf gives the option that takes a password and ends the text.
func optionOf(before []byte) *option {
	i := bytes.LastIndexByte(before, ' ')
	if i+1 >= len(before) || before[i+1] != '-' {
		return nil
	}
	for k, o := range options {
		if string(before[i+1:]) == o.flag && inLine(before, o.command) {
			return &options[k]
		}
	}
	return nil
}

// inLine says whether a command stands in the last line of what went before.
func inLine(before []byte, command string) bool {
	return bytes.Contains(before[bytes.LastIndexByte(before, '\n')+1:], []byte(command))
}

// A naming is how a name announces its value.
type naming uint8

const (
	nameless naming = iota
	surely          // whatever the value is
	loosely         // if the value looks like a password
	lineLong        // all of the line
)

// name says how a name before "=" or ":" announces what follows. quoted says that it stands in quotes.
func name(before []byte, quoted bool) naming {
	if sensitive(before) {
		if n := len(before) - len("authorization"); n >= 0 && strings.EqualFold(string(before[n:]), "authorization") {
			return lineLong
		}
		return surely
	}
	start := len(before)
	for start > 0 && (isWord(before[start-1]) || before[start-1] == '-') {
		start--
	}
	switch id := strings.ToLower(string(before[start:])); {
	case id == "":
	case strings.HasPrefix(id, "vault_") && !aboutVault[id[strings.LastIndexByte(id, '_')+1:]]:
		return surely
	case id == "cookie", id == "set-cookie":
		return lineLong
	case id == "community", id == "auth" && quoted:
		return surely
	case id == "pass", id == "sig":
		return loosely
	}
	return nameless
}

// aboutVault are the ends of names that are settings of a program called Vault.
var aboutVault = map[string]bool{"addr": true, "address": true, "version": true, "dir": true, "path": true, "file": true, "url": true, "port": true,
	"user": true, "group": true, "enabled": true, "name": true, "image": true, "tag": true, "repo": true, "namespace": true, "role": true}

// word says how what stands before a space announces the next word.
func word(before []byte) naming {
	if sensitive(before) && bytes.HasPrefix(before[bytes.LastIndexAny(before, " \t\n\"'")+1:], []byte("--")) {
		return surely
	}
	if o := optionOf(before); o != nil && !o.pair {
		return surely
	}
	for _, w := range spaced {
		if n := len(before) - len(w); endsIn(before, w) && (n == 0 || !isWord(before[n-1]) && before[n-1] != '-') {
			if strings.HasSuffix(w, "community") {
				return surely
			}
			return loosely
		}
	}
	return nameless
}

// secretName says whether the value of a key is secret, whatever it is.
func secretName(key string) bool {
	n := name([]byte(key), true)
	return n == surely || n == lineLong
}
