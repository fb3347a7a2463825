// Package plain runs without a screen: it prints a run line by line, asks the operator on the same terminal, and answers
// questions from a file. It is what runs in a pipe, in CI, in an editor's shell and with a screen reader.
//
// New makes a Printer, which takes events (Emit) and asks questions (Ask). LoadAnswers reads an answers file; its Ask
// answers what the file covers and hands everything else to the next Asker, usually that of the Printer. RefuseAll is the
// last one where nobody can be asked: it ends each question unanswered and names the line to add to the file.
//
// What cannot be written (a closed pipe) is remembered and returned by Err; the run and its transcript go on.
package plain
