package event

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Asker puts a question to the operator and waits for the answer. The console, the line printer, an answers file, a
// recording and a test are all Askers. It returns ErrUnanswered where nobody can answer, and the context's error when
// the run is cancelled while the question stands.
type Asker func(ctx context.Context, q Question) (Answer, error)

// ErrUnanswered means that nobody was there to answer. The run stops: silence is never a yes.
var ErrUnanswered = errors.New("nobody answered")

// NoTerminalError says that somebody has to be there and is not. A step that ends with it has failed, and may be gone on
// from with a reason; where nobody decides that either, the run ends as with a question that nobody answered.
type NoTerminalError struct{ byHand Text }

// NoEditor is the error of an editor without a terminal. line is where to begin.
func NoEditor(file string, line int) error {
	return &NoTerminalError{Textf("edit %s by hand, from line %d on,", "%s を %d 行目から手で編集し", file, max(1, line))}
}

// NoTerminal is that of a command.
func NoTerminal(line string) error {
	return &NoTerminalError{Textf("run it by hand (%s)", "手で実行し (%s)", line)}
}

func (e *NoTerminalError) Error() string { return "there is no terminal here to hand over" }

// Hint says how to fix it, in one line.
func (e *NoTerminalError) Hint() string {
	return e.byHand.En + " and go on with a reason, or resume the run in a terminal"
}

// Text is both of them.
func (e *NoTerminalError) Text() Text {
	return Text{En: e.Error() + " (" + e.Hint() + ")",
		Ja: "ここには渡せる端末がありません (" + e.byHand.Ja + "、理由を記して続行するか、端末から再開してください)"}
}

// Kinds of question.
const (
	AskAcknowledge = "acknowledge" // read this
	AskChoose      = "choose"      // pick one
	AskInput       = "input"       // give a value
	AskApprove     = "approve"     // may this run?
	AskGate        = "gate"        // this gate does not pass; what now?
	AskFailed      = "failed"      // this step failed; what now?
	AskCompare     = "compare"     // look at these texts, change the right one if you want
)

// Choices with a fixed meaning. A remedy's choice is RemedyPrefix and the remedy's id.
const (
	ChoiceContinue = "continue"
	ChoiceRetry    = "retry"    // check again, or run again
	ChoiceOverride = "override" // go on without the proof; requires a reason
	ChoiceSkip     = "skip"     // do not run this step; requires a reason
	ChoiceEdit     = "edit"     // open the file in the operator's editor, then ask again
	ChoiceRestore  = "restore"  // put back what was loosened
	ChoiceUndone   = "undone"   // it was put back by hand; no "*: continue" says so
	ChoiceLeave    = "leave"    // stop the run here; it can be resumed
	RemedyPrefix   = "remedy:"
)

// Question is what the operator must decide. ID names it in an answers file and in the transcript; it is the same in
// every run of the same runbook.
type Question struct {
	ID      string   `json:"id"`
	Form    string   `json:"form"` // one of the Ask constants
	Title   Text     `json:"title"`
	Body    Text     `json:"body,omitzero"`
	Details []string `json:"details,omitempty"` // exact commands, evidence: shown as they are
	Choices []Choice `json:"choices,omitempty"`
	Safe    string   `json:"safe,omitempty"` // the choice selected first and taken by Esc; "" = Esc does nothing
	Danger  Danger   `json:"danger,omitempty"`
	Type    string   `json:"type,omitempty"` // the word that must be typed to continue
	Default string   `json:"default,omitempty"`
	Secret  bool     `json:"secret,omitempty"`
	Opens   bool     `json:"opens,omitempty"`   // it opens by itself: keys typed before it was read must not answer it
	Hosts   []string `json:"hosts,omitempty"`   // of the step it belongs to
	Exact   bool     `json:"exact,omitempty"`   // in an answers file only its exact id answers it, no pattern
	Unknown bool     `json:"unknown,omitempty"` // what it asks for may already have run
}

// Choice is one answer that can be given.
type Choice struct {
	ID          string `json:"id"`
	Label       Text   `json:"label"`
	NeedsReason bool   `json:"needsReason,omitempty"`
}

// Answer is what was decided. Text is the value of an input, or the typed word; an event never holds a secret.
type Answer struct {
	Choice string `json:"choice,omitempty"`
	Text   string `json:"text,omitempty"`
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`      // operator, answers or recording
	Shown  string `json:"shown,omitempty"`   // digest of the question it was given to
	Book   string `json:"runbook,omitempty"` // digest of the runbook then

	Earlier bool `json:"-"` // taken from the record of the run that is resumed, not given now
}

// Control is what the operator does while a command runs. The zero value does nothing.
type Control struct {
	Stop   bool   // end the command gently; a second time firmly
	Remedy string // start the remedy of this id beside the running command
	Keys   []byte // keys for the command's terminal
}

// Accept says why an answer does not fit its question.
func (q Question) Accept(a Answer) error {
	if len(q.Choices) == 0 {
		return nil
	}
	i := slices.IndexFunc(q.Choices, func(c Choice) bool { return c.ID == a.Choice })
	if i < 0 {
		var ids []string
		for _, c := range q.Choices {
			ids = append(ids, c.ID)
		}
		return fmt.Errorf("%q is no answer to %s: %s", a.Choice, q.ID, "one of "+strings.Join(ids, ", "))
	}
	if q.Choices[i].NeedsReason && strings.TrimSpace(a.Reason) == "" {
		return fmt.Errorf("the answer %q to %s requires a reason", a.Choice, q.ID)
	}
	if q.Type != "" && a.Choice == ChoiceContinue && a.Text != q.Type {
		return fmt.Errorf("to continue %s, the text must be %q", q.ID, q.Type)
	}
	return nil
}
