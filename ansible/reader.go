package ansible

import (
	"bytes"
	"iter"
	"regexp"
	"strings"
)

const (
	maxBody   = 128 << 10 // of a result
	maxLines  = 400       // of a result that goes over several lines
	maxDoc    = 32 << 20  // of the document of the json callback
	maxPassed = 100       // ignored failures whose body is read
)

// Reader reads a text line by line and gives what happened to Each. Only results of other than ok, changed and skipped carry
// a body.
type Reader struct {
	// A result without a failure, of a single line, is only to be looked at while Each is called.
	Each func(Event)
	// Behind gives a line without each of the prefixes that may stand before it. Nil knows none.
	Behind func(line []byte) iter.Seq[[]byte]

	lines      int
	play, task string
	path       string
	inRecap    bool
	unixy      bool    // the callback of this name prints
	prefixed   bool    // something stands before every line
	learned    []byte  // the shape of what does: a prefix that Behind does not know
	open       *Result // its body goes on
	body       []byte
	bodyLines  int
	space      bool    // the line at hand ends in one space
	held       *Result // whole; the next line tells whether it is ignored
	plain      []byte
	doc        []byte // of the json callback
	docLine    int
	scratch    Result       // of a line that fine reads
	names      [2048]string // of hosts and tasks: the last of each hash
	passed     int          // failures that were ignored
}

// Line takes the next line, without its end.
func (r *Reader) Line(raw []byte) {
	r.lines++
	if r.doc != nil {
		r.docPart(raw)
		return
	}
	line := raw
	if bytes.IndexByte(line, 0x1b) >= 0 {
		r.plain = strip(r.plain[:0], line)
		line = r.plain
	}
	line = bytes.TrimRight(line, "\r")
	r.space = len(line) > 1 && line[len(line)-1] == ' ' && line[len(line)-2] != ' '
	line = bytes.TrimRight(line, " \t\r")
	if r.open == nil && r.held == nil && !r.inRecap && !r.unixy && !interesting(line) {
		if len(line) == 1 && line[0] == '{' && r.play == "" && r.task == "" {
			r.doc, r.docLine = append([]byte{}, line...), r.lines
		}
		return
	}
	if len(line) == 0 {
		r.goesOn(line)
		return
	}
	if r.marker(bytes.TrimLeft(line, " \t"), line) {
		return
	}
	rest := line
	if r.Behind != nil {
		for text := range r.Behind(line) {
			if r.marker(bytes.TrimLeft(text, " \t"), text) {
				r.prefixed = true
				return
			}
			rest = text
		}
	}
	if r.prefixed {
		line = rest
	}
	if text := r.behindLearned(line); text != nil {
		if r.marker(bytes.TrimLeft(text, " \t"), text) {
			return
		}
		line = text
	}
	r.goesOn(line)
}

// interesting says whether a line can begin something. It is asked about every line, so it must be fast.
func interesting(line []byte) bool {
	if i := bytes.IndexByte(line, '['); i >= 0 {
		if i > 0 && line[i-1] == ' ' || bytes.Contains(line, spaceBracket) {
			return true
		}
	}
	return bytes.IndexByte(line, 'Y') >= 0 && bytes.Contains(line, recapWord) || bytes.IndexByte(line, '|') >= 0 && bytes.Contains(line, pipeWord) || bytes.HasPrefix(line, runnerWord) ||
		bytes.HasPrefix(line, failedWord) || bytes.HasPrefix(line, unreachableWord) || bytes.HasPrefix(line, taskWord) || bytes.HasSuffix(line, dashWord)
}

var (
	spaceBracket    = []byte(" [")
	recapWord       = []byte("PLAY RECAP")
	pipeWord        = []byte(" | ")
	runnerWord      = []byte(`{"`)
	failedWord      = []byte("failed: ")
	unreachableWord = []byte("unreachable: ")
	taskWord        = []byte("task ")
	dashWord        = []byte(" -")
)

