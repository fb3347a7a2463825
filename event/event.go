package event

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Event is one thing that happened in a run. Events are the only record: everything shown is folded from them.
type Event struct {
	Seq  int64     // position in the run, from 1, without gaps
	Time time.Time // when it happened, with the offset of the console's time zone
	Step string    // the step it belongs to, "" for the run itself
	Data Data

	// Elapsed is the time since the run started, by a clock that only goes forward; 0: not measured.
	Elapsed time.Duration
}

// Data is what happened. Kind is its name in the transcript; names and fields, once released, keep their meaning.
type Data interface{ Kind() string }

// Verdict is what is known about a gate.
type Verdict string

// A gate that could not be probed is Unknown, which blocks like Fail: what was not seen is never taken as good.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Status is where a step stands.
type Status string

// Waiting and Running are never final; a run can end with any of the others.
const (
	Waiting    Status = "waiting"
	Running    Status = "running"
	Passed     Status = "passed"
	Failed     Status = "failed"
	Skipped    Status = "skipped"    // its `when` was false, or it was already done
	Overridden Status = "overridden" // let through by the operator, with a reason
	Cancelled  Status = "cancelled"
	Lost       Status = "unknown" // the connection broke: it may or may not have happened
)

// Danger is what a step can do to the system.
type Danger string

// In rising order. Disrupts on a control plane, and Destroys anywhere, want a name typed.
const (
	ReadOnly Danger = "none"
	Changes  Danger = "changes"
	Disrupts Danger = "disrupts"
	Destroys Danger = "destroys"
)

// Text names the danger; the zero value is read-only.
func (d Danger) Text() Text {
	switch d {
	case Changes:
		return Text{En: "changes", Ja: "変更あり"}
	case Disrupts:
		return Text{En: "disrupts", Ja: "停止を伴う"}
	case Destroys:
		return Text{En: "destroys", Ja: "削除を伴う"}
	}
	return Text{En: "read-only", Ja: "参照のみ"}
}

// Required is how much a gate insists.
type Required string

// Success blocks until it passes or is overridden, Acknowledge until the operator has read it, Advisory never.
const (
	Success     Required = "success"
	Acknowledge Required = "acknowledge"
	Advisory    Required = "advisory"
)

// Started opens every run.
type Started struct {
	Runbook  string `json:"runbook"`          // name
	Version  string `json:"version"`          // of the runbook
	Digest   string `json:"digest,omitempty"` // of its file, and of those it is like or includes: Runbook.Digest
	Title    Text   `json:"title"`
	From     string `json:"from,omitempty"` // release the run starts from, as the operator says it
	To       string `json:"to,omitempty"`
	Cluster  string `json:"cluster,omitempty"`
	Identity string `json:"identity,omitempty"` // of the cluster: no other has it
	Checkout string `json:"checkout,omitempty"`
	// Where the run worked, for a resume to work there too: absolute paths, "" where nothing was named.
	Kubeconfig string    `json:"kubeconfig,omitempty"`
	Context    string    `json:"context,omitempty"`
	SSHConfig  string    `json:"sshConfig,omitempty"`
	File       string    `json:"file,omitempty"`     // of the runbook, where it was named by its path
	Runbooks   []string  `json:"runbooks,omitempty"` // the operator's own directories
	Operator   string    `json:"operator,omitempty"` // user@host of the console
	Tool       string    `json:"tool"`               // version of spraydeck
	Locale     string    `json:"locale"`
	DryRun     bool      `json:"dryRun,omitempty"`
	Rehearses  string    `json:"rehearses,omitempty"` // id of the run whose recording answers the commands
	Inputs     []Value   `json:"inputs,omitempty"`
	At         time.Time `json:"at"`
}

// Value is an input as it was given. A secret one has no text.
type Value struct {
	Name   string `json:"name"`
	Text   string `json:"text,omitempty"`
	Secret bool   `json:"secret,omitempty"`
}

// Planned lists the steps to come, in order. A later Planned replaces the list; what was done keeps its place.
type Planned struct {
	Steps []PlannedStep `json:"steps"`
}

