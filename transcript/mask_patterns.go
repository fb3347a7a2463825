package transcript

import (
	"bytes"
	"strings"
)

// words are the names behind which a secret stands: password=x, "token": "x", --certificate-key x. A name may have
// anything before it (ansible_become_password, DB_PASSWORD), and - is the same as _.
var words = []string{
	"password", "passwd", "passphrase", "_pass", "_pwd", "secret", "token", "api_key", "apikey", "access_key", "accesskey",
	"secret_key", "secretkey", "secret_key_base", "private_key", "privatekey", "client_key_data", "certificate_key", "certificatekey",
	"encryption_key", "encryptionkey", "credential", "credentials", "authorization", "signing_key", "master_key", "account_key",
	"accountkey", "sharedaccesskey", "preshared_key", "presharedkey", "_psk", "bindpw", "rootpw", "requirepass", "masterauth",
	"snmp_community", "etcd_encryption",
}

const (
	bearer        = "bearer"
	pemBegin      = "-----BEGIN "
	pemKey        = "PRIVATE KEY-----"
	pemEnd        = "-----END"
	pemLimit      = 32 << 10 // a key is shorter; a header that nothing follows must not swallow the rest of a run
	lookBack      = 96       // how far back an announcement may begin
	doubtful      = 16       // how much of a value is held back until it is clear that it is not "false"
	templateLimit = 128      // and of one that may be a template
)

// The classes of what can end an announcement.
const (
	named  = 1 << iota // a name: "password="
	spoken             // a word before a space: "--token "
	dotted             // the first half of a token: "abcdef."
	headed             // a beginning that needs no name: "ghp_"
)

// ends are the pairs of bytes with which an announcement can end, by class. All other positions are passed over at once.
var ends = func() (t [1 << 16]uint8) {
	for _, sep := range "=:" {
		for _, c := range "\"' \t" {
			t[pair(byte(c), byte(sep))] |= named
		}
	}
	both := func(c byte) {
		t[pair(c, ' ')] |= spoken
		if isLower(c) {
			t[pair(c-'a'+'A', ' ')] |= spoken
		}
	}
	for _, w := range append(append([]string{bearer}, words...), spaced...) {
		both(w[len(w)-1])
	}
	for _, o := range options {
		t[pair(o.flag[len(o.flag)-1], ' ')] |= spoken
	}
	for c := range byte(0x80) {
		if isAlnum(c) && !isDigit(c) { // a name may be any: vault_db: x
			t[pair(c, ':')] |= named
			t[pair(c, '=')] |= named
		}
		if isID(c) {
			t[pair(c, '.')] |= dotted
		}
	}
	for _, h := range append([]string{pemKey, "://", "-p"}, blobs...) {
		t[pair(h[len(h)-2], h[len(h)-1])] |= headed
	}
	for _, h := range heads {
		t[pair(h.text[len(h.text)-2], h.text[len(h.text)-1])] |= headed
	}
	return t
}()

// closers are the second bytes of these pairs: a table that stays in the nearest cache.
var closers = func() (t [256]bool) {
	for k, class := range ends {
		t[k&0xff] = t[k&0xff] || class > 0
	}
	return t
}()

// spokenEnds holds the last two letters of every word that may precede a space.
var spokenEnds = func() (t [1 << 16]bool) {
	for _, w := range append(append([]string{bearer, "user"}, words...), spaced...) {
		t[pair(w[len(w)-2], w[len(w)-1])] = true
	}
	return t
}()

// unlikely dismisses most of what ends like an announcement, by the few bytes before. p holds at least 8 before end.
func unlikely(p []byte, end int, class uint8) bool {
	a, b := p[end-3], p[end-2]
	switch class {
	case spoken:
		return a != '-' && !spokenEnds[pair(a|0x20, b|0x20)]
	case dotted:
		return !isID(p[end-7]) || isWord(p[end-8])
	case named:
		i := end - 2
		for i > end-6 && !isAlnum(p[i]) {
			i--
		}
		if k := pair(p[i-1]|0x20, p[i]|0x20); wordEnds[k] > 0 || shortEnds[k] {
			return false
		}
		for i > 0 && isWord(p[i-1]) {
			i--
		}
		return i > 0 && p[i]|0x20 != 'v'
	}
	return false
}

// shortEnds holds the last two letters of names that announce a secret where nothing is before them: see name.
var shortEnds = func() (t [1 << 16]bool) {
	for _, w := range []string{"pass", "sig", "community", "auth", "cookie"} {
		t[pair(w[len(w)-2], w[len(w)-1])] = true
	}
	return t
}()

type mode uint8

const (
	plain mode = iota
	lead       // an announcement was seen; the value, its quote or nothing follows
	doubt      // a value begins; it may be none
	value      // swallowing up to the end of a word or the closing quote
	line       // swallowing up to the end of the line or a quote
	blob       // swallowing base64
	pem        // swallowing up to -----END
	guess      // a rule decides about what follows
	tail       // swallowing what the rule takes for a part
)

