package symptom

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"unicode/utf8"
)

// maxPrefixes is how many prefixes may be before the text: a kubectl --prefix, a time, a stream, a journal, a klog head.
const maxPrefixes = 6

// prefix is what something else put before the text of a line.
type prefix struct {
	n    int    // bytes
	host string // that it names
	time bool   // it is a time
	weak bool   // it may as well be text: what has it need not be the first of something
}

// prefixOf reads the prefix of a line: a time, the host and the program of a journal, the pod of kubectl logs --prefix, the
// stream of a container's log, the head of klog, "stdout: ", the mark of a quotation or of a list, the service of docker
// compose, the file and number that grep and cat -n put before. After a time (timed), words that only occur there are known
// too.
func prefixOf(b []byte, timed bool) prefix {
	if len(b) == 0 {
		return prefix{}
	}
	if _, n := timeAt(b); n > 0 {
		return prefix{n: n, time: true}
	}
	if n := hourAt(b); n > 0 {
		return prefix{n: n, time: true, weak: true}
	}
	for _, mark := range marks {
		if bytes.HasPrefix(b, mark) {
			return prefix{n: len(mark), weak: true}
		}
	}
	for _, word := range prefixWords {
		if bytes.HasPrefix(b, word) {
			return prefix{n: len(word)}
		}
	}
	switch {
	case bytes.HasPrefix(b, []byte("[pod/")):
		if i := bytes.Index(b, []byte("] ")); i >= 0 {
			return prefix{n: i + 2}
		}
	case b[0] == '<' && len(b) > 2 && isDigit(b[1]): // <34>1 of syslog
		if i := bytes.IndexByte(b[:min(len(b), 6)], '>'); i >= 0 {
			return prefix{n: len(b) - len(bytes.TrimLeft(b[i+1:], "0123456789"))}
		}
	case b[0] == '[' && len(b) > 2 && (b[1] == ' ' || isDigit(b[1])): // [ 1234.567890] of the kernel
		if i := bytes.IndexByte(b[:min(len(b), 24)], ']'); i > 0 && len(bytes.Trim(b[1:i], " .0123456789")) == 0 {
			return prefix{n: i + 1, time: true}
		}
	}
	if n := program(b); n > 0 {
		return prefix{n: n}
	}
	if n := cmp.Or(numbered(b), service(b)); n > 0 {
		return prefix{n: n, weak: true}
	}
	if timed {
		return afterTime(b)
	}
	return prefix{}
}

