// Package plain runs without a screen: it prints a run line by line, asks the operator on the same terminal, and answers
// questions from a file.
//
// A Printer folds events into lines. Answers and RefuseAll are Askers: one reads an answers file, the other ends each
// question unanswered and says how to answer it.
package plain
