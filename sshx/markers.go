package sshx

import (
	"bytes"
	"io"
)

// noiseLimit is how much of a login shell's own talk is kept.
const noiseLimit = 64 << 10

// markers takes one stream of a session with our script apart. What comes before the first mark is the talk of the login
// shell, what follows is the output of the command, and lines after a mark are for us. The mark is random, and not in the
// command line as it is in the stream, so that no output can hold it by accident.
type markers struct {
	mark string
	to   io.Writer
	seen int64 // bytes of the command that went to to
	err  error // the first failure of to
	said []string

	begun bool
	rest  []byte
}

// Write never fails: the stream must be read on for its marks.
func (m *markers) Write(p []byte) (int, error) {
	n := len(p)
	if len(m.rest) > 0 {
		p = append(m.rest, p...)
	}
	for {
		at := bytes.Index(p, []byte(m.mark))
		if at < 0 {
			break
		}
		end := bytes.IndexByte(p[at:], '\n')
		if end < 0 {
			break
		}
		if m.begun {
			m.pass(p[:at])
		}
		m.begun = true
		m.said = append(m.said, string(bytes.TrimSpace(p[at+len(m.mark):at+end])))
		p = p[at+end+1:]
	}
	keep := len(p)
	if m.begun {
		keep = m.undecided(p)
		m.pass(p[:len(p)-keep])
	}
	m.rest = append([]byte(nil), p[len(p)-min(keep, noiseLimit):]...)
	return n, nil
}

// undecided returns the length of the end of p that is, or may become, a mark.
func (m *markers) undecided(p []byte) int {
	if at := bytes.Index(p, []byte(m.mark)); at >= 0 {
		return len(p) - at
	}
	for n := min(len(m.mark)-1, len(p)); n > 0; n-- {
		if string(p[len(p)-n:]) == m.mark[:n] {
			return n
		}
	}
	return 0
}

// flush passes on what no mark followed: the end of the output, or all of it where our script never came to speak.
func (m *markers) flush() {
	m.pass(m.rest)
	m.rest = nil
}

func (m *markers) pass(p []byte) {
	if len(p) == 0 {
		return
	}
	m.seen += int64(len(p))
	if m.to != nil && m.err == nil {
		_, m.err = m.to.Write(p)
	}
}

// last is the last thing that was said.
func (m *markers) last() string {
	if len(m.said) == 0 {
		return ""
	}
	return m.said[len(m.said)-1]
}