// shape masks what looks like a secret in a stream. The zero value is the start of a stream.
type shape struct {
	look    []byte // the end of what has passed
	held    []byte // what came, and is not decided
	mode    mode
	rule    *rule // of guess and tail
	named   naming
	quote   byte // that closes the value, 0 for none
	slash   bool // the opening quote was escaped, the closing one will be
	escaped bool // the byte before was a backslash that counts
	control bool // inside a terminal sequence
	shown   bool // Masked has been written for this value
	n       int  // bytes swallowed, or matched of pemEnd
	matched int
}

// mask returns the stream's next bytes as they may be written: p itself if there is nothing to mask. With final nothing is
// held back.
func (s *shape) mask(p []byte, final bool) []byte {
	if len(s.held) > 0 {
		p = append(s.held, p...)
		s.held = nil
	}
	var out []byte
	done := 0 // p[:done] is in out
	hide := func(from, to int) {
		out = append(out, p[done:from]...)
		if !s.shown {
			out = append(out, Masked...)
			s.shown = true
		}
		done = to
	}
	i := 0
	for clear := true; i < len(p); {
		switch s.mode {
		case plain:
			i = s.find(p, i)
			continue
		case lead:
			i = s.lead(p, i)
			continue
		case doubt:
			if i, clear = s.decideValue(p, i, final); clear {
				continue
			}
		case guess:
			var from, to int
			if from, to, clear = s.decideToken(p, i, final); clear {
				if to > 0 {
					hide(from, to)
					i = to
				} else if s.mode == guess { // it may still come
					i = from
				}
				continue
			}
		default:
			start := i
			if i = s.swallow(p, i); i > start {
				hide(start, i)
			}
			if s.mode == plain && s.matched == len(pemEnd) {
				out = append(out, pemEnd...)
				s.matched = 0
			}
			continue
		}
		s.held = bytes.Clone(p[i:])
		p = p[:i]
	}
	if s.look = append(s.look, p[max(0, len(p)-lookBack):]...); len(s.look) > lookBack {
		s.look = append(s.look[:0], s.look[len(s.look)-lookBack:]...)
	}
	if done == 0 {
		return p
	}
	return append(out, p[done:]...)
}

// decideToken says what of the token at i is secret, if that is clear.
func (s *shape) decideToken(p []byte, i int, final bool) (from, to int, clear bool) {
	j := i
	for j < len(p) && j-i < s.rule.limit && s.rule.part(p[j]) {
		j++
	}
	over, next := j-i == s.rule.limit, -1
	if j < len(p) {
		next = int(p[j])
	}
	if next < 0 && !over && !final {
		return 0, 0, false
	}
	if next < 0 && !over && s.rule == ruleKey && !bytes.ContainsFunc(p[i:j], func(r rune) bool { return isAlnum(byte(r)) }) {
		return j, 0, true
	}
	s.mode = plain
	a, b := s.rule.secret(p[i:j], next)
	if b == 0 {
		return 0, 0, true
	}
	s.shown = false
	if b == j-i && (over || next < 0) {
		s.mode = tail
	}
	return i + a, i + b, true
}

// decideValue reports whether the value at i is one, if that is clear, and gives the index to go on from.
func (s *shape) decideValue(p []byte, i int, final bool) (at int, clear bool) {
	end := *s
	if end.mode = value; s.named == lineLong {
		end.mode = line
	}
	limit, j := doubtful, i
	if s.named == loosely || bytes.HasPrefix(p[i:], []byte("{{")) || bytes.HasPrefix(p[i:], []byte("$")) {
		limit = templateLimit
	}
	for j < len(p) && j-i < limit && !end.closes(p[j]) {
		j++
	}
	closed := j < len(p) && j-i < limit
	if !closed && !final && j-i < limit {
		return i, false
	}
	tok := p[i:j]
	switch {
	case closed && s.quote == 0 && len(tok) == 1 && strings.IndexByte("ubUBrf", tok[0]) >= 0 && (p[j] == '"' || p[j] == '\''):
		s.quote = p[j] // 'password': u'x', as Python prints it
		return j + 1, true
	case closed && s.quote == 0 && string(tok) == "!unsafe":
		s.mode = lead
		return j, true
	case harmless(tok), s.named == loosely && !random(tok):
		s.mode = plain
		return i, true
	}
	s.mode, s.shown = value, false
	if s.named == lineLong {
		s.mode = line
	}
	return i, true
}

// find looks for the next announcement from i on and gives the index behind it, or the end of p.
func (s *shape) find(p []byte, i int) int {
	if i == 0 && len(p) > 0 {
		if len(s.look) > 0 {
			if class := ends[pair(s.look[len(s.look)-1], p[0])]; class > 0 && s.announced(p, 1, class) {
				return 1
			}
		}
		i = 1
	}
	for ; i < len(p); i++ {
		c := p[i]
		if !closers[c] {
			continue
		}
		if class := ends[pair(p[i-1], c)]; class > 0 && !(i > 8 && unlikely(p, i+1, class)) && s.announced(p, i+1, class) {
			return i + 1
		}
	}
	return len(p)
}