// PlannedStep is a step as the list shows it.
type PlannedStep struct {
	ID       string        `json:"id"`
	Title    Text          `json:"title"`
	Why      Text          `json:"why,omitzero"`
	Phase    Text          `json:"phase,omitzero"`
	Kind     string        `json:"kind"`
	Danger   Danger        `json:"danger"`
	Hosts    []string      `json:"hosts,omitempty"`
	NoReturn bool          `json:"noReturn,omitempty"` // after this step there is no way back
	Estimate time.Duration `json:"estimate,omitempty"` // nanoseconds
	Measured bool          `json:"measured,omitempty"` // Estimate is what it took in earlier runs, not what the runbook says
	Tasks    int           `json:"tasks,omitempty"`    // of its playbook in earlier runs, 0 where none is known
}

// Expected is how long the step takes by what was measured, 0 where nothing was.
func (p PlannedStep) Expected() time.Duration {
	if !p.Measured {
		return 0
	}
	return p.Estimate
}

// Decided reports whether the steps of a phase, or those of an included runbook, are done. It is decided once, at the first of
// them: what they change themselves does not take the last ones away.
type Decided struct {
	Part   string `json:"part"` // the phase, or the including step, as the engine numbers it
	Needed bool   `json:"needed"`
}

// StepStarted marks the start of a step; Attempt counts from 1.
type StepStarted struct {
	Attempt int `json:"attempt"`
}

// Described gives the exact commands and calls of a step before any of them runs.
type Described struct {
	Operations []Operation `json:"operations"`
}

// Operation is one command line or API call, exactly as it will run.
type Operation struct {
	Host    string `json:"host"`
	Line    string `json:"line"`
	Changes bool   `json:"changes,omitempty"`
	Probe   bool   `json:"probe,omitempty"` // it only serves to learn a fact
	Fed     bool   `json:"fed,omitempty"`   // the step gives it a text on standard input
}

// CommandStarted says that a command left for its host. Number is unique in the run.
type CommandStarted struct {
	Number  int      `json:"command"`
	Host    string   `json:"host"`
	Line    string   `json:"line"`
	Changes bool     `json:"changes,omitempty"`
	Probe   bool     `json:"probe,omitempty"` // run to learn a fact, not as the step's own work
	Fed     bool     `json:"fed,omitempty"`   // the step gives it a text on standard input
	Only    []string `json:"only,omitempty"`  // of objects that were read, the fields that it printed; none is all
}

// Output is a piece of what a command printed, cut anywhere. Text is valid UTF-8; Raw holds the bytes where they were
// not. A character cut in two by the transport is put together before it gets here.
type Output struct {
	Number int    `json:"command"`
	Stream string `json:"stream"` // stdout or stderr
	Text   string `json:"text"`
	Raw    []byte `json:"raw,omitempty"`
	Size   int    `json:"size,omitempty"` // bytes as printed, where masking changed their number

	Omitted bool `json:"omitted,omitempty"` // Size bytes were printed and not written, as recording was paused
}

// Omission says how much output was not recorded, to be shown in its place; empty when all of it was.
func (o Output) Omission() Text {
	if !o.Omitted {
		return Text{}
	}
	return Textf("[%d bytes not recorded: recording was paused]", "[%d バイトは記録なし: 記録を停止中でした]", o.Size)
}

// Printed returns how many bytes were printed.
func (o Output) Printed() int {
	switch {
	case o.Size > 0:
		return o.Size
	case o.Raw != nil:
		return len(o.Raw)
	}
	return len(o.Text)
}

// Bytes returns the output as it was printed.
func (o Output) Bytes() []byte {
	if o.Raw != nil {
		return o.Raw
	}
	return []byte(o.Text)
}

// NewOutput keeps the bytes beside the text when the text cannot hold them.
func NewOutput(number int, stream string, p []byte) Output {
	o := Output{Number: number, Stream: stream}
	if utf8.Valid(p) {
		o.Text = string(p)
		return o
	}
	o.Text = string([]rune(string(p))) // invalid bytes become U+FFFD
	o.Raw = append([]byte(nil), p...)
	return o
}

// CommandEnded closes a command.
type CommandEnded struct {
	Number  int     `json:"command"`
	Exit    int     `json:"exit"`
	Outcome Outcome `json:"outcome"`
	Error   string  `json:"error,omitempty"`
	Hint    string  `json:"hint,omitempty"`
	// At is when it ended, where no console was there to see it.
	At time.Time `json:"at,omitzero"`
}

