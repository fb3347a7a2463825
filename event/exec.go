package event

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// Where a command can run, besides the hosts of the inventory.
const (
	Workstation = "workstation" // the operator's machine, in the checkout
	API         = "api"         // the Kubernetes API
)

// Command is one thing done to the outside world. Line is its exact text: a shell command line, or the kubectl
// equivalent of an API call, whose data is in Call. Facts are learned by commands too, so that a recording holds all
// that a run ever knew.
type Command struct {
	Host     string
	Line     string
	Step     string // the step it belongs to, filled in by the engine
	Call     *Call
	Dir      string   // workstation only; "" is the checkout
	Env      []string // workstation only, added to the console's
	TTY      bool     // workstation only, but for Handover
	Handover bool     // it gets the operator's own terminal, on the workstation or on a host
	Changes  bool     // false: it only reads
	Reads    bool     // it only reads, whatever else its step does
	Probe    bool
	Timeout  time.Duration // 0 = none
	Stdin    io.Reader
	Fed      bool     // the step gives it a text on standard input: its line alone is not what runs
	Prompts  []Prompt // TTY only: what it may ask, for the operator to answer in a dialog
	Number   int      // unique in the run, filled in by the engine
	// Original is called by an Exec, before it returns, for a stream of which out was given a masked copy: all is what the
	// command printed, nil where it is no longer known. Filled in by the engine.
	Original func(stream string, all []byte)
	// EndedAt is called by an Exec, before it returns, for a command that was taken up: when it ended. Filled in by the engine.
	EndedAt func(time.Time)
	Resumed *Seen // nil: start it. Else a console that went away started it: take it up again
}

// Seen is how much of a command's output the transcript already has. Taking the command up again brings the rest, or an
// error whose StateUnknown says that the outcome is unknown.
type Seen struct {
	Stdout, Stderr int64 // bytes
	Masked         bool  // the transcript's copy of them is not what was printed
}

// Prompt is a question that a command asks on its terminal.
type Prompt struct {
	Line    *regexp.Regexp // a line, or the beginning of one that waits
	Keys    string         // what Continue types
	Decline string         // typed when the operator leaves the prompt
}

// Masked replaces a secret in a record.
const Masked = "[masked]"

// Verb says what an API call does.
type Verb string

// The verbs. Verbs lists them all.
const (
	Get      Verb = "get"
	Apply    Verb = "apply"
	Patch    Verb = "patch"
	Delete   Verb = "delete"
	Cordon   Verb = "cordon"
	Uncordon Verb = "uncordon"
	Drain    Verb = "drain"
	Budgets  Verb = "budgets" // every disruption budget with the pods it covers

	TakeLease Verb = "lease" // the console's own, before a run changes a cluster
	DropLease Verb = "release"

	// These read files of the workstation, by the program itself.
	ReadSettings Verb = "settings"      // of the inventory Name, as JSON
	ReadRelease  Verb = "release-vars"  // of the tag Name: its defaults and its sample, as JSON
	ReadReads    Verb = "release-reads" // of the tag Name: the words its roles read, as JSON
	ReadContains Verb = "contains"      // whether HEAD contains the tag Name: exit 0 if so
	ReadFile     Verb = "file"          // of the checkout: see Call.Files
)

// Verbs are all verbs, so that a test can hold every switch over them to be complete.
var Verbs = []Verb{Get, Apply, Patch, Delete, Cordon, Uncordon, Drain, Budgets, TakeLease, DropLease, ReadSettings, ReadRelease, ReadReads, ReadContains, ReadFile}

// Call is an API call as data.
type Call struct {
	Verb           Verb
	Resource       string // as kubectl takes it
	Namespace      string // "" = all namespaces, or none
	Name           string
	Selector       string
	Fields         string   // a field selector
	Only           []string // get only: the fields that are read, as "status.conditions[].type"; none is all
	PatchType      string
	Body           []byte
	Force          bool
	DeleteEmptyDir bool
	DryRun         bool
	Optional       bool // get only: an unknown resource is an empty list

	Files *Files // ReadFile only
}