var (
	headerLine = regexp.MustCompile(`^(PLAY|TASK|RUNNING HANDLER|NO MORE HOSTS LEFT|PLAY RECAP)(?: \[(.*)\])?[\s*` + "`" + `]*$`)
	resultLine = regexp.MustCompile(`^(ok|changed|skipping|fatal|failed|unreachable|included): \[([^\]\s]+?)(?: -> ([^\]]+))?\](?:: (FAILED!|UNREACHABLE!))?(?: ?=> |: |=> | )?(.*)$`)
	itemPart   = regexp.MustCompile(`^\((?:item|censored)=?(.*?)\) ?=> ?(.*)$`)
	retryLine  = regexp.MustCompile(`^FAILED - RETRYING: (?:\[([^\]\s]+?)(?: -> [^\]]+)?\]: )?(.*) \((\d+) retries left\)`)
	adhocLine  = regexp.MustCompile(`^([\w.-]+) \| (SUCCESS|CHANGED|FAILED!?|UNREACHABLE!?|SKIPPED)(?: \| rc=(-?\d+))?(?: >>| \| ?| ?=> ?|: )?(.*)$`)
	unixyLine  = regexp.MustCompile(`^([\w.-]+) (ok|done|failed|unreachable|skipped)(?:$| \| |: )(.*)$`)
	unixyPlay  = regexp.MustCompile(`^- (.+) on hosts: .* -$`)
	unixyTask  = regexp.MustCompile(`^([A-Z].{0,200})\.\.\.$`)
	denseLine  = regexp.MustCompile(`^(failed|unreachable|ignored): ([\w.-]+)(?:>([\w.-]+))?: (.*)$`)
	denseTask  = regexp.MustCompile(`^task \d+: (.+)$`)
	recapLine  = regexp.MustCompile(`^([\w.-]+)\s*: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)(?:\s+skipped=(\d+))?(?:\s+rescued=(\d+))?(?:\s+ignored=(\d+))?`)
	pathLine   = regexp.MustCompile(`^task path: (\S+:\d+)$`)
)

// marker reads a line that begins something, and says whether it was one.
func (r *Reader) marker(text, indented []byte) bool {
	if len(text) == 0 {
		return false
	}
	if inner, ok := cowsay(text); ok {
		text = inner
	}
	if r.unixyHeader(text, indented) {
		return true
	}
	switch text[0] {
	case 'P', 'T', 'R', 'N':
		if name := taskName(text); name != nil {
			r.settle()
			r.header("TASK", r.name(name))
			return true
		}
		if m := headerLine.FindSubmatch(text); m != nil {
			r.settle()
			r.header(string(m[1]), string(m[2]))
			return true
		}
	case '.':
		if bytes.HasPrefix(text, []byte("...ignoring")) {
			r.ignored()
			return true
		}
	case 't':
		if m := pathLine.FindSubmatch(text); m != nil {
			r.path = string(m[1])
			return true
		}
		if m := denseTask.FindSubmatch(text); m != nil && r.play == "" && len(indented) == len(text) {
			r.settle()
			r.task, r.path = string(m[1]), ""
			return true
		}
	case '{':
		if r.open == nil && r.runner(text) {
			return true
		}
	}
	if r.inRecap {
		if m := recapLine.FindSubmatch(text); m != nil {
			r.recap(m, text)
			return true
		}
	}
	return r.result(text)
}

// taskName reads "TASK [etcd : Copy etcd binary] ****" by hand: every few lines of a playbook there is one.
func taskName(text []byte) []byte {
	rest, ok := bytes.CutPrefix(text, []byte("TASK ["))
	end := bytes.LastIndexByte(rest, ']')
	if !ok || end < 0 || len(bytes.Trim(rest[end+1:], " *`")) > 0 {
		return nil
	}
	return rest[:end]
}

