package transcript

import (
	"bytes"
	"strings"
)

// words are the names behind which a secret stands: password=x, "token": "x", --certificate-key x. A name may have
// anything before it (ansible_become_password, DB_PASSWORD), and - is the same as _.
var words = []string{
	"password", "passwd", "passphrase", "_pass", "secret", "token", "api_key", "apikey", "access_key", "accesskey",
	"secret_key", "secretkey", "private_key", "privatekey", "client_key_data", "certificate_key", "certificatekey",
	"encryption_key", "encryptionkey", "credential", "credentials", "authorization",
}

// heads are how secrets begin that need no name: a JSON web token, and private keys in base64 as kubeconfigs hold them.
var heads = []string{
	"eyJhbGciOi",
	"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS",           // PRIVATE KEY
	"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt",     // RSA PRIVATE KEY
	"LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS",       // EC PRIVATE KEY
	"LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZ", // OPENSSH PRIVATE KEY
}

const (
	bearer   = "bearer"
	pemBegin = "-----BEGIN "
	pemKey   = "PRIVATE KEY-----"
	pemEnd   = "-----END"
	pemLimit = 32 << 10 // a key is shorter; a header that nothing follows must not swallow the rest of a run
	lookBack = 64       // how far back an announcement may begin
)

// ends are the pairs of bytes with which an announcement can end. All other positions are passed over at once.
var ends = func() (t [1 << 16]bool) {
	for _, sep := range "=:" {
		for _, c := range "\"' \t" {
			t[pair(byte(c), byte(sep))] = true
		}
	}
	for _, w := range append([]string{bearer}, words...) {
		c := w[len(w)-1]
		for _, sep := range "=: " {
			t[pair(c, byte(sep))] = true
			t[pair(c-'a'+'A', byte(sep))] = true
		}
	}
	for _, h := range append([]string{pemKey}, heads...) {
		t[pair(h[len(h)-2], h[len(h)-1])] = true
	}
	return t
}()

// closers are the second bytes of these pairs: a table that stays in the nearest cache.
var closers = func() (t [256]bool) {
	for k, is := range ends {
		t[k&0xff] = t[k&0xff] || is
	}
	return t
}()

type mode uint8

const (
	plain mode = iota
	lead       // an announcement was seen; the value, its quote or nothing follows
	value      // swallowing up to the end of a word or the closing quote
	line       // swallowing up to the end of the line or a quote
	blob       // swallowing base64
	pem        // swallowing up to -----END
)

// shape masks what looks like a secret in a stream. The zero value is the start of a stream.
type shape struct {
	look    []byte // the end of what has passed
	mode    mode
	whole   bool // the value is the whole line
	quote   byte // that closes the value, 0 for none
	slash   bool // the opening quote was escaped, the closing one will be
	escaped bool // the byte before was a backslash that counts
	control bool // inside a terminal sequence
	shown   bool // Masked has been written for this value
	n       int  // bytes swallowed, or matched of pemEnd
	matched int
}

// mask gives the stream's next bytes as they may be written: p itself if there is nothing to mask.
func (s *shape) mask(p []byte) []byte {
	var out []byte
	from := 0 // p[:from] is dealt with
	for i := 0; i < len(p); {
		switch s.mode {
		case plain:
			i = s.find(p, i)
			continue
		case lead:
			i = s.lead(p, i)
			continue
		}
		start := i
		if i = s.swallow(p, i); i == start {
			continue
		}
		out = append(out, p[from:start]...)
		if !s.shown {
			out = append(out, Masked...)
			s.shown = true
		}
		if s.mode == plain && s.matched == len(pemEnd) {
			out = append(out, pemEnd...)
		}
		from = i
	}
	if s.look = append(s.look, p[max(0, len(p)-lookBack):]...); len(s.look) > lookBack {
		s.look = append(s.look[:0], s.look[len(s.look)-lookBack:]...)
	}
	if from == 0 {
		return p
	}
	return append(out, p[from:]...)
}

// find looks for the next announcement from i on and gives the index behind it, or the end of p.
func (s *shape) find(p []byte, i int) int {
	if i == 0 && len(p) > 0 {
		if len(s.look) > 0 && ends[pair(s.look[len(s.look)-1], p[0])] && s.announced(p, 1) {
			return 1
		}
		i = 1
	}
	for ; i < len(p); i++ {
		if c := p[i]; closers[c] && ends[pair(p[i-1], c)] && s.announced(p, i+1) {
			return i + 1
		}
	}
	return len(p)
}

// announced says whether what stands before p[end] announces a secret, and sets the mode for it.
func (s *shape) announced(p []byte, end int) bool {
	var buf [2 * lookBack]byte
	tail := p[max(0, end-lookBack):end]
	if end < lookBack {
		tail = append(append(buf[:0], s.look...), p[:end]...)
	}
	before, c := tail[:len(tail)-1], tail[len(tail)-1]
	m := plain
	switch c {
	case '=', ':':
		before = trimRight(trimRight(before, ' ', '\t', ' '), '"', '\'', '\\')
		if sensitive(before) {
			m = lead
		}
	case ' ':
		switch {
		case len(before) >= len(bearer) && strings.EqualFold(string(before[len(before)-len(bearer):]), bearer):
			m = lead
		case sensitive(before) && bytes.HasPrefix(before[bytes.LastIndexAny(before, " \t\n\"'")+1:], []byte("--")):
			m = lead
		}
	case '-':
		if bytes.HasSuffix(tail, []byte(pemKey)) &&
			bytes.LastIndex(tail, []byte(pemBegin)) > bytes.LastIndex(tail, []byte(pemEnd)) {
			m = pem
		}
	default:
		for _, h := range heads {
			if bytes.HasSuffix(tail, []byte(h)) {
				m = blob
			}
		}
	}
	if m == plain {
		return false
	}
	*s = shape{look: s.look, mode: m, whole: bytes.HasSuffix(bytes.ToLower(before), []byte("authorization"))}
	return true
}

func trimRight(b []byte, x, y, z byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == x || b[len(b)-1] == y || b[len(b)-1] == z) {
		b = b[:len(b)-1]
	}
	return b
}

// sensitive says whether a name ends in one of the words.
func sensitive(name []byte) bool {
	if n := len(name); n < 5 || !wordEnds[pair(name[n-2]|0x20, name[n-1]|0x20)] {
		return false
	}
	for _, w := range words {
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

// wordEnds holds the last two letters of every word: most names are told by them to be harmless.
var wordEnds = func() (t [1 << 16]bool) {
	for _, w := range words {
		t[pair(w[len(w)-2], w[len(w)-1])] = true
	}
	return t
}()

// lead passes over what may stand between a name and its value.
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
			s.quote, s.mode = c, value
			if s.whole {
				s.mode = line
			}
			return i + 1
		case bytes.HasPrefix(p[i:], []byte(Masked)):
			s.mode = plain
			return i + len(Masked)
		case c < ' ', strings.IndexByte(",;)}{[", c) >= 0: // no value here, or a structure: "serviceAccountToken":{...}
			s.mode = plain
			return i
		default:
			s.mode, s.slash = value, false
			if s.whole {
				s.mode = line
			}
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

// closes says whether c is the first byte behind the secret.
func (s *shape) closes(c byte) bool {
	switch {
	case s.mode == blob:
		return !isBlob(c)
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

func isBlob(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/=-_.~", c) >= 0
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
