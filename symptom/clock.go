package symptom

import (
	"bytes"
	"strconv"
	"time"
)

// The times a line may begin with. A time without a year gets year 0: only the distance of two times is ever used.

// clock reads bytes from the left.
type clock struct {
	b  []byte
	i  int
	no bool // something was not as it must be
}

// digits reads a number of n digits; with a space allowed as the first of two, as in "Sep  1".
func (c *clock) digits(n int, padded bool) int {
	v := 0
	for k := range n {
		if c.i >= len(c.b) {
			c.no = true
			return 0
		}
		d := c.b[c.i]
		switch {
		case d >= '0' && d <= '9':
			v = v*10 + int(d-'0')
		case d == ' ' && padded && k == 0:
		default:
			c.no = true
			return 0
		}
		c.i++
	}
	return v
}

func (c *clock) one(of string) byte {
	if c.i < len(c.b) && bytes.IndexByte([]byte(of), c.b[c.i]) >= 0 {
		c.i++
		return c.b[c.i-1]
	}
	c.no = true
	return 0
}

func (c *clock) peek(of string) bool {
	return c.i < len(c.b) && bytes.IndexByte([]byte(of), c.b[c.i]) >= 0
}

// hms reads 06:06:47 and a fraction.
func (c *clock) hms() (h, m, s, ns int) {
	h = c.digits(2, false)
	c.one(":")
	m = c.digits(2, false)
	c.one(":")
	s = c.digits(2, false)
	if !c.no && c.i+1 < len(c.b) && (c.b[c.i] == '.' || c.b[c.i] == ',') && isDigit(c.b[c.i+1]) {
		c.i++
		scale := 100_000_000
		for c.i < len(c.b) && isDigit(c.b[c.i]) {
			ns += int(c.b[c.i]-'0') * scale
			scale /= 10
			c.i++
		}
	}
	if h > 23 || m > 59 || s > 60 {
		c.no = true
	}
	return h, m, s, ns
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// zone reads Z, +09:00, +0900, " +0000" or " UTC".
func (c *clock) zone() *time.Location {
	start := c.i
	if c.peek(" ") {
		c.i++
	}
	switch {
	case c.peek("Z"):
		c.i++
		return time.UTC
	case bytes.HasPrefix(c.b[c.i:], []byte("UTC")):
		c.i += 3
		return time.UTC
	case c.peek("+-"):
		sign := 1
		if c.one("+-") == '-' {
			sign = -1
		}
		h := c.digits(2, false)
		if c.peek(":") {
			c.i++
		}
		m := c.digits(2, false)
		if !c.no {
			return time.FixedZone("", sign*(h*3600+m*60))
		}
	}
	c.i, c.no = start, false
	return time.UTC
}

var months = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func month(b []byte) time.Month {
	for i, m := range months {
		if len(b) >= 3 && string(b[:3]) == m {
			return time.Month(i + 1)
		}
	}
	return 0
}

// timeAt reads the time that b begins with and says how many bytes it takes; 0 means none.
func timeAt(b []byte) (time.Time, int) {
	if len(b) < 15 {
		return time.Time{}, 0
	}
	switch c := b[0]; {
	case isDigit(c):
		return isoAt(b)
	case c == '[':
		t, n := isoAt(b[1:])
		if n > 0 && n+1 < len(b) && b[n+1] == ']' {
			return t, n + 2
		}
	case c >= 'A' && c <= 'W':
		if t, n := klogAt(b); n > 0 {
			return t, n
		}
		if t, n := syslogAt(b); n > 0 {
			return t, n
		}
		// Mon 2025-09-01 06:06:47 UTC
		if b[3] == ' ' && isDigit(b[4]) {
			if t, n := isoAt(b[4:]); n > 0 {
				return t, n + 4 + zoneName(b[4+n:])
			}
		}
	}
	return time.Time{}, 0
}

// hourAt returns the length of 06:06:47 or [06:06:47], without a day, as CI systems put it before a line. It tells no time that
// could be compared with others.
func hourAt(b []byte) int {
	c := &clock{b: b}
	if c.peek("[") {
		c.i++
	}
	c.hms()
	if !c.no && c.i > 8 && b[0] == '[' {
		c.one("]")
	}
	if c.no || !c.peek(" ") {
		return 0
	}
	return c.i
}

// zoneName returns the length of " JST", of which nothing more is known.
func zoneName(b []byte) int {
	n := 1
	for n < len(b) && b[n] >= 'A' && b[n] <= 'Z' {
		n++
	}
	if n < 3 || n > 6 || b[0] != ' ' || n < len(b) && b[n] != ' ' {
		return 0
	}
	return n
}

// isoAt reads 2025-09-01T06:06:47.603Z and its relatives, such as 2025/09/01 06:06:47.
func isoAt(b []byte) (time.Time, int) {
	c := &clock{b: b}
	y := c.digits(4, false)
	sep := c.one("-/")
	mo := c.digits(2, false)
	c.one(string(rune(sep)))
	d := c.digits(2, false)
	c.one("T ")
	if c.no {
		return time.Time{}, 0
	}
	h, m, s, ns := c.hms()
	if c.no || mo < 1 || mo > 12 || d < 1 || d > 31 {
		return time.Time{}, 0
	}
	loc := c.zone()
	return time.Date(y, time.Month(mo), d, h, m, s, ns, loc), c.i
}

// syslogAt reads "Sep  1 06:06:47".
func syslogAt(b []byte) (time.Time, int) {
	mo := month(b)
	if mo == 0 {
		return time.Time{}, 0
	}
	c := &clock{b: b, i: 3}
	c.one(" ")
	d := c.digits(2, true)
	c.one(" ")
	h, m, s, ns := c.hms()
	if c.no {
		return time.Time{}, 0
	}
	return time.Date(0, mo, d, h, m, s, ns, time.UTC), c.i
}

// klogAt reads "E0901 06:06:47.603666    1963 kubelet_volumes.go:245] ".
func klogAt(b []byte) (time.Time, int) {
	c := &clock{b: b}
	c.one("IWEF")
	mo := c.digits(2, false)
	d := c.digits(2, false)
	c.one(" ")
	if c.no {
		return time.Time{}, 0
	}
	h, m, s, ns := c.hms()
	end := bytes.Index(b[:min(len(b), 160)], []byte("] "))
	if c.no || mo < 1 || mo > 12 || end < c.i {
		return time.Time{}, 0
	}
	return time.Date(0, time.Month(mo), d, h, m, s, ns, time.UTC), end + 2
}

// timeOf returns the time a line tells of itself: the first of its prefixes, or a field of JSON, or that of an access log.
func timeOf(line []byte) time.Time {
	rest := trimLeft(line)
	for range maxPrefixes {
		if t, n := timeAt(rest); n > 0 {
			return t
		}
		p := prefixOf(rest, false)
		if p.n == 0 {
			break
		}
		rest = trimLeft(rest[p.n:])
	}
	for _, key := range []string{`"ts":`, `"time":`, `"timestamp":`, `"@timestamp":`, `"__REALTIME_TIMESTAMP":`} {
		if i := bytes.Index(line, []byte(key)); i >= 0 {
			if t := timeValue(line[i+len(key):]); !t.IsZero() {
				return t
			}
		}
	}
	if i := bytes.IndexByte(line, '['); i >= 0 {
		return accessTime(line[i+1:])
	}
	return time.Time{}
}

// timeValue reads a value of JSON: a text, or seconds or microseconds since 1970.
func timeValue(b []byte) time.Time {
	b = bytes.TrimLeft(b, ` "`)
	if t, n := isoAt(b); n > 0 {
		return t
	}
	end := 0
	for end < len(b) && end < 24 && (isDigit(b[end]) || b[end] == '.') {
		end++
	}
	v, err := strconv.ParseFloat(string(b[:end]), 64)
	switch {
	case err != nil || v < 1e8 || v > 1e17:
		return time.Time{}
	case v > 1e14:
		return time.UnixMicro(int64(v))
	case v > 1e11:
		return time.UnixMilli(int64(v))
	}
	return time.Unix(0, int64(v*1e9))
}

// accessTime reads "12/Sep/2024:03:00:01 +0000".
func accessTime(b []byte) time.Time {
	c := &clock{b: b}
	d := c.digits(2, false)
	c.one("/")
	if c.no {
		return time.Time{}
	}
	mo := month(b[c.i:])
	c.i = min(c.i+3, len(b))
	c.one("/")
	y := c.digits(4, false)
	c.one(":")
	h, m, s, _ := c.hms()
	if c.no || mo == 0 {
		return time.Time{}
	}
	return time.Date(y, mo, d, h, m, s, 0, c.zone())
}

// between returns how much later b is than a. Where years are missing, December comes before January.
func between(a, b time.Time) time.Duration {
	if (a.Year() == 0) != (b.Year() == 0) {
		a, b = a.UTC(), b.UTC()
		a = time.Date(0, a.Month(), a.Day(), a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), time.UTC)
		b = time.Date(0, b.Month(), b.Day(), b.Hour(), b.Minute(), b.Second(), b.Nanosecond(), time.UTC)
	}
	d := b.Sub(a)
	if a.Year() == 0 && d < -180*24*time.Hour {
		d += 366 * 24 * time.Hour // year 0 is a leap year
	}
	return d
}