// GateChecked is the verdict of a gate, with what it is based on.
type GateChecked struct {
	Gate     string   `json:"gate"`
	When     string   `json:"when"` // before or after
	Title    Text     `json:"title"`
	Required Required `json:"required"`
	Verdict  Verdict  `json:"verdict"`
	Says     Text     `json:"says,omitzero"`
	Evidence []string `json:"evidence,omitempty"`
	Pitfall  string   `json:"pitfall,omitempty"`
	Severity string   `json:"severity,omitempty"`
}

// Hit says that output showed a known pitfall.
type Hit struct {
	Pitfall  string   `json:"pitfall"`
	Symptom  string   `json:"symptom"`
	Title    Text     `json:"title"`
	Severity string   `json:"severity"`
	Hint     bool     `json:"hint,omitempty"` // it may be so, or not
	Do       Text     `json:"do,omitzero"`    // what to do first
	Cause    Text     `json:"cause,omitzero"`
	Remedies []Remedy `json:"remedies,omitempty"`
	Host     string   `json:"host,omitempty"`
	Task     string   `json:"task,omitempty"`
	Line     string   `json:"line"`
}

// Remedy names a remedy the operator can start: its ID is what Control and Answer carry.
type Remedy struct {
	ID    string `json:"id"`
	Title Text   `json:"title"`
}

// RemedyStarted and RemedyEnded enclose the events of a remedy's steps.
type (
	RemedyStarted struct {
		ID    string `json:"id"`
		Title Text   `json:"title"`
	}
	RemedyEnded struct {
		ID     string `json:"id"`
		Status Status `json:"status"`
		Reason string `json:"reason,omitempty"`
	}
)

// Asked and Answered are the operator's side of the run. An override is an Answered with a Reason.
type (
	Asked    struct{ Question }
	Answered struct {
		Question string `json:"question"`
		Answer
	}
)

// NodeChanged is the state of a node from now on.
type NodeChanged struct {
	Node    Node `json:"node"`
	Deleted bool `json:"deleted,omitempty"`
}

// Node is what the table shows of a Kubernetes node.
type Node struct {
	Name          string    `json:"name"`
	Ready         string    `json:"ready"` // True, False or Unknown, as in the Ready condition
	Unschedulable bool      `json:"unschedulable,omitempty"`
	Roles         []string  `json:"roles,omitempty"`
	Version       string    `json:"version"`
	Runtime       string    `json:"runtime,omitempty"`
	OS            string    `json:"os,omitempty"`
	Kernel        string    `json:"kernel,omitempty"`
	BootID        string    `json:"bootID,omitempty"`
	Address       string    `json:"address,omitempty"`
	Pressure      []string  `json:"pressure,omitempty"`
	Since         time.Time `json:"since,omitzero"` // of Ready
}

// Status is the STATUS column of kubectl get nodes.
func (n Node) Status() string {
	s := "Ready"
	if n.Ready != "True" {
		s = "NotReady"
	}
	if n.Unschedulable {
		s += ",SchedulingDisabled"
	}
	return s
}

// Connection is the state of the link to the API server.
type Connection struct {
	To    string `json:"to"`
	Up    bool   `json:"up"`
	Error string `json:"error,omitempty"`
}

// Progress is how far a playbook is.
type Progress struct {
	Play        string `json:"play,omitempty"`
	Task        string `json:"task,omitempty"`
	Tasks       int    `json:"tasks"` // task headers seen
	OK          int    `json:"ok"`
	Changed     int    `json:"changed"`
	Failed      int    `json:"failed"`
	Unreachable int    `json:"unreachable"`
}

// Compared shows two texts side by side.
type Compared struct {
	Path  string `json:"path"`
	Left  string `json:"left"`  // name of the left text, such as t_v2.27.0
	Right string `json:"right"` // name of the right text
	Old   string `json:"old"`
	New   string `json:"new"`
	Note  Text   `json:"note,omitzero"`
}

// Remark is a line of the engine's own, such as why a step was skipped.
type Remark struct {
	Text Text `json:"text"`
}

// StepEnded closes a step.
type StepEnded struct {
	Status Status `json:"status"`
	Why    Text   `json:"why,omitzero"`
}

// Resumed says that another console took up the run after the one before it went away or left.
type Resumed struct {
	Tool     string    `json:"tool"`               // version of spraydeck
	Operator string    `json:"operator,omitempty"` // user@host of the console
	Digest   string    `json:"digest,omitempty"`   // of the runbook, where it is another now
	Torn     int64     `json:"torn,omitempty"`     // bytes of half a line that were cut off the end of the transcript
	At       time.Time `json:"at"`
}

