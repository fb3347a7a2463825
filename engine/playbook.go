package engine

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"spraydeck/event"
)

// playbook follows an Ansible playbook by what it prints.
type playbook struct {
	event.Progress
}

var (
	header = regexp.MustCompile(`^(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \**$`)
	recap  = regexp.MustCompile(`^\S+\s+: ok=\d+\s+changed=\d+\s+unreachable=(\d+)\s+failed=(\d+)`)
)

// read takes a line and says whether there is something new to tell: a task, a failure, the end.
func (p *playbook) read(line []byte) (event.Progress, bool) {
	begins := func(word string) bool { return len(line) >= len(word) && string(line[:len(word)]) == word }
	switch { // what there is most of comes first
	case begins("ok: ["):
		p.OK++
	case begins("changed: ["):
		p.Changed++
	case begins("failed: ["):
		p.Failed++
	case begins("fatal: ["):
		if bytes.Contains(line, []byte("UNREACHABLE!")) {
			p.Unreachable++
		} else {
			p.Failed++
		}
		return p.Progress, true
	case begins("PLAY [") || begins("TASK [") || begins("RUNNING HANDLER ["):
		m := header.FindSubmatch(line)
		if m == nil {
			return event.Progress{}, false
		}
		if string(m[1]) == "PLAY" {
			p.Play = string(m[2])
		} else {
			p.Task = string(m[2])
			p.Tasks++
		}
		return p.Progress, true
	case begins("PLAY RECAP"):
		p.Task = ""
		return p.Progress, true
	case bytes.Contains(line, okMark):
		if m := recap.FindSubmatch(line); m != nil {
			unreachable, _ := strconv.Atoi(string(m[1]))
			failed, _ := strconv.Atoi(string(m[2]))
			return p.Progress, unreachable+failed > 0
		}
	}
	return event.Progress{}, false
}

var okMark = []byte(" ok=")

var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])`)

// appendPlain adds a line without its escape sequences.
func appendPlain(plain []byte, line string) []byte {
	// colours, by hand: of a playbook's output nearly every line has them
	for rest := line; ; {
		i := strings.IndexByte(rest, 0x1b)
		if i < 0 {
			return append(plain, rest...)
		}
		plain, rest = append(plain, rest[:i]...), rest[i:]
		end := 2
		for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == ';') {
			end++
		}
		if end >= len(rest) || rest[1] != '[' || rest[end] != 'm' {
			return append(plain, escapes.ReplaceAllString(rest, "")...)
		}
		rest = rest[end+1:]
	}
}

// trimEnd cuts the blanks and carriage returns off the end of a line.
func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == ' ' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}
