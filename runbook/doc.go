// Package runbook is the language and the engine.
//
// A runbook, a pitfall or a release is a YAML file; parsing keeps the position of every value and collects every
// problem. A run is a stream of events: the engine emits them, the journal writes each before anybody sees it, and
// State is a fold over them. The live view, a replay, a report and a rehearsal are that same fold.
//
// Rules of the package: nothing here prints, nothing knows about terminals, and nothing reaches the outside except
// through an Exec. What the operator must decide is asked through an Asker; an unanswered question is an error and
// never a yes.
package runbook
