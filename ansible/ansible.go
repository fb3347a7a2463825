// Package ansible reads what Ansible prints: which task did what on which host, and how a play ended. It takes the output of
// the callbacks default (with JSON or YAML results), yaml, minimal, oneline, debug, dense, unixy, json and jsonl, the events
// that ansible-runner keeps, with or without the prefixes of AWX, a CI system or a log, with or without colours.
//
// A Reader turns lines into events; a Story folds the events into the failures and tells which of them were recovered. No
// input is an error: text that is not Ansible's gives no events. Lines are numbered from 1.
//
//   - reader.go: lines in, events out. A result is reported once it is whole and known not to be followed by "...ignoring".
//   - body.go, message.go: the content of a result (JSON, YAML or plain text) and its most specific message.
//   - outcome.go: which failures were recovered, and which failed first.
//
// It prints nothing, reads no clock, and its memory does not grow with the text: of a result it keeps maxBody bytes.
package ansible

// Status is how a task ended on a host.
type Status string

const (
	OK          Status = "ok"
	Changed     Status = "changed"
	Skipped     Status = "skipped"
	Failed      Status = "failed"
	Unreachable Status = "unreachable"
	Ignored     Status = "ignored"  // failed, and the play ignores it
	Rescued     Status = "rescued"  // failed, and the play went on with the host
	Retrying    Status = "retrying" // failed, and is tried again
)

// Bad says whether the result is a failure that counts as far as the result itself tells.
func (s Status) Bad() bool { return s == Failed || s == Unreachable }

// Result is what one task did on one host, or on one item there.
type Result struct {
	Play, Task  string // as printed, without "TASK [" and stars: "etcd : Copy etcd binary"
	Path        string // of the task, where the output tells it: "/srv/kubespray/roles/etcd/tasks/main.yml:12"
	Host        string
	Delegate    string // the host that did it, where that is another
	Item        string
	Status      Status
	First, Last int // its lines, from 1

	Message string // what the module says, unescaped
	Stdout  string
	Stderr  string
	Cmd     string
	RC      string
	Assert  string // the condition of an assert that did not hold
	Raw     string // the text of the result where nothing could be read out of it

	// Fields is all that the result says, as far as its callback prints it; only while Each is called.
	Fields map[string]any
}

// Recap is a line of PLAY RECAP.
type Recap struct {
	Host string
	Line int
	Text string // as printed: "node1 : ok=3 changed=1 ..."

	OK, Changed, Unreachable, Failed, Skipped, Rescued, Ignored int
}

// Good says whether everything ended well on the host.
func (r Recap) Good() bool { return r.Failed == 0 && r.Unreachable == 0 }

// Event is one of: a play, a task, a result, a line of the recap.
type Event struct {
	Play   string
	Task   string
	Result *Result
	Recap  *Recap
	Line   int
}
