package workstation

import (
	"io"
	"time"
)

// Secrets is what must not reach the disk: the values themselves, and patterns of more of them, as the writer that masks
// understands them.
type Secrets struct {
	Values   []string `json:"values,omitempty"`
	Patterns []string `json:"patterns,omitempty"`
}

// Mask wraps the writer of each stream. What it holds back it writes by itself in time, and at Close at the latest. Add may
// be called at any time.
type Mask interface {
	Writer(io.Writer) io.WriteCloser
	Add(secrets ...string)
}

// spec is the input of a supervisor, given on its standard input: an argument could be read by every user
// of the machine, and a file would stay.
type spec struct {
	Number       int          `json:"number"`
	Line         string       `json:"line"`
	Options      Options      `json:"options"`
	Typed        bool         `json:"typed"` // keys will come; else Input is all there is
	Input        []byte       `json:"input"` // nil: no input
	Secrets      Secrets      `json:"secrets"`
	StopTimeouts stopTimeouts `json:"graces"`
}

// stopTimeouts are the waits of a stop. They are passed on, so that console and supervisor agree.
type stopTimeouts struct{ Interrupt, Terminate, Output time.Duration }

// files are the names of what is kept of command n, in the spool directory.
type files struct{ job, out, err, times, exit, sock string }

// request is what a console asks of a supervisor: one JSON object after the other, over the socket. The other way
// comes a byte whenever there is more to read.
type request struct {
	Keys []byte   `json:"keys,omitempty"`
	End  bool     `json:"end,omitempty"`  // no more keys will come
	Stop string   `json:"stop,omitempty"` // why: an outcome
	Mask []string `json:"mask,omitempty"` // more secrets
	Give bool     `json:"give,omitempty"` // at the end, what was printed: it comes as a [given]
}

// How a command ended, in N.exit.
const (
	outcomeDone       = "done"
	outcomeExit       = "exit"
	outcomeCancelled  = "cancelled"
	outcomeTimeout    = "timeout"
	outcomeNotStarted = "not-started"
)

// ending is N.exit.
type ending struct {
	Exit    int       `json:"exit"`
	Outcome string    `json:"outcome"`
	Ended   time.Time `json:"ended"`
	Stdout  int64     `json:"stdout"` // bytes kept
	Stderr  int64     `json:"stderr"`
	Signal  string    `json:"signal,omitempty"` // what a stop took
	Lost    string    `json:"lost,omitempty"`   // what could not be kept of the output, and why
	Exact   []string  `json:"exact"`            // the streams that masking left as they were
	Error   string    `json:"error,omitempty"`  // why it did not start
	Hint    string    `json:"hint,omitempty"`
}

// job is N.job: one line is written before the command starts, so that an empty file means that it never did, and one
// with its process afterwards.
type job struct {
	Line       string    `json:"line,omitempty"`
	Dir        string    `json:"dir,omitempty"`
	TTY        bool      `json:"tty,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Boot       string    `json:"boot,omitempty"` // of which start of the machine
	Supervisor int       `json:"supervisor,omitempty"`
	PID        int       `json:"pid,omitempty"` // of the shell, and its process group
}
