// Package runbook is the language of runbooks, pitfalls and release files.
//
// Parse reads a YAML file; every value keeps its position, and all problems are collected. Link resolves the files that
// name each other: extending, including, pitfalls. A linked runbook does not change any more. Expressions are CEL and
// type-checked when they are parsed; templates quote every value for the place it is put into.
//
// What a kind of step or probe does is given by a Language, so this package knows none of them. Package lint finds the
// mistakes that need several files; package engine runs the result.
package runbook
