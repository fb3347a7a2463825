package ansible

import "bytes"

// Quick takes the next line if it is a result without a failure and without a body, such as "ok: [n1]", and says whether it
// was one. It does what Line does, without what only other lines need: a large playbook prints millions of these.
func (r *Reader) Quick(line []byte) bool {
	if r.doc != nil || len(line) < 7 || line[0] != 'o' && line[0] != 'c' && line[0] != 's' {
		return false
	}
	r.lines++
	if r.fine(line) {
		return true
	}
	r.lines--
	return false
}

var fineWords = []struct {
	word   []byte
	status Status
}{{[]byte("ok: ["), OK}, {[]byte("changed: ["), Changed}, {[]byte("skipping: ["), Skipped}}

// fine reads by hand a result without a failure and without a body, and says whether it was one: "ok: [n1]",
// "changed: [n1] => (item=a)".
func (r *Reader) fine(text []byte) bool {
	for _, f := range fineWords {
		rest, ok := bytes.CutPrefix(text, f.word)
		if !ok {
			continue
		}
		end := bytes.IndexByte(rest, ']')
		if end < 1 || !noBody(rest[end+1:]) || bytes.IndexByte(rest[:end], ' ') >= 0 {
			return false
		}
		r.settle()
		r.scratch.Host, r.scratch.Status = r.name(rest[:end]), f.status
		r.begin(&r.scratch)
		return true
	}
	return false
}

// noBody says whether what stands behind the host begins no body: nothing, or an item.
func noBody(rest []byte) bool {
	if len(rest) == 0 {
		return true
	}
	item, ok := bytes.CutPrefix(rest, itemWord)
	return ok && len(item) > 0 && item[len(item)-1] == ')' && !bytes.Contains(item, itemArrow)
}

var itemWord, itemArrow = []byte(" => (item="), []byte(") =>")

// fatalResult reads by hand the commonest failure: `fatal: [n1]: FAILED! => {...}`.
func fatalResult(text []byte) (host, body []byte, ok bool) {
	rest, ok := bytes.CutPrefix(text, fatalWord)
	end := bytes.IndexByte(rest, ']')
	if !ok || end < 1 || bytes.IndexByte(rest[:end], ' ') >= 0 {
		return nil, nil, false
	}
	body, ok = bytes.CutPrefix(rest[end:], failedBody)
	if !ok || len(body) == 0 || body[0] != '{' {
		return nil, nil, false
	}
	return rest[:end], body, true
}

var fatalWord, failedBody = []byte("fatal: ["), []byte("]: FAILED! => ")

// name gives a host or a task as a string that the last ones of the same name share.
func (r *Reader) name(b []byte) string {
	h := uint32(len(b))
	for _, c := range b[max(0, len(b)-8):] {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &r.names[(h^h>>15)%uint32(len(r.names))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