// unixyHeader reads how the callback unixy names plays and tasks: "- Play on hosts: all -" and "Task...".
func (r *Reader) unixyHeader(text, indented []byte) bool {
	switch {
	case text[0] == '-':
		if m := unixyPlay.FindSubmatch(text); m != nil {
			r.settle()
			r.unixy = true
			r.header("PLAY", string(m[1]))
			return true
		}
		if r.unixy && string(text) == "- Play recap -" {
			r.settle()
			r.header("PLAY RECAP", "")
			return true
		}
	case r.unixy && len(text) == len(indented):
		if m := unixyTask.FindSubmatch(text); m != nil {
			r.settle()
			r.header("TASK", string(m[1]))
			return true
		}
	}
	return false
}

func (r *Reader) header(kind, name string) {
	r.inRecap = false
	switch kind {
	case "PLAY RECAP":
		r.inRecap, r.task, r.path = true, "", ""
	case "PLAY":
		r.play, r.task, r.path = name, "", ""
		r.Each(Event{Play: name, Line: r.lines})
	case "TASK", "RUNNING HANDLER":
		r.task, r.path = name, ""
		r.Each(Event{Task: name, Line: r.lines})
	}
}

func (r *Reader) recap(m [][]byte, text []byte) {
	n := func(i int) int {
		v := 0
		for _, c := range m[i] {
			v = v*10 + int(c-'0')
		}
		return v
	}
	r.Each(Event{Line: r.lines, Recap: &Recap{Host: string(m[1]), Line: r.lines, Text: string(text),
		OK: n(2), Changed: n(3), Unreachable: n(4), Failed: n(5), Skipped: n(6), Rescued: n(7), Ignored: n(8)}})
}

var words = map[string]Status{"ok": OK, "changed": Changed, "skipping": Skipped, "included": OK, "fatal": Failed, "failed": Failed,
	"done": Changed, "skipped": Skipped, "unreachable": Unreachable, "ignored": Ignored, "SUCCESS": OK, "CHANGED": Changed, "SKIPPED": Skipped, "FAILED": Failed, "UNREACHABLE": Unreachable}

// result reads a line that begins a result, and says whether it was one.
func (r *Reader) result(text []byte) bool {
	if r.fine(text) {
		return true
	}
	piped := bytes.Contains(text, pipeWord)
	if !piped && !r.unixy && !bytes.HasPrefix(text, retryWord) && !bytes.Contains(text[:min(len(text), 16)], colonWord) {
		return false
	}
	res := &Result{}
	var body []byte
	if m := retryLine.FindSubmatch(text); m != nil {
		res.Host, res.Status = string(m[1]), Retrying
		if r.task == "" {
			r.task = string(m[2])
		}
	} else if host, rest, ok := fatalResult(text); ok {
		res.Host, res.Status, body = r.name(host), Failed, rest
	} else if m := resultLine.FindSubmatch(text); m != nil {
		res.Host, res.Delegate, body = string(m[2]), string(m[3]), m[5]
		res.Status = words[string(m[1])]
		if string(m[4]) == "UNREACHABLE!" {
			res.Status = Unreachable
		}
		if i := itemPart.FindSubmatch(body); i != nil {
			res.Item, body = string(i[1]), i[2]
		}
	} else if m := adhocLine.FindSubmatch(text); m != nil && piped {
		res.Host, res.RC, body = string(m[1]), string(m[3]), m[4]
		res.Status = words[strings.TrimSuffix(string(m[2]), "!")]
	} else if m := unixyLine.FindSubmatch(text); m != nil && r.unixy {
		res.Host, res.Status, body = string(m[1]), words[string(m[2])], m[3]
	} else if m := denseLine.FindSubmatch(text); m != nil {
		res.Host, res.Status, res.Delegate, body = string(m[2]), words[string(m[1])], string(m[3]), m[4]
	} else {
		return false
	}
	r.settle()
	r.begin(res)
	if r.open != nil {
		r.body = append(r.body[:0], body...)
		r.keepSpace()
	}
	return true
}

