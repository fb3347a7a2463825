// Package event defines what can happen in a run: the events, the State folded from them, the questions with their
// answers, the commands with their outcomes, and Text, which people read in their language.
//
// It imports no other package of this project, so that the journal, the reports and the screens depend on events and not
// on the runbook language or the engine.
package event
