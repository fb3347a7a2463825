package symptom

import "bytes"

// fineWords begin the results of Ansible that say nothing but their host, as "ok: [node1]" does. They are most lines of a
// playbook's output, so they are read without anything else where no pattern can match them.
var fineWords = [][]byte{[]byte("ok: ["), []byte("changed: ["), []byte("skipping: [")}

// fine gives the index of the word that a line begins with, if the line is that and a host.
func fine(line []byte) (word int, host []byte, ok bool) {
	if len(line) < 7 || len(line) > 60 || line[len(line)-1] != ']' {
		return 0, nil, false
	}
	switch line[0] {
	case 'o':
	case 'c':
		word = 1
	case 's':
		word = 2
	default:
		return 0, nil, false
	}
	host, ok = bytes.CutPrefix(line, fineWords[word])
	if !ok {
		return 0, nil, false
	}
	host = host[:len(host)-1]
	for _, c := range host {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c >= 'A' && c <= 'Z' || c == '_') {
			return 0, nil, false
		}
	}
	return word, host, len(host) > 0
}

// memo is what the goroutine that reads a block remembers for the next one: tasks, and hosts in whose names no pattern has its
// fixed text.
type memo struct {
	tasks   map[string]*task
	headers map[string]*task // by the whole line, where no pattern has its fixed text in it
	hosts   [1024]string
}

// task is a task of a playbook, by its name.
type task struct {
	name string
	fits []verdict // by pattern: whether it can be met in the task
}

type verdict uint8

const (
	unasked verdict = iota
	fits
	never
)

// maxTasks is how many tasks are remembered.
const maxTasks = 1024

// task gives the task of a name.
func (m *memo) task(name []byte) *task {
	if t := m.tasks[string(name)]; t != nil {
		return t
	}
	if m.tasks == nil || len(m.tasks) >= maxTasks {
		m.tasks = map[string]*task{}
	}
	t := &task{name: string(name)}
	m.tasks[t.name] = t
	return t
}

// exclude says that a pattern for some tasks is not for this one. A task that is not known excludes nothing.
func (t *task) exclude(set *Set, pattern int) bool {
	if t == nil {
		return false
	}
	if t.fits == nil {
		t.fits = make([]verdict, len(set.patterns))
	}
	if t.fits[pattern] == unasked {
		t.fits[pattern] = never
		if name := set.patterns[pattern].Task; name == nil || name.MatchString(t.name) {
			t.fits[pattern] = fits
		}
	}
	return t.fits[pattern] == never
}

// fineUse gives for each of fineWords the patterns for some tasks that it may belong to; ok is false where a pattern for all
// tasks may match such a line.
func (s *Set) fineUse() (use [][]int, ok bool) {
	use = make([][]int, len(fineWords))
	for w, word := range fineWords {
		for _, l := range s.find.appendFound(nil, word) {
			if s.lits[l].header || len(s.lits[l].patterns) > 0 {
				return nil, false
			}
			use[w] = append(use[w], s.lits[l].tasked...)
		}
	}
	return use, len(s.always) == 0
}

// skip reads a line that no pattern can match, if it is such a one.
func (s *scanner) skip(line []byte) bool {
	if len(line) > 6 && line[0] == 'T' {
		t := s.memo.headers[string(line)]
		if t == nil {
			return false
		}
		s.place.task = t
		s.pass(line)
		return true
	}
	word, host, ok := fine(line)
	if !ok || !s.set.quick || s.place.task == nil {
		return false
	}
	for _, p := range s.set.fine[word] {
		if !s.place.task.exclude(s.set, p) {
			return false
		}
	}
	h := uint32(len(host))
	for _, c := range host[max(0, len(host)-8):] {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &s.memo.hosts[(h^h>>15)%uint32(len(s.memo.hosts))]
	if *slot != string(host) {
		s.found = s.set.find.appendFound(s.found[:0], line)
		if len(s.found) > len(s.set.find.appendFound(nil, fineWords[word])) {
			return false
		}
		*slot = string(host)
	}
	s.pass(line)
	return true
}

// pass goes on behind a line that begins something and matches nothing.
func (s *scanner) pass(line []byte) {
	if s.window.kind != apart {
		s.window.reset()
	}
	s.prev, s.prevFound = line, s.prevFound[:0]
}

// learnHeader remembers a line that is the header of a task and nothing else, so that skip knows it.
func (s *scanner) learnHeader(line []byte) {
	if !s.set.quick || !taskBegins(line) || line[0] != 'T' || line[len(line)-1] != '*' || s.place.task == nil {
		return
	}
	for _, f := range s.found {
		if u := &s.set.lits[f]; !u.header || len(u.patterns)+len(u.tasked) > 0 {
			return
		}
	}
	if s.memo.headers == nil || len(s.memo.headers) >= maxTasks {
		s.memo.headers = map[string]*task{}
	}
	s.memo.headers[string(line)] = s.place.task
}
