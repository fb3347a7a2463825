package ansible

import (
	"bytes"
	"regexp"
)

// A prefix can be anything that a CI system, a wrapper or a person's script puts before every line. It is learned from a
// header, which nothing else looks like: "3:41AM: TASK [a : b] ***", "null_resource.x (remote-exec): PLAY [all] ****". Where
// no header stands, as in a part of a log, the first result is as good.

var behindPrefix = regexp.MustCompile(`^(.{1,100}?[:|>\])] ?)(?:(?:TASK|PLAY|RUNNING HANDLER) \[[^\]]*\] ?\*{3,}|(?:fatal|failed): \[[^\]]+\](?::|: FAILED!| \(item=.*\)) => ?)`)

// behindLearned is a line without the prefix that is learned, or nil if it has none.
func (r *Reader) behindLearned(line []byte) []byte {
	if r.learned == nil {
		if !bytes.Contains(line, headerEnd) && !bytes.Contains(line, failedArrow) {
			return nil
		}
		m := behindPrefix.FindSubmatch(line)
		if m == nil || bytes.ContainsAny(m[1], "{}\"'") {
			return nil
		}
		r.learned = shape(nil, m[1])
	}
	if n := shaped(line, r.learned); n > 0 {
		return line[n:]
	}
	return nil
}

var headerEnd, failedArrow = []byte("] **"), []byte("] ")

// shape is a prefix with each number as 0: those of times and of processes change from line to line.
func shape(to, prefix []byte) []byte {
	for i := 0; i < len(prefix); i++ {
		if c := prefix[i]; c < '0' || c > '9' {
			to = append(to, c)
			continue
		}
		to = append(to, '0')
		for i+1 < len(prefix) && prefix[i+1] >= '0' && prefix[i+1] <= '9' {
			i++
		}
	}
	return to
}

// shaped is the length of the beginning of a line that has a shape, or 0.
func shaped(line, like []byte) int {
	i := 0
	for _, c := range like {
		if i >= len(line) {
			return 0
		}
		switch {
		case c == '0' && line[i] >= '0' && line[i] <= '9':
			for i < len(line) && line[i] >= '0' && line[i] <= '9' {
				i++
			}
		case c == line[i]:
			i++
		case c == 'A' && line[i] == 'P' || c == 'P' && line[i] == 'A': // AM and PM
			i++
		default:
			return 0
		}
	}
	return i
}