// Drifted is a gate of a finished step that was checked again when the run was resumed, and does not pass any more.
type Drifted struct {
	Step     string   `json:"of"`
	Gate     string   `json:"gate"`
	When     string   `json:"when"`
	Title    Text     `json:"title"`
	Was      Verdict  `json:"was"`
	Now      Verdict  `json:"now"`
	Says     Text     `json:"says,omitzero"`
	Evidence []string `json:"evidence,omitempty"`
}

// Paused and Unpaused enclose a time in which the output of commands is not recorded, by the operator's choice. It was
// shown as ever; a piece that is Omitted says how much it was. Everything else is written.
type (
	Paused   struct{}
	Unpaused struct{}
)

// Ended closes a run, or the part of it until it is resumed.
type Ended struct {
	Status Status `json:"status"`
	Exit   int    `json:"exit"` // the exit code of the run
	Why    Text   `json:"why,omitzero"`
}

// UnknownData is an event of a kind this version does not know. It is kept as it was.
type UnknownData struct {
	Name string
	JSON json.RawMessage
}

func (Started) Kind() string        { return "started" }
func (Planned) Kind() string        { return "planned" }
func (Decided) Kind() string        { return "decided" }
func (StepStarted) Kind() string    { return "step-started" }
func (Described) Kind() string      { return "described" }
func (CommandStarted) Kind() string { return "command-started" }
func (Output) Kind() string         { return "output" }
func (CommandEnded) Kind() string   { return "command-ended" }
func (GateChecked) Kind() string    { return "gate" }
func (Hit) Kind() string            { return "hit" }
func (RemedyStarted) Kind() string  { return "remedy-started" }
func (RemedyEnded) Kind() string    { return "remedy-ended" }
func (Asked) Kind() string          { return "asked" }
func (Answered) Kind() string       { return "answered" }
func (NodeChanged) Kind() string    { return "node" }
func (Connection) Kind() string     { return "connection" }
func (Progress) Kind() string       { return "progress" }
func (Compared) Kind() string       { return "compared" }
func (Remark) Kind() string         { return "remark" }
func (StepEnded) Kind() string      { return "step-ended" }
func (Resumed) Kind() string        { return "resumed" }
func (Drifted) Kind() string        { return "drifted" }
func (Paused) Kind() string         { return "paused" }
func (Unpaused) Kind() string       { return "unpaused" }
func (Ended) Kind() string          { return "ended" }

// Kind returns the name it came with.
func (u UnknownData) Kind() string { return u.Name }

// MarshalJSON writes it as it came.
func (u UnknownData) MarshalJSON() ([]byte, error) { return u.JSON, nil }

// DecodeData reads the data of an event of the given kind. An unknown kind is no error.
func DecodeData(kind string, b []byte) (Data, error) {
	decode, ok := decoders[kind]
	if !ok {
		return UnknownData{Name: kind, JSON: append(json.RawMessage(nil), b...)}, nil
	}
	return decode(b)
}

var decoders = map[string]func([]byte) (Data, error){}

func init() {
	known[Started]()
	known[Planned]()
	known[Decided]()
	known[StepStarted]()
	known[Described]()
	known[CommandStarted]()
	known[Output]()
	known[Loosened]()
	known[Restored]()
	known[CommandEnded]()
	known[GateChecked]()
	known[Hit]()
	known[RemedyStarted]()
	known[RemedyEnded]()
	known[Asked]()
	known[Answered]()
	known[NodeChanged]()
	known[Connection]()
	known[Progress]()
	known[Compared]()
	known[Remark]()
	known[StepEnded]()
	known[Resumed]()
	known[Drifted]()
	known[Paused]()
	known[Unpaused]()
	known[Ended]()
}

func known[D Data]() {
	var zero D
	decoders[zero.Kind()] = func(b []byte) (Data, error) {
		var d D
		err := json.Unmarshal(b, &d)
		return d, err
	}
}

// Told is what does not pass now, and what shows it.
func (d Drifted) Told() Text {
	t := Text{En: "now: ", Ja: "現在: "}
	if d.Now == Unknown {
		t = Text{En: "unknown now: ", Ja: "現在は不明: "}
	}
	t = t.Plus(d.Title)
	if !d.Says.Empty() && d.Now != Unknown {
		t = t.Plus(T(". ")).Plus(d.Says)
	}
	return t.Plus(T(strings.Join(append([]string{""}, d.Evidence...), "; ")))
}
