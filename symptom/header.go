package symptom

import "bytes"

// headerWords are in every line that says which play or task comes next.
var headerWords = []string{"TASK [", "PLAY [", "PLAY RECAP", "RUNNING HANDLER ["}

// place is where in a playbook a line stands. A nil part is not known yet: it was said before the text at hand.
type place struct {
	play *string
	task *task
}

// nowhere is the place of a text that has not begun.
func nowhere() place {
	none := ""
	return place{&none, &task{}}
}

// taskBegins reports whether a text begins with the header of a task, without anything before it.
func taskBegins(text []byte) bool {
	return bytes.HasPrefix(text, []byte("TASK [")) || bytes.HasPrefix(text, []byte("RUNNING HANDLER ["))
}

// after returns the place that p is, seen from an earlier one.
func (p place) after(earlier place) place {
	if p.play == nil {
		p.play = earlier.play
	}
	if p.task == nil {
		p.task = earlier.task
	}
	return p
}

// in returns the place with the task as this memo knows it: each goroutine has one of its own.
func (p place) in(m *memo) place {
	if p.task != nil {
		p.task = m.task([]byte(p.task.name))
	}
	return p
}

func (p place) strings() (play, task string) {
	if p.play != nil {
		play = *p.play
	}
	if p.task != nil {
		task = p.task.name
	}
	return play, task
}

// header reads a line such as "TASK [etcd : Stop if even number of etcd hosts] ****", bare, behind prefixes, or drawn by
// cowsay. A name that ends in a later line is found when the lines are joined.
func (p *place) header(line []byte, names *memo) {
	text, timed := line, false
	for range maxPrefixes + 1 {
		text = trimLeft(text)
		if inner, ok := cowsay(text); ok {
			text = inner
		}
		if p.bare(text, names) {
			return
		}
		before := prefixOf(text, timed)
		if before.n == 0 {
			p.inJSON(text, names)
			return
		}
		timed = timed || before.time
		text = before.rest(text)
	}
}

// inJSON reads a header that a text of a line of JSON is or ends with, as in {"log":"TASK [a : b] ****\n"}.
func (p *place) inJSON(line []byte, names *memo) {
	if len(line) == 0 || line[0] != '{' {
		return
	}
	for _, word := range headerWords {
		i := bytes.Index(line, []byte(word))
		if i < 1 || line[i-1] != '"' && line[i-1] != 'n' {
			continue
		}
		text, _, _ := bytes.Cut(line[i:], []byte{'"'})
		text, _, _ = bytes.Cut(text, []byte{'\\'})
		if p.bare(text, names) {
			return
		}
	}
}

// bare reads a header without anything before it, and reports whether it was one.
func (p *place) bare(text []byte, names *memo) bool {
	if bytes.HasPrefix(text, []byte("PLAY RECAP")) {
		p.task = names.task(nil)
		return true
	}
	for _, word := range headerWords {
		name, ok := bytes.CutPrefix(text, []byte(word))
		if !ok {
			continue
		}
		end := bytes.LastIndexByte(name, ']')
		if end < 0 || len(bytes.Trim(name[end+1:], " *`")) > 0 {
			return false
		}
		if word == "PLAY [" {
			play := string(name[:end])
			p.play, p.task = &play, names.task(nil)
		} else {
			p.task = names.task(name[:end])
		}
		return true
	}
	return false
}
