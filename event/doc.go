// Package event defines what can happen in a run: the events, the State folded from them, the questions with their
// answers, the commands with their outcomes, and Text, which people read in their language.
//
// Start with Event and State: State.Apply folds one event after the other, and the console, the line printer, a replay, a
// report and a rehearsal all show that State. Exec and Asker are the two ways in which a run reaches the world: one runs a
// command, the other asks the operator.
//
// # Errors
//
// An Exec returns an exit code and a nil error for a command that ran to its end, whatever the code. Other errors say what
// they are by methods, so that packages need not know each other: Unreachable (the command did not run) and StateUnknown
// (it may have run); OutcomeOf reads them. An Asker returns an error that wraps ErrUnanswered where nobody can answer: no
// answer is never a yes. Hint gives the way to fix an error, apart from its text; HintOf reads it.
//
// # Compatibility
//
// Transcripts of every released version are read by later ones. A new kind of event or a new field is no new format: a kind
// that this version does not know decodes to UnknownData and is kept. Names of kinds and fields never change their meaning.
//
// # Units
//
// Durations are time.Duration, sizes are bytes, times are UTC, numbers of lines and attempts begin at 1.
//
// The package imports no other package of this project, so that the journal, the reports and the screens depend on events
// and not on the runbook language or the engine.
package event