// rest returns what follows a prefix; of the spaces between, the first belongs to the prefix.
func (p prefix) rest(b []byte) []byte {
	b = b[p.n:]
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

var prefixWords = [][]byte{[]byte("stdout: "), []byte("stderr: "), []byte("out: "), []byte("err: ")}

// marks are those of a quotation, of a list, of code in a text, of a frame.
var marks = [][]byte{[]byte("> "), []byte("- "), []byte("* "), []byte("`"), []byte("│ ")}

// afterTime reads what stands only after a time.
func afterTime(b []byte) prefix {
	for _, stream := range []string{"stdout F ", "stderr F ", "stdout P ", "stderr P "} { // of containerd
		if bytes.HasPrefix(b, []byte(stream)) {
			return prefix{n: len(stream) - 1}
		}
	}
	if bytes.HasPrefix(b, []byte("p=")) { // Ansible's log_path: p=123 u=root n=ansible | TASK ...
		if i := bytes.Index(b[:min(len(b), 200)], []byte("| ")); i >= 0 { // or n=ansible INFO| TASK ...
			return prefix{n: i + 1}
		}
	}
	if len(b) > 4 && isHex(b[0]) && isHex(b[1]) && (b[2] == 'O' || b[2] == 'E') && (b[3] == ' ' || b[3] == '+') { // 00O of GitLab
		return prefix{n: 3}
	}
	// host program[pid]: text
	host := word(b)
	if host == 0 || host+1 >= len(b) || b[host] != ' ' {
		return prefix{}
	}
	rest := b[host+1:]
	n := program(rest)
	if n == 0 {
		if n = word(rest) + 1; n == 1 || !bytes.HasPrefix(rest[n-1:], []byte(": ")) {
			return prefix{}
		}
	}
	return prefix{n: host + 1 + n, host: string(b[:host])}
}

// program gives the length of "kubelet[1963]: ".
func program(b []byte) int {
	n := word(b)
	if n == 0 || n >= len(b) || b[n] != '[' {
		return 0
	}
	i := n + 1
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i > n+1 && bytes.HasPrefix(b[i:], []byte("]:")) {
		return i + 2
	}
	return 0
}

// numbered gives the length of what grep -n or cat -n put before a line: "upgrade.log:12:", "12:", "     12\t". A time, which
// begins alike, has been looked for before.
func numbered(b []byte) int {
	n := 0
	if i := word(b); i > 4 && i < len(b) && b[i] == ':' {
		for _, kind := range []string{".log", ".txt", ".out", ".err"} {
			if bytes.HasSuffix(b[:i], []byte(kind)) {
				n = i + 1
			}
		}
	}
	i := n
	for i < len(b) && i < n+7 && isDigit(b[i]) {
		i++
	}
	if i > n && i < len(b) && (b[i] == ':' || b[i] == '\t') {
		return i + 1
	}
	return n
}

// service gives the length of "upgrade-1  | ", which docker compose puts before.
func service(b []byte) int {
	i := word(b)
	if i == 0 {
		return 0
	}
	n := i
	for n < len(b) && b[n] == ' ' {
		n++
	}
	if n > i && n+1 < len(b) && b[n] == '|' && b[n+1] == ' ' {
		return n + 1
	}
	return 0
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

// word gives the length of a name such as that of a host or a program.
func word(b []byte) int {
	for i, c := range b[:min(len(b), 128)] {
		if !isDigit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && bytes.IndexByte([]byte("._-@()/"), c) < 0 {
			return i
		}
	}
	return 0
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// trimReturn cuts the carriage returns that end a line of a terminal.
func trimReturn(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\r' {
		b = b[:len(b)-1]
	}
	return b
}

// typeset are the bytes that a word processor, a wiki or a chat puts for quotation marks and spaces, and what they were.
var typeset = []struct{ is, was string }{
	{"\u00a0", " "}, {"\u2018", "'"}, {"\u2019", "'"}, {"\u201c", `"`}, {"\u201d", `"`}, {"\u201e", `"`},
}

// ascii says whether b is nothing but ASCII, eight bytes at a time: every line is asked.
func ascii(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendPlain appends b with typewriter's quotation marks and spaces.
func appendPlain(to, b []byte) []byte {
next:
	for i := 0; i < len(b); i++ {
		if b[i] == 0xc2 || b[i] == 0xe2 {
			for _, t := range typeset {
				if bytes.HasPrefix(b[i:], []byte(t.is)) {
					to = append(to, t.was...)
					i += len(t.is) - 1
					continue next
				}
			}
		}
		to = append(to, b[i])
	}
	return to
}

// stripEscapes appends b without terminal escape sequences. What begins like a sequence and does not end is kept from its
// second byte on.
func stripEscapes(to, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0x1b)
		if i < 0 {
			return append(to, b...)
		}
		to = append(to, b[:i]...)
		b = b[i+escape(b[i:]):]
	}
}

// escape gives the length of the sequence that b begins with.
func escape(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch c := b[1]; {
	case c == '[': // CSI: parameters, intermediates, a final byte
		for i := 2; i < len(b); i++ {
			if b[i] >= '@' && b[i] <= '~' {
				return i + 1
			}
			if b[i] < ' ' || b[i] > '?' {
				break
			}
		}
	case c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X': // strings, ended by BEL or ST
		for i := 2; i < len(b); i++ {
			if b[i] == 0x07 {
				return i + 1
			}
			if b[i] == 0x1b {
				if i+1 < len(b) && b[i+1] == '\\' {
					return i + 2
				}
				return i
			}
		}
	case c >= ' ' && c <= '/': // character sets: intermediates, a final byte
		for i := 2; i < len(b); i++ {
			if b[i] >= '0' && b[i] <= '~' {
				return i + 1
			}
			if b[i] < ' ' || b[i] > '/' {
				break
			}
		}
	case c >= '0' && c <= '~':
		return 2
	}
	return 1
}

// Behind gives a line as it stands behind each of the prefixes that something else put before it, the outermost first.
func Behind(line []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest, timed := trimLeft(line), false
		for range maxPrefixes {
			p := prefixOf(rest, timed)
			if p.n == 0 {
				return
			}
			timed = timed || p.time
			rest = p.rest(rest)
			if !yield(rest) {
				return
			}
			rest = trimLeft(rest)
		}
	}
}