// announced reports whether what is before p[end] announces a secret, and sets the mode for it.
func (s *shape) announced(p []byte, end int, class uint8) bool {
	var buf [2 * lookBack]byte
	tail := p[max(0, end-lookBack):end]
	if end < lookBack {
		tail = append(append(buf[:0], s.look...), p[:end]...)
	}
	before, c := tail[:len(tail)-1], tail[len(tail)-1]
	m, named := plain, nameless
	switch c {
	case '=', ':':
		bare := trimRight(trimRight(before, ' ', '\t', ' '), '"', '\'', '\\')
		if named = name(bare, len(bare) < len(before) && before[len(before)-1] != ' '); named != nameless {
			m = lead
		}
	case ' ':
		if named = word(before); named != nameless {
			m = lead
		}
	case '-':
		if bytes.HasSuffix(tail, []byte(pemKey)) &&
			bytes.LastIndex(tail, []byte(pemBegin)) > bytes.LastIndex(tail, []byte(pemEnd)) {
			m = pem
		}
	default:
		if class&headed == 0 {
			break
		}
		for _, h := range blobsBy[pair(tail[max(0, len(tail)-2)], c)] {
			if bytes.HasSuffix(tail, []byte(h)) {
				m = blob
			}
		}
	}
	var r *rule
	if m == plain {
		if r = announcedBy(tail, class); r == nil {
			return false
		}
		m = guess
	}
	*s = shape{look: s.look, mode: m, named: named, rule: r}
	return true
}

func trimRight(b []byte, x, y, z byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == x || b[len(b)-1] == y || b[len(b)-1] == z) {
		b = b[:len(b)-1]
	}
	return b
}

// sensitive reports whether a name ends in one of the words.
func sensitive(name []byte) bool {
	n := len(name)
	if n < 4 {
		return false
	}
	for _, w := range wordsOf[wordEnds[pair(name[n-2]|0x20, name[n-1]|0x20)]] {
		if endsIn(name, w) {
			return true
		}
	}
	return false
}

// endsIn compares from the end, where most names differ already.
func endsIn(name []byte, w string) bool {
	at := len(name) - len(w)
	if at < 0 {
		return false
	}
	for i := len(w) - 1; i >= 0; i-- {
		switch c := name[at+i]; {
		case c == w[i], c == '-' && w[i] == '_', c >= 'A' && c <= 'Z' && c|0x20 == w[i]:
		default:
			return false
		}
	}
	return true
}

// wordEnds says by the last two letters which words a name may end in: they exclude most words.
var wordEnds, wordsOf = func() (t [1 << 16]uint8, lists [][]string) {
	lists = [][]string{nil}
	for _, w := range words {
		k := pair(w[len(w)-2], w[len(w)-1])
		if t[k] == 0 {
			t[k] = uint8(len(lists))
			lists = append(lists, nil)
		}
		lists[t[k]] = append(lists[t[k]], w)
	}
	return t, lists
}()

// lead passes over what may be between a name and its value.
func (s *shape) lead(p []byte, i int) int {
	for ; i < len(p); i++ {
		c := p[i]
		switch {
		case s.control:
			s.control = c == '[' || c < 0x40 || c > 0x7e
		case c == 0x1b:
			s.control = true
		case c == ' ', c == '\t', c == '=', c == '>':
		case c == '\\':
			s.slash = true
		case c == '"', c == '\'':
			s.quote, s.mode = c, doubt
			return i + 1
		case bytes.HasPrefix(p[i:], []byte(Masked)):
			s.mode = plain
			return i + len(Masked)
		case c < ' ', strings.IndexByte(",;)}{[", c) >= 0: // no value here, or a structure: "serviceAccountToken":{...}
			s.mode = plain
			return i
		default:
			s.mode, s.slash = doubt, false
			return i
		}
	}
	return i
}

// swallow passes over what is secret.
func (s *shape) swallow(p []byte, i int) int {
	if s.mode == pem {
		return s.pem(p, i)
	}
	for ; i < len(p); i++ {
		if s.closes(p[i]) {
			s.mode = plain
			break
		}
	}
	return i
}

// closes reports whether c is the first byte behind the secret.
func (s *shape) closes(c byte) bool {
	switch {
	case s.mode == blob:
		return !isBlob(c)
	case s.mode == tail:
		if s.rule.rest != nil {
			return !s.rule.rest(c)
		}
		return !s.rule.part(c)
	case c < ' ' && c != '\t':
		return true
	case s.mode == line:
		return c == '"' || c == '\''
	case s.quote == 0:
		return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '&'
	case s.escaped:
		s.escaped = false
		return s.slash && c == s.quote
	case c == '\\':
		s.escaped = true
		return false
	}
	return c == s.quote
}

func (s *shape) pem(p []byte, i int) int {
	for ; i < len(p); i++ {
		switch c := p[i]; {
		case c == pemEnd[s.matched]:
			s.matched++
		case c == '-' && s.matched == 5: // a sixth dash
		case c == '-':
			s.matched = 1
		default:
			s.matched = 0
		}
		s.n++
		if s.matched == len(pemEnd) || s.n > pemLimit {
			s.mode = plain
			return i + 1
		}
	}
	return i
}