// Files are files of the checkout, or of a tag, one after the other; those that are not there have no text.
type Files struct {
	Paths []string
	Tag   string   // "" is the working tree
	Here  bool     // out of the working tree, where HEAD contains the tag
	Keys  []string // only these keys of the top level, of YAML; none is all
}

// Declares reports whether the call names a desired state, so that repeating it changes nothing.
func (c *Call) Declares() bool {
	switch c.Verb {
	case Delete:
		return false
	case Patch:
		return c.PatchType != "json"
	}
	return true
}

// Exec runs a command and gives its exit code. Output is delivered in order, from one goroutine at a time.
// The error is nil when the command ran to an end of its own, whatever the code; see OutcomeOf for the rest.
type Exec func(ctx context.Context, c Command, out func(stream string, p []byte)) (exit int, err error)

// Outcome is how a command ended. They are never mixed up: a lost connection is no failure and no success.
type Outcome string

// Every command ends in exactly one of these.
const (
	Done        Outcome = "done"         // exit 0
	Exited      Outcome = "exit"         // another exit code
	NotStarted  Outcome = "not-started"  // it never ran
	Unreachable Outcome = "unreachable"  // its host could not be reached; it never ran
	StateLost   Outcome = "lost"         // the connection broke; it may or may not have finished
	TimedOut    Outcome = "timeout"      // stopped by us
	Stopped     Outcome = "cancelled"    // stopped by the operator
	NotRecorded Outcome = "no-recording" // a rehearsal has no answer for it
	Abandoned   Outcome = "abandoned"    // the console that ran it went away; it only read, and was run again
)

// ErrNotRecorded is what a rehearsal says of a command that its recording does not hold.
var ErrNotRecorded = errors.New("the recording holds no such command")

// OutcomeOf sorts what an Exec returned. Errors say what they are by their methods Unreachable() bool,
// StateUnknown() bool and Ended() bool - the command came to an end of its own, but something else is wrong - so that
// packages which know nothing of this one can say it.
func OutcomeOf(exit int, err error) Outcome {
	var ended interface{ Ended() bool }
	if errors.As(err, &ended) && ended.Ended() {
		err = nil
	}
	var unreachable interface{ Unreachable() bool }
	var lost interface{ StateUnknown() bool }
	switch {
	case err == nil && exit == 0:
		return Done
	case err == nil:
		return Exited
	case errors.As(err, &lost) && lost.StateUnknown():
		return StateLost
	case errors.Is(err, ErrNotRecorded):
		return NotRecorded
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.Is(err, context.Canceled):
		return Stopped
	case errors.As(err, &unreachable) && unreachable.Unreachable():
		return Unreachable
	}
	return NotStarted
}

// ErrorText is an error in words for a person. That a context ended is in the outcome already, and is Go's word for it.
func ErrorText(o Outcome, err error) string {
	s := err.Error()
	if o != Stopped && o != TimedOut {
		return s
	}
	for _, e := range []error{context.Canceled, context.DeadlineExceeded} {
		s = strings.TrimSuffix(strings.TrimSuffix(s, e.Error()), ": ")
	}
	return s
}

// HintOf returns the hint that an error carries, or "".
func HintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// DescribeEnd says in words how a command ended.
func DescribeEnd(exit int, outcome Outcome, err error) Text {
	if err != nil && (outcome == Done || outcome == Exited) {
		return T(err.Error())
	}
	switch outcome {
	case Done:
		return Text{En: "done", Ja: "完了"}
	case Exited:
		return Textf("exit code %d", "終了コード %d", exit)
	case StateLost:
		return Textf("connection lost, state unknown: %v", "接続が切れました。状態は不明です: %v", err)
	case TimedOut:
		return Text{En: "stopped: it took too long", Ja: "時間切れで停止しました"}
	case Stopped:
		return Text{En: "stopped by the operator", Ja: "オペレーターが停止しました"}
	}
	return T(fmt.Sprint(err))
}