var retryWord, colonWord = []byte("FAILED - RETRYING: "), []byte(": ")

// begin opens a result at the line at hand. One without a failure has no body that anybody would read.
func (r *Reader) begin(res *Result) {
	if r.inRecap { // another run begins
		r.inRecap = false
	}
	res.Play, res.Task, res.Path, res.First, res.Last = r.play, r.task, r.path, r.lines, r.lines
	r.open, r.bodyLines = res, 0
	r.body = r.body[:0]
}

// goesOn takes a line that begins nothing: more of the body of a result, or what stands behind it.
func (r *Reader) goesOn(line []byte) {
	if r.open == nil {
		return
	}
	r.bodyLines++
	if r.bodyLines > maxLines || r.open.Status != Failed && r.open.Status != Unreachable && r.open.Status != Ignored && !continues(line) {
		r.settle()
		return
	}
	r.open.Last = r.lines
	if len(r.body) < maxBody && r.open.Status.Bad() {
		r.body = append(append(r.body, '\n'), line...)
		r.keepSpace()
	}
}

// keepSpace adds the space that ends a line of JSON: a terminal has cut the text behind it.
func (r *Reader) keepSpace() {
	if r.space && len(r.body) > 0 && r.body[0] == '{' {
		r.body = append(r.body, ' ')
	}
}

// continues says whether a line may belong to the body of a result without a failure: it is indented, or closes a brace.
func continues(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t' || line[0] == '}' || line[0] == ']')
}

// ignored says that the failure before does not count.
func (r *Reader) ignored() {
	if r.open != nil && r.open.Status.Bad() {
		if r.passed++; r.passed > maxPassed { // nobody reads what so many say
			r.open.Status, r.open.Last = Ignored, r.lines
			r.held, r.open = r.open, nil
			r.settle()
			return
		}
	}
	r.close()
	if r.held != nil && r.held.Status.Bad() {
		r.held.Status = Ignored
		r.held.Last = r.lines
	}
	r.settle()
}

// close reads the body of the open result.
func (r *Reader) close() {
	if r.open == nil {
		return
	}
	if r.open.Status.Bad() || r.open.Status == Ignored {
		r.open.read(r.body)
	}
	r.held, r.open = r.open, nil
}

// settle gives the result that is whole.
func (r *Reader) settle() {
	r.close()
	if r.held == nil {
		return
	}
	res := r.held
	r.held = nil
	if res == &r.scratch && res.Last > res.First { // it may be kept
		kept := *res
		res = &kept
	}
	r.Each(Event{Line: res.First, Result: res})
	res.Fields = nil
}

// Close tells that the text has ended.
func (r *Reader) Close() {
	if r.doc != nil {
		r.document()
	}
	r.settle()
}

// cowsay gives what a line of a balloon says.
func cowsay(line []byte) ([]byte, bool) {
	if len(line) < 4 || line[1] != ' ' || line[len(line)-2] != ' ' || line[0] != '<' || line[len(line)-1] != '>' {
		return nil, false
	}
	return bytes.TrimSpace(line[1 : len(line)-1]), true
}

var sequence = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_0-9])`)

// strip appends a line without its escape sequences; colours, by hand, as nearly every line of a playbook has them.
func strip(to, line []byte) []byte {
	for {
		i := bytes.IndexByte(line, 0x1b)
		if i < 0 {
			return append(to, line...)
		}
		to, line = append(to, line[:i]...), line[i:]
		end := 2
		for end < len(line) && (line[end] >= '0' && line[end] <= '9' || line[end] == ';') {
			end++
		}
		if end >= len(line) || line[1] != '[' || line[end] != 'm' {
			return append(to, sequence.ReplaceAll(line, nil)...)
		}
		line = line[end+1:]
	}
}
